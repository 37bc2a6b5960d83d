/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of attention as one operator: ONNX Attention (opset 23) and the four of
 * com.microsoft. Source: ONNX Operators.md; onnxruntime ContribOperators.md.
 */
#include <string.h>
#include "workload/onnx_shape.h"

static bool is_count(int64_t heads) { return heads >= 1 && heads <= ERG_ONNX_HEADS; }

/* Present keys and values [B, heads, total, d] at outputs `at` and at + 1. */
static bool present(erg_onnx_model *model, erg_onnx_node *node, int32_t at,
                    const int64_t dims[4])
{
    return erg_onnx_give(model, node, at, node->in[0]->type, 4, dims)
           && erg_onnx_give(model, node, at + 1, node->in[0]->type, 4, dims);
}

/* Queries and keys of one width a head; values may have another. */
static bool heads_fit(const erg_onnx_value *q, const erg_onnx_value *k,
                      const erg_onnx_value *v, int64_t heads, int64_t groups)
{
    bool is_flat = q->rank == 3;
    int32_t tokens = is_flat ? 1 : 2, width = q->rank - 1;

    if (!is_flat) {             /* the axes say how many, attributes are not asked */
        heads = q->dims[1];
        groups = k->dims[1];
    }
    if (!is_count(heads) || !is_count(groups) || heads % groups || v->rank != k->rank
        || k->dims[0] != q->dims[0] || v->dims[0] != q->dims[0]
        || v->dims[tokens] != k->dims[tokens])
        return false;
    if (!is_flat)
        return v->dims[1] == groups && q->dims[width] == k->dims[width];
    return q->dims[2] % heads == 0 && k->dims[2] % groups == 0 && v->dims[2] % groups == 0
        && q->dims[2] / heads == k->dims[2] / groups;
}

/* q, k, v, mask, past key, past value; [B, heads, S, d] or [B, S, heads d]. */
bool erg_onnx_shape_attention(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *q = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *k = q ? erg_onnx_need(model, node, 1, 3) : NULL;
    const erg_onnx_value *v = k ? erg_onnx_need(model, node, 2, 3) : NULL;
    const erg_onnx_value *past = erg_onnx_in(node, 4);
    int64_t heads = erg_onnx_int(node, "q_num_heads", 0);
    int64_t groups = erg_onnx_int(node, "kv_num_heads", heads);

    if (!v)
        return false;
    bool is_flat = q->rank == 3;
    if (k->rank != q->rank || q->rank > 4 || !heads_fit(q, k, v, heads, groups))
        return erg_onnx_refuse(model, node,
                               "its heads do not fit: q, k and v need one batch, "
                               "k and v one length, and q_num_heads and kv_num_heads that "
                               "divide them");
    int64_t length =
        k->dims[is_flat ? 1 : 2] + (past && past->rank == 4 ? past->dims[2] : 0);
    int64_t width = is_flat ? v->dims[2] / groups : v->dims[3];
    int64_t flat[3] = { q->dims[0], q->dims[1], width * heads };
    int64_t full[4] = { q->dims[0], q->dims[1], is_flat ? 0 : q->dims[2], width };
    int64_t cache[4] = { k->dims[0], is_flat ? groups : k->dims[1], length, width };
    int64_t keys[4] = { cache[0], cache[1], length,
                        is_flat ? k->dims[2] / groups : k->dims[3] };
    int64_t scores[4] = { q->dims[0], is_flat ? heads : q->dims[1],
                          q->dims[is_flat ? 1 : 2], length };
    return (is_flat ? erg_onnx_give(model, node, 0, q->type, 3, flat)
                    : erg_onnx_give(model, node, 0, q->type, 4, full))
           && present(model, node, 1, cache)
           && erg_onnx_give(model, node, 1, q->type, 4, keys)
           && erg_onnx_give(model, node, 3, q->type, 4, scores);
}

int64_t erg_onnx_keys_held(const erg_onnx_node *node, int64_t own, int64_t past,
                           int32_t length_at)
{
    int64_t told;

    if (!erg_onnx_shares_cache(node, length_at))
        return own + past;
    if (erg_onnx_input_list(node, length_at, &told, 1) == 1 && told >= 0
        && told <= past - own)
        return told + own;
    return past > own ? past : own;
}

bool erg_onnx_shares_cache(const erg_onnx_node *node, int32_t length_at)
{
    bool is_multi = strcmp(node->proto->op_type, "MultiHeadAttention") == 0;
    return is_multi ? erg_onnx_in(node, length_at) != NULL
                    : erg_onnx_int(node, "past_present_share_buffer", 0) != 0;
}

/* x [B,S,in], weights [in, q + k + v], bias; QAttention keeps the first two. */
bool erg_onnx_shape_ms_attention(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *w = x ? erg_onnx_need(model, node, 1, 2) : NULL;
    int64_t heads = erg_onnx_int(node, "num_heads", 0), widths[3];

    if (!w)
        return false;
    if (x->rank != 3 || w->dims[0] != x->dims[2] || !is_count(heads))
        return erg_onnx_refuse(model, node, "its weights do not fit its input");
    if (erg_onnx_list(node, "qkv_hidden_sizes", widths, 3) != 3)
        widths[2] = w->dims[1] / 3;
    bool is_quantised = strcmp(node->proto->op_type, "QAttention") == 0;
    int32_t type = is_quantised && erg_onnx_in(node, 3) ? node->in[3]->type : x->type;
    const erg_onnx_value *past = erg_onnx_in(node, is_quantised ? 8 : 4);
    int64_t length = past && past->rank == 5 ? past->dims[3] : 0;
    length += erg_onnx_shares_cache(node, ERG_ONNX_PAST_OF_MS) ? 0 : x->dims[1];
    int64_t dims[3] = { x->dims[0], x->dims[1], widths[2] };
    int64_t cache[5] = { 2, x->dims[0], heads, length, widths[2] / heads };
    return erg_onnx_give(model, node, 0, type, 3, dims)
           && erg_onnx_give(model, node, 1, x->type, 5, cache);
}

/* Left out, or of three or four axes; k may hold v, too: [B,S,heads,2,d]. */
static bool fits(const erg_onnx_value *value)
{
    return !value || (value->rank >= 3 && value->rank <= 5);
}

/* q [B,S,H], k, v; q alone may hold all three as [B,S,heads,3,d]. */
bool erg_onnx_shape_multi_head(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *q = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *v = erg_onnx_in(node, 2);

    if (!q)
        return false;
    int64_t heads = erg_onnx_int(node, "num_heads", 1);
    int64_t dims[3] = { q->dims[0], q->dims[1], q->dims[2] };
    if (q->rank == 5)
        dims[2] = q->dims[2] * q->dims[4];
    else if (v && v->rank == 3)
        dims[2] = v->dims[2];
    else if (v && v->rank == 4)
        dims[2] = v->dims[1] * v->dims[3];
    const erg_onnx_value *k = erg_onnx_in(node, 1), *past = erg_onnx_in(node, 6);
    if (!is_count(heads) || dims[2] % heads || !fits(k) || !fits(v))
        return erg_onnx_refuse(model, node, "its heads do not fit");
    int64_t length = !k ? q->dims[1] : k->rank == 4 ? k->dims[2] : k->dims[1];
    if (past && past->rank == 4)
        length = past->dims[2]
            + (erg_onnx_shares_cache(node, ERG_ONNX_PAST_OF_MULTI) ? 0 : length);
    int64_t cache[4] = { q->dims[0], heads, length, dims[2] / heads };
    return erg_onnx_give(model, node, 0, q->type, 3, dims)
           && present(model, node, 1, cache);
}

int64_t erg_onnx_group_keys(const erg_onnx_node *node)
{
    const erg_onnx_value *past = erg_onnx_in(node, 3);
    int64_t own = node->in[0]->dims[1], told;
    int64_t cached = past && past->rank == 4 ? past->dims[2] : 0;

    if (erg_onnx_input_list(node, 6, &told, 1) == 1 && told >= own)
        return told;
    return cached > own ? cached : own;
}

/* q [B,S,heads d], k, v [B,S,groups d], caches [B,groups,P,d]. q may hold all. */
bool erg_onnx_shape_group_query(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *q = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *past = erg_onnx_in(node, 3);
    int64_t heads = erg_onnx_int(node, "num_heads", 0);
    int64_t groups = erg_onnx_int(node, "kv_num_heads", 0);

    if (!q)
        return false;
    if (!is_count(heads) || !is_count(groups) || q->rank != 3)
        return erg_onnx_refuse(model, node, "its heads do not fit");
    bool is_packed = !erg_onnx_in(node, 1);
    int64_t width = q->dims[2] / (is_packed ? heads + 2 * groups : heads);
    int64_t dims[3] = { q->dims[0], q->dims[1], width * heads };
    int64_t length = erg_onnx_group_keys(node);
    if (past && past->rank == 4 && past->dims[2] > length)
        length = past->dims[2]; /* room for more */
    int64_t cache[4] = { q->dims[0], groups, length, width };
    return erg_onnx_give(model, node, 0, q->type, 3, dims)
           && present(model, node, 1, cache);
}

/* com.microsoft MoE: x keeps its shape. */
bool erg_onnx_shape_moe(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    return x && erg_onnx_need(model, node, 2, 3) && erg_onnx_give_like(model, node, 0, x);
}
