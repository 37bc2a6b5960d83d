/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators of com.microsoft that ONNX Runtime and exporters of language models
 * write, sorted by name. Source: onnxruntime ContribOperators.md.
 */
#include "workload/onnx_count.h"
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

#define MICROSOFT "com.microsoft"

static const erg_onnx_rule rules[] = {
    { "Attention", MICROSOFT, erg_onnx_shape_ms_attention, ERG_OP_ATTENTION,
      .count = erg_onnx_count_ms_attention },
    { "BiasAdd", MICROSOFT, erg_onnx_shape_same, ERG_OP_ADD,
      .count = erg_onnx_count_bias_add },
    { "BiasDropout", MICROSOFT, erg_onnx_shape_dropout, ERG_OP_ADD,
      .count = erg_onnx_count_bias_add },
    { "BiasGelu", MICROSOFT, erg_onnx_shape_same, ERG_OP_GELU,
      .count = erg_onnx_count_bias_gelu },
    { "BiasSoftmax", MICROSOFT, erg_onnx_shape_same, ERG_OP_SOFTMAX },
    { "BiasSplitGelu", MICROSOFT, erg_onnx_shape_split_gelu, ERG_OP_GELU },
    { "DequantizeLinear", MICROSOFT, erg_onnx_shape_dequantize, ERG_OP_QUANTIZE },
    { "DynamicQuantizeMatMul", MICROSOFT, erg_onnx_shape_matmul_integer, ERG_OP_MATMUL,
      .count = erg_onnx_count_matmul_int8 },
    { "EmbedLayerNormalization", MICROSOFT, erg_onnx_shape_embed_norm, ERG_OP_EMBEDDING,
      .count = erg_onnx_count_embed_norm },
    { "FastGelu", MICROSOFT, erg_onnx_shape_same, ERG_OP_GELU_TANH,
      .count = erg_onnx_count_bias_gelu_tanh },
    { "FusedConv", MICROSOFT, erg_onnx_shape_conv, ERG_OP_CONV,
      .count = erg_onnx_count_conv, .wants_contiguous = true },
    { "FusedGemm", MICROSOFT, erg_onnx_shape_gemm, ERG_OP_LINEAR,
      .count = erg_onnx_count_gemm },
    { "FusedMatMul", MICROSOFT, erg_onnx_shape_fused_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_fused_matmul },
    { "FusedMatMulActivation", MICROSOFT, erg_onnx_shape_fused_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_fused_matmul },
    { "GatherBlockQuantized", MICROSOFT, erg_onnx_shape_gather_blocks, ERG_OP_EMBEDDING,
      .count = erg_onnx_count_gather_blocks },
    { "Gelu", MICROSOFT, erg_onnx_shape_same, ERG_OP_GELU },
    { "GemmFastGelu", MICROSOFT, erg_onnx_shape_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_matmul },
    { "GemmFloat8", MICROSOFT, erg_onnx_shape_gemm, ERG_OP_LINEAR,
      .count = erg_onnx_count_gemm },
    { "GroupNorm", MICROSOFT, erg_onnx_shape_same, ERG_OP_GROUP_NORM },
    { "GroupQueryAttention", MICROSOFT, erg_onnx_shape_group_query, ERG_OP_ATTENTION,
      .count = erg_onnx_count_group_query },
    { "MatMulBnb4", MICROSOFT, erg_onnx_shape_matmul_bits, ERG_OP_LINEAR,
      .count = erg_onnx_count_matmul_bits },
    { "MatMulIntegerToFloat", MICROSOFT, erg_onnx_shape_matmul_integer, ERG_OP_MATMUL,
      .count = erg_onnx_count_matmul_int8 },
    { "MatMulNBits", MICROSOFT, erg_onnx_shape_matmul_bits, ERG_OP_LINEAR,
      .count = erg_onnx_count_matmul_bits },
    { "MoE", MICROSOFT, erg_onnx_shape_moe, ERG_OP_ATTENTION,
      .count = erg_onnx_count_moe },
    { "MultiHeadAttention", MICROSOFT, erg_onnx_shape_multi_head, ERG_OP_ATTENTION,
      .count = erg_onnx_count_multi_head },
    { "Pad", MICROSOFT, erg_onnx_shape_pad, ERG_OP_PAD },
    { "QAttention", MICROSOFT, erg_onnx_shape_ms_attention, ERG_OP_ATTENTION,
      .count = erg_onnx_count_ms_attention },
    { "QGemm", MICROSOFT, erg_onnx_shape_q_gemm, ERG_OP_LINEAR,
      .count = erg_onnx_count_q_gemm },
    { "QLinearAdd", MICROSOFT, erg_onnx_shape_q_map, ERG_OP_QUANTIZE },
    { "QLinearAveragePool", MICROSOFT, erg_onnx_shape_pool, ERG_OP_AVERAGE_POOL,
      .count = erg_onnx_count_pool },
    { "QLinearConcat", MICROSOFT, erg_onnx_shape_q_concat, ERG_OP_CONCAT },
    { "QLinearGlobalAveragePool", MICROSOFT, erg_onnx_shape_global_pool,
      ERG_OP_GLOBAL_POOL },
    { "QLinearLeakyRelu", MICROSOFT, erg_onnx_shape_same, ERG_OP_QUANTIZE },
    { "QLinearMul", MICROSOFT, erg_onnx_shape_q_map, ERG_OP_QUANTIZE },
    { "QLinearReduceMean", MICROSOFT, erg_onnx_shape_reduce, ERG_OP_REDUCE },
    { "QLinearSigmoid", MICROSOFT, erg_onnx_shape_same, ERG_OP_QUANTIZE },
    { "QLinearSoftmax", MICROSOFT, erg_onnx_shape_same, ERG_OP_QUANTIZE },
    { "QMoE", MICROSOFT, erg_onnx_shape_moe, ERG_OP_ATTENTION,
      .count = erg_onnx_count_moe },
    { "QuantizeLinear", MICROSOFT, erg_onnx_shape_quantize, ERG_OP_QUANTIZE },
    { "QuickGelu", MICROSOFT, erg_onnx_shape_same, ERG_OP_SILU },
    { "Range", MICROSOFT, erg_onnx_shape_range, ERG_OP_FILL, .fold = erg_onnx_fold_range },
    { "RotaryEmbedding", MICROSOFT, erg_onnx_shape_same, ERG_OP_ROTARY,
      .count = erg_onnx_count_rotary },
    { "SimplifiedLayerNormalization", MICROSOFT, erg_onnx_shape_layer_norm,
      ERG_OP_RMS_NORM },
    { "SkipGroupNorm", MICROSOFT, erg_onnx_shape_skip_group_norm, ERG_OP_GROUP_NORM,
      .count = erg_onnx_count_skip_norm },
    { "SkipLayerNormalization", MICROSOFT, erg_onnx_shape_skip_norm, ERG_OP_LAYER_NORM,
      .count = erg_onnx_count_skip_norm },
    { "SkipSimplifiedLayerNormalization", MICROSOFT, erg_onnx_shape_skip_norm,
      ERG_OP_RMS_NORM, .count = erg_onnx_count_skip_rms },
    { "TransposeMatMul", MICROSOFT, erg_onnx_shape_fused_matmul, ERG_OP_MATMUL,
      .count = erg_onnx_count_fused_matmul },
    { "Trilu", MICROSOFT, erg_onnx_shape_same, ERG_OP_COPY },
};

const erg_onnx_rule *erg_onnx_microsoft_rules(size_t *count)
{
    *count = ERG_COUNT(rules);
    return rules;
}
