/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding: the numbers of small tensors, so that shapes written as little graphs
 * (Shape, Gather, Concat, Reshape) are known before anything runs. Here the
 * movements: results whose numbers are those of an input in another order.
 *
 * A trained vector is never folded, however short: it would stop being a weight.
 */
#include <math.h>
#include <string.h>
#include "workload/onnx_fold.h"

bool erg_onnx_is_folded(const erg_onnx_value *value) { return value->ints || value->reals; }

bool erg_onnx_fold_room(erg_onnx_model *model, erg_onnx_value *value, erg_onnx_numbers *out)
{
    *out = (erg_onnx_numbers){ 0 };
    if (!value || value->rank == ERG_ONNX_UNKNOWN || value->elements > ERG_ONNX_FOLD)
        return false;
    size_t bytes = (size_t)value->elements * 8;
    if (erg_onnx_is_real(value->type))
        out->reals = erg_onnx_take(model, bytes);
    else if (erg_onnx_type_bits(value->type) > 0)
        out->ints = erg_onnx_take(model, bytes);
    return out->ints || out->reals;
}

static double half_to_real(uint32_t half)
{
    int exponent = (int)(half >> 10) & 31;
    double fraction = (double)(half & 1023);
    double size = exponent == 0    ? ldexp(fraction, -24)
                  : exponent == 31 ? (fraction > 0 ? NAN : INFINITY)
                                   : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -size : size;
}

static double raw_real(const uint8_t *at, int32_t type)
{
    uint32_t word = 0;
    double real;
    float single;

    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE) {
        memcpy(&real, at, sizeof(real));
        return real;
    }
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) {
        memcpy(&single, at, sizeof(single));
        return (double)single;
    }
    word = (uint32_t)at[0] | (uint32_t)at[1] << 8;
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16)
        return half_to_real(word);
    word <<= 16;
    memcpy(&single, &word, sizeof(single));
    return (double)single;
}

int64_t erg_onnx_reals(const Onnx__TensorProto *tensor, double *to, int64_t most)
{
    int64_t count = erg_onnx_elements(tensor);
    int32_t type = tensor->data_type;
    size_t width = (size_t)erg_onnx_type_bits(type) / 8;

    if (count < 0 || count > most || !erg_onnx_is_real(type)
        || tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return -1;
    bool is_raw = tensor->has_raw_data && tensor->raw_data.len == (size_t)count * width;
    if (!is_raw && tensor->n_float_data != (size_t)count
        && tensor->n_double_data != (size_t)count)
        return -1;
    for (int64_t i = 0; i < count; i++)
        to[i] = is_raw ? raw_real(tensor->raw_data.data + (size_t)i * width, type)
                : tensor->n_float_data == (size_t)count ? (double)tensor->float_data[i]
                                                        : tensor->double_data[i];
    return count;
}

/* ---- access ---------------------------------------------------------------- */

bool erg_onnx_can_fold(const erg_onnx_value *value)
{
    return value && erg_onnx_is_folded(value)
           && (value->ints || value->elements == 1 || value->role != ERG_WEIGHT);
}

erg_onnx_number erg_onnx_number_at(const erg_onnx_value *value, int64_t i)
{
    return value->ints
               ? (erg_onnx_number){ .i = value->ints[i], .r = (double)value->ints[i] }
               : (erg_onnx_number){ .r = value->reals[i] };
}

void erg_onnx_number_put(erg_onnx_numbers to, int64_t i, erg_onnx_number number)
{
    if (to.ints)
        to.ints[i] = number.i;
    else
        to.reals[i] = number.r;
}

void erg_onnx_fold_set(erg_onnx_value *value, erg_onnx_numbers numbers)
{
    value->ints = numbers.ints;
    value->reals = numbers.reals;
}

/* Which element of an operand of these dims broadcasting reads for element `flat`. */
int64_t erg_onnx_stretched(const erg_onnx_value *operand, const erg_onnx_value *result,
                           int64_t flat)
{
    int64_t at = 0, stride = 1;

    for (int32_t i = result->rank - 1; i >= 0; i--) {
        int32_t axis = i - (result->rank - operand->rank);
        int64_t index = flat % result->dims[i];
        flat /= result->dims[i];
        if (axis < 0)
            continue;
        at += (operand->dims[axis] == 1 ? 0 : index) * stride;
        stride *= operand->dims[axis];
    }
    return at;
}

/* ---- movements --------------------------------------------------------------- */

bool erg_onnx_fold_same(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *from = node->in_count ? node->in[0] : NULL, *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_can_fold(from) || to->elements != from->elements
        || to->type != from->type || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int64_t i = 0; i < to->elements; i++)
        erg_onnx_number_put(numbers, i, erg_onnx_number_at(from, i));
    erg_onnx_fold_set(to, numbers);
    return true;
}

/* Result element `flat` of one input is element start + sum of index * stride. */
typedef struct strides {
    int64_t start, by[ERG_ONNX_RANK];
} strides;

static bool fold_strided(erg_onnx_model *model, const erg_onnx_value *from,
                         erg_onnx_value *to, const strides *walk)
{
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_can_fold(from) || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int64_t i = 0; i < to->elements; i++) {
        int64_t at = walk->start, left = i;
        for (int32_t axis = to->rank - 1; axis >= 0; axis--) {
            at += (left % to->dims[axis]) * walk->by[axis];
            left /= to->dims[axis];
        }
        if (at < 0 || at >= from->elements)
            return true;
        erg_onnx_number_put(numbers, i, erg_onnx_number_at(from, at));
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

static void strides_of(const erg_onnx_value *value, int64_t by[ERG_ONNX_RANK])
{
    int64_t stride = 1;

    for (int32_t i = value->rank - 1; i >= 0; i--) {
        by[i] = stride;
        stride *= value->dims[i];
    }
}

bool erg_onnx_fold_transpose(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    int64_t by[ERG_ONNX_RANK], perm[ERG_ONNX_RANK];
    strides walk = { 0 };

    if (!erg_onnx_can_fold(from))
        return true;
    strides_of(from, by);
    bool is_given = erg_onnx_list(node, "perm", perm, ERG_ONNX_RANK) == from->rank;
    for (int32_t i = 0; i < from->rank; i++)
        walk.by[i] = by[is_given ? perm[i] : from->rank - 1 - i];
    return fold_strided(model, from, node->out[0], &walk);
}

bool erg_onnx_fold_slice(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    int64_t by[ERG_ONNX_RANK];
    strides walk = { 0 };
    erg_onnx_cut cut;

    if (!erg_onnx_can_fold(from) || !erg_onnx_cut_read(model, node, &cut))
        return true;
    strides_of(from, by);
    for (int32_t i = 0; i < from->rank; i++) {
        walk.start += cut.start[i] * by[i];
        walk.by[i] = cut.step[i] * by[i];
    }
    return fold_strided(model, from, node->out[0], &walk);
}

bool erg_onnx_fold_split(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    strides walk = { 0 };
    int32_t axis;

    if (!erg_onnx_can_fold(from) || !erg_onnx_axis(model, node, 0, from->rank, &axis))
        return true;
    strides_of(from, walk.by);
    for (int32_t i = 0; i < node->out_count; i++) {
        if (!node->out[i])
            return true; /* what is left out has no size here */
        fold_strided(model, from, node->out[i], &walk);
        walk.start += node->out[i]->dims[axis] * walk.by[axis];
    }
    return true;
}

bool erg_onnx_fold_expand(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;

    if (!to || !erg_onnx_can_fold(from) || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int64_t i = 0; i < to->elements; i++)
        erg_onnx_number_put(numbers, i,
                            erg_onnx_number_at(from, erg_onnx_stretched(from, to, i)));
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_gather(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0], *index = node->in[1];
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;
    int32_t axis;

    if (!to || !erg_onnx_can_fold(from) || !index->ints
        || !erg_onnx_fold_room(model, to, &numbers)
        || !erg_onnx_axis(model, node, 0, from->rank, &axis))
        return true;
    int64_t inner = erg_onnx_product(from->dims, axis + 1, from->rank);
    int64_t length = from->dims[axis];
    for (int64_t i = 0; i < to->elements; i++) {
        int64_t outer = i / (index->elements * inner);
        int64_t at = index->ints[i / inner % index->elements];
        at += at < 0 ? length : 0;
        if (at < 0 || at >= length)
            return erg_onnx_refuse(model, node, "an index is outside of its %lld rows",
                                   (long long)length);
        erg_onnx_number_put(
            numbers, i,
            erg_onnx_number_at(from, (outer * length + at) * inner + i % inner));
    }
    erg_onnx_fold_set(to, numbers);
    return true;
}

bool erg_onnx_fold_concat(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;
    int64_t at = 0;

    for (int32_t i = 0; i < node->in_count; i++)
        if (!erg_onnx_can_fold(node->in[i]) || node->in[i]->rank != 1)
            return true;
    if (!to || !erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int32_t i = 0; i < node->in_count; i++)
        for (int64_t j = 0; j < node->in[i]->elements; j++)
            erg_onnx_number_put(numbers, at++, erg_onnx_number_at(node->in[i], j));
    erg_onnx_fold_set(to, numbers);
    return true;
}
