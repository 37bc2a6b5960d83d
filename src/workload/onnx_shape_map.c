/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of what keeps or broadcasts them: elementwise, norms, softmax, casts. */
#include <string.h>
#include "workload/onnx_shape.h"

enum {
    BOOL = ONNX__TENSOR_PROTO__DATA_TYPE__BOOL,
    INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    UINT8 = ONNX__TENSOR_PROTO__DATA_TYPE__UINT8
};

bool erg_onnx_shape_same(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    return x && erg_onnx_give_like(model, node, 0, x);
}

/* Whatever it is, known or not. */
bool erg_onnx_shape_identity(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_in(node, 0);

    if (!x)
        return erg_onnx_refuse(model, node, "its input is missing");
    if (x->is_list)
        return erg_onnx_list_give(node, x->parts, x->part_count);
    return x->rank == ERG_ONNX_UNKNOWN || erg_onnx_give_like(model, node, 0, x);
}

/* Inputs [first, last) against each other, numpy's way. */
static bool stretch(erg_onnx_model *model, erg_onnx_node *node, int32_t first, int32_t last,
                    int32_t type)
{
    int64_t dims[ERG_ONNX_RANK];
    int32_t rank = 0;

    for (int32_t i = first; i < last; i++) {
        const erg_onnx_value *x = erg_onnx_need(model, node, i, 0);
        if (!x)
            return false;
        if (!erg_onnx_broadcast(x->dims, x->rank, dims, &rank))
            return erg_onnx_refuse(model, node, "these shapes do not broadcast");
    }
    return erg_onnx_give(model, node, 0, type, rank, dims);
}

/* Before opset 7 a broadcast was asked for, and B could lie at an axis of A. */
static bool is_old_broadcast(const erg_onnx_node *node)
{
    return node->opset < 7 && erg_onnx_int(node, "broadcast", 0) && node->in_count == 2;
}

bool erg_onnx_shape_map(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    if (!x)
        return false;
    if (is_old_broadcast(node))
        return erg_onnx_give_like(model, node, 0, x);
    return stretch(model, node, 0, node->in_count, x->type);
}

bool erg_onnx_shape_compare(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    if (!x)
        return false;
    if (is_old_broadcast(node))
        return erg_onnx_give(model, node, 0, BOOL, x->rank, x->dims);
    return stretch(model, node, 0, node->in_count, BOOL);
}

bool erg_onnx_shape_flag(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    return x && erg_onnx_give(model, node, 0, BOOL, x->rank, x->dims);
}

bool erg_onnx_shape_where(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 1, 0);
    return x && stretch(model, node, 0, 3, x->type);
}

/* Before opset 6 the type is a word: "INT64". */
static int32_t type_of(const erg_onnx_node *node)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, "to");
    char word[16];

    if (!a || !a->has_s || !a->s.len || a->s.len >= sizeof(word))
        return (int32_t)erg_onnx_int(node, "to", FLOAT);
    memcpy(word, a->s.data, a->s.len);
    word[a->s.len] = '\0';
    const ProtobufCEnumValue *type = protobuf_c_enum_descriptor_get_value_by_name(
        &onnx__tensor_proto__data_type__descriptor, word);
    return type ? type->value : FLOAT;
}

bool erg_onnx_shape_cast(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int32_t to = type_of(node);
    return x && erg_onnx_give(model, node, 0, to, x->rank, x->dims);
}

bool erg_onnx_shape_cast_like(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *like = erg_onnx_in(node, 1);
    return x
           && erg_onnx_give(model, node, 0, like ? like->type : x->type, x->rank, x->dims);
}

/* ---- norms ------------------------------------------------------------------ */

/* Running statistics follow when it trains; they are per channel. */
bool erg_onnx_shape_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);

    if (!x || !erg_onnx_give_like(model, node, 0, x))
        return false;
    int64_t channels = x->rank > 1 ? x->dims[1] : x->dims[0];
    for (int32_t i = 1; i < node->out_count; i++)
        if (!erg_onnx_give(model, node, i, x->type, 1, &channels))
            return false;
    return true;
}

/* Mean and inverse deviation keep the axes before `axis`. */
bool erg_onnx_shape_layer_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t dims[ERG_ONNX_RANK];
    int32_t axis;

    if (!x || !erg_onnx_axis(model, node, -1, x->rank, &axis))
        return false;
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i < axis ? x->dims[i] : 1;
    return erg_onnx_give_like(model, node, 0, x)
           && erg_onnx_give(model, node, 1, FLOAT, x->rank, dims)
           && erg_onnx_give(model, node, 2, FLOAT, x->rank, dims);
}

/* com.microsoft: result, mean, deviation, and the sum that the next block adds to. */
bool erg_onnx_shape_skip_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);

    return x && erg_onnx_shape_layer_norm(model, node)
           && erg_onnx_give_like(model, node, 3, x);
}

/* com.microsoft: ids [B,S], segments, word, position, segment tables of width H. */
bool erg_onnx_shape_embed_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *ids = erg_onnx_need(model, node, 0, 2);
    const erg_onnx_value *table = ids ? erg_onnx_need(model, node, 2, 2) : NULL;

    if (!table)
        return false;
    int64_t dims[3] = { ids->dims[0], ids->dims[1], table->dims[1] };
    return erg_onnx_give(model, node, 0, table->type, 3, dims)
           && erg_onnx_give(model, node, 1, ids->type, 1, dims)
           && erg_onnx_give(model, node, 2, table->type, 3, dims);
}

bool erg_onnx_shape_softmax(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    int32_t axis;

    /* Before 13 the axes from `axis` on were one; the shape stays in both. */
    return x
           && (x->rank == 0
               || erg_onnx_axis(model, node, node->opset < 13 ? 1 - (x->rank < 2) : -1,
                                x->rank, &axis))
           && erg_onnx_give_like(model, node, 0, x);
}

bool erg_onnx_shape_dropout(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    return x && erg_onnx_give_like(model, node, 0, x)
           && erg_onnx_give(model, node, 1, node->opset < 10 ? x->type : BOOL, x->rank,
                            x->dims);
}

/* Two results: loss (a number, or a class axis less), and log probabilities. */
bool erg_onnx_shape_loss(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    const erg_onnx_value *labels = x ? erg_onnx_need(model, node, 1, 1) : NULL;
    bool is_kept = erg_onnx_word_is(node, "reduction", "none");

    return labels
           && erg_onnx_give(model, node, 0, x->type, is_kept ? labels->rank : 0,
                            labels->dims)
           && erg_onnx_give_like(model, node, 1, x);
}

/* ---- quantisation ------------------------------------------------------------- */

bool erg_onnx_shape_quantize(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *zero = erg_onnx_in(node, 2);
    int32_t type = zero ? zero->type : (int32_t)erg_onnx_int(node, "output_dtype", UINT8);
    return x && erg_onnx_give(model, node, 0, type ? type : UINT8, x->rank, x->dims);
}

bool erg_onnx_shape_dequantize(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *scale = erg_onnx_in(node, 1);
    return x
           && erg_onnx_give(model, node, 0, scale ? scale->type : FLOAT, x->rank, x->dims);
}

bool erg_onnx_shape_dynamic_quantize(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 0);

    return x && erg_onnx_give(model, node, 0, UINT8, x->rank, x->dims)
           && erg_onnx_give(model, node, 1, FLOAT, 0, NULL)
           && erg_onnx_give(model, node, 2, UINT8, 0, NULL);
}

/* com.microsoft QLinearAdd, QLinearMul: a, scale, zero, b, scale, zero, .. */
bool erg_onnx_shape_q_map(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *a = erg_onnx_need(model, node, 0, 0);
    const erg_onnx_value *b = a ? erg_onnx_need(model, node, 3, 0) : NULL;
    int64_t dims[ERG_ONNX_RANK];
    int32_t rank = 0;

    if (!b)
        return false;
    if (!erg_onnx_broadcast(a->dims, a->rank, dims, &rank)
        || !erg_onnx_broadcast(b->dims, b->rank, dims, &rank))
        return erg_onnx_refuse(model, node, "these shapes do not broadcast");
    return erg_onnx_give(model, node, 0, a->type, rank, dims);
}
