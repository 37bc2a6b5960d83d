/* SPDX-License-Identifier: Apache-2.0 */
/* Llama (Touvron et al. 2023) and its kin: Mistral (a window of keys), Qwen2 (biases
 * on q, k, v), Mixtral (experts). Rotated positions, shared key and value heads. */
#include "workload/transformer.h"

static const tf_pass passes[] = { { ERG_OP_ADD, "mask", false } };

static int32_t attention(tf *t, int32_t x)
{
    int64_t wide = t->net.heads * t->net.head_width, narrow = t->net.kv_heads
        * t->net.head_width;
    bool bias = t->net.qkv_bias;
    int32_t q = erg_build_linear(t->b, "query", x, wide, bias);
    int32_t k = erg_build_linear(t->b, "key", x, narrow, bias);
    int32_t v = erg_build_linear(t->b, "value", x, narrow, bias);

    q = erg_tf_map(t, ERG_OP_ROTARY, "rotate_query", q);
    k = erg_tf_map(t, ERG_OP_ROTARY, "rotate_key", k);
    tf_heads heads = { .q = q, .k = erg_tf_cached(t, "cache_key", k, narrow),
                       .v = erg_tf_cached(t, "cache_value", v, narrow),
                       .queries = t->tokens, .keys = t->keys, .heads = t->net.heads,
                       .groups = t->net.kv_heads, .width = t->net.head_width,
                       .causal = true, .passes = passes, .pass_count = ERG_COUNT(passes),
                       .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden,
                            t->net.out_bias);
}

void erg_tf_llama(tf *t)
{
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    for (int64_t i = 0; i < t->net.layers && !erg_build_failed(t->b); i++) {
        erg_build_scope(t->b, "layer%d.", (int)i);
        x = erg_build_add(t->b, "add1", x, attention(t, erg_tf_rms_norm(t, "norm1", x)));
        int32_t y = erg_tf_rms_norm(t, "norm2", x);
        y = t->net.experts ? erg_tf_experts(t, y) : erg_tf_mlp(t, y, t->net.mlp_bias);
        x = erg_build_add(t->b, "add2", x, y);
    }
    erg_build_unscope(t->b);
    erg_tf_decoder_head(t, erg_tf_rms_norm(t, "norm", x), table);
}
