/* SPDX-License-Identifier: Apache-2.0 */
/* What shape rules ask of a node: its attributes, inputs and outputs. */
#include <stdarg.h>
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_graph.h"

void *erg_onnx_take(erg_onnx_model *model, size_t bytes)
{
    return erg_arena_take(model->arena, bytes ? bytes : 1, model->err);
}

static const char *node_name(const erg_onnx_node *node)
{
    const Onnx__NodeProto *proto = node->proto;

    if (proto->name && proto->name[0])
        return proto->name;
    return proto->n_output && proto->output[0][0] ? proto->output[0] : "without a name";
}

static void shape_put(const erg_onnx_value *value, char *to, size_t size)
{
    size_t used = 0;

    if (!value || value->rank == ERG_ONNX_UNKNOWN) {
        snprintf(to, size, "%s", value ? "of unknown shape" : "left out");
        return;
    }
    used += (size_t)snprintf(to, size, "[");
    for (int32_t i = 0; i < value->rank && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%lld", i ? "," : "",
                                 (long long)value->dims[i]);
    if (used < size)
        snprintf(to + used, size - used, "]");
}

static bool refuse(erg_onnx_model *model, const erg_onnx_node *node, const char *why)
{
    char inputs[160] = "";
    size_t used = 0;

    for (int32_t i = 0; i < node->in_count && used < sizeof(inputs); i++) {
        char shape[48];
        const erg_onnx_value *value = node->in[i];
        shape_put(value, shape, sizeof(shape));
        used += (size_t)snprintf(inputs + used, sizeof(inputs) - used, "%s%.40s %s",
                                 i ? ", " : "", value ? value->name : "-", shape);
    }
    return erg_fail(model->err, ERG_BAD_INPUT, "%s: node %.60s (%s) with inputs %s: %s",
                    model->path, node_name(node), node->proto->op_type, inputs, why);
}

bool erg_onnx_refuse(erg_onnx_model *model, const erg_onnx_node *node, const char *format,
                     ...)
{
    char why[200];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    return refuse(model, node, why);
}

bool erg_onnx_late(erg_onnx_model *model, const erg_onnx_node *node, const char *format,
                   ...)
{
    char why[200];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    model->is_late = true;
    return refuse(model, node, why);
}

/* ---- outputs -------------------------------------------------------------- */

bool erg_onnx_give(erg_onnx_model *model, erg_onnx_node *node, int32_t i, int32_t type,
                   int32_t rank, const int64_t *dims)
{
    if (i >= node->out_count || !node->out[i])
        return true;
    if (rank > ERG_ONNX_RANK)
        return erg_onnx_refuse(model, node, "its result has more than %d axes",
                               ERG_ONNX_RANK);
    int64_t elements = erg_onnx_size(dims, rank);
    if (elements < 0)
        return erg_onnx_refuse(model, node,
                               "its result has a negative dimension or more "
                               "elements than a count can hold");
    int64_t *copy = erg_onnx_take(model, (size_t)rank * sizeof(*dims));
    if (!copy)
        return false;
    if (rank)
        memcpy(copy, dims, (size_t)rank * sizeof(*dims));
    erg_onnx_value *value = node->out[i];
    value->type = type;
    value->rank = rank;
    value->dims = copy;
    value->elements = elements;
    return true;
}

bool erg_onnx_give_like(erg_onnx_model *model, erg_onnx_node *node, int32_t i,
                        const erg_onnx_value *value)
{
    return erg_onnx_give(model, node, i, value->type, value->rank, value->dims);
}

bool erg_onnx_list_give(erg_onnx_node *node, erg_onnx_value **parts, int32_t count)
{
    erg_onnx_value *to = node->out_count ? node->out[0] : NULL;

    if (!to)
        return true;
    to->is_list = true;
    to->parts = parts;
    to->part_count = count;
    return true;
}

/* ---- inputs --------------------------------------------------------------- */

const erg_onnx_value *erg_onnx_in(const erg_onnx_node *node, int32_t i)
{
    return i < node->in_count ? node->in[i] : NULL;
}

const erg_onnx_value *erg_onnx_need(erg_onnx_model *model, erg_onnx_node *node, int32_t i,
                                    int32_t least)
{
    const erg_onnx_value *value = erg_onnx_in(node, i);

    if (!value)
        erg_onnx_refuse(model, node, "input %d is missing", i);
    else if (value->rank == ERG_ONNX_UNKNOWN)
        erg_onnx_late(model, node,
                      "the shape of input %d (%.60s) is needed, and neither a "
                      "rule nor value_info tells it",
                      i, value->name);
    else if (value->rank < least)
        erg_onnx_refuse(model, node, "input %d needs at least %d axes", i, least);
    else
        return value;
    return NULL;
}

int32_t erg_onnx_input_list(const erg_onnx_node *node, int32_t i, int64_t *to, int32_t most)
{
    const erg_onnx_value *value = erg_onnx_in(node, i);

    if (!value || !value->ints || value->elements > most)
        return -1;
    memcpy(to, value->ints, (size_t)value->elements * sizeof(*to));
    return (int32_t)value->elements;
}

/* ---- attributes ----------------------------------------------------------- */

/* A writer of proto3 leaves out what is 0: then the type alone says that there is one. */
static bool has_whole(const Onnx__AttributeProto *a)
{
    return a->has_i
           || (a->has_type && a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
}

int64_t erg_onnx_int(const erg_onnx_node *node, const char *name, int64_t absent)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, name);
    return a && has_whole(a) ? a->i : absent;
}

/* Read as its default, an axis in another type would give a wrong number. */
bool erg_onnx_attributes_check(erg_onnx_model *model, const erg_onnx_node *node)
{
    static const char *const whole[] = {
        "K", "N", "allowzero", "axis", "batch_dims", "bits", "block_size", "blocksize",
        "ceil_mode", "end", "group", "hidden_size", "k", "keepdims", "kv_num_heads",
        "layout", "num_heads", "num_outputs", "q_num_heads", "start", "transA", "transB",
    };

    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->proto->attribute[i];
        bool is_bare = !a->has_f && !a->has_s && !a->n_ints && !a->n_floats && !a->t;
        if (!a->name || has_whole(a) || is_bare)
            continue;
        for (size_t k = 0; k < ERG_COUNT(whole); k++)
            if (strcmp(a->name, whole[k]) == 0)
                return erg_onnx_refuse(model, node, "its attribute %s is no whole number",
                                       whole[k]);
    }
    return true;
}

double erg_onnx_real(const erg_onnx_node *node, const char *name, double absent)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, name);
    return a && a->has_f ? (double)a->f : absent;
}

bool erg_onnx_has(const erg_onnx_node *node, const char *name)
{
    return erg_onnx_attribute(node->proto, name) != NULL;
}

int32_t erg_onnx_list(const erg_onnx_node *node, const char *name, int64_t *to,
                      int32_t most)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, name);

    if (!a || a->n_ints > (size_t)most)
        return -1;
    for (size_t i = 0; i < a->n_ints; i++)
        to[i] = a->ints[i];
    return (int32_t)a->n_ints;
}

bool erg_onnx_word_is(const erg_onnx_node *node, const char *name, const char *word)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, name);

    return a && a->has_s && a->s.len == strlen(word)
           && memcmp(a->s.data, word, a->s.len) == 0;
}

bool erg_onnx_axes_read(erg_onnx_model *model, const erg_onnx_node *node, int32_t input,
                        int32_t rank, erg_onnx_axes *out)
{
    const erg_onnx_value *given = erg_onnx_in(node, input);

    out->count = erg_onnx_list(node, "axes", out->at, ERG_ONNX_RANK);
    if (out->count < 0 && given) {
        out->count = erg_onnx_input_list(node, input, out->at, ERG_ONNX_RANK);
        if (out->count < 0)
            return erg_onnx_late(model, node, "its axes are known only at run time");
    }
    for (int32_t i = 0; i < out->count; i++) {
        out->at[i] += out->at[i] < 0 ? rank : 0;
        if (out->at[i] < 0 || out->at[i] >= rank)
            return erg_onnx_refuse(model, node, "an axis is outside of its %d", rank);
    }
    return true;
}

bool erg_onnx_axis(erg_onnx_model *model, const erg_onnx_node *node, int64_t absent,
                   int32_t rank, int32_t *out)
{
    int64_t axis = erg_onnx_int(node, "axis", absent);

    if (axis < -rank || axis >= rank)
        return erg_onnx_refuse(model, node, "axis %lld is outside of its %d",
                               (long long)axis, rank);
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}

/* ---- arithmetic of shapes -------------------------------------------------- */

bool erg_onnx_is_real(int32_t type)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
        return true;
    default:
        return false;
    }
}

int64_t erg_onnx_product(const int64_t *dims, int32_t from, int32_t to)
{
    int64_t all = 1;
    bool is_empty = false;

    for (int32_t i = from; i < to; i++)
        if (dims[i] == 0)
            is_empty = true;
        else if (!erg_count_times(&all, dims[i]))
            return -1;
    return is_empty ? 0 : all;
}

int64_t erg_onnx_size(const int64_t *dims, int32_t rank)
{
    for (int32_t i = 0; i < rank; i++)
        if (dims[i] < 0 || dims[i] > ERG_ONNX_DIM)
            return -1;
    return erg_onnx_product(dims, 0, rank);
}

bool erg_onnx_broadcast(const int64_t *a, int32_t a_rank, int64_t *to, int32_t *rank)
{
    int32_t wide = a_rank > *rank ? a_rank : *rank, shift = wide - *rank;

    for (int32_t i = wide - 1; i >= 0; i--) {
        int64_t left = i >= wide - a_rank ? a[i - (wide - a_rank)] : 1;
        int64_t right = i >= shift ? to[i - shift] : 1;
        if (left != right && left != 1 && right != 1)
            return false;
        to[i] = left == 1 ? right : left;
    }
    *rank = wide;
    return true;
}
