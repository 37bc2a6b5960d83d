/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of what moves data or only renames axes. */
#include <math.h>
#include <string.h>
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

/* The shape a node is told: attribute of old, input i of new operator sets. */
static int32_t shape_told(erg_onnx_model *model, erg_onnx_node *node, const char *name,
                          int64_t dims[ERG_ONNX_RANK])
{
    int32_t rank = erg_onnx_list(node, name, dims, ERG_ONNX_RANK);

    if (rank < 0)
        rank = erg_onnx_input_list(node, 1, dims, ERG_ONNX_RANK);
    if (rank < 0)
        erg_onnx_late(model, node, "its %s is known only at run time", name);
    return rank;
}

bool erg_onnx_shape_reshape(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    bool zero_is_zero = erg_onnx_int(node, "allowzero", 0) != 0;
    int64_t dims[ERG_ONNX_RANK];
    int32_t open = -1, rank = x ? shape_told(model, node, "shape", dims) : -1;

    if (rank < 0)
        return false;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] == 0 && !zero_is_zero && i < x->rank)
            dims[i] = x->dims[i];
        if (dims[i] == -1 && open >= 0)
            return erg_onnx_refuse(model, node, "two dimensions are left open");
        if (dims[i] == -1) {
            open = i;
            dims[i] = 1;
        }
    }
    int64_t rest = erg_onnx_product(dims, 0, rank);
    if (open >= 0 && rest > 0)
        dims[open] = x->elements / rest;
    if (erg_onnx_product(dims, 0, rank) != x->elements)
        return erg_onnx_refuse(model, node, "%lld elements do not fill that shape",
                               (long long)x->elements);
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_flatten(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t axis = erg_onnx_int(node, "axis", 1);

    if (!x)
        return false;
    axis += axis < 0 ? x->rank : 0;
    if (axis < 0 || axis > x->rank)
        return erg_onnx_refuse(model, node, "its axis is outside of its %d", x->rank);
    int64_t dims[2] = { erg_onnx_product(x->dims, 0, (int32_t)axis),
                        erg_onnx_product(x->dims, (int32_t)axis, x->rank) };
    return erg_onnx_give(model, node, 0, x->type, 2, dims);
}

static bool is_in(const erg_onnx_axes *axes, int64_t axis)
{
    for (int32_t i = 0; i < axes->count; i++)
        if (axes->at[i] == axis)
            return true;
    return false;
}

bool erg_onnx_shape_squeeze(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK];
    erg_onnx_axes axes;
    int32_t rank = 0;

    if (!x || !erg_onnx_axes_read(model, node, 1, x->rank, &axes))
        return false;
    for (int32_t i = 0; i < x->rank; i++) {
        bool is_dropped = axes.count < 0 ? x->dims[i] == 1 : is_in(&axes, i);
        if (is_dropped && x->dims[i] != 1)
            return erg_onnx_refuse(model, node, "axis %d is not 1", i);
        if (!is_dropped)
            dims[rank++] = x->dims[i];
    }
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_unsqueeze(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK], given[ERG_ONNX_RANK];
    erg_onnx_axes axes;
    int32_t from = 0;

    if (!x)
        return false;
    int32_t more = erg_onnx_list(node, "axes", given, ERG_ONNX_RANK);
    if (more < 0)
        more = erg_onnx_input_list(node, 1, given, ERG_ONNX_RANK);
    int32_t rank = x->rank + more;
    if (more < 0 || rank > ERG_ONNX_RANK)
        return erg_onnx_late(model, node,
                               "its axes are known only at run time, or too many");
    if (!erg_onnx_axes_read(model, node, 1, rank, &axes))
        return false;
    for (int32_t i = 0; i < rank; i++) {
        bool is_new = is_in(&axes, i);
        if (!is_new && from >= x->rank)
            return erg_onnx_refuse(model, node, "an axis is given twice");
        dims[i] = is_new ? 1 : x->dims[from++];
    }
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_expand(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK];
    int32_t rank = x ? shape_told(model, node, "shape", dims) : -1;

    if (rank < 0)
        return false;
    if (!erg_onnx_broadcast(x->dims, x->rank, dims, &rank))
        return erg_onnx_refuse(model, node, "its input does not stretch to that shape");
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_transpose(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK], perm[ERG_ONNX_RANK];

    if (!x)
        return false;
    int32_t count = erg_onnx_list(node, "perm", perm, ERG_ONNX_RANK);
    uint32_t seen = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        int64_t from = count < 0 ? x->rank - 1 - i : perm[i];
        if ((count >= 0 && count != x->rank) || from < 0 || from >= x->rank
            || seen & 1u << from)
            return erg_onnx_refuse(model, node, "perm is no order of its %d axes", x->rank);
        seen |= 1u << from;
        dims[i] = x->dims[from];
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

bool erg_onnx_shape_concat(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t dims[ERG_ONNX_RANK];
    int32_t axis;

    if (!x || !erg_onnx_axis(model, node, 1, x->rank, &axis))
        return false;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 1; i < node->in_count; i++) {
        const erg_onnx_value *next = erg_onnx_need(model, node, i, 1);
        if (!next)
            return false;
        bool fits = next->rank == x->rank;
        for (int32_t j = 0; fits && j < x->rank; j++)
            fits = j == axis || next->dims[j] == dims[j];
        if (!fits || __builtin_add_overflow(dims[axis], next->dims[axis], &dims[axis]))
            return erg_onnx_refuse(model, node, "its inputs differ on another axis than %d",
                                   axis);
    }
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* Sizes: attribute before 13, input from 13, num_outputs from 18; else equal parts,
 * the last one smaller. */
bool erg_onnx_shape_split(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t dims[ERG_ONNX_RANK], sizes[ERG_ONNX_FOLD], left;
    int32_t axis, parts = node->out_count;

    if (!x || !erg_onnx_axis(model, node, 0, x->rank, &axis) || parts < 1)
        return false;
    int32_t told = erg_onnx_list(node, "split", sizes, ERG_ONNX_FOLD);
    if (told < 0)
        told = erg_onnx_input_list(node, 1, sizes, ERG_ONNX_FOLD);
    if (told < 0 && erg_onnx_in(node, 1))
        return erg_onnx_late(model, node, "the sizes of its parts are known only at run "
                                          "time");
    if ((told >= 0 && told != parts)
        || erg_onnx_int(node, "num_outputs", parts) != parts)
        return erg_onnx_refuse(model, node, "its %d parts have no known sizes", parts);
    left = x->dims[axis];
    int64_t equal = (left + parts - 1) / parts;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    for (int32_t i = 0; i < parts; i++) {
        dims[axis] = told >= 0 ? sizes[i] : equal < left ? equal : left;
        left -= dims[axis];
        if (dims[axis] < 0 || !erg_onnx_give(model, node, i, x->type, x->rank, dims))
            return erg_onnx_refuse(model, node, "a part has a negative size");
    }
    return left == 0
           || erg_onnx_refuse(model, node, "its parts do not add up to axis %d", axis);
}

bool erg_onnx_shape_depth_to_space(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 4);
    int64_t size = erg_onnx_int(node, "blocksize", 0), dims[4];

    if (!x)
        return false;
    if (x->rank != 4 || size < 1 || size > 1 << 20 || x->dims[1] % (size * size))
        return erg_onnx_refuse(model, node, "its blocks do not divide its channels");
    dims[0] = x->dims[0];
    dims[1] = x->dims[1] / (size * size);
    if (__builtin_mul_overflow(x->dims[2], size, &dims[2])
        || __builtin_mul_overflow(x->dims[3], size, &dims[3]))
        return erg_onnx_refuse(model, node, "its result is too large");
    return erg_onnx_give(model, node, 0, x->type, 4, dims);
}

bool erg_onnx_shape_space_to_depth(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 4);
    int64_t size = erg_onnx_int(node, "blocksize", 0), dims[4];

    if (!x)
        return false;
    if (x->rank != 4 || size < 1 || size > 1 << 20 || x->dims[2] % size || x->dims[3] % size
        || __builtin_mul_overflow(x->dims[1], size * size, &dims[1]))
        return erg_onnx_refuse(model, node, "its blocks do not divide its image");
    dims[0] = x->dims[0];
    dims[2] = x->dims[2] / size;
    dims[3] = x->dims[3] / size;
    return erg_onnx_give(model, node, 0, x->type, 4, dims);
}

/* Before opset 6: how often, and along which axis, in the type of x. */
static int32_t old_repeats(erg_onnx_model *model, erg_onnx_node *node, int32_t rank,
                           int64_t dims[ERG_ONNX_RANK])
{
    double told[2];

    for (int32_t i = 0; i < 2; i++) {
        const erg_onnx_value *x = erg_onnx_in(node, i + 1);
        if (!x || !erg_onnx_is_folded(x) || x->elements != 1) {
            erg_onnx_late(model, node, "its tiles are known only at run time");
            return -1;
        }
        told[i] = erg_onnx_number_at(x, 0).r;
    }
    for (int32_t i = 0; i < rank; i++)
        dims[i] = i == (int32_t)fmin(fmax(told[1], -1), rank) ? llround(told[0]) : 1;
    return rank;
}

bool erg_onnx_shape_tile(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK];
    bool is_old = node->opset < 6 && node->in_count == 3;
    int32_t count = !x       ? -1
                    : is_old ? old_repeats(model, node, x->rank, dims)
                             : shape_told(model, node, "repeats", dims);

    if (count < 0)
        return false;
    if (count != x->rank)
        return erg_onnx_refuse(model, node, "it needs a repeat for each axis");
    for (int32_t i = 0; i < count; i++)
        if (__builtin_mul_overflow(x->dims[i], dims[i], &dims[i]))
            return erg_onnx_refuse(model, node, "its result is too large");
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}
