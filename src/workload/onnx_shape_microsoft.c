/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of com.microsoft's operators that are none of ONNX with another name.
 * Source: onnxruntime ContribOperators.md.
 */
#include <string.h>
#include "workload/onnx_shape.h"

/* x [B, S, 2 n]: one half times the GELU of the other. */
bool erg_onnx_shape_split_gelu(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t dims[ERG_ONNX_RANK];

    if (!x)
        return false;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    dims[x->rank - 1] /= 2;
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* Packed rows [.., n x bits / 8] of a byte each, picked and unpacked. */
bool erg_onnx_shape_gather_blocks(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *index = x ? erg_onnx_need(model, node, 1, 0) : NULL;
    const erg_onnx_value *scales = index ? erg_onnx_need(model, node, 2, 0) : NULL;
    int64_t axis = erg_onnx_int(node, "gather_axis", 0), dims[2 * ERG_ONNX_RANK];
    int64_t bits = erg_onnx_int(node, "bits", 4);
    int32_t rank = 0;

    if (!scales)
        return false;
    axis += axis < 0 ? x->rank : 0;
    if (axis < 0 || axis >= x->rank || bits < 1 || bits > 8)
        return erg_onnx_refuse(model, node, "its gather_axis or its bits are none");
    for (int32_t i = 0; i < axis; i++)
        dims[rank++] = x->dims[i];
    for (int32_t i = 0; i < index->rank; i++)
        dims[rank++] = index->dims[i];
    for (int32_t i = (int32_t)axis + 1; i < x->rank; i++)
        dims[rank++] = x->dims[i];
    if (x->type == ONNX__TENSOR_PROTO__DATA_TYPE__UINT8 && axis < x->rank - 1)
        dims[rank - 1] *= 8 / bits;
    return erg_onnx_give(model, node, 0, scales->type, rank, dims);
}

/* a, scale, zero, b, scale, zero, c, scale and zero of y. */
bool erg_onnx_shape_q_gemm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *zero = erg_onnx_in(node, 8);

    return erg_onnx_give_gemm(model, node, 3,
                              zero ? zero->type : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

/* scale and zero of y, then x, scale and zero of each. */
bool erg_onnx_shape_q_concat(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 2, 1);
    int64_t dims[ERG_ONNX_RANK];
    int32_t axis;

    if (!x || !erg_onnx_axis(model, node, 1, x->rank, &axis))
        return false;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 5; i < node->in_count; i += 3) {
        const erg_onnx_value *next = erg_onnx_need(model, node, i, 1);
        if (!next)
            return false;
        if (next->rank != x->rank
            || __builtin_add_overflow(dims[axis], next->dims[axis], &dims[axis]))
            return erg_onnx_refuse(model, node, "its inputs do not fit together");
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* The norm, and the sum that the next block adds to. */
bool erg_onnx_shape_skip_group_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    return x && erg_onnx_give_like(model, node, 0, x)
           && erg_onnx_give_like(model, node, 1, x);
}
