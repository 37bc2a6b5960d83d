/* SPDX-License-Identifier: Apache-2.0 */
/* Cost of ONNX operators where shapes alone do not tell it, for the table of rules. */
#ifndef ERG_WORKLOAD_ONNX_COUNT_H
#define ERG_WORKLOAD_ONNX_COUNT_H

#include "workload/onnx_graph.h"

typedef bool erg_onnx_count_rule(erg_onnx_model *model, erg_onnx_node *node,
                                 erg_onnx_cost *cost);

/* onnx_count.c */
erg_onnx_count_rule erg_onnx_count_conv, erg_onnx_count_conv_int8, erg_onnx_count_pool,
    erg_onnx_count_gemm, erg_onnx_count_matmul, erg_onnx_count_matmul_int8,
    erg_onnx_count_q_matmul, erg_onnx_count_matmul_bits, erg_onnx_count_fused_matmul,
    erg_onnx_count_einsum, erg_onnx_count_variadic, erg_onnx_count_gather,
    erg_onnx_count_resize;
/* onnx_count_layers.c */
erg_onnx_count_rule erg_onnx_count_recurrent, erg_onnx_count_attention, erg_onnx_count_sdpa,
    erg_onnx_count_ms_attention, erg_onnx_count_multi_head, erg_onnx_count_group_query,
    erg_onnx_count_moe, erg_onnx_count_skip_norm, erg_onnx_count_skip_rms,
    erg_onnx_count_embed_norm, erg_onnx_count_bias_gelu, erg_onnx_count_bias_gelu_tanh;

#endif
