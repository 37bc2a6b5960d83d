/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of what picks, counts or makes elements. Where only data tell how many
 * (NonZero, NonMaxSuppression, Unique) the shape is the upper bound.
 */
#include <math.h>
#include <string.h>
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64
};

/* ---- gathering ---------------------------------------------------------------- */

/* dims of x with axes [from, to) replaced by those of `index`. */
static bool replaced(erg_onnx_model *model, erg_onnx_node *node,
                     const erg_onnx_value *index, int32_t from, int32_t to)
{
    const erg_onnx_value *x = node->in[0];
    int64_t dims[3 * ERG_ONNX_RANK];
    int32_t rank = 0;

    for (int32_t i = 0; i < from; i++)
        dims[rank++] = x->dims[i];
    for (int32_t i = 0; i < index->rank; i++)
        dims[rank++] = index->dims[i];
    for (int32_t i = to; i < x->rank; i++)
        dims[rank++] = x->dims[i];
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_gather(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *index = x ? erg_onnx_need(model, node, 1, 0) : NULL;
    int32_t axis;

    return index && erg_onnx_axis(model, node, 0, x->rank, &axis)
           && replaced(model, node, index, axis, axis + 1);
}

bool erg_onnx_shape_gather_elements(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *index = x ? erg_onnx_need(model, node, 1, 1) : NULL;
    return index && erg_onnx_give(model, node, 0, x->type, index->rank, index->dims);
}

/* Rows of the index name leading axes of x, after batch_dims shared ones. */
bool erg_onnx_shape_gather_nd(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *index = x ? erg_onnx_need(model, node, 1, 1) : NULL;
    int64_t shared = erg_onnx_int(node, "batch_dims", 0), dims[2 * ERG_ONNX_RANK];

    if (!index)
        return false;
    int64_t named = index->dims[index->rank - 1];
    if (shared < 0 || named < 0 || shared >= index->rank || named > x->rank - shared)
        return erg_onnx_refuse(model, node, "its index rows name more axes than there are");
    int32_t rank = 0;
    for (int32_t i = 0; i < index->rank - 1; i++)
        dims[rank++] = index->dims[i];
    for (int32_t i = (int32_t)(shared + named); i < x->rank; i++)
        dims[rank++] = x->dims[i];
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_one_hot(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *depth = x ? erg_onnx_need(model, node, 1, 0) : NULL;
    const erg_onnx_value *on_off = depth ? erg_onnx_need(model, node, 2, 0) : NULL;
    int64_t dims[ERG_ONNX_RANK + 1];
    int32_t axis;

    if (!on_off || !erg_onnx_axis(model, node, -1, x->rank + 1, &axis))
        return false;
    if (!erg_onnx_is_folded(depth) || depth->elements != 1)
        return erg_onnx_late(model, node, "its depth is known only at run time");
    for (int32_t i = 0; i <= x->rank; i++)
        dims[i] = i < axis    ? x->dims[i]
                  : i == axis ? (depth->ints ? depth->ints[0] : llround(depth->reals[0]))
                              : x->dims[i - 1];
    return erg_onnx_give(model, node, 0, on_off->type, x->rank + 1, dims);
}

/* k: attribute before opset 10, input from 10. */
bool erg_onnx_shape_top_k(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t k = erg_onnx_int(node, "k", -1), dims[ERG_ONNX_RANK];
    int32_t axis;

    if (!x || !erg_onnx_axis(model, node, -1, x->rank, &axis))
        return false;
    if (k < 0 && erg_onnx_input_list(node, 1, &k, 1) != 1)
        return erg_onnx_late(model, node, "its k is known only at run time");
    if (k > x->dims[axis])
        return erg_onnx_refuse(model, node, "its k of %lld is more than axis %d has",
                               (long long)k, (int)axis);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    dims[axis] = k;
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims)
           && erg_onnx_give(model, node, 1, INT64, x->rank, dims);
}

/* ---- reducing -------------------------------------------------------------------- */

/* Axes: attribute, or input 1 (ReduceSum 13, all 18). None: all of them, or with
 * noop_with_empty_axes nothing. */
bool erg_onnx_shape_reduce(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    bool is_kept = erg_onnx_int(node, "keepdims", 1) != 0;
    int64_t dims[ERG_ONNX_RANK];
    erg_onnx_axes axes;
    uint32_t reduced = 0;
    int32_t rank = 0;

    if (!x || !erg_onnx_axes_read(model, node, 1, x->rank, &axes))
        return false;
    if (axes.count <= 0 && erg_onnx_int(node, "noop_with_empty_axes", 0))
        return erg_onnx_give_like(model, node, 0, x);
    for (int32_t i = 0; i < axes.count; i++)
        reduced |= 1u << axes.at[i];
    reduced = axes.count <= 0 ? ~0u : reduced;
    for (int32_t i = 0; i < x->rank; i++)
        if (!(reduced & 1u << i))
            dims[rank++] = x->dims[i];
        else if (is_kept)
            dims[rank++] = 1;
    return erg_onnx_give(model, node, 0, x->type, rank, dims);
}

bool erg_onnx_shape_arg(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    bool is_kept = erg_onnx_int(node, "keepdims", 1) != 0;
    int64_t dims[ERG_ONNX_RANK];
    int32_t axis, rank = 0;

    if (!x || !erg_onnx_axis(model, node, 0, x->rank, &axis))
        return false;
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis)
            dims[rank++] = x->dims[i];
        else if (is_kept)
            dims[rank++] = 1;
    return erg_onnx_give(model, node, 0, INT64, rank, dims);
}

/* Determinants: the last two axes go. */
bool erg_onnx_shape_det(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    return x && erg_onnx_give(model, node, 0, x->type, x->rank - 2, x->dims);
}

/* ---- upper bounds ------------------------------------------------------------------ */

bool erg_onnx_shape_non_zero(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    if (!x)
        return false;
    int64_t dims[2] = { x->rank, x->elements };
    for (int64_t i = 0; x->ints && i < x->elements; i++)
        dims[1] -= x->ints[i] == 0;
    return erg_onnx_give(model, node, 0, INT64, 2, dims);
}

/* boxes [N, n, 4], scores [N, classes, n]: so many of each class, at most. */
bool erg_onnx_shape_suppression(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *scores = erg_onnx_need(model, node, 1, 3);
    int64_t most = 0, rows[3];

    if (!scores)
        return false;
    erg_onnx_input_list(node, 2, &most, 1);
    rows[0] = scores->dims[0];
    rows[1] = scores->dims[1];
    rows[2] = most > 0 && most < scores->dims[2] ? most : scores->dims[2];
    int64_t dims[2] = { erg_onnx_product(rows, 0, 3), 3 };
    return erg_onnx_give(model, node, 0, INT64, 2, dims);
}

bool erg_onnx_shape_unique(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    bool is_by_axis = erg_onnx_has(node, "axis");
    int32_t axis = 0;

    if (!x || (is_by_axis && !erg_onnx_axis(model, node, 0, x->rank, &axis)))
        return false;
    int64_t count = is_by_axis ? x->dims[axis] : x->elements;
    if (!(is_by_axis ? erg_onnx_give_like(model, node, 0, x)
                     : erg_onnx_give(model, node, 0, x->type, 1, &count)))
        return false;
    for (int32_t i = 1; i < node->out_count; i++)
        if (!erg_onnx_give(model, node, i, INT64, 1, &count))
            return false;
    return true;
}

/* ---- making ---------------------------------------------------------------------- */

bool erg_onnx_shape_shape(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    if (!x)
        return false;
    int64_t from = erg_onnx_int(node, "start", 0), to = erg_onnx_int(node, "end", x->rank);
    from += from < 0 ? x->rank : 0;
    to += to < 0 ? x->rank : 0;
    from = from < 0 ? 0 : from;
    to = to > x->rank ? x->rank : to;
    int64_t count = to > from ? to - from : 0;
    return erg_onnx_give(model, node, 0, INT64, 1, &count);
}

bool erg_onnx_shape_size(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_need(model, node, 0, 0)
           && erg_onnx_give(model, node, 0, INT64, 0, NULL);
}

/* value is a tensor; from opset 12 also numbers; words have no width. */
bool erg_onnx_shape_constant(erg_onnx_model *model, erg_onnx_node *node)
{
    const Onnx__AttributeProto *a =
        node->proto->n_attribute ? node->proto->attribute[0] : NULL;
    int64_t count = 0;

    if (!a || node->out_count < 1 || !node->out[0])
        return erg_onnx_refuse(model, node, "it holds no value");
    if (a->t)
        return erg_onnx_constant(model, node->out[0], a->t);
    if (a->sparse_tensor && a->sparse_tensor->values)
        return erg_onnx_give(model, node, 0, a->sparse_tensor->values->data_type,
                             (int32_t)a->sparse_tensor->n_dims, a->sparse_tensor->dims);
    bool is_real = a->has_f || a->n_floats, is_whole = a->has_i || a->n_ints;
    bool is_many = !a->has_f && !a->has_i && !a->has_s;
    count = (int64_t)(a->n_floats + a->n_ints + a->n_strings);
    Onnx__TensorProto tensor = ONNX__TENSOR_PROTO__INIT;
    float real = a->f;
    int64_t whole = a->i;
    tensor.data_type = is_real    ? FLOAT
                       : is_whole ? INT64
                                  : ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
    tensor.n_dims = is_many ? 1 : 0;
    tensor.dims = &count;
    tensor.n_float_data = is_real ? (is_many ? a->n_floats : 1) : 0;
    tensor.float_data = is_many ? a->floats : &real;
    tensor.n_int64_data = is_whole ? (is_many ? a->n_ints : 1) : 0;
    tensor.int64_data = is_many ? a->ints : &whole;
    return erg_onnx_constant(model, node->out[0], &tensor);
}

bool erg_onnx_shape_fill(erg_onnx_model *model, erg_onnx_node *node)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, "value");
    int64_t dims[ERG_ONNX_RANK];
    int32_t rank = erg_onnx_input_list(node, 0, dims, ERG_ONNX_RANK);

    if (rank < 0)
        return erg_onnx_late(model, node, "its shape is known only at run time");
    return erg_onnx_give(model, node, 0, a && a->t ? a->t->data_type : FLOAT, rank, dims);
}

bool erg_onnx_shape_range(erg_onnx_model *model, erg_onnx_node *node)
{
    double ends[3];

    for (int32_t i = 0; i < 3; i++) {
        const erg_onnx_value *x = erg_onnx_need(model, node, i, 0);
        if (!x)
            return false;
        if (!erg_onnx_is_folded(x) || x->elements != 1)
            return erg_onnx_late(model, node, "its ends are known only at run time");
        ends[i] = erg_onnx_number_at(x, 0).r;
    }
    double count = ceil((ends[1] - ends[0]) / ends[2]);
    if (!(count < 1e15))
        return erg_onnx_refuse(model, node, "its step leads nowhere");
    int64_t dim = count > 0 ? (int64_t)count : 0;
    return erg_onnx_give(model, node, 0, node->in[0]->type, 1, &dim);
}

/* Hann, Hamming, Blackman: as long as they are told. */
bool erg_onnx_shape_taper(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t length;

    if (erg_onnx_input_list(node, 0, &length, 1) != 1)
        return erg_onnx_late(model, node, "its length is known only at run time");
    return erg_onnx_give(model, node, 0,
                         (int32_t)erg_onnx_int(node, "output_datatype", FLOAT), 1, &length);
}

bool erg_onnx_shape_random(erg_onnx_model *model, erg_onnx_node *node)
{
    int64_t dims[ERG_ONNX_RANK];
    int32_t rank = erg_onnx_list(node, "shape", dims, ERG_ONNX_RANK);

    return rank < 0
               ? erg_onnx_refuse(model, node, "it has no shape")
               : erg_onnx_give(model, node, 0, (int32_t)erg_onnx_int(node, "dtype", FLOAT),
                               rank, dims);
}

bool erg_onnx_shape_random_like(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int32_t type = x ? (int32_t)erg_onnx_int(node, "dtype", x->type) : 0;
    return x && erg_onnx_give(model, node, 0, type, x->rank, x->dims);
}
