/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders whose attention and block read one input, and whose results are added to it
 * together: GPT-J (Wang 2021), GPT-NeoX (Black et al. 2022), Falcon (Almazrouei et al.
 * 2023), Phi (Li et al. 2023). Older Falcons and some of NeoX do one after the other.
 */
#include "workload/transformer.h"

static const tf_pass passes[] = {
    { ERG_OP_MUL, "scale", false }, { ERG_OP_ADD, "mask", false },
};
/* Instead of rotations: a slope a head over how far a key lies back (Press et al. 2021). */
static const tf_pass sloped[] = {
    { ERG_OP_ADD, "alibi", false }, { ERG_OP_MUL, "scale", false },
    { ERG_OP_ADD, "mask", false },
};

static int32_t attention(tf *t, int32_t x)
{
    int64_t width = t->net.head_width, narrow = t->net.kv_heads * width;
    bool slopes = t->net.alibi;
    tf_projections of = erg_tf_project(t, x);

    /* Of each head a part is rotated and joined to the rest: one pass over all. */
    if (!slopes) {
        of.q = erg_tf_map(t, ERG_OP_ROTARY, "rotate_query", of.q);
        of.k = erg_tf_map(t, ERG_OP_ROTARY, "rotate_key", of.k);
    }
    tf_heads heads = { .q = of.q, .k = erg_tf_cached(t, "cache_key", of.k, narrow),
                       .v = erg_tf_cached(t, "cache_value", of.v, narrow),
                       .queries = t->tokens, .keys = t->keys, .heads = t->net.heads,
                       .groups = t->net.kv_heads, .width = width, .causal = true,
                       .merges = true, .passes = slopes ? sloped : passes,
                       .pass_count = slopes ? ERG_COUNT(sloped) : ERG_COUNT(passes),
                       .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden,
                            t->net.out_bias);
}

static int32_t layer(tf *t, int32_t x, bool is_other)
{
    int32_t norm = erg_tf_norm(t, "norm1", x);
    int32_t y = erg_tf_dropout(t, "dropout1", attention(t, norm));

    (void)is_other;
    if (t->net.serial)
        x = erg_build_add(t->b, "add1", x, y);
    if (t->net.serial || t->net.norms > 1)
        norm = erg_tf_norm(t, "norm2", x);
    int32_t z = erg_tf_dropout(t, "dropout2", erg_tf_mlp(t, norm, t->net.mlp_bias));
    if (!t->net.serial)
        z = erg_build_add(t->b, "add1", y, z);
    return erg_build_add(t->b, "add2", x, z);
}

void erg_tf_parallel(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers, .layer = layer };
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);

    /* Falcon: older files name as many heads of keys as of queries beside this flag. */
    if (t->net.one_key_head && !t->net.new_decoder)
        t->net.kv_heads = 1;
    if (!t->net.norms)
        t->net.norms = t->net.new_decoder ? 2 : 1;
    int32_t x = erg_tf_stack(t, &stack, erg_tf_embed(t, "tokens", table, t->tokens));
    erg_tf_decoder_head(t, erg_tf_norm(t, "norm", x), table);
}
