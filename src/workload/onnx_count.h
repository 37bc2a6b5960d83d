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
    erg_onnx_count_skip_norm, erg_onnx_count_skip_rms, erg_onnx_count_embed_norm,
    erg_onnx_count_bias_gelu, erg_onnx_count_bias_gelu_tanh;

/* onnx_count_experts.c */
erg_onnx_count_rule erg_onnx_count_moe, erg_onnx_count_gather_blocks, erg_onnx_count_rotary;
/* onnx_count_signal.c */
erg_onnx_count_rule erg_onnx_count_affine_grid, erg_onnx_count_col2im, erg_onnx_count_dft,
    erg_onnx_count_stft, erg_onnx_count_deform, erg_onnx_count_gelu,
    erg_onnx_count_bias_add, erg_onnx_count_q_gemm;
/* Bytes of the rows of its tables that so many tokens read; -1: too many. */
int64_t erg_onnx_rotation_bytes(const erg_onnx_model *model, const erg_onnx_node *node,
                                int64_t tokens);
/* Is input i of the node a table of sines and cosines that it reads by rows? */
bool erg_onnx_is_rotation(const erg_onnx_node *node, int32_t i);
/* Of all elements, as wide as the builder stores them; -1: more than a count holds. */
int64_t erg_onnx_bytes(const erg_onnx_model *model, const erg_onnx_value *value);

#endif
