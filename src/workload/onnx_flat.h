/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a graph flat: functions inlined, the branch of an If chosen, Loop and Scan
 * unrolled. What shape inference reads afterwards is one list of nodes.
 *
 * A `body` is one such expansion: names made in it get new names that no other body
 * has; a subgraph also sees the names of the bodies around it, a function does not.
 */
#ifndef ERG_WORKLOAD_ONNX_FLAT_H
#define ERG_WORKLOAD_ONNX_FLAT_H

#include "erg/workload.h"
#include "workload/onnx.h"
#include "workload/onnx_names.h"

enum {
    ERG_ONNX_INLINE_DEPTH = 16,     /* functions within functions */
    ERG_ONNX_FLAT_NODES = 1 << 18,  /* after unrolling; steps and calls count too */
};

#define ERG_ONNX_FLAT_BYTES (INT64_C(512) << 20)

/* What is known of a name, kept in `index`; `what` is the tensor or the node. */
typedef enum erg_onnx_known {
    ERG_ONNX_BOUND,                 /* nothing but its final name */
    ERG_ONNX_TENSOR,                /* an initializer */
    ERG_ONNX_MADE,                  /* by a node of this body */
    ERG_ONNX_LEAVES,                /* likewise, under a name of the world outside */
} erg_onnx_known;

typedef struct erg_onnx_flat {
    erg_onnx_file *file;
    const erg_graph_options *options;
    erg_error *err;
    int64_t opset;                  /* of ONNX itself */
    Onnx__NodeProto **nodes;
    Onnx__TensorProto **initializers;
    size_t node_count, node_capacity, initializer_count, initializer_capacity;
    int64_t steps, bytes, weighed;  /* so far, against the limits */
    const Onnx__NodeProto *ifs[ERG_ONNX_BRANCHES];  /* in the order they were met */
    int64_t bodies;                 /* number of the last body or value made */
} erg_onnx_flat;

typedef struct erg_onnx_body {
    const struct erg_onnx_body *around;     /* NULL: nothing outside is seen */
    const struct erg_onnx_body *caller;     /* the body whose node this expands */
    const Onnx__FunctionProto *function;    /* the innermost, NULL: none */
    const Onnx__NodeProto *call;            /* of that function: attributes are here */
    erg_onnx_names names;
    const char *prefix;             /* of node names, "": none */
    int64_t number;                 /* of value names; 0: the graph itself */
    int functions;                  /* how many this lies within */
} erg_onnx_body;

/* Always false. */
bool erg_onnx_flat_refuse(erg_onnx_flat *flat, const Onnx__NodeProto *node,
                          const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Memory of the file, within ERG_ONNX_FLAT_BYTES; NULL and err. */
void *erg_onnx_flat_take(erg_onnx_flat *flat, size_t bytes);
/* Counts one node, call or step; false: there are too many. */
bool erg_onnx_flat_step(erg_onnx_flat *flat, const Onnx__NodeProto *node);
char *erg_onnx_flat_text(erg_onnx_flat *flat, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Begins a body within `around`; label and step (-1: none) name its nodes. */
bool erg_onnx_body_begin(erg_onnx_flat *flat, erg_onnx_body *body,
                         const erg_onnx_body *caller, const char *label, int64_t step);
/* An entry by what it is called here, looked for outwards; NULL: nobody made it. */
const erg_onnx_name *erg_onnx_body_find(const erg_onnx_body *body, const char *name);
/* What it is called in the flat graph: itself where nobody made it. */
const char *erg_onnx_body_final(const erg_onnx_body *body, const char *name);
/* name is called `final` in the flat graph; known: what else is known of that, or NULL. */
bool erg_onnx_body_bind(erg_onnx_flat *flat, erg_onnx_body *body, const char *name,
                        const char *final, const erg_onnx_name *known);
/* Initializers of a subgraph move to the flat graph, under new names. */
bool erg_onnx_body_weights(erg_onnx_flat *flat, erg_onnx_body *body,
                           const Onnx__GraphProto *graph);

/* What leaves a body: what it is called within, and without ("": nobody wants it). */
typedef struct erg_onnx_ends {
    char *const *within;
    char *const *without;
    size_t count;
} erg_onnx_ends;

/* Expands nodes into the flat graph. */
bool erg_onnx_body_expand(erg_onnx_flat *flat, erg_onnx_body *body,
                          Onnx__NodeProto *const *nodes, size_t count, erg_onnx_ends ends);
/* Adds a node of ONNX itself to the flat graph, its names final. */
Onnx__NodeProto *erg_onnx_flat_add(erg_onnx_flat *flat, const char *op_type, size_t inputs,
                                   size_t outputs);
/* A new number in the flat graph: an int64 (or boolean) of rank 0 or 1; NULL and err. */
Onnx__TensorProto *erg_onnx_flat_number(erg_onnx_flat *flat, int32_t data_type, size_t rank,
                                        int64_t value);
/* The number a name stands for if a constant of one element does; false: it does not. */
bool erg_onnx_body_number(const erg_onnx_body *body, const char *name, int64_t *out);

/* What a node is called for people: its name or, without one, what it does. */
const char *erg_onnx_label(const Onnx__NodeProto *node);
/* The subgraph in that attribute; NULL: there is none. */
const Onnx__GraphProto *erg_onnx_graph_of(const Onnx__NodeProto *node, const char *name);
/* Names of a graph's outputs; final names of a node's first `count` outputs, "" for
 * those left out. NULL and err. */
char **erg_onnx_flat_outputs(erg_onnx_flat *flat, const Onnx__GraphProto *graph);
char **erg_onnx_flat_finals(erg_onnx_flat *flat, const erg_onnx_body *body,
                            const Onnx__NodeProto *node, size_t count);

/* If, Loop and Scan. */
bool erg_onnx_is_control(const erg_onnx_flat *flat, const Onnx__NodeProto *node);
/* node: its names are those of body, its attributes are resolved. */
bool erg_onnx_control_expand(erg_onnx_flat *flat, const erg_onnx_body *body,
                             const Onnx__NodeProto *node);

bool erg_onnx_if_expand(erg_onnx_flat *flat, const erg_onnx_body *around,
                        const Onnx__NodeProto *node);

/* The nodes of the graph in an order that can be run; a circle is refused. */
bool erg_onnx_order(erg_onnx_file *file, erg_error *err);

#endif
