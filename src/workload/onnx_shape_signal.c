/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of transforms and of what newer operator sets cut, sample and draw. */
#include <string.h>
#include "workload/onnx_shape.h"

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    INT32 = ONNX__TENSOR_PROTO__DATA_TYPE__INT32
};

/* theta [N,2,3] or [N,3,4], size [N,C,H,W] or with D: a point for each pixel. */
bool erg_onnx_shape_affine_grid(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *theta = erg_onnx_need(model, node, 0, 3);
    int64_t size[5], dims[5];
    int32_t rank = theta ? erg_onnx_input_list(node, 1, size, 5) : 0;

    if (!theta)
        return false;
    if (rank < 0)
        return erg_onnx_late(model, node, "its size is known only at run time");
    if (rank < 4 || theta->rank != 3 || theta->dims[1] != rank - 2)
        return erg_onnx_refuse(model, node, "its size has 4 or 5 numbers, and theta a row "
                                            "for each axis of the image");
    dims[0] = size[0];
    for (int32_t i = 2; i < rank; i++)
        dims[i - 1] = size[i];
    dims[rank - 1] = rank - 2;
    return erg_onnx_give(model, node, 0, theta->type, rank, dims);
}

/* The axes that are named get the lengths of input 1. */
bool erg_onnx_shape_center(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t sizes[ERG_ONNX_RANK], dims[ERG_ONNX_RANK];
    erg_onnx_axes axes = { .count = -1 };

    if (!x)
        return false;
    axes.count = erg_onnx_list(node, "axes", axes.at, ERG_ONNX_RANK);
    for (int32_t i = 0; axes.count < 0 && i < x->rank; i++)
        axes.at[i] = i;
    axes.count = axes.count < 0 ? x->rank : axes.count;
    int32_t told = erg_onnx_input_list(node, 1, sizes, ERG_ONNX_RANK);
    if (told < 0)
        return erg_onnx_late(model, node, "its shape is known only at run time");
    if (told != axes.count)
        return erg_onnx_refuse(model, node, "it needs a length for each axis");
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    for (int32_t i = 0; i < told; i++) {
        int64_t axis = axes.at[i] + (axes.at[i] < 0 ? x->rank : 0);
        if (axis < 0 || axis >= x->rank)
            return erg_onnx_refuse(model, node, "an axis is outside of its %d", x->rank);
        dims[axis] = sizes[i];
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* x [N, C x block, places], lengths of the image, lengths of a block. */
bool erg_onnx_shape_col2im(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 3);
    int64_t image[ERG_ONNX_RANK], block[ERG_ONNX_RANK], dims[ERG_ONNX_RANK + 2];
    int32_t axes = x ? erg_onnx_input_list(node, 1, image, ERG_ONNX_RANK) : -1;

    if (!x)
        return false;
    int32_t sides = erg_onnx_input_list(node, 2, block, ERG_ONNX_RANK);
    if (axes < 0 || sides < 0)
        return erg_onnx_late(model, node, "its image and block are known only at run time");
    int64_t all = erg_onnx_product(block, 0, sides);
    if (axes != sides || x->rank != 3 || all < 1 || x->dims[1] % all)
        return erg_onnx_refuse(model, node, "its blocks do not fit its channels");
    dims[0] = x->dims[0];
    dims[1] = x->dims[1] / all;
    memcpy(dims + 2, image, (size_t)axes * sizeof(*dims));
    return erg_onnx_give(model, node, 0, x->type, axes + 2, dims);
}

/* x [.., n, .., 1 or 2]; axis: attribute, from opset 20 input 2. */
bool erg_onnx_shape_dft(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    int64_t axis = erg_onnx_int(node, "axis", node->opset < 20 ? 1 : -2);
    int64_t dims[ERG_ONNX_RANK], length = 0;

    if (!x)
        return false;
    if ((erg_onnx_in(node, 2) && erg_onnx_input_list(node, 2, &axis, 1) != 1)
        || (erg_onnx_in(node, 1) && erg_onnx_input_list(node, 1, &length, 1) != 1))
        return erg_onnx_late(model, node, "its axis or length is known only at run time");
    axis += axis < 0 ? x->rank : 0;
    if (axis < 0 || axis >= x->rank - 1)
        return erg_onnx_refuse(model, node, "its axis is outside of its %d", x->rank - 1);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    dims[axis] = erg_onnx_in(node, 1) ? length : dims[axis];
    if (erg_onnx_int(node, "onesided", 0))
        dims[axis] = dims[axis] / 2 + 1;
    dims[x->rank - 1] = 2;
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* x [B, n] or [B, n, 1 or 2], step, window, length of a frame: [B, frames, bins, 2]. */
bool erg_onnx_shape_stft(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    const erg_onnx_value *window = erg_onnx_in(node, 2);
    int64_t step, length = -1;

    if (!x)
        return false;
    bool is_told = !erg_onnx_in(node, 3) || erg_onnx_input_list(node, 3, &length, 1) == 1;
    if (length < 0 && window && window->rank == 1)
        length = window->dims[0];
    if (!is_told || length < 0 || erg_onnx_input_list(node, 1, &step, 1) != 1)
        return erg_onnx_late(model, node, "its frames are known only at run time");
    if (step < 1 || length < 1 || length > x->dims[1])
        return erg_onnx_refuse(model, node, "its frames do not fit %lld samples",
                               (long long)x->dims[1]);
    int64_t bins = erg_onnx_int(node, "onesided", 1) ? length / 2 + 1 : length;
    int64_t dims[4] = { x->dims[0], (x->dims[1] - length) / step + 1, bins, 2 };
    return erg_onnx_give(model, node, 0, x->type, 4, dims);
}

/* How many bands, length of the transform: [length / 2 + 1, bands]. */
bool erg_onnx_shape_mel(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t bands, length;

    if (erg_onnx_input_list(node, 0, &bands, 1) != 1
        || erg_onnx_input_list(node, 1, &length, 1) != 1)
        return erg_onnx_late(model, node, "its size is known only at run time");
    int64_t dims[2] = { length / 2 + 1, bands };
    return erg_onnx_give(model, node, 0,
                         (int32_t)erg_onnx_int(node, "output_datatype", FLOAT), 2, dims);
}

bool erg_onnx_shape_multinomial(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);

    if (!x)
        return false;
    int64_t dims[2] = { x->dims[0], erg_onnx_int(node, "sample_size", 1) };
    return erg_onnx_give(model, node, 0, (int32_t)erg_onnx_int(node, "dtype", INT32), 2,
                         dims);
}
