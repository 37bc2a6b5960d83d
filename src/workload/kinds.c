/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a workload: precisions and operator kinds, one row each. The costs
 * per element follow specs of arithmetic, not of any one library: an exp, erf
 * or division is one special function beside the cheap operations around it.
 */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "erg/workload.h"

static const struct { const char *name; int bits; } precisions[ERG_PRECISIONS] = {
    [ERG_FP32] = { "fp32", 32 },
    [ERG_FP64] = { "fp64", 64 },
    [ERG_TF32] = { "tf32", 32 },    /* stored as fp32, multiplied with 10 bits */
    [ERG_FP16] = { "fp16", 16 },
    [ERG_BF16] = { "bf16", 16 },
    [ERG_FP8]  = { "fp8", 8 },
    [ERG_INT8] = { "int8", 8 },
    [ERG_INT4] = { "int4", 4 },
};

bool erg_precision_parse(const char *word, erg_precision *out)
{
    for (int i = 0; i < ERG_PRECISIONS; i++)
        if (strcmp(word, precisions[i].name) == 0) {
            *out = (erg_precision)i;
            return true;
        }
    return false;
}

const char *erg_precision_name(erg_precision precision)
{
    return precisions[precision].name;
}

int erg_precision_bits(erg_precision precision) { return precisions[precision].bits; }

#define BY_SHAPE NAN

const erg_op_rule erg_op_kinds[ERG_OP_KINDS] = {
    [ERG_OP_UNKNOWN]        = { "unknown",        ERG_MOVEMENT,       0, 0 },
    [ERG_OP_CONV]           = { "conv",           ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_CONV_TRANSPOSE] = { "conv_transpose", ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_LINEAR]         = { "linear",         ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_MATMUL]         = { "matmul",         ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_ATTENTION]      = { "attention",      ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_LSTM]           = { "lstm",           ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_GRU]            = { "gru",            ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_RNN]            = { "rnn",            ERG_MATRIX,         BY_SHAPE, 0 },
    [ERG_OP_BATCH_NORM]     = { "batch_norm",     ERG_VECTOR,         2, 0 },
    [ERG_OP_LAYER_NORM]     = { "layer_norm",     ERG_VECTOR,         8, 0 },
    [ERG_OP_GROUP_NORM]     = { "group_norm",     ERG_VECTOR,         8, 0 },
    [ERG_OP_INSTANCE_NORM]  = { "instance_norm",  ERG_VECTOR,         8, 0 },
    [ERG_OP_RMS_NORM]       = { "rms_norm",       ERG_VECTOR,         4, 0 },
    [ERG_OP_LRN]            = { "lrn",            ERG_TRANSCENDENTAL, 8, 1 },
    [ERG_OP_SOFTMAX]        = { "softmax",        ERG_TRANSCENDENTAL, 5, 1 },
    [ERG_OP_ADD]            = { "add",            ERG_VECTOR,         1, 0 },
    [ERG_OP_SUB]            = { "sub",            ERG_VECTOR,         1, 0 },
    [ERG_OP_MUL]            = { "mul",            ERG_VECTOR,         1, 0 },
    [ERG_OP_DIV]            = { "div",            ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_POW]            = { "pow",            ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_MIN]            = { "min",            ERG_VECTOR,         1, 0 },
    [ERG_OP_MAX]            = { "max",            ERG_VECTOR,         1, 0 },
    [ERG_OP_COMPARE]        = { "compare",        ERG_VECTOR,         1, 0 },
    [ERG_OP_WHERE]          = { "where",          ERG_VECTOR,         1, 0 },
    [ERG_OP_ABS]            = { "abs",            ERG_VECTOR,         1, 0 },
    [ERG_OP_SQRT]           = { "sqrt",           ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_EXP]            = { "exp",            ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_LOG]            = { "log",            ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_ERF]            = { "erf",            ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_RELU]           = { "relu",           ERG_VECTOR,         1, 0 },
    [ERG_OP_CLIP]           = { "clip",           ERG_VECTOR,         1, 0 },
    [ERG_OP_SIGMOID]        = { "sigmoid",        ERG_TRANSCENDENTAL, 4, 1 },
    [ERG_OP_TANH]           = { "tanh",           ERG_TRANSCENDENTAL, 1, 1 },
    [ERG_OP_SILU]           = { "silu",           ERG_TRANSCENDENTAL, 5, 1 },
    [ERG_OP_GELU]           = { "gelu",           ERG_TRANSCENDENTAL, 5, 1 },
    [ERG_OP_GELU_TANH]      = { "gelu_tanh",      ERG_TRANSCENDENTAL, 9, 1 },
    [ERG_OP_HARD_SIGMOID]   = { "hard_sigmoid",   ERG_VECTOR,         3, 0 },
    [ERG_OP_HARD_SWISH]     = { "hard_swish",     ERG_VECTOR,         4, 0 },
    [ERG_OP_MAX_POOL]       = { "max_pool",       ERG_VECTOR,         BY_SHAPE, 0 },
    [ERG_OP_AVERAGE_POOL]   = { "average_pool",   ERG_VECTOR,         BY_SHAPE, 0 },
    [ERG_OP_GLOBAL_POOL]    = { "global_pool",    ERG_VECTOR,         BY_SHAPE, 0 },
    [ERG_OP_REDUCE]         = { "reduce",         ERG_VECTOR,         BY_SHAPE, 0 },
    [ERG_OP_TOP_K]          = { "top_k",          ERG_VECTOR,         BY_SHAPE, 0 },
    [ERG_OP_EMBEDDING]      = { "embedding",      ERG_MOVEMENT,       0, 0 },
    [ERG_OP_GATHER]         = { "gather",         ERG_MOVEMENT,       0, 0 },
    [ERG_OP_SCATTER]        = { "scatter",        ERG_MOVEMENT,       0, 0 },
    [ERG_OP_COPY]           = { "copy",           ERG_MOVEMENT,       0, 0 },
    [ERG_OP_CONCAT]         = { "concat",         ERG_MOVEMENT,       0, 0 },
    [ERG_OP_SPLIT]          = { "split",          ERG_MOVEMENT,       0, 0 },
    [ERG_OP_SLICE]          = { "slice",          ERG_MOVEMENT,       0, 0 },
    [ERG_OP_PAD]            = { "pad",            ERG_MOVEMENT,       0, 0 },
    [ERG_OP_TILE]           = { "tile",           ERG_MOVEMENT,       0, 0 },
    [ERG_OP_RESIZE]         = { "resize",         ERG_MOVEMENT,       0, 0 },
    [ERG_OP_CAST]           = { "cast",           ERG_MOVEMENT,       0, 0 },
    [ERG_OP_DROPOUT]        = { "dropout",        ERG_VECTOR,         0, 0 },
    [ERG_OP_FILL]           = { "fill",           ERG_MOVEMENT,       0, 0 },
    [ERG_OP_ROTARY]         = { "rotary",         ERG_VECTOR,         3, 0 },
    [ERG_OP_QUANTIZE]       = { "quantize",       ERG_VECTOR,         3, 0 },
    [ERG_OP_OPTIMIZER]      = { "optimizer",      ERG_VECTOR,         0, 0 },
};
