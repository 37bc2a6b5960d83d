/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cost of operators that are whole layers: recurrent ones, attention, mixtures,
 * norms with a sum before them. Rules: docs/counting.md.
 */
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_count.h"

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

/* Projections in, then attention of num_heads. */
bool erg_onnx_count_ms_attention(erg_onnx_model *model, erg_onnx_node *node,
                                 erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0], *w = node->in[1];
    bool is_quantised = strcmp(node->proto->op_type, "QAttention") == 0;
    const erg_onnx_value *past = erg_onnx_in(node, is_quantised ? 8 : 4);
    int64_t count = erg_onnx_int(node, "num_heads", 1), projections = 0;
    int64_t value_width = node->out[0]->dims[2], key_width = (w->dims[1] - value_width) / 2;
    heads of = { x->dims[0] * count, x->dims[1],
                 x->dims[1] + (past && past->rank == 5 ? past->dims[3] : 0),
                 key_width / count, value_width / count };

    if (!plus_product(&projections, x->elements, w->dims[1], 1))
        return too_large(model, node);
    if (is_quantised)
        cost->spec.precision = ERG_INT8;
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

    of.columns += past && past->rank == 4 ? past->dims[2] : 0;
    return attention(model, node, of, 0, cost);
}

bool erg_onnx_count_group_query(erg_onnx_model *model, erg_onnx_node *node,
                                erg_onnx_cost *cost)
{
    const erg_onnx_value *q = node->in[0], *past = erg_onnx_in(node, 3);
    int64_t count = erg_onnx_int(node, "num_heads", 1),
            width = node->out[0]->dims[2] / count;
    int64_t cached = past && past->rank == 4 ? past->dims[2] : 0;
    heads of = { q->dims[0] * count, q->dims[1], cached > q->dims[1] ? cached : q->dims[1],
                 width, width };
    return attention(model, node, of, 0, cost);
}

/* ---- mixtures ----------------------------------------------------------------------- */

/* x [.., H], router, experts one [E, H, I].. two [E, I, H].. (three): k of E a token. */
bool erg_onnx_count_moe(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0];
    int64_t rows = x->elements / (x->dims[x->rank - 1] ? x->dims[x->rank - 1] : 1),
            macs = 0;
    int64_t chosen = erg_onnx_int(node, "k", 1);

    for (int32_t i = 2; i < node->in_count; i += 1) {
        const erg_onnx_value *w = node->in[i];
        if (!w || w->rank != 3)
            continue;
        int64_t matrix = w->dims[1];
        if (!erg_count_times(&matrix, w->dims[2])
            || !plus_product(&macs, rows, chosen, matrix))
            return too_large(model, node);
    }
    return say(&cost->spec, macs, 0) || too_large(model, node);
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
