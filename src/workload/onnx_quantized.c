/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of few bits: how wide they lie, who reads and writes them without a pass. */
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_quantized.h"

enum { VIEWS_MOST = 8 };    /* one of another, as exporters write them */

int32_t erg_onnx_stored_bits(const erg_onnx_value *value)
{
    int bits = erg_onnx_type_bits(value->type);
    return erg_onnx_is_real(value->type) ? ERG_BITS_OF_GRAPH : bits > 0 ? bits : 8;
}

void erg_onnx_buffer(erg_builder *builder, erg_onnx_value *x)
{
    if (x->is_constant && x->rank != ERG_ONNX_UNKNOWN && x->tensor < 0)
        x->tensor = erg_build_tensor(builder, ERG_BUFFER, x->name, x->rank, x->dims,
                                     erg_onnx_stored_bits(x));
}

/* ---- what is stored ------------------------------------------------------------- */

/* Weights of a few bits, several a byte: as many as there are. */
static const struct {
    const char *op_type, *bits;
    int32_t packed;
} packings[] = {
    { "GatherBlockQuantized", "bits",               0 },
    { "MatMulBnb4",           "bits",               1 },
    { "MatMulNBits",          "bits",               1 },
    { "QMoE",                 "expert_weight_bits", 2 },
    { "QMoE",                 "expert_weight_bits", 5 },
    { "QMoE",                 "expert_weight_bits", 8 },
};

/* Scales and zero points came with the packing, not with the training. */
static const struct {
    const char *op_type;
    int32_t at[8];          /* 0: no more of them */
} scales[] = {
    { "DequantizeLinear",      { 1, 2 } },
    { "DynamicQuantizeMatMul", { 2, 3 } },
    { "GatherBlockQuantized",  { 2, 3 } },
    { "MatMulBnb4",            { 2, 3 } },
    { "MatMulIntegerToFloat",  { 2, 3, 4, 5 } },
    { "MatMulNBits",           { 2, 3 } },
    { "QAttention",            { 3, 4, 6, 7 } },
    { "QGemm",                 { 1, 2, 4, 5, 7, 8 } },
    { "QLinearAdd",            { 1, 2, 4, 5, 6, 7 } },
    { "QLinearConv",           { 1, 2, 4, 5, 6, 7 } },
    { "QLinearMatMul",         { 1, 2, 4, 5, 6, 7 } },
    { "QLinearMul",            { 1, 2, 4, 5, 6, 7 } },
    { "QMoE",                  { 3, 6, 9, 11, 12, 13 } },
    { "QuantizeLinear",        { 1, 2 } },
};

static void unpack(erg_builder *builder, const erg_onnx_node *node, size_t row)
{
    int32_t at = packings[row].packed;
    erg_onnx_value *x = at < node->in_count ? node->in[at] : NULL;
    int64_t bits = erg_onnx_int(node, packings[row].bits, 4), count = x ? x->elements : 0;

    if (x && x->role == ERG_WEIGHT && x->type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT8
        && x->tensor < 0 && bits > 0 && bits < 8 && 8 % bits == 0
        && erg_count_times(&count, 8 / bits))
        x->tensor = erg_build_tensor(builder, ERG_WEIGHT, x->name, 1, &count,
                                     (int32_t)bits);
}

void erg_onnx_unpack(erg_builder *builder, const erg_onnx_node *node)
{
    const char *op_type = node->proto->op_type;

    for (size_t i = 0; i < ERG_COUNT(packings); i++)
        if (strcmp(packings[i].op_type, op_type) == 0)
            unpack(builder, node, i);
    for (size_t i = 0; i < ERG_COUNT(scales); i++)
        for (size_t k = 0; strcmp(scales[i].op_type, op_type) == 0
                           && k < ERG_COUNT(scales[i].at) && scales[i].at[k]; k++)
            if (erg_onnx_in(node, scales[i].at[k]))
                erg_onnx_buffer(builder, node->in[scales[i].at[k]]);
}

/* ---- who reads and writes them ------------------------------------------------------ */

static bool is_op(const erg_onnx_node *node, const char *op_type)
{
    return node && node->rule && strcmp(node->rule->op_type, op_type) == 0;
}

bool erg_onnx_is_quantize(const erg_onnx_node *node)
{
    return is_op(node, "QuantizeLinear");
}

bool erg_onnx_is_dequantize(const erg_onnx_node *node)
{
    return is_op(node, "DequantizeLinear");
}

bool erg_onnx_is_read_quantised(const erg_onnx_node *node)
{
    return erg_onnx_is_dequantize(node) && node->in[0] && node->out[0]
           && !node->out[0]->is_output && node->out[0]->uses > 0;
}

static bool is_plain_view(const erg_onnx_node *node)
{
    return node && node->rule && !node->fused && node->in_count && node->out[0]
           && node->rule->way == ERG_ONNX_VIEW && node->rule->kind == ERG_OP_COPY;
}

const erg_onnx_node *erg_onnx_quantiser(const erg_onnx_value *value)
{
    const erg_onnx_node *maker = value->maker;
    bool is_result = maker && maker->rule && !erg_onnx_is_dequantize(maker)
                     && value->role == ERG_ACTIVATION && erg_onnx_is_real(value->type);

    for (int i = 0; is_result && i < VIEWS_MOST; i++) {
        const erg_onnx_node *reader = value->reader;
        if (value->is_constant || value->is_output || value->uses != 1
            || reader->in[0] != value)
            return NULL;
        if (erg_onnx_is_quantize(reader))
            return reader->out[0] ? reader : NULL;
        if (!is_plain_view(reader))
            return NULL;
        value = reader->out[0];
    }
    return NULL;
}

const erg_onnx_value *erg_onnx_viewed(const erg_onnx_value *value)
{
    for (int i = 0; i < VIEWS_MOST && is_plain_view(value->maker)
                    && value->maker->in[0] && value->maker->in[0]->uses == 1; i++)
        value = value->maker->in[0];
    return value;
}

/* The quantised tensor that a real one stands for, through what only moves it; NULL:
 * it is not quantised. */
static const erg_onnx_value *origin(const erg_onnx_value *value)
{
    for (int i = 0; value && value->maker && i < VIEWS_MOST; i++) {
        const erg_onnx_node *maker = value->maker;
        if (erg_onnx_is_dequantize(maker))
            return maker->in[0];
        bool moves = maker->rule && !maker->fused && maker->in_count
                     && (maker->rule->way == ERG_ONNX_VIEW
                         || (maker->rule->way == ERG_ONNX_TRANSPOSE
                             && value->is_constant));
        value = moves ? maker->in[0] : NULL;
    }
    return NULL;
}

static bool is_fp8(int32_t type)
{
    return type >= ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT8E4M3FN
           && type <= ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT8E5M2FNUZ;
}

bool erg_onnx_shared_precision(const erg_onnx_node *node, erg_precision *out)
{
    const erg_onnx_value *a = node->in_count > 1 ? origin(node->in[0]) : NULL;
    const erg_onnx_value *b = a ? origin(node->in[1]) : NULL;

    if (!b || erg_onnx_type_bits(a->type) > 8 || erg_onnx_type_bits(b->type) > 8)
        return false;
    *out = is_fp8(a->type) ? ERG_FP8 : ERG_INT8;
    return true;
}

erg_onnx_value *erg_onnx_block_scales(const erg_onnx_value *value)
{
    const erg_onnx_node *maker = value->maker;

    return maker && erg_onnx_is_read_quantised(maker) && erg_onnx_in(maker, 1)
                   && maker->in[1]->is_constant
                   && erg_onnx_int(maker, "block_size", 0) > 0
               ? maker->in[1]
               : NULL;
}
