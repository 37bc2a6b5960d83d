/* SPDX-License-Identifier: Apache-2.0 */
/* Llama (Touvron et al. 2023) and its kin: Mistral (a window of keys), Qwen2 (biases
 * on q, k, v), Qwen3 (norms of q and k), Mixtral (experts), Phi-3 (products at once),
 * Gemma (four norms, caps). Rotated positions, shared key and value heads. */
#include "workload/transformer.h"

static const tf_pass passes[] = { { ERG_OP_ADD, "mask", false } };
static const tf_pass capped_passes[] = {
    { ERG_OP_DIV, "cap_scale", false }, { ERG_OP_TANH, "cap_tanh", false },
    { ERG_OP_MUL, "cap", false },       { ERG_OP_ADD, "mask", false },
};

/* [B, S, heads x width]: one norm of `width` for all heads. */
static int32_t head_norm(tf *t, const char *name, int32_t x, int64_t heads)
{
    int64_t width = t->net.head_width;
    int64_t dims[4] = { t->batch, t->tokens, heads, width };

    x = erg_build_view(t->b, x, 4, dims);
    x = erg_build_norm(t->b, ERG_OP_RMS_NORM, name, x, width);
    return erg_tf_view(t, x, t->tokens, heads * width);
}

static int32_t attention(tf *t, int32_t x)
{
    int64_t narrow = t->net.kv_heads * t->net.head_width;
    bool caps = t->net.caps_scores;
    tf_projections of = erg_tf_project(t, x);

    if (t->net.qk_norm) {
        of.q = head_norm(t, "norm_query", of.q, t->net.heads);
        of.k = head_norm(t, "norm_key", of.k, t->net.kv_heads);
    }
    int32_t q = erg_tf_map(t, ERG_OP_ROTARY, "rotate_query", of.q);
    int32_t k = erg_tf_map(t, ERG_OP_ROTARY, "rotate_key", of.k);
    tf_heads heads = { .q = q, .k = erg_tf_cached(t, "cache_key", k, narrow),
                       .v = erg_tf_cached(t, "cache_value", of.v, narrow),
                       .queries = t->tokens, .keys = t->keys, .heads = t->net.heads,
                       .groups = t->net.kv_heads, .width = t->net.head_width,
                       .causal = true, .passes = caps ? capped_passes : passes,
                       .pass_count = caps ? ERG_COUNT(capped_passes) : ERG_COUNT(passes),
                       .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden,
                            t->net.out_bias);
}

/* One more expert, for every token, by as much as a gate of its own says. */
static int32_t shared_expert(tf *t, int32_t x)
{
    int64_t inner = t->net.inner;
    int32_t gate = erg_tf_map(t, ERG_OP_SIGMOID, "shared_sigmoid",
                              erg_build_linear(t->b, "shared_gate", x, 1, false));

    t->net.inner = t->net.shared_inner;
    x = erg_tf_mlp(t, x, false);
    t->net.inner = inner;
    return erg_build_map(t->b, ERG_OP_MUL, "shared", x, gate);
}

static int32_t block(tf *t, int32_t x)
{
    if (!t->net.experts)
        return erg_tf_mlp(t, x, t->net.mlp_bias);
    int32_t y = erg_tf_experts(t, x);
    return t->net.shared_inner
               ? erg_build_add(t->b, "add_shared", y, shared_expert(t, x)) : y;
}

static int32_t layer(tf *t, int32_t x, bool sees_all)
{
    erg_tf_window(t, sees_all);
    int32_t y = attention(t, erg_tf_rms_norm(t, "norm1", x));

    y = t->net.norms_after ? erg_tf_rms_norm(t, "norm1_after", y) : y;
    x = erg_build_add(t->b, "add1", x, y);
    y = block(t, erg_tf_rms_norm(t, "norm2", x));
    y = t->net.norms_after ? erg_tf_rms_norm(t, "norm2_after", y) : y;
    return erg_build_add(t->b, "add2", x, y);
}

bool erg_tf_sees_all(const erg_transformer *net, int64_t layer)
{
    return layer < net->window_from
           || (net->window_every && (layer + 1) % net->window_every == 0);
}

static bool sees_all(const tf *t, int64_t layer) { return erg_tf_sees_all(&t->net, layer); }

void erg_tf_llama(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers, .layer = layer,
                             .is_other = sees_all };
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    if (t->net.scaled_embed)
        x = erg_tf_map(t, ERG_OP_MUL, "embed_scale", x);
    x = erg_tf_stack(t, &stack, x);
    erg_tf_decoder_head(t, erg_tf_rms_norm(t, "norm", x), table);
}
