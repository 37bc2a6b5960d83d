/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers by name: the first row whose word is in the name wins. */
#include <ctype.h>
#include <string.h>
#include "replay/plan.h"

/* "broadcast" alone is no collective here: elementwise templates are called so. */
static const struct { const char *word; erg_tier tier; } words[] = {
    { "nccl", ERG_TIER_COLLECTIVE },        { "rccl", ERG_TIER_COLLECTIVE },
    { "allreduce", ERG_TIER_COLLECTIVE },   { "all_reduce", ERG_TIER_COLLECTIVE },
    { "allgather", ERG_TIER_COLLECTIVE },   { "all_gather", ERG_TIER_COLLECTIVE },
    { "reducescatter", ERG_TIER_COLLECTIVE }, { "reduce_scatter", ERG_TIER_COLLECTIVE },
    { "alltoall", ERG_TIER_COLLECTIVE },    { "all_to_all", ERG_TIER_COLLECTIVE },
    { "sendrecv", ERG_TIER_COLLECTIVE },
    { "memcpy", ERG_TIER_MOVE },            { "memset", ERG_TIER_MOVE },
    { "memmove", ERG_TIER_MOVE },           { "reorder", ERG_TIER_MOVE },
    { "gemm", ERG_TIER_MATRIX },            { "gemv", ERG_TIER_MATRIX },
    { "splitkreduce", ERG_TIER_MATRIX },    { "xmma", ERG_TIER_MATRIX },
    { "cutlass", ERG_TIER_MATRIX },         { "volta_", ERG_TIER_MATRIX },
    { "turing_", ERG_TIER_MATRIX },         { "ampere_", ERG_TIER_MATRIX },
    { "nvjet", ERG_TIER_MATRIX },           { "cijk_", ERG_TIER_MATRIX },
    { "matmul", ERG_TIER_MATRIX },          { "convolution", ERG_TIER_MATRIX },
    { "inner_product", ERG_TIER_MATRIX },
};

/* What libraries call an operator, the telling word first: a GEMM may end in a relu. */
static const struct { const char *word; erg_op_kind op; } op_words[] = {
    { "fmha", ERG_OP_ATTENTION },           { "flash", ERG_OP_ATTENTION },
    { "wgrad", ERG_OP_CONV },               { "dgrad", ERG_OP_CONV },
    { "fprop", ERG_OP_CONV },               { "winograd", ERG_OP_CONV },
    { "implicit_convolve", ERG_OP_CONV },   { "scudnn", ERG_OP_CONV },
    { "convolution", ERG_OP_CONV },         { "conv2d", ERG_OP_CONV },
    { "conv_depthwise", ERG_OP_CONV },
    { "gemm", ERG_OP_MATMUL },              { "gemv", ERG_OP_MATMUL },
    { "splitkreduce", ERG_OP_MATMUL },      { "nvjet", ERG_OP_MATMUL },
    { "cijk_", ERG_OP_MATMUL },             { "matmul", ERG_OP_MATMUL },
    { "layer_norm", ERG_OP_LAYER_NORM },    { "layernorm", ERG_OP_LAYER_NORM },
    { "rms_norm", ERG_OP_RMS_NORM },        { "rmsnorm", ERG_OP_RMS_NORM },
    { "group_norm", ERG_OP_GROUP_NORM },    { "groupnorm", ERG_OP_GROUP_NORM },
    { "batch_norm", ERG_OP_BATCH_NORM },    { "batchnorm", ERG_OP_BATCH_NORM },
    { "bn_fw", ERG_OP_BATCH_NORM },         { "softmax", ERG_OP_SOFTMAX },
    { "argmax", ERG_OP_REDUCE },            { "masked_fill", ERG_OP_WHERE },
    { "where_kernel", ERG_OP_WHERE },       { "index_select", ERG_OP_GATHER },
    { "indexselect", ERG_OP_GATHER },       { "embedding", ERG_OP_EMBEDDING },
    { "gather", ERG_OP_GATHER },            { "scatter", ERG_OP_SCATTER },
    { "catarray", ERG_OP_CONCAT },          { "compare", ERG_OP_COMPARE },
    { "max_pool", ERG_OP_MAX_POOL },        { "maxpool", ERG_OP_MAX_POOL },
    { "avg_pool", ERG_OP_AVERAGE_POOL },    { "avgpool", ERG_OP_AVERAGE_POOL },
    { "average_pool", ERG_OP_AVERAGE_POOL },
    { "topk", ERG_OP_TOP_K },               { "radixsort", ERG_OP_TOP_K },
    { "devicescan", ERG_OP_REDUCE },        { "scan_kernel", ERG_OP_REDUCE },
    { "reduce_kernel", ERG_OP_REDUCE },     { "reduction", ERG_OP_REDUCE },
    { "gelu", ERG_OP_GELU },                { "silu", ERG_OP_SILU },
    { "sigmoid", ERG_OP_SIGMOID },          { "tanh", ERG_OP_TANH },
    { "relu", ERG_OP_RELU },                { "clamp", ERG_OP_CLIP },
    { "pow_tensor", ERG_OP_POW },           { "sqrt", ERG_OP_SQRT },
    { "exp_kernel", ERG_OP_EXP },           { "log_kernel", ERG_OP_LOG },
    { "mulfunctor", ERG_OP_MUL },           { "divfunctor", ERG_OP_DIV },
    { "functor_add", ERG_OP_ADD },          { "onself_add", ERG_OP_ADD },
    { "onother_add", ERG_OP_ADD },          { "add_kernel", ERG_OP_ADD },
    { "dropout", ERG_OP_DROPOUT },          { "fillfunctor", ERG_OP_FILL },
    { "arange", ERG_OP_FILL },              { "memset", ERG_OP_FILL },
    { "memcpy", ERG_OP_COPY },              { "copy_kernel", ERG_OP_COPY },
    { "transpose", ERG_OP_COPY },           { "reorder", ERG_OP_COPY },
};

static const char *const tier_names[ERG_TIERS] = {
    [ERG_TIER_UNKNOWN] = "unknown", [ERG_TIER_MOVE] = "memory", [ERG_TIER_MATRIX] = "gemm",
    [ERG_TIER_OTHER] = "other", [ERG_TIER_COLLECTIVE] = "collective",
};

static void lower_into(char to[ERG_KERNEL_NAME], const char *name)
{
    size_t count = 0;

    for (; name[count] && count + 1 < ERG_KERNEL_NAME; count++)
        to[count] = (char)tolower((unsigned char)name[count]);
    to[count] = '\0';
}

erg_tier erg_tier_of(const char *name, erg_op_kind op)
{
    char lower[ERG_KERNEL_NAME];

    lower_into(lower, name);
    for (size_t i = 0; i < ERG_COUNT(words); i++)
        if (strstr(lower, words[i].word)) return words[i].tier;
    return op != ERG_OP_UNKNOWN && erg_op_kinds[op].kind_class == ERG_MATRIX
        ? ERG_TIER_MATRIX
        : ERG_TIER_OTHER;
}

bool erg_name_is_collective(const char *name)
{
    return erg_tier_of(name, ERG_OP_UNKNOWN) == ERG_TIER_COLLECTIVE;
}

erg_op_kind erg_op_of_name(const char *name)
{
    char lower[ERG_KERNEL_NAME];

    if (erg_name_is_collective(name)) return ERG_OP_UNKNOWN;
    lower_into(lower, name);
    for (size_t i = 0; i < ERG_COUNT(op_words); i++)
        if (strstr(lower, op_words[i].word)) return op_words[i].op;
    return ERG_OP_UNKNOWN;
}

const char *erg_tier_name(erg_tier tier) { return tier_names[tier]; }
