/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences and optional values of ONNX. How many tensors a sequence holds and which
 * one is read is nearly always known beforehand: exporters write torch.split and stack
 * so. Then it is bookkeeping: readers get the tensors themselves, a split is a Split, a
 * concatenation a Concat. Where it is not known, declared shapes stand in.
 */
#include <string.h>
#include "workload/onnx_fold.h"
#include "workload/onnx_shape.h"

enum { PARTS_MOST = 1 << 16, BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL,
       INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64 };

/* NULL: it is known only at run time which tensors it holds. */
static const erg_onnx_value *list_of(const erg_onnx_node *node)
{
    const erg_onnx_value *list = erg_onnx_in(node, 0);
    return list && list->is_list ? list : NULL;
}

/* An operator like one that nobody knows: declared shapes and its bytes. Always true. */
static bool left_unknown(erg_onnx_node *node)
{
    node->rule = NULL;
    return true;
}

/* Input i, below `end`, from the back where below 0; `absent` where it is left out;
 * -1 and a refusal. */
static int32_t place(erg_onnx_model *model, erg_onnx_node *node, int32_t i, int32_t end,
                     int32_t absent)
{
    int32_t count = node->in[0]->part_count;
    int64_t at = absent;

    if (erg_onnx_in(node, i) && erg_onnx_input_list(node, i, &at, 1) != 1) {
        erg_onnx_late(model, node, "its place in the sequence is known only at run time");
        return -1;
    }
    at += at < 0 ? count : 0;
    if (at >= 0 && at < end)
        return (int32_t)at;
    erg_onnx_refuse(model, node, "its place is outside of a sequence of %d", count);
    return -1;
}

/* ---- made ---------------------------------------------------------------------- */

bool erg_onnx_shape_list(erg_onnx_model *model, erg_onnx_node *node)
{
    for (int32_t i = 0; i < node->in_count; i++)
        if (!node->in[i])
            return erg_onnx_refuse(model, node, "input %d is missing", i);
    return erg_onnx_list_give(node, node->in, node->in_count);
}

/* Of `list`, with `one` put before place `at`, or (one NULL) without that place. */
static bool list_changed(erg_onnx_model *model, erg_onnx_node *node,
                         const erg_onnx_value *list, int32_t at, erg_onnx_value *one)
{
    int32_t count = list->part_count + (one ? 1 : -1), k = 0;

    if (count > PARTS_MOST)
        return erg_onnx_refuse(model, node, "its sequence is longer than %d", PARTS_MOST);
    erg_onnx_value **parts =
        erg_onnx_take(model, ((size_t)count + 1) * sizeof(erg_onnx_value *));
    if (!parts)
        return false;
    for (int32_t i = 0; i <= list->part_count; i++) {
        if (i == at && one)
            parts[k++] = one;
        if (i < list->part_count && (i != at || one))
            parts[k++] = list->parts[i];
    }
    return erg_onnx_list_give(node, parts, count);
}

bool erg_onnx_shape_list_insert(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *list = list_of(node);

    if (!list)
        return true;
    int32_t at = place(model, node, 2, list->part_count + 1, list->part_count);
    if (at < 0)
        return false;
    if (!erg_onnx_in(node, 1))
        return erg_onnx_refuse(model, node, "input 1 is missing");
    return list_changed(model, node, list, at, node->in[1]);
}

bool erg_onnx_shape_list_erase(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *list = list_of(node);

    if (!list)
        return true;
    int32_t at = place(model, node, 1, list->part_count, list->part_count - 1);
    return at >= 0 && list_changed(model, node, list, at, NULL);
}

/* ---- cut up ---------------------------------------------------------------------- */

typedef struct cuts {
    int64_t sizes[ERG_ONNX_FOLD]; /* told one by one */
    int64_t each, count;          /* else of one size, the last may be smaller */
    bool are_told;
} cuts;

static bool cuts_read(erg_onnx_model *model, erg_onnx_node *node, int64_t length, cuts *out)
{
    const erg_onnx_value *split = erg_onnx_in(node, 1);

    *out = (cuts){ .each = 1 };
    out->are_told = split && split->rank > 0;
    if (split && !out->are_told)
        out->each = split->ints[0];
    int64_t left = length;
    for (int64_t i = 0; out->are_told && i < split->elements; i++) {
        out->sizes[i] = split->ints[i];
        left -= out->sizes[i] < 0 ? length + 1 : out->sizes[i];
    }
    if (out->each < 1 || (out->are_told && left != 0))
        return erg_onnx_refuse(model, node, "the sizes of its parts do not fit %lld",
                               (long long)length);
    out->count = out->are_told ? split->elements
                               : length / out->each + (length % out->each != 0);
    return out->count <= PARTS_MOST
           || erg_onnx_refuse(model, node, "its sequence is longer than %d", PARTS_MOST);
}

/* The node makes the parts from now on: it is a Split of so many results. */
static bool parts_make(erg_onnx_model *model, erg_onnx_node *node, int64_t count)
{
    const erg_onnx_value *list = node->out[0];
    erg_onnx_value **parts =
        erg_onnx_take(model, ((size_t)count + 1) * sizeof(erg_onnx_value *));

    for (int64_t i = 0; parts && i < count; i++) {
        parts[i] = erg_onnx_value_new(model, list->name);
        if (!parts[i])
            return false;
        parts[i]->maker = node;
        parts[i]->is_constant = list->is_constant;
        parts[i]->is_batched = list->is_batched;
    }
    erg_onnx_list_give(node, parts, (int32_t)count);
    node->out = parts;
    node->out_count = (int32_t)count;
    return parts != NULL;
}

/* keepdims 0 drops the axis of parts of one, where no sizes are told. */
bool erg_onnx_shape_list_split(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *split = erg_onnx_in(node, 1);
    int64_t dims[ERG_ONNX_RANK], left;
    int32_t axis, rank;
    cuts of;

    if (x && split && (!split->ints || split->elements < 1))
        return left_unknown(node);
    if (!x || !node->out[0] || !erg_onnx_axis(model, node, 0, x->rank, &axis)
        || !cuts_read(model, node, x->dims[axis], &of)
        || !parts_make(model, node, of.count))
        return false;
    bool drops = !erg_onnx_in(node, 1) && !erg_onnx_int(node, "keepdims", 1);
    left = x->dims[axis];
    rank = x->rank - drops;
    for (int32_t i = 0; i < rank; i++)
        dims[i] = x->dims[i + (drops && i >= axis)];
    for (int32_t i = 0; i < of.count; i++) {
        int64_t size = of.are_told ? of.sizes[i] : of.each < left ? of.each : left;
        left -= size;
        if (!drops)
            dims[axis] = size;
        if (!erg_onnx_give(model, node, i, x->type, rank, dims))
            return false;
    }
    return true;
}

bool erg_onnx_fold_list_split(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *from = node->in[0];
    bool drops = node->out_count && node->out[0]->rank < from->rank;

    if (!drops)
        return erg_onnx_fold_split(model, node);
    for (int32_t i = 0; from->rank == 1 && i < node->out_count; i++) {
        erg_onnx_numbers numbers;
        if (!erg_onnx_can_fold(from)
            || !erg_onnx_fold_room(model, node->out[i], &numbers))
            return true;
        erg_onnx_number_put(numbers, 0, erg_onnx_number_at(from, i));
        erg_onnx_fold_set(node->out[i], numbers);
    }
    return true;
}

/* ---- read ------------------------------------------------------------------------ */

bool erg_onnx_shape_list_at(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *list = list_of(node);

    if (!list)
        return left_unknown(node);
    int32_t at = place(model, node, 1, list->part_count, 0);
    if (at < 0)
        return false;
    node->in[0] = list->parts[at];
    node->in_count = 1;
    return erg_onnx_shape_identity(model, node);
}

bool erg_onnx_shape_list_length(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_give(model, node, 0, INT64, 0, NULL);
}

bool erg_onnx_fold_list_length(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_numbers numbers;

    if (!list_of(node) || !node->out[0]
        || !erg_onnx_fold_room(model, node->out[0], &numbers))
        return true;
    numbers.ints[0] = node->in[0]->part_count;
    erg_onnx_fold_set(node->out[0], numbers);
    return true;
}

/* All parts alike, side by side on a new axis. */
static bool stack(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int64_t dims[ERG_ONNX_RANK + 1];
    int32_t axis;

    if (!x || !erg_onnx_axis(model, node, 0, x->rank + 1, &axis))
        return false;
    for (int32_t i = 1; i < node->in_count; i++) {
        const erg_onnx_value *next = erg_onnx_need(model, node, i, 0);
        if (!next)
            return false;
        if (next->rank != x->rank
            || (x->rank && memcmp(next->dims, x->dims, (size_t)x->rank * sizeof(*dims))))
            return erg_onnx_refuse(model, node, "its tensors are not of one shape");
    }
    for (int32_t i = 0; i <= x->rank; i++)
        dims[i] = i == axis ? node->in_count : x->dims[i - (i > axis)];
    return erg_onnx_give(model, node, 0, x->type, x->rank + 1, dims);
}

bool erg_onnx_shape_list_concat(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *list = list_of(node);

    if (!list)
        return left_unknown(node);
    if (list->part_count < 1)
        return erg_onnx_refuse(model, node, "its sequence is empty");
    node->in = list->parts;
    node->in_count = list->part_count;
    return erg_onnx_int(node, "new_axis", 0) ? stack(model, node)
                                             : erg_onnx_shape_concat(model, node);
}

/* Numbers side by side: both a concatenation of vectors and a stack of scalars. */
bool erg_onnx_fold_list_concat(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *to = node->out[0];
    erg_onnx_numbers numbers;
    int64_t at = 0;

    if (!to || to->rank != 1)
        return true;
    for (int32_t i = 0; i < node->in_count; i++)
        if (!erg_onnx_can_fold(node->in[i]))
            return true;
    if (!erg_onnx_fold_room(model, to, &numbers))
        return true;
    for (int32_t i = 0; i < node->in_count; i++)
        for (int64_t k = 0; k < node->in[i]->elements; k++)
            erg_onnx_number_put(numbers, at++, erg_onnx_number_at(node->in[i], k));
    erg_onnx_fold_set(to, numbers);
    return true;
}

/* ---- optional values --------------------------------------------------------------- */

/* Without an input it is empty: a list of nothing stands for that. */
bool erg_onnx_shape_optional(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_in(node, 0) ? erg_onnx_shape_identity(model, node) : true;
}

bool erg_onnx_shape_optional_has(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_give(model, node, 0, BOOL, 0, NULL);
}

/* Left out or made empty it has none; what nobody knows is left open. */
bool erg_onnx_fold_optional_has(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_in(node, 0);
    bool is_there = x && (x->is_list || x->rank != ERG_ONNX_UNKNOWN);
    bool is_empty = !x
                    || (x->maker && x->maker->in_count == 0
                        && strcmp(x->maker->proto->op_type, "Optional") == 0);
    erg_onnx_numbers numbers;

    if ((!is_there && !is_empty) || !node->out[0]
        || !erg_onnx_fold_room(model, node->out[0], &numbers))
        return true;
    numbers.ints[0] = is_there;
    erg_onnx_fold_set(node->out[0], numbers);
    return true;
}
