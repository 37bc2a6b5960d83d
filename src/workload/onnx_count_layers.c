/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cost of operators that are whole layers: recurrent ones, attention, mixtures,
 * norms with a sum before them. Rules: docs/counting.md.
 */
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_count.h"
#include "workload/onnx_shape.h"

static bool too_large(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_refuse(model, node, "its cost is larger than a count can hold");
}

/* *to += a * b * c; false: left int64. */
static bool plus_product(int64_t *to, int64_t a, int64_t b, int64_t c)
{
    return erg_count_times(&a, b) && erg_count_times(&a, c) && erg_count_plus(to, a);
}

/* macs, and flop = 2 macs + more. 0 would mean "by rule". */
static bool say(erg_op_spec *spec, int64_t macs, int64_t more)
{
    int64_t flop = macs;

    if (!erg_count_times(&flop, 2) || !erg_count_plus(&flop, more))
        return false;
    spec->macs = macs ? macs : -1;
    spec->flop = flop ? flop : -1;
    return true;
}

/* ---- recurrent layers ---------------------------------------------------------- */

/* LSTM: 8 h (i + h) + 9 h a sample and step; GRU three gates of four and 8; RNN one, 2. */
bool erg_onnx_count_recurrent(erg_onnx_model *model, erg_onnx_node *node,
                              erg_onnx_cost *cost)
{
    static const struct {
        const char *op_type;
        int64_t gates, flop, special;
    } cells[] = {
        { "LSTM", 4, 9, 5 },
        { "GRU", 3, 8, 3 },
        { "RNN", 1, 2, 1 },
    };
    const erg_onnx_value *x = node->in[0], *r = node->in[2];
    int64_t width = r->dims[2], cells_run = x->dims[0], macs = 0, i = 0;

    while (strcmp(cells[i].op_type, node->proto->op_type) != 0)
        i++;
    if (!erg_count_times(&cells_run, x->dims[1]) || !erg_count_times(&cells_run, r->dims[0])
        || !erg_count_times(&cells_run, width)
        || !plus_product(&macs, cells_run, cells[i].gates, x->dims[2] + width))
        return too_large(model, node);
    cost->spec.steps = x->dims[erg_onnx_int(node, "layout", 0) ? 1 : 0];
    int64_t more = 0, special = 0;
    if (!plus_product(&more, cells_run, cells[i].flop, 1)
        || !plus_product(&special, cells_run, cells[i].special, 1)
        || !say(&cost->spec, macs, more))
        return too_large(model, node);
    cost->spec.special_op = special ? special : -1;
    return true;
}

/* ---- attention ------------------------------------------------------------------ */

typedef struct heads {
    int64_t count;              /* batch x heads */
    int64_t rows, columns;      /* S_q, S_kv */
    int64_t width, value_width; /* of a head */
} heads;

/* 4 B h S_q S_kv d + 5 B h S_q S_kv, d the mean of key and value width; a plain run
 * writes and reads the scores: three passes (product, softmax, product). */
static bool attention(erg_onnx_model *model, erg_onnx_node *node, heads of,
                      int64_t projection_macs, erg_onnx_cost *cost)
{
    int64_t scores = of.count, macs = projection_macs, more = 0;

    if (!erg_count_times(&scores, of.rows) || !erg_count_times(&scores, of.columns)
        || !plus_product(&macs, scores, of.width + of.value_width, 1)
        || !plus_product(&more, scores, 5, 1) || !say(&cost->spec, macs, more))
        return too_large(model, node);
    cost->spec.special_op = scores ? scores : -1;
    cost->spec.batch = of.count;
    cost->spec.m = of.rows;
    cost->spec.n = of.columns;
    cost->spec.k = of.width;
    return true;
}

/* A pattern: q [.., S, d], k transposed [.., d, P], v [.., P, e]. */
bool erg_onnx_count_sdpa(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *q = node->in[0], *k = node->in[1], *v = node->in[2];
    const erg_onnx_value *y = node->out[0];
    heads of = { 1, q->dims[q->rank - 2], k->dims[k->rank - 1], q->dims[q->rank - 1],
                 v->dims[v->rank - 1] };

    of.count = erg_onnx_product(y->dims, 0, y->rank - 2);
    return attention(model, node, of, 0, cost);
}

bool erg_onnx_count_attention(erg_onnx_model *model, erg_onnx_node *node,
                              erg_onnx_cost *cost)
{
    const erg_onnx_value *q = node->in[0], *k = node->in[1], *v = node->in[2];
    const erg_onnx_value *past = erg_onnx_in(node, 4);
    int64_t count = erg_onnx_int(node, "q_num_heads", 1);
    int64_t groups = erg_onnx_int(node, "kv_num_heads", count);
    int64_t cached = past && past->rank == 4 ? past->dims[2] : 0;
    heads of = { q->dims[0] * count, q->dims[1], k->dims[1] + cached, q->dims[2] / count,
                 v->dims[2] / groups };

    if (q->rank == 4)
        of = (heads){ q->dims[0] * q->dims[1], q->dims[2], k->dims[2] + cached, q->dims[3],
                      v->dims[3] };
    return attention(model, node, of, 0, cost);
}

/* One buffer is past and present: it is read as far as it is filled, and gets new rows. */
static bool shared_traffic(const erg_onnx_model *model, const erg_onnx_node *node, heads of,
                           const erg_onnx_value *past, erg_op_spec *spec)
{
    int64_t bits = erg_precision_bits(model->options->precision);
    int64_t read = of.count, made = of.count;

    if (!erg_count_times(&read, of.columns - of.rows)
        || !erg_count_times(&read, of.width + of.value_width)
        || !erg_count_times(&read, bits) || !erg_count_times(&made, of.rows)
        || !erg_count_times(&made, of.width + of.value_width)
        || !erg_count_times(&made, bits))
        return false;
    read /= 8;
    made /= 8;
    for (int32_t i = 0; i < node->in_count; i++) {
        const erg_onnx_value *x = node->in[i];
        bool is_past = x == past || (i > 0 && node->in[i - 1] == past && x
                                     && x->rank == past->rank);
        if (x && !x->is_constant && !is_past
            && !erg_count_plus(&read, erg_onnx_bytes(model, x)))
            return false;
    }
    if (!erg_count_plus(&made, erg_onnx_bytes(model, node->out[0])))
        return false;
    spec->in_bytes = read ? read : -1;
    spec->out_bytes = made;
    return true;
}

/* Projections in, then attention of num_heads. */
bool erg_onnx_count_ms_attention(erg_onnx_model *model, erg_onnx_node *node,
                                 erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0], *w = node->in[1];
    bool is_quantised = strcmp(node->proto->op_type, "QAttention") == 0;
    const erg_onnx_value *past = erg_onnx_in(node, is_quantised ? 8 : 4);
    int64_t count = erg_onnx_int(node, "num_heads", 1), projections = 0;
    int64_t value_width = node->out[0]->dims[2], key_width = (w->dims[1] - value_width) / 2;
    int64_t cached = past && past->rank == 5 ? past->dims[3] : 0;
    heads of = { x->dims[0] * count, x->dims[1],
                 erg_onnx_keys_held(node, x->dims[1], cached, ERG_ONNX_PAST_OF_MS),
                 key_width / count, value_width / count };

    if (!plus_product(&projections, x->elements, w->dims[1], 1))
        return too_large(model, node);
    if (is_quantised)
        cost->spec.precision = ERG_INT8;
    if (cached && erg_onnx_shares_cache(node, ERG_ONNX_PAST_OF_MS)
        && !shared_traffic(model, node, of, past, &cost->spec))
        return too_large(model, node);
    return attention(model, node, of, projections, cost);
}

bool erg_onnx_count_multi_head(erg_onnx_model *model, erg_onnx_node *node,
                               erg_onnx_cost *cost)
{
    const erg_onnx_value *q = node->in[0], *k = erg_onnx_in(node, 1);
    const erg_onnx_value *past = erg_onnx_in(node, 6);
    int64_t count = erg_onnx_int(node, "num_heads", 1),
            value = node->out[0]->dims[2] / count;
    int64_t columns = k && k->rank == 4 ? k->dims[2] : k ? k->dims[1] : q->dims[1];
    heads of = { q->dims[0] * count, q->dims[1], columns,
                 q->rank == 5 ? q->dims[4] : q->dims[2] / count, value };

    if (past && past->rank == 4)
        of.columns = erg_onnx_keys_held(node, columns, past->dims[2],
                                        ERG_ONNX_PAST_OF_MULTI);
    if (past && erg_onnx_shares_cache(node, ERG_ONNX_PAST_OF_MULTI)
        && !shared_traffic(model, node, of, past, &cost->spec))
        return too_large(model, node);
    return attention(model, node, of, 0, cost);
}

/* The cache is read once and gets the new rows: it is no copy of itself. */
static bool cache_traffic(const erg_onnx_model *model, const erg_onnx_node *node, heads of,
                          int64_t groups, erg_op_spec *spec)
{
    const erg_onnx_value *q = node->in[0];
    int64_t bits = erg_precision_bits(model->options->precision), read = 0, made = 0;
    int64_t rows = 2 * q->dims[0], turned = erg_onnx_rotation_bytes(model, node, of.rows);
    int64_t cached = of.columns > of.rows ? of.columns - of.rows : 0;

    for (int32_t i = 0; i < 3; i++) {
        const erg_onnx_value *x = erg_onnx_in(node, i);
        if (x && !erg_count_plus(&read, erg_onnx_bytes(model, x)))
            return false;
    }
    if (!erg_count_times(&rows, groups) || !erg_count_times(&rows, of.width)
        || !erg_count_times(&rows, bits) || !erg_count_times(&cached, rows / 8)
        || !erg_count_plus(&read, cached)
        || !plus_product(&made, of.rows, rows / 8, 1)
        || !erg_count_plus(&made, erg_onnx_bytes(model, node->out[0])) || turned < 0)
        return false;
    spec->in_bytes = read ? read : -1;
    spec->out_bytes = made ? made : -1;
    spec->weight_bytes = turned ? turned : -1;
    return true;
}

/* One new token sees a window of the cache; do_rotary turns q and k on the way. */
bool erg_onnx_count_group_query(erg_onnx_model *model, erg_onnx_node *node,
                                erg_onnx_cost *cost)
{
    const erg_onnx_value *q = node->in[0];
    int64_t count = erg_onnx_int(node, "num_heads", 1);
    int64_t groups = erg_onnx_int(node, "kv_num_heads", 1), turned = 0;
    int64_t width = node->out[0]->dims[2] / count;
    int64_t window = erg_onnx_int(node, "local_window_size", -1);
    heads of = { q->dims[0] * count, q->dims[1], erg_onnx_group_keys(node), width, width };

    if (window > 0 && of.rows == 1 && window < of.columns)
        of.columns = window;
    if (!attention(model, node, of, 0, cost))
        return false;
    if (erg_onnx_int(node, "do_rotary", 0)
        && !plus_product(&turned, q->dims[0] * of.rows, count + groups, 3 * width))
        return too_large(model, node);
    if (!erg_count_plus(&cost->spec.flop, turned)
        || !cache_traffic(model, node, of, groups, &cost->spec))
        return too_large(model, node);
    return true;
}

/* ---- sums before something ------------------------------------------------------- */

static bool per_element(erg_onnx_model *model, erg_onnx_node *node, int64_t flop,
                        erg_onnx_cost *cost)
{
    int64_t all = node->out[0]->elements;

    if (!erg_count_times(&all, flop))
        return too_large(model, node);
    cost->spec.flop = all ? all : -1;
    return true;
}

/* The rule of the kind, and the additions: skip, bias. */
bool erg_onnx_count_skip_norm(erg_onnx_model *model, erg_onnx_node *node,
                              erg_onnx_cost *cost)
{
    return per_element(model, node, 9 + (erg_onnx_in(node, 4) != NULL), cost);
}

bool erg_onnx_count_skip_rms(erg_onnx_model *model, erg_onnx_node *node,
                             erg_onnx_cost *cost)
{
    return per_element(model, node, 5 + (erg_onnx_in(node, 3) != NULL), cost);
}

bool erg_onnx_count_bias_gelu(erg_onnx_model *model, erg_onnx_node *node,
                              erg_onnx_cost *cost)
{
    return per_element(model, node, 5 + (erg_onnx_in(node, 1) != NULL), cost);
}

bool erg_onnx_count_bias_gelu_tanh(erg_onnx_model *model, erg_onnx_node *node,
                                   erg_onnx_cost *cost)
{
    return per_element(model, node, 9 + (erg_onnx_in(node, 1) != NULL), cost);
}

/* Three rows a token are read, summed and normalised; the tables are not. */
bool erg_onnx_count_embed_norm(erg_onnx_model *model, erg_onnx_node *node,
                               erg_onnx_cost *cost)
{
    int64_t rows = node->out[0]->elements;

    if (!erg_count_times(&rows, 3)
        || !erg_count_times(&rows, erg_precision_bits(model->options->precision)))
        return too_large(model, node);
    cost->spec.in_bytes = rows ? rows / 8 : -1;
    cost->spec.weight_bytes = -1;
    return per_element(model, node, 10, cost);
}
