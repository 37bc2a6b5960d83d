/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs: a network as operators with shapes, FLOP and bytes, wherever it
 * was written down (ONNX, Hugging Face config, kernel list, zoo).
 *
 *   Units    Counts are exact int64_t: _flop, _macs, _bytes. FLOP = 2 x MAC.
 *            A count that leaves int64_t is an error, never a wrap.
 *   Owning   erg_graph_load gives a graph that is yours: erg_graph_free. All
 *            that hangs on it belongs to it and is read only.
 *   Failing  Bad input is one sentence with file and node: ERG_BAD_INPUT.
 *   Threads  A loaded graph is read only: any number of readers.
 *   Source   Rules of counting: docs/counting.md.
 */
#ifndef ERG_WORKLOAD_H
#define ERG_WORKLOAD_H

#include <stdint.h>
#include "erg/error.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* ---- words ------------------------------------------------------------- */

typedef enum erg_precision {
    ERG_FP32, ERG_FP64, ERG_TF32, ERG_FP16, ERG_BF16, ERG_FP8, ERG_INT8, ERG_INT4,
    ERG_PRECISIONS
} erg_precision;

typedef enum erg_phase { ERG_PREFILL, ERG_DECODE, ERG_TRAIN } erg_phase;
typedef enum erg_head { ERG_HEAD_AUTO, ERG_HEAD_NONE, ERG_HEAD_POOLER, ERG_HEAD_CLS,
                        ERG_HEAD_LM } erg_head;
typedef enum erg_logits { ERG_LOGITS_ALL, ERG_LOGITS_LAST } erg_logits;
typedef enum erg_attention { ERG_ATTENTION_AUTO, ERG_ATTENTION_PLAIN,
                             ERG_ATTENTION_FLASH } erg_attention;
typedef enum erg_optimizer { ERG_OPTIMIZER_NONE, ERG_OPTIMIZER_SGD,
                             ERG_OPTIMIZER_ADAMW } erg_optimizer;
/* eager: the host launches every operator; fused: chains in one launch; graph:
 * fused and launched without the host. */
typedef enum erg_runtime { ERG_EAGER, ERG_FUSED, ERG_GRAPH } erg_runtime;

/* "fp32" ..; false: no such word. Bits of one stored element: tf32 is 32. */
bool erg_precision_parse(const char *word, erg_precision *out);
const char *erg_precision_name(erg_precision precision);
int erg_precision_bits(erg_precision precision);

/* What an operator does to data; decides which unit and which cost rule. */
typedef enum erg_op_class { ERG_MATRIX, ERG_VECTOR, ERG_TRANSCENDENTAL, ERG_MOVEMENT,
                            ERG_OP_CLASSES } erg_op_class;

typedef enum erg_op_kind {
    ERG_OP_UNKNOWN,                     /* no cost rule: coverage falls below 1 */
    ERG_OP_CONV, ERG_OP_CONV_TRANSPOSE, ERG_OP_LINEAR, ERG_OP_MATMUL, ERG_OP_ATTENTION,
    ERG_OP_LSTM, ERG_OP_GRU, ERG_OP_RNN,
    ERG_OP_BATCH_NORM, ERG_OP_LAYER_NORM, ERG_OP_GROUP_NORM, ERG_OP_INSTANCE_NORM,
    ERG_OP_RMS_NORM, ERG_OP_LRN, ERG_OP_SOFTMAX,
    ERG_OP_ADD, ERG_OP_SUB, ERG_OP_MUL, ERG_OP_DIV, ERG_OP_POW, ERG_OP_MIN, ERG_OP_MAX,
    ERG_OP_COMPARE, ERG_OP_WHERE, ERG_OP_ABS, ERG_OP_SQRT, ERG_OP_EXP, ERG_OP_LOG,
    ERG_OP_ERF,
    ERG_OP_RELU, ERG_OP_CLIP, ERG_OP_SIGMOID, ERG_OP_TANH, ERG_OP_SILU, ERG_OP_GELU,
    ERG_OP_GELU_TANH, ERG_OP_HARD_SIGMOID, ERG_OP_HARD_SWISH,
    ERG_OP_MAX_POOL, ERG_OP_AVERAGE_POOL, ERG_OP_GLOBAL_POOL, ERG_OP_REDUCE, ERG_OP_TOP_K,
    ERG_OP_EMBEDDING, ERG_OP_GATHER, ERG_OP_SCATTER, ERG_OP_COPY, ERG_OP_CONCAT,
    ERG_OP_SPLIT,
    ERG_OP_SLICE, ERG_OP_PAD, ERG_OP_TILE, ERG_OP_RESIZE, ERG_OP_CAST, ERG_OP_DROPOUT,
    ERG_OP_FILL, ERG_OP_ROTARY, ERG_OP_QUANTIZE, ERG_OP_OPTIMIZER,
    ERG_OP_KINDS
} erg_op_kind;

/* One row a kind: `erg_op_kinds[kind]`. */
typedef struct erg_op_rule {
    const char *name;               /* "conv", "layer_norm": column `kind` */
    erg_op_class kind_class;
    double flop_per_element;        /* of the output; NAN: by shape (matrix work, pools) */
    int special_per_element;        /* exp, tanh, erf, sqrt, div.. */
} erg_op_rule;

extern const erg_op_rule erg_op_kinds[ERG_OP_KINDS];

/* ---- a graph ----------------------------------------------------------- */

/* A buffer is read like a weight but is no parameter (running mean, mask table). */
typedef enum erg_role { ERG_ACTIVATION, ERG_INPUT, ERG_WEIGHT, ERG_BUFFER, ERG_CACHE,
                        ERG_GRADIENT,   /* of a weight: kept to the end of the step */
                        ERG_STATE       /* of an optimizer */
} erg_role;

typedef struct erg_tensor {
    const char *name;
    const int64_t *dims;
    int32_t rank;
    int32_t bits;                   /* of one element as stored */
    int64_t elements, bytes;
    erg_role role;
    bool is_output;                 /* of the graph: never freed */
    int32_t producer;               /* operator, -1: none (input, weight) */
    int32_t storage;                /* tensor this is a view of; itself if none */
} erg_tensor;

/* Geometry of convolutions and pools; axes beyond `axes` are 1, 1, 0, 0, 1. */
typedef struct erg_window {
    int32_t axes;
    int64_t kernel[3], stride[3], pad_begin[3], pad_end[3], dilation[3];
    int64_t in[3], out[3];
    int64_t channels_in, channels_out, groups;
} erg_window;

typedef struct erg_operator {       /* one launch of an eager run, shapes known */
    const char *name;
    erg_op_kind kind;
    erg_precision precision;        /* of its arithmetic */
    bool is_function;               /* called as a function, not a named module */
    int64_t flop, macs, special_op; /* macs: Conv, Gemm, MatMul products only */
    int64_t in_bytes, out_bytes, weight_bytes;
    int64_t batch, m, n, k;         /* matrix form, 0 if none */
    int64_t threads;                /* output elements */
    int64_t steps;                  /* sequential steps inside (LSTM); else 1 */
    const int32_t *inputs, *outputs;        /* tensors; weights are inputs too */
    int32_t input_count, output_count;
    const int32_t *needs;           /* operators whose result it reads, through views */
    int32_t need_count;
    const erg_window *window;       /* NULL: no geometry */
} erg_operator;

typedef struct erg_graph {
    const char *name;               /* "resnet18" */
    const char *reader;             /* "onnx", "hf_config", "kernel_list", "zoo" */
    int64_t batch, seq;
    erg_precision precision;
    erg_phase phase;
    const erg_tensor *tensors;
    const erg_operator *operators;  /* in an order that can be run */
    int32_t tensor_count, operator_count;
    int32_t forward_count;          /* operators of the forward pass; then the way back */
    int64_t parameters, weights_bytes, kv_cache_bytes, macs, flop;
    double coverage;                /* share of data-moving operators with a cost rule */
    const char *const *notes;
    int32_t note_count;
    void *inside;
} erg_graph;

typedef struct erg_dim { const char *name; int64_t value; } erg_dim;

typedef struct erg_graph_options {  /* zero means unset, unset means the default */
    int64_t batch;                  /* 1 */
    int64_t seq;                    /* 512 tokens, at most the workload's maximum */
    erg_precision precision;        /* fp32 */
    erg_phase phase;
    erg_head head;
    erg_logits logits;
    erg_attention attention;
    erg_optimizer optimizer;
    erg_runtime runtime;            /* attention auto is flash in ERG_GRAPH only */
    const erg_dim *dims;            /* symbolic dimensions of ONNX graphs */
    size_t dim_count;
    bool complete_list;             /* kernel lists of ResNets: what they leave out */
    bool fold_batch_norm;           /* as an exporter does for inference */
} erg_graph_options;

/* spec: path of an ONNX file, a config.json, a kernel list, or zoo:NAME. */
erg_graph *erg_graph_load(const char *spec, const erg_graph_options *options,
                          erg_error *err);
void erg_graph_free(erg_graph *graph);

/* ---- the zoo ------------------------------------------------------------ */

size_t erg_zoo_count(void);
const char *erg_zoo_name(size_t index);
const char *erg_zoo_about(size_t index);
/* A row per network: name, family, parameters, macs, about; one if name. */
erg_result *erg_zoo_table(const char *name, erg_error *err);

/* ---- partition ---------------------------------------------------------- */

typedef enum erg_fusion {
    ERG_FUSION_AUTO,                /* as the runtime does; of a partition: none */
    ERG_FUSION_NONE,                /* one operator a launch */
    ERG_FUSION_RUNTIME,             /* what a compiler at run time fuses */
    ERG_FUSION_COMPAT,              /* the chains of compat mode, with physical bytes */
    ERG_FUSIONS
} erg_fusion;

typedef struct erg_subgraph {       /* what one launch computes */
    const int32_t *operators;
    int32_t operator_count;
    const char *name;               /* of its first operator, or a fused pattern */
    const char *pattern;            /* "conv_batch_norm_relu_+1more" */
    const char *why;                /* it ends here: fusion_opportunity,
                                     * data_dependency.. */
    int64_t flop, macs, special_op;
    int64_t in_bytes, out_bytes, weight_bytes;      /* distinct tensors, once */
    int64_t internal_bytes;         /* what fusion saved */
    const int32_t *needs;           /* subgraphs */
    int32_t need_count;
    int32_t alike_back;             /* so many before it is one of the same costs; 0:
                                     * none */
} erg_subgraph;

typedef struct erg_partition {
    const erg_graph *graph;         /* borrowed */
    const erg_subgraph *subgraphs;  /* operators that move nothing are in none */
    int32_t subgraph_count;
    int64_t external_bytes, internal_bytes;
    void *inside;
} erg_partition;

erg_partition *erg_graph_partition(const erg_graph *graph, erg_fusion fusion,
                                   erg_error *err);
void erg_partition_free(erg_partition *partition);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
