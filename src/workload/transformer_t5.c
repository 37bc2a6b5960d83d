/* SPDX-License-Identifier: Apache-2.0 */
/*
 * T5 (Raffel et al. 2020) and Switch (Fedus et al. 2021): no biases, no scale, a
 * table of relative positions added to the scores. Both halves see as many tokens.
 */
#include "workload/transformer.h"

static const tf_pass passes[] = { { ERG_OP_ADD, "position_bias", true } };
static const tf_pass cross_passes[] = { { ERG_OP_ADD, "mask", false } };

/* [1, h, queries, keys] out of [buckets, h]: made once, used by every layer. */
static int32_t relative_bias(tf *t)
{
    int64_t pairs[2] = { t->tokens, t->keys };
    int32_t table = erg_tf_weights(t, t->net.buckets, t->net.heads);
    int32_t ids = erg_build_tensor(t->b, ERG_INPUT, "buckets", 2, pairs, 64);
    int32_t bias = erg_build_embedding(t->b, "position_bias", table, ids);

    return erg_build_view(t->b, bias, 4,
                          (int64_t[]){ 1, t->net.heads, t->tokens, t->keys });
}

static tf_heads heads_of(const tf *t, int32_t bias)
{
    return (tf_heads){ .queries = t->tokens, .keys = t->keys, .heads = t->net.heads,
                       .groups = t->net.heads, .width = t->net.head_width,
                       .merges = true, .passes = bias >= 0 ? passes : cross_passes,
                       .pass_count = 1, .bias = bias };
}

static int32_t residual(tf *t, const char *name, int32_t x, int32_t y)
{
    return erg_build_add(t->b, name, x, erg_tf_dropout(t, "dropout", y));
}

static int32_t self_attention(tf *t, int32_t x, bool causal)
{
    int64_t width = t->net.heads * t->net.head_width;
    int32_t y = erg_tf_rms_norm(t, "norm1", x);
    tf_heads heads = heads_of(t, t->bias);

    heads.causal = causal;
    heads.q = erg_build_linear(t->b, "query", y, width, false);
    heads.k = erg_build_linear(t->b, "key", y, width, false);
    heads.v = erg_build_linear(t->b, "value", y, width, false);
    if (causal) {
        heads.k = erg_tf_cached(t, "cache_key", heads.k, width);
        heads.v = erg_tf_cached(t, "cache_value", heads.v, width);
    }
    y = erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden, false);
    return residual(t, "add1", x, y);
}

static int32_t cross_attention(tf *t, int32_t x)
{
    int64_t width = t->net.heads * t->net.head_width;
    int32_t y = erg_tf_rms_norm(t, "norm_cross", x);
    tf_heads heads = heads_of(t, -1);

    heads.q = erg_build_linear(t->b, "cross_query", y, width, false);
    if (t->decoding) {      /* projected when the encoder ran */
        heads.k = erg_tf_cache(t, "cross_cache_key", t->keys, width);
        heads.v = erg_tf_cache(t, "cross_cache_value", t->keys, width);
        erg_tf_weights(t, 2 * width, t->net.hidden);    /* resident all the same */
    } else {
        heads.k = erg_build_linear(t->b, "cross_key", t->memory, width, false);
        heads.v = erg_build_linear(t->b, "cross_value", t->memory, width, false);
        heads.k = erg_tf_cached(t, "cross_cache_key", heads.k, width);
        heads.v = erg_tf_cached(t, "cross_cache_value", heads.v, width);
    }
    y = erg_build_linear(t->b, "cross_out", erg_tf_attend(t, &heads), t->net.hidden, false);
    return residual(t, "add_cross", x, y);
}

/* The first sparse layer is the second: layer i is sparse if i mod step = 1. */
static bool is_sparse(const tf *t, int64_t layer, int64_t step)
{
    return t->net.experts && step && (step == 1 || layer % step == 1);
}

static bool encoder_is_sparse(const tf *t, int64_t layer)
{
    return is_sparse(t, layer, t->net.sparse_step);
}

static bool decoder_is_sparse(const tf *t, int64_t layer)
{
    return is_sparse(t, layer, t->net.decoder_sparse_step);
}

static int32_t feed_forward(tf *t, int32_t x, bool sparse)
{
    int32_t y = erg_tf_rms_norm(t, "norm2", x);

    return residual(t, "add2", x, sparse ? erg_tf_experts(t, y) : erg_tf_mlp(t, y, false));
}

static int32_t encoder_layer(tf *t, int32_t x, bool sparse)
{
    return feed_forward(t, self_attention(t, x, false), sparse);
}

static int32_t decoder_layer(tf *t, int32_t x, bool sparse)
{
    return feed_forward(t, cross_attention(t, self_attention(t, x, true)), sparse);
}

static int32_t encode(tf *t, int32_t table)
{
    const tf_stack stack = { .name = "encoder", .layers = t->net.layers,
                             .behind = t->net.decoder_layers, .layer = encoder_layer,
                             .is_other = encoder_is_sparse };
    int32_t x = erg_tf_dropout(t, "encoder.dropout",
                               erg_tf_embed(t, "encoder.tokens", table, t->tokens));

    t->bias = relative_bias(t);
    x = erg_tf_stack(t, &stack, x);
    return erg_tf_dropout(t, "encoder.last_dropout", erg_tf_rms_norm(t, "encoder.norm", x));
}

static int32_t decode(tf *t, int32_t table)
{
    const tf_stack stack = { .name = "decoder", .layers = t->net.decoder_layers,
                             .layer = decoder_layer, .is_other = decoder_is_sparse };
    int32_t x = erg_tf_dropout(t, "decoder.dropout",
                               erg_tf_embed(t, "decoder.tokens", table, t->tokens));

    t->bias = relative_bias(t);
    x = erg_tf_stack(t, &stack, x);
    return erg_tf_dropout(t, "decoder.last_dropout", erg_tf_rms_norm(t, "decoder.norm", x));
}

/* Between two tokens the encoder rests, but its weights stay where they are. */
static void rest(tf *t)
{
    int64_t wide = t->net.inner * (t->net.gated ? 3 : 2);
    int64_t dense = 4 * t->net.heads * t->net.head_width + 2;

    for (int64_t i = 0; i < t->net.layers && !erg_build_failed(t->b); i++) {
        int64_t block = encoder_is_sparse(t, i) ? t->net.experts * (wide + 1) : wide;
        erg_tf_weights(t, dense + block, t->net.hidden);
    }
    erg_tf_weights(t, t->net.buckets, t->net.heads);
    erg_tf_weights(t, 1, t->net.hidden);
}

void erg_tf_t5(tf *t)
{
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);

    if (t->decoding)
        rest(t);
    else
        t->memory = encode(t, table);
    int32_t x = decode(t, table);

    /* Tied weights were trained for an input of another size. */
    if (t->net.tied && t->head != ERG_HEAD_NONE)
        x = erg_tf_map(t, ERG_OP_MUL, "scale", x);
    erg_tf_decoder_head(t, x, table);
}
