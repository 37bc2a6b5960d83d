/* SPDX-License-Identifier: Apache-2.0 */
/* GPT-2 (Radford et al. 2019) and OPT (Zhang et al. 2022): decoders that learn their
 * positions, as Hugging Face runs them operator by operator. */
#include "workload/transformer.h"

static const tf_pass gpt2_passes[] = {
    { ERG_OP_MUL, "scale", false }, { ERG_OP_WHERE, "mask", false },
};

static int32_t gpt2_attention(tf *t, int32_t x)
{
    int64_t width = t->net.hidden, s = t->tokens;
    int32_t qkv = erg_build_linear(t->b, "qkv", x, 3 * width, true);
    int32_t k = erg_tf_cached(t, "cache_key", erg_tf_view(t, qkv, s, width), width);
    int32_t v = erg_tf_cached(t, "cache_value", erg_tf_view(t, qkv, s, width), width);
    tf_heads heads = { .q = erg_tf_view(t, qkv, s, width), .k = k, .v = v, .queries = s,
                       .keys = t->keys, .heads = t->net.heads, .groups = t->net.heads,
                       .width = t->net.head_width, .causal = true, .merges = true,
                       .passes = gpt2_passes, .pass_count = ERG_COUNT(gpt2_passes),
                       .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), width, true);
}

static int32_t gpt2_layer(tf *t, int32_t x, bool is_other)
{
    int32_t y = gpt2_attention(t, erg_tf_norm(t, "norm1", x));

    (void)is_other;
    x = erg_build_add(t->b, "add1", x, erg_tf_dropout(t, "dropout1", y));
    y = erg_tf_mlp(t, erg_tf_norm(t, "norm2", x), true);
    return erg_build_add(t->b, "add2", x, erg_tf_dropout(t, "dropout2", y));
}

void erg_tf_gpt2(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers,
                             .layer = gpt2_layer };
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    if (t->net.head_width * t->net.heads != t->net.hidden)
        erg_build_refuse(t->b, "the hidden size is no multiple of the heads");
    x = erg_build_add(t->b, "embed",
                      x, erg_tf_positions(t, "positions", t->net.positions, t->tokens));
    x = erg_tf_dropout(t, "embed_dropout", x);
    x = erg_tf_stack(t, &stack, x);
    erg_tf_decoder_head(t, erg_tf_norm(t, "norm", x), table);
}

/* ---- OPT --------------------------------------------------------------------- */

static const tf_pass opt_passes[] = {
    { ERG_OP_ADD, "mask", false }, { ERG_OP_MAX, "clamp", false },
};

static int32_t opt_attention(tf *t, int32_t x)
{
    int64_t width = t->net.heads * t->net.head_width;
    int32_t q = erg_build_linear(t->b, "query", x, width, true);
    int32_t k = erg_build_linear(t->b, "key", x, width, true);
    int32_t v = erg_build_linear(t->b, "value", x, width, true);

    tf_heads heads = { .q = erg_tf_map(t, ERG_OP_MUL, "scale", q),
                       .k = erg_tf_cached(t, "cache_key", k, width),
                       .v = erg_tf_cached(t, "cache_value", v, width),
                       .queries = t->tokens, .keys = t->keys, .heads = t->net.heads,
                       .groups = t->net.heads, .width = t->net.head_width, .causal = true,
                       .merges = true, .passes = opt_passes,
                       .pass_count = ERG_COUNT(opt_passes), .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden, true);
}

static int32_t opt_layer(tf *t, int32_t x, bool is_other)
{
    bool last = t->net.norm_last;
    int32_t y = opt_attention(t, last ? x : erg_tf_norm(t, "norm1", x));

    (void)is_other;
    x = erg_build_add(t->b, "add1", x, erg_tf_dropout(t, "dropout1", y));
    x = last ? erg_tf_norm(t, "norm1", x) : x;
    y = erg_tf_mlp(t, last ? x : erg_tf_norm(t, "norm2", x), true);
    x = erg_build_add(t->b, "add2", x, erg_tf_dropout(t, "dropout2", y));
    return last ? erg_tf_norm(t, "norm2", x) : x;
}

void erg_tf_opt(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers,
                             .layer = opt_layer };
    bool projects = t->net.embed_width != t->net.hidden;
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.embed_width);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    if (projects)
        x = erg_build_linear(t->b, "project_in", x, t->net.hidden, false);
    /* Its table has two rows more than positions: an offset of its first release. */
    x = erg_build_add(t->b, "embed",
                      x, erg_tf_positions(t, "positions", t->net.positions + 2, t->tokens));
    x = erg_tf_stack(t, &stack, x);
    if (!t->net.norm_last)
        x = erg_tf_norm(t, "norm", x);
    if (projects)
        x = erg_build_linear(t->b, "project_out", x, t->net.embed_width, false);
    erg_tf_decoder_head(t, x, table);
}
