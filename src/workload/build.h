/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a reader makes a graph: tensors, then operators over them, in an order
 * that can be run. The builder counts; readers only say shapes.
 *
 * Errors stick: after the first failure every call is a no-op that gives -1,
 * so a network is written down without an if after each line. A count that
 * overflows, a negative dimension, a tensor index of another graph all fail.
 */
#ifndef ERG_WORKLOAD_BUILD_H
#define ERG_WORKLOAD_BUILD_H

#include "base/base.h"
#include "erg/workload.h"

typedef struct erg_builder erg_builder;

/* Puts the defaults where nothing was asked for. */
void erg_build_fill(erg_graph_options *options);
/* options are copied, defaults filled in; read them back with erg_build_options. */
erg_builder *erg_build_begin(const char *name, const char *reader,
                             const erg_graph_options *options, erg_error *err);
/* Room for so many more of each, where a reader knows: growing costs page faults. */
void erg_build_reserve(erg_builder *builder, size_t operators, size_t tensors);
const erg_graph_options *erg_build_options(const erg_builder *builder);
erg_arena *erg_build_arena(erg_builder *builder);
bool erg_build_failed(const erg_builder *builder);
/* Makes the builder fail with this sentence; gives -1. */
int32_t erg_build_refuse(erg_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_build_note(erg_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Operators made from now on have names that begin so: "layer3.". */
void erg_build_scope(erg_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_build_unscope(erg_builder *builder);
const char *erg_build_scope_of(const erg_builder *builder);
/* Tokens of a sequence where `most` is what the network can take: a longer default is
 * cut, a longer wish refused. */
int64_t erg_build_seq(erg_builder *builder, int64_t most);
/* Hands the graph over and frees the builder; NULL and *err if anything failed. */
erg_graph *erg_build_end(erg_builder *builder, erg_error *err);

enum { ERG_BITS_OF_GRAPH = 0 };     /* floats: as wide as the graph's precision */

/* dims are copied; name may be NULL (then the operator names it). */
int32_t erg_build_tensor(erg_builder *builder, erg_role role, const char *name,
                         int32_t rank, const int64_t *dims, int32_t bits);
/* The same storage under another shape: Reshape, Flatten, Squeeze, free slices. */
int32_t erg_build_view(erg_builder *builder, int32_t of, int32_t rank, const int64_t *dims);
const erg_tensor *erg_build_tensor_at(const erg_builder *builder, int32_t tensor);
int32_t erg_build_tensor_count(const erg_builder *builder);
const erg_operator *erg_build_operator_at(const erg_builder *builder, int32_t op);
int32_t erg_build_operator_count(const erg_builder *builder);
void erg_build_output(erg_builder *builder, int32_t tensor);

/*
 * An operator over given tensors. What the shapes do not tell comes in `spec`:
 * matrix form for LINEAR and MATMUL, window for convolutions and pools; other
 * members override the counts of the kind's rule where not 0 (see count.c).
 */
typedef struct erg_op_spec {
    erg_op_kind kind;
    const char *name;               /* copied */
    erg_precision precision;        /* ERG_PRECISIONS: that of the graph */
    bool is_function;
    const int32_t *inputs, *outputs;
    int32_t input_count, output_count;
    int64_t batch, m, n, k;
    int64_t steps;
    const erg_window *window;       /* copied */
    bool gathers;                   /* inputs are read by rows: as many bytes as written */
    int64_t flop, macs, special_op; /* override: count, -1: none at all, 0: by rule */
    int64_t in_bytes, out_bytes, weight_bytes;      /* likewise */
} erg_op_spec;

/* Gives the operator, -1 when the builder has failed. */
int32_t erg_build_operator(erg_builder *builder, const erg_op_spec *spec);

/* Appends what a training step launches behind what was built (training.c);
 * erg_build_end does it in ERG_TRAIN. */
void erg_build_backward(erg_builder *builder);

/* ---- shorthand: makes the output tensor (and the weights) too ------------ */

/* Elementwise over one or two operands (b < 0: one); broadcasts; gives the output. */
int32_t erg_build_map(erg_builder *builder, erg_op_kind kind, const char *name, int32_t a,
                      int32_t b);
/* A residual: the addition a module calls as a function. */
int32_t erg_build_add(erg_builder *builder, const char *name, int32_t a, int32_t b);
/* x [.., in] -> [.., out] with weights [out,in] and, if bias, [out]. */
int32_t erg_build_linear(erg_builder *builder, const char *name, int32_t x, int64_t out,
                         bool bias);
/* The same over weights that exist: tied ones (bias < 0: none). */
int32_t erg_build_linear_on(erg_builder *builder, const char *name, int32_t x,
                            int32_t weights, int32_t bias);
/* Rows of table [rows, width] picked by ids [..]: only those rows are read. */
int32_t erg_build_embedding(erg_builder *builder, const char *name, int32_t table,
                            int32_t ids);
/* Batched product of two activations: a [.., m, k] by b [.., k, n]. */
int32_t erg_build_matmul(erg_builder *builder, const char *name, int32_t a, int32_t b);
/* x [B, C, H, W]; square window; groups divide both channel counts. */
typedef struct erg_conv_spec {
    int64_t channels, kernel, stride, pad, dilation, groups;   /* 0: 1 (pad 0: 0) */
    bool bias;
} erg_conv_spec;
int32_t erg_build_conv(erg_builder *builder, const char *name, int32_t x,
                       erg_conv_spec conv);
/* A convolution and the batch norm behind it, one biased convolution where the
 * options fold. */
typedef struct erg_conv_names { const char *conv, *norm; } erg_conv_names;
int32_t erg_build_conv_norm(erg_builder *builder, erg_conv_names names, int32_t x,
                            erg_conv_spec conv);
int32_t erg_build_pool(erg_builder *builder, erg_op_kind kind, const char *name, int32_t x,
                       int64_t kernel, int64_t stride, int64_t pad);
/* BATCH, LAYER, GROUP, RMS norm: parameters `weights` per channel (0, 1 or 2), and as
 * many running statistics (batch norm: 2). channels: size of each vector. */
int32_t erg_build_norm(erg_builder *builder, erg_op_kind kind, const char *name, int32_t x,
                       int64_t channels);

/* Along one axis; the others must agree. */
int32_t erg_build_concat(erg_builder *builder, const char *name, const int32_t *parts,
                         int32_t count, int32_t axis);
/* x [B, C, H, W] to twice the height and width, the nearest neighbour. */
int32_t erg_build_double(erg_builder *builder, const char *name, int32_t x);
/* What is nothing at inference (dropout): listed, for module graphs name it, but free. */
int32_t erg_build_idle(erg_builder *builder, const char *name, int32_t x);
/* Says that what made this tensor is called as a function, not a named module. */
void erg_build_as_function(erg_builder *builder, int32_t tensor);
/* A name kept as long as the graph; NULL when the builder has failed. */
const char *erg_build_name(erg_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- what repeats ---------------------------------------------------------- */

/* What is built between two calls, out of one tensor that is given and into another. */
typedef struct erg_block {
    int32_t in, out;
    int32_t tensor, tensor_count;   /* the first of its tensors */
    int32_t op, op_count;
    size_t scope;                   /* bytes of each name that are no part of it */
    size_t listed, named;           /* entries of lists, bytes of names behind the scope */
} erg_block;

/* Begins: `in` is made, the scope is set. */
erg_block erg_build_block(const erg_builder *builder, int32_t in);
void erg_build_block_end(const erg_builder *builder, erg_block *block, int32_t out);
/* Room for so many copies of each. */
void erg_build_expect(erg_builder *builder, const erg_block *blocks, const size_t *times,
                      size_t count);
/* What the same calls would build out of a like `in`, under the scope that is set: its
 * weights and caches are new, what it read of before the block is read again (no view of
 * `in`, or of what `in` views, may be among that). Gives `out`. */
int32_t erg_build_repeat(erg_builder *builder, const erg_block *block, int32_t in);

/* ---- readers: one file, one row of erg_graph_readers ---------------------- */

typedef struct erg_graph_reader {
    const char *name;
    const char *about;
    /* true: spec (and the first bytes of the file, count 0 if no file) is ours */
    bool (*sniff)(const char *spec, const char *head, size_t count);
    erg_graph *(*read)(const char *spec, const erg_graph_options *options, erg_error *err);
    /* For reading again with other options but the same dims: what all readings share;
     * NULL: nothing can be kept, `read` tells what is wrong if anything is. */
    void *(*keep)(const char *spec, const erg_graph_options *options);
    erg_graph *(*read_kept)(void *kept, const erg_graph_options *options,
                            erg_error *err);
    void (*drop)(void *kept);
} erg_graph_reader;

/* The reader that knows it; NULL and one sentence: none does. */
const erg_graph_reader *erg_graph_reader_find(const char *spec, erg_error *err);
/* Can it set the dimensions that options give? */
bool erg_graph_reader_takes(const erg_graph_reader *reader, const char *spec,
                            const erg_graph_options *options, erg_error *err);

extern const erg_graph_reader erg_reader_zoo;
extern const erg_graph_reader erg_reader_hf_config;
extern const erg_graph_reader erg_reader_kernel_list;
extern const erg_graph_reader erg_reader_onnx;

/* What the two read from bytes; name is for people. */
erg_graph *erg_hf_config_parse(const char *name, const char *text, size_t count,
                               const erg_graph_options *options, erg_error *err);
erg_graph *erg_kernel_list_parse(const char *name, const char *text, size_t count,
                                 const erg_graph_options *options, erg_error *err);

/* Zoo entries: rows of const tables, one table per file of networks. */
typedef struct erg_zoo_entry {
    const char *name, *family, *about;
    void (*build)(erg_builder *builder, const void *shape);
    const void *shape;              /* a static const struct that build knows */
    erg_head head;                  /* the one its published size is counted with */
} erg_zoo_entry;

/* One table a file, ended by a row without a name; zoo.c lists the tables. */
extern const erg_zoo_entry erg_zoo_resnet[];
extern const erg_zoo_entry erg_zoo_mobilenet[];
extern const erg_zoo_entry erg_zoo_vgg[];
extern const erg_zoo_entry erg_zoo_efficientnet[];
extern const erg_zoo_entry erg_zoo_transformer[];
extern const erg_zoo_entry erg_zoo_lstm[];
extern const erg_zoo_entry erg_zoo_yolo[];
extern const erg_zoo_entry erg_zoo_unet[];

#endif
