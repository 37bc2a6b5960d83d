/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX between file and graph: values with inferred shapes, nodes with their rule.
 * Shapes are inferred on this form, patterns are found on it, and only then does
 * onnx_emit.c hand operators to the builder.
 *
 * Small integer and real tensors are calculated on the way ("folded"), because
 * exporters write shapes as little graphs; a node whose results are all folded
 * costs nothing and becomes no operator.
 */
#ifndef ERG_WORKLOAD_ONNX_GRAPH_H
#define ERG_WORKLOAD_ONNX_GRAPH_H

#include "workload/build.h"
#include "workload/onnx.h"

enum {
    ERG_ONNX_RANK = 12,       /* most axes of a tensor */
    ERG_ONNX_FOLD = 64,       /* most elements of a folded tensor */
    ERG_ONNX_HEADS = 1 << 20, /* most heads of an attention */
    ERG_ONNX_UNKNOWN = -1,    /* rank of a value whose shape nobody says */
};

/* Longest dimension: products of two and sums of many stay in int64. */
#define ERG_ONNX_DIM (INT64_C(1) << 40)

typedef struct erg_onnx_rule erg_onnx_rule;
typedef struct erg_onnx_node erg_onnx_node;

typedef struct erg_onnx_value {
    const char *name;
    int32_t type; /* TensorProto.DataType; 0: unknown */
    int32_t rank; /* ERG_ONNX_UNKNOWN: no shape */
    const int64_t *dims;
    int64_t elements;
    const int64_t *ints; /* folded: `elements` of them, else NULL */
    const double *reals; /* likewise, of a real type */
    erg_role role;
    bool is_constant; /* depends on no input of the graph */
    bool is_batched;  /* depends on an input whose batch was replaced */
    bool is_output;
    int32_t uses;          /* inputs of nodes that read it */
    erg_onnx_node *maker;  /* NULL: input or initializer */
    erg_onnx_node *reader; /* the last of them */
    bool needs_copy;       /* a reader wants it contiguous */
    int32_t tensor;        /* in the builder, -1: not yet */
    bool is_list;          /* a sequence: of part_count tensors */
    int32_t part_count;
    struct erg_onnx_value **parts;
    struct erg_onnx_value *older; /* of all values, which erg_onnx_value_new links */
} erg_onnx_value;

struct erg_onnx_node {
    const Onnx__NodeProto *proto;
    const erg_onnx_rule *rule; /* NULL: nobody knows it */
    int64_t opset;
    erg_onnx_value **in, **out; /* NULL: left out */
    int32_t in_count, out_count;
    int32_t index;
    bool is_taken;              /* by a pattern: emits nothing */
    bool is_once;               /* computed when the model is loaded: emits nothing */
    const erg_onnx_rule *fused; /* of a pattern: emits this over in and out instead */
};

typedef struct erg_onnx_model {
    const char *path;
    const Onnx__ModelProto *proto;
    const erg_graph_options *options;
    int64_t batch; /* for leading dimensions of 1 of inputs; 1: as they are */
    erg_arena *arena;
    erg_error *err;
    erg_onnx_node *nodes;
    int32_t node_count, once_count;
    erg_onnx_value **slots; /* by hash of name */
    size_t slot_count;
    erg_onnx_value *newest;
    size_t value_count;
    erg_onnx_value *first_input;
    char unbound[200]; /* names of dimensions nobody gave */
    bool is_late;        /* what was refused last hangs on data, or on nothing known */
    bool asks_batch;     /* of the options: with another one shapes may differ */
    bool names_batch;    /* the first input has the batch by its name, on any axis */
    bool asks_attention; /* likewise, and patterns */
} erg_onnx_model;

/* How a node becomes operators. */
typedef enum erg_onnx_way {
    ERG_ONNX_OPERATOR,
    ERG_ONNX_HOST,          /* shapes and constants: no operator */
    ERG_ONNX_VIEW,          /* the same storage */
    ERG_ONNX_FREE_IN_EAGER, /* a view where strides are free, else moves data */
    ERG_ONNX_TRANSPOSE,     /* likewise, unless a reader wants it contiguous */
} erg_onnx_way;

/* An operator as the builder wants it; a window goes along. */
typedef struct erg_onnx_cost {
    erg_op_spec spec;
    erg_window window;
} erg_onnx_cost;

struct erg_onnx_rule {
    const char *op_type;
    const char *domain; /* "": ONNX itself */
    bool (*shape)(erg_onnx_model *model, erg_onnx_node *node);
    erg_op_kind kind;
    erg_onnx_way way;
    /* What shapes alone do not tell the builder; NULL: they tell all. */
    bool (*count)(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost);
    bool (*fold)(erg_onnx_model *model, erg_onnx_node *node);
    bool wants_contiguous; /* its first input */
};

/* NULL: no such operator. */
const erg_onnx_rule *erg_onnx_rule_find(const char *domain, const char *op_type);
/* All rows, domain by domain; NULL past the end. */
const erg_onnx_rule *erg_onnx_rule_at(size_t index);
/* Rows of com.microsoft and of ai.onnx.ml, sorted by name. */
const erg_onnx_rule *erg_onnx_microsoft_rules(size_t *count);
const erg_onnx_rule *erg_onnx_ml_rules(size_t *count);

/* ---- passes -------------------------------------------------------------- */

/* All values with shapes; model->arena must be there. False: *model->err says why. */
bool erg_onnx_infer(erg_onnx_model *model);
/* Makes this value a constant: shape, type, and its numbers if they are few. */
bool erg_onnx_constant(erg_onnx_model *model, erg_onnx_value *value,
                       const Onnx__TensorProto *tensor);
/* Values of all inputs and initializers. */
bool erg_onnx_inputs(erg_onnx_model *model);
/* Are all dimensions that were given among those that the graph names? */
bool erg_onnx_dims_known(const erg_onnx_model *model);
/* What a named dimension, or a calculation with such names, is; -1: nobody said. */
int64_t erg_onnx_bound(erg_onnx_model *model, const char *name);
/* Is it one of the names in a calculation? */
bool erg_onnx_dim_has(const char *calculated, const char *name);
/* By --dim or as the sequence; -1: neither. The batch is not asked. */
int64_t erg_onnx_length(const erg_graph_options *options, const char *name);
/* NULL: it is no tensor. */
const Onnx__TypeProto__Tensor *erg_onnx_tensor_type(const Onnx__ValueInfoProto *info);
/* A value without a shape; NULL when memory ran out. */
erg_onnx_value *erg_onnx_value_new(erg_onnx_model *model, const char *name);
/* The value of that name, made if it is new. */
erg_onnx_value *erg_onnx_value_make(erg_onnx_model *model, const char *name);
erg_onnx_value *erg_onnx_value_find(const erg_onnx_model *model, const char *name);
/* Where the value of that name stands, or would; room for all names first. */
erg_onnx_value **erg_onnx_value_slot(const erg_onnx_model *model, const char *name);
bool erg_onnx_values_make(erg_onnx_model *model);
/* Operators that arrive as chains (SiLU, GELU, layer norm, attention) become one. */
bool erg_onnx_patterns(erg_onnx_model *model);
/* After the patterns: marks what a run need not compute. */
void erg_onnx_once(erg_onnx_model *model);
/* May be done again, with another precision or runtime. */
bool erg_onnx_emit(erg_onnx_model *model, erg_builder *builder);

/* ---- for rules ------------------------------------------------------------ */

/* Always false: names file, node and its inputs with their shapes. */
bool erg_onnx_refuse(erg_onnx_model *model, const erg_onnx_node *node, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* Likewise, for what is known only at run time: a declared shape may stand in. */
bool erg_onnx_late(erg_onnx_model *model, const erg_onnx_node *node, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));
void *erg_onnx_take(erg_onnx_model *model, size_t bytes);

/* Sets type and shape of output i (nothing if it is left out). Checks the size. */
bool erg_onnx_give(erg_onnx_model *model, erg_onnx_node *node, int32_t i, int32_t type,
                   int32_t rank, const int64_t *dims);
/* Output i is like this value. */
bool erg_onnx_give_like(erg_onnx_model *model, erg_onnx_node *node, int32_t i,
                        const erg_onnx_value *value);
/* The node's result is a sequence of these; always true. */
bool erg_onnx_list_give(erg_onnx_node *node, erg_onnx_value **parts, int32_t count);
/* Input i with known rank of at least `least`; else NULL and a refusal. */
const erg_onnx_value *erg_onnx_need(erg_onnx_model *model, erg_onnx_node *node, int32_t i,
                                    int32_t least);
/* Input i if it is there, else NULL. */
const erg_onnx_value *erg_onnx_in(const erg_onnx_node *node, int32_t i);

int64_t erg_onnx_int(const erg_onnx_node *node, const char *name, int64_t absent);
/* false: one that must be a whole number is something else. */
bool erg_onnx_attributes_check(erg_onnx_model *model, const erg_onnx_node *node);
double erg_onnx_real(const erg_onnx_node *node, const char *name, double absent);
/* Numbers of an attribute, at most `most`; -1: it is not there or is longer. */
int32_t erg_onnx_list(const erg_onnx_node *node, const char *name, int64_t *to,
                      int32_t most);
bool erg_onnx_has(const erg_onnx_node *node, const char *name);
bool erg_onnx_word_is(const erg_onnx_node *node, const char *name, const char *word);
/* Folded integers of input i; -1: it is absent, unknown or longer than most. */
int32_t erg_onnx_input_list(const erg_onnx_node *node, int32_t i, int64_t *to,
                            int32_t most);
/* Axes as attribute or, if absent, as input i: in 0..rank-1. count -1: neither is there. */
typedef struct erg_onnx_axes {
    int64_t at[ERG_ONNX_RANK];
    int32_t count;
} erg_onnx_axes;
bool erg_onnx_axes_read(erg_onnx_model *model, const erg_onnx_node *node, int32_t input,
                        int32_t rank, erg_onnx_axes *out);
/* An axis attribute, normalised; false and a refusal outside of the rank. */
bool erg_onnx_axis(erg_onnx_model *model, const erg_onnx_node *node, int64_t absent,
                   int32_t rank, int32_t *out);
bool erg_onnx_is_real(int32_t type);
/* numpy's rule; false: an axis differs and neither is 1. */
bool erg_onnx_broadcast(const int64_t *a, int32_t a_rank, int64_t *to, int32_t *rank);
/* Elements of a shape; -1: a dimension is negative or too long, or they are too many. */
int64_t erg_onnx_size(const int64_t *dims, int32_t rank);
/* Product of dims[from, to); -1: left int64. */
int64_t erg_onnx_product(const int64_t *dims, int32_t from, int32_t to);

/* Room for the folded numbers of output i (reals or ints by its type); false: too many
 * elements, or no shape; then nothing is folded. */
typedef struct erg_onnx_numbers {
    int64_t *ints;
    double *reals;
} erg_onnx_numbers;
bool erg_onnx_fold_room(erg_onnx_model *model, erg_onnx_value *value,
                        erg_onnx_numbers *out);
/* As erg_onnx_ints, of a tensor of reals. */
int64_t erg_onnx_reals(const Onnx__TensorProto *tensor, double *to, int64_t most);
bool erg_onnx_is_folded(const erg_onnx_value *value);

#endif
