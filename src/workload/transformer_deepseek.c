/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeepSeek-V2 and V3 (2024): keys and values of all heads are made of one short latent
 * vector a token, a part of each key is rotated and the same for all heads; the first
 * layers are dense, the others have experts, and some that every token goes to.
 *
 * Keys and values are cached whole, as the transformers library does. Engines that keep
 * the latent vector read a fraction of it: a note says which.
 */
#include "workload/transformer.h"

static const tf_pass passes[] = {
    { ERG_OP_MUL, "scale", false }, { ERG_OP_ADD, "mask", false },
};

/* [B, S, rank of x's first columns]: a norm over them alone. */
static int32_t latent_norm(tf *t, const char *name, int32_t x, int64_t rank)
{
    return erg_build_norm(t->b, ERG_OP_RMS_NORM, name,
                          erg_tf_view(t, x, t->tokens, rank), rank);
}

/* Each head's plain part and its rotated one, side by side. */
static int32_t side_by_side(tf *t, const char *name, int32_t plain, int32_t rotated)
{
    int64_t width = t->net.heads * (t->net.plain_width + t->net.rotated_width);
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3,
                                 (int64_t[]){ t->batch, t->tokens, width },
                                 ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_CONCAT, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = (int32_t[]){ plain, rotated }, .input_count = 2,
                         .outputs = &y, .output_count = 1 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

static int32_t queries(tf *t, int32_t x)
{
    const erg_transformer *net = &t->net;
    int64_t width = net->heads * (net->plain_width + net->rotated_width);

    if (net->query_rank) {
        x = erg_build_linear(t->b, "query_down", x, net->query_rank, net->qkv_bias);
        x = latent_norm(t, "query_norm", x, net->query_rank);
    }
    x = erg_build_linear(t->b, net->query_rank ? "query_up" : "query", x, width, false);
    int32_t rotated = erg_tf_view(t, x, t->tokens, net->heads * net->rotated_width);
    int32_t plain = erg_tf_view(t, x, t->tokens, net->heads * net->plain_width);
    return side_by_side(t, "join_query", plain,
                        erg_tf_map(t, ERG_OP_ROTARY, "rotate_query", rotated));
}

static int32_t attention(tf *t, int32_t x)
{
    const erg_transformer *net = &t->net;
    int64_t width = net->plain_width + net->rotated_width, values = net->value_width;
    int32_t q = queries(t, x);
    int32_t both = erg_build_linear(t->b, "key_value_down", x,
                                    net->key_value_rank + net->rotated_width,
                                    net->qkv_bias);
    int32_t rotated = erg_tf_map(t, ERG_OP_ROTARY, "rotate_key",
                                 erg_tf_view(t, both, t->tokens, net->rotated_width));
    int32_t up = erg_build_linear(t->b, "key_value_up",
                                  latent_norm(t, "key_value_norm", both,
                                              net->key_value_rank),
                                  net->heads * (net->plain_width + values), false);
    int32_t k = side_by_side(t, "join_key",
                             erg_tf_view(t, up, t->tokens, net->heads * net->plain_width),
                             rotated);
    int32_t v = erg_tf_view(t, up, t->tokens, net->heads * values);
    tf_heads heads = { .q = q, .k = erg_tf_cached(t, "cache_key", k, net->heads * width),
                       .v = erg_tf_cached(t, "cache_value", v, net->heads * values),
                       .queries = t->tokens, .keys = t->keys, .heads = net->heads,
                       .groups = net->heads, .width = width, .value_width = values,
                       .causal = true, .merges = true, .passes = passes,
                       .pass_count = ERG_COUNT(passes), .bias = -1 };
    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), net->hidden,
                            net->out_bias);
}

static int32_t block(tf *t, int32_t x, bool is_dense)
{
    int64_t inner = t->net.inner;
    int32_t y;

    if (is_dense)
        return erg_tf_mlp(t, x, false);
    t->net.inner = t->net.expert_inner;
    y = erg_tf_experts(t, x);
    t->net.inner = t->net.expert_inner * t->net.shared_experts;
    if (t->net.shared_experts)
        y = erg_build_add(t->b, "add_shared", y, erg_tf_mlp(t, x, false));
    t->net.inner = inner;
    return y;
}

static void cache_note(const tf *t)
{
    int64_t whole = t->net.heads * (t->net.plain_width + t->net.rotated_width
                                    + t->net.value_width);
    int64_t latent = t->net.key_value_rank + t->net.rotated_width;

    if (!t->training)
        erg_build_note(t->b, "keys and values are cached whole, %lld numbers a token and "
                       "layer, as the transformers library does: an engine that caches the "
                       "latent vector keeps %lld", (long long)whole, (long long)latent);
}

static bool is_dense(const tf *t, int64_t layer)
{
    return layer < t->net.dense_layers || !t->net.experts;
}

static int32_t layer(tf *t, int32_t x, bool is_dense)
{
    x = erg_build_add(t->b, "add1", x, attention(t, erg_tf_rms_norm(t, "norm1", x)));
    return erg_build_add(t->b, "add2", x,
                         block(t, erg_tf_rms_norm(t, "norm2", x), is_dense));
}

void erg_tf_deepseek(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers, .layer = layer,
                             .is_other = is_dense };
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);

    cache_note(t);
    x = erg_tf_stack(t, &stack, x);
    erg_tf_decoder_head(t, erg_tf_rms_norm(t, "norm", x), table);
}
