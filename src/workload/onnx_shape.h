/* SPDX-License-Identifier: Apache-2.0 */
/* Shape rules, a function a group of operators, for the table of onnx_ops.c. */
#ifndef ERG_WORKLOAD_ONNX_SHAPE_H
#define ERG_WORKLOAD_ONNX_SHAPE_H

#include "workload/onnx_graph.h"

/* Geometry of a convolution or pool, complete; also what the builder gets. */
bool erg_onnx_window(erg_onnx_model *model, erg_onnx_node *node, erg_window *out);

typedef bool erg_onnx_shape_rule(erg_onnx_model *model, erg_onnx_node *node);

/* onnx_shape_map.c */
erg_onnx_shape_rule erg_onnx_shape_identity, erg_onnx_shape_same, erg_onnx_shape_map,
    erg_onnx_shape_compare, erg_onnx_shape_where, erg_onnx_shape_cast,
    erg_onnx_shape_cast_like, erg_onnx_shape_norm, erg_onnx_shape_layer_norm,
    erg_onnx_shape_softmax, erg_onnx_shape_dropout, erg_onnx_shape_quantize,
    erg_onnx_shape_dequantize, erg_onnx_shape_dynamic_quantize, erg_onnx_shape_q_map,
    erg_onnx_shape_flag, erg_onnx_shape_skip_norm, erg_onnx_shape_embed_norm,
    erg_onnx_shape_loss;
/* onnx_shape_window.c */
erg_onnx_shape_rule erg_onnx_shape_conv, erg_onnx_shape_conv_integer, erg_onnx_shape_q_conv,
    erg_onnx_shape_conv_transpose, erg_onnx_shape_pool, erg_onnx_shape_global_pool,
    erg_onnx_shape_unpool, erg_onnx_shape_roi;
/* onnx_shape_matrix.c */
erg_onnx_shape_rule erg_onnx_shape_gemm, erg_onnx_shape_matmul,
    erg_onnx_shape_matmul_integer, erg_onnx_shape_q_matmul, erg_onnx_shape_matmul_bits,
    erg_onnx_shape_fused_matmul, erg_onnx_shape_einsum, erg_onnx_shape_recurrent;
/* Two matrices, each as it is or turned: input 0 by input at_b. */
bool erg_onnx_give_gemm(erg_onnx_model *model, erg_onnx_node *node, int32_t at_b,
                        int32_t type);
/* onnx_shape_move.c */
erg_onnx_shape_rule erg_onnx_shape_reshape, erg_onnx_shape_flatten, erg_onnx_shape_squeeze,
    erg_onnx_shape_unsqueeze, erg_onnx_shape_expand, erg_onnx_shape_transpose,
    erg_onnx_shape_concat, erg_onnx_shape_split, erg_onnx_shape_depth_to_space,
    erg_onnx_shape_space_to_depth, erg_onnx_shape_tile, erg_onnx_shape_pad,
    erg_onnx_shape_slice, erg_onnx_shape_resize, erg_onnx_shape_upsample,
    erg_onnx_shape_grid_sample, erg_onnx_shape_compress;
/* onnx_shape_index.c */
erg_onnx_shape_rule erg_onnx_shape_gather, erg_onnx_shape_gather_elements,
    erg_onnx_shape_gather_nd, erg_onnx_shape_one_hot, erg_onnx_shape_top_k,
    erg_onnx_shape_reduce, erg_onnx_shape_arg, erg_onnx_shape_non_zero,
    erg_onnx_shape_suppression, erg_onnx_shape_unique, erg_onnx_shape_constant,
    erg_onnx_shape_fill, erg_onnx_shape_range, erg_onnx_shape_shape, erg_onnx_shape_size,
    erg_onnx_shape_random, erg_onnx_shape_random_like, erg_onnx_shape_det,
    erg_onnx_shape_taper;
/* onnx_sequence.c */
erg_onnx_shape_rule erg_onnx_shape_list, erg_onnx_shape_list_insert,
    erg_onnx_shape_list_erase, erg_onnx_shape_list_split, erg_onnx_shape_list_at,
    erg_onnx_shape_list_length, erg_onnx_shape_list_concat, erg_onnx_shape_optional,
    erg_onnx_shape_optional_has;
/* Keys that a GroupQueryAttention looks at: as told, else those of its cache or its own. */
int64_t erg_onnx_group_keys(const erg_onnx_node *node);
/* Where com.microsoft's Attention and MultiHeadAttention are told how long the past is. */
enum { ERG_ONNX_PAST_OF_MS = 6, ERG_ONNX_PAST_OF_MULTI = 8 };
/* Past and present are one buffer of fixed length. */
bool erg_onnx_shares_cache(const erg_onnx_node *node, int32_t length_at);
/* Keys that it looks at: `own` and the past, of a shared buffer those told, else all. */
int64_t erg_onnx_keys_held(const erg_onnx_node *node, int64_t own, int64_t past,
                           int32_t length_at);
/* onnx_shape_signal.c */
erg_onnx_shape_rule erg_onnx_shape_affine_grid, erg_onnx_shape_center,
    erg_onnx_shape_col2im, erg_onnx_shape_dft, erg_onnx_shape_stft, erg_onnx_shape_mel,
    erg_onnx_shape_multinomial;
/* onnx_shape_microsoft.c */
erg_onnx_shape_rule erg_onnx_shape_split_gelu, erg_onnx_shape_gather_blocks,
    erg_onnx_shape_q_gemm, erg_onnx_shape_q_concat, erg_onnx_shape_skip_group_norm;
/* onnx_shape_attention.c */
erg_onnx_shape_rule erg_onnx_shape_attention, erg_onnx_shape_ms_attention,
    erg_onnx_shape_multi_head, erg_onnx_shape_group_query, erg_onnx_shape_moe;

#endif
