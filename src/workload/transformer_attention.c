/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention: plain (scores are written and read again at each pass) or as one
 * operator that never writes them (Dao et al. 2022). One new token with shared
 * key heads is a product of h/g rows a group: so the cache is read once.
 */
#include "workload/count.h"
#include "workload/transformer.h"

static int64_t value_width(const tf_heads *a)
{
    return a->value_width ? a->value_width : a->width;
}

tf_projections erg_tf_project(tf *t, int32_t x)
{
    int64_t wide = t->net.heads * t->net.head_width,
            narrow = t->net.kv_heads * t->net.head_width;
    bool bias = t->net.qkv_bias;

    if (t->net.fused_products) {
        int32_t all = erg_build_linear(t->b, "qkv", x, wide + 2 * narrow, bias);
        return (tf_projections){ erg_tf_view(t, all, t->tokens, wide),
                                 erg_tf_view(t, all, t->tokens, narrow),
                                 erg_tf_view(t, all, t->tokens, narrow) };
    }
    tf_projections all = { .q = erg_build_linear(t->b, "query", x, wide, bias) };
    all.k = erg_build_linear(t->b, "key", x, narrow, bias);
    all.v = erg_build_linear(t->b, "value", x, narrow, bias);
    return all;
}

/* ---- plain ------------------------------------------------------------------ */

/* Each of the groups' heads again for the query heads that share it. */
static int32_t repeat(tf *t, const char *name, int32_t x, const tf_heads *a)
{
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3,
                                 (int64_t[]){ t->batch, a->keys, a->heads * a->width },
                                 ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_TILE, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = &x, .input_count = 1, .outputs = &y, .output_count = 1 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

static int32_t normalise(tf *t, const tf_heads *a, int32_t scores)
{
    int32_t bits = erg_precision_bits(erg_build_options(t->b)->precision);
    bool casts = a->casts && bits < 32;

    for (int32_t i = 0; i < a->pass_count; i++)
        scores = erg_build_map(t->b, a->passes[i].kind, a->passes[i].name, scores,
                               a->passes[i].adds_bias ? a->bias : -1);
    if (casts)
        scores = erg_tf_cast(t, "to_fp32", scores, 32);
    scores = erg_tf_map(t, ERG_OP_SOFTMAX, "softmax", scores);
    if (casts)
        scores = erg_tf_cast(t, "from_fp32", scores, bits);
    return t->net.no_attention_dropout ? scores
                                       : erg_tf_dropout(t, "attention_dropout", scores);
}

static int32_t attend_plain(tf *t, const tf_heads *a)
{
    bool shared = a->groups < a->heads, grouped = shared && t->decoding;
    int64_t heads = grouped ? a->groups : a->heads;
    int64_t rows = grouped ? a->heads / a->groups * a->queries : a->queries;
    int32_t k = a->k, v = a->v;

    if (shared && !grouped) {
        k = repeat(t, "repeat_key", k, a);
        v = repeat(t, "repeat_value", v, a);
    }
    int32_t q = erg_build_view(t->b, a->q, 4,
                               (int64_t[]){ t->batch, heads, rows, a->width });
    k = erg_build_view(t->b, k, 4, (int64_t[]){ t->batch, heads, a->width, a->keys });
    v = erg_build_view(t->b, v, 4,
                       (int64_t[]){ t->batch, heads, a->keys, value_width(a) });
    int32_t scores = erg_build_matmul(t->b, "scores", q, k);
    int32_t y = erg_build_matmul(t->b, "context", normalise(t, a, scores), v);
    /* One token's heads lie side by side already. */
    if (a->merges && a->queries > 1)
        y = erg_tf_map(t, ERG_OP_COPY, "merge_heads", y);
    return erg_tf_view(t, y, a->queries, a->heads * value_width(a));
}

/* ---- one operator ------------------------------------------------------------ */

/* Pairs of query and key twice over: a causal half stays a whole number. */
static int64_t twice_pairs(const tf *t, const tf_heads *a)
{
    int64_t s = a->queries, w = t->window;

    if (!a->causal || s != a->keys)
        return 2 * s * a->keys;
    return w && w < s ? w * (2 * s - w) : s * s;
}

static bool flash_counts(const tf *t, const tf_heads *a, erg_op_spec *spec)
{
    int64_t twice = twice_pairs(t, a);

    if (!erg_count_times(&twice, t->batch) || !erg_count_times(&twice, a->heads))
        return false;
    int64_t pairs = twice / 2, soft = pairs, macs = twice;
    int64_t both = a->width + value_width(a);
    if (!erg_count_times(&macs, both) || !erg_count_times(&soft, 5))
        return false;
    macs /= 2;
    spec->special_op = pairs;
    spec->macs = macs;
    spec->flop = macs;
    return erg_count_times(&spec->flop, 2) && erg_count_plus(&spec->flop, soft);
}

static int32_t attend_flash(tf *t, const tf_heads *a)
{
    erg_op_spec spec = { .kind = ERG_OP_ATTENTION, .name = "attention",
                         .precision = ERG_PRECISIONS, .m = a->queries, .n = a->keys,
                         .k = a->width };

    if (!flash_counts(t, a, &spec))
        return erg_build_refuse(t->b, "attention over %lld tokens is more than we count",
                                (long long)a->keys);
    spec.batch = t->batch * a->heads;
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3,
                                 (int64_t[]){ t->batch, a->queries,
                                              a->heads * value_width(a) },
                                 ERG_BITS_OF_GRAPH);
    spec.inputs = (int32_t[]){ a->q, a->k, a->v, a->bias };
    spec.input_count = a->bias >= 0 ? 4 : 3;
    spec.outputs = &y;
    spec.output_count = 1;
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

int32_t erg_tf_attend(tf *t, const tf_heads *a)
{
    if (erg_build_failed(t->b))
        return -1;
    return t->flash ? attend_flash(t, a) : attend_plain(t, a);
}
