/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whisper (Radford et al. 2022): 30 s of sound as 3000 mel frames, halved by a
 * convolution, read by an encoder of 1500 tokens; a decoder writes --seq tokens.
 * The keys' product has no bias: it would cancel in the softmax.
 */
#include "workload/transformer.h"

static const tf_pass masked[] = { { ERG_OP_ADD, "mask", false } };

/* x [B, C, L] by a kernel of 3, padded by 1. */
static int32_t conv1d(tf *t, const char *name, int32_t x, int64_t stride)
{
    const erg_tensor *in = erg_build_tensor_at(t->b, x);

    if (!in)
        return -1;
    int64_t from = in->dims[1], length = in->dims[2], out = (length - 1) / stride + 1;
    erg_window w = { .axes = 1, .kernel = { 3 }, .stride = { stride }, .pad_begin = { 1 },
                     .pad_end = { 1 }, .dilation = { 1 }, .in = { length }, .out = { out },
                     .channels_in = from, .channels_out = t->net.hidden, .groups = 1 };
    int64_t kernel[3] = { t->net.hidden, from, 3 };
    int64_t dims[3] = { t->batch, t->net.hidden, out };
    int32_t inputs[3] = { x };
    inputs[1] = erg_build_tensor(t->b, ERG_WEIGHT, NULL, 3, kernel, ERG_BITS_OF_GRAPH);
    inputs[2] = erg_build_tensor(t->b, ERG_WEIGHT, NULL, 1, kernel, ERG_BITS_OF_GRAPH);
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3, dims, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_CONV, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = inputs, .input_count = 3, .outputs = &y,
                         .output_count = 1, .window = &w };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

static int32_t residual(tf *t, const char *name, int32_t x, int32_t y)
{
    return erg_build_add(t->b, name, x, erg_tf_dropout(t, "dropout", y));
}

/* Of tokens among themselves; a decoder's see only what came before. */
static int32_t self_attention(tf *t, int32_t x, bool causal)
{
    int64_t width = t->net.hidden;
    int32_t y = erg_tf_norm(t, "norm1", x);
    int32_t q = erg_build_linear(t->b, "query", y, width, true);
    tf_heads heads = { .q = erg_tf_map(t, ERG_OP_MUL, "scale", q),
                       .queries = t->tokens, .keys = causal ? t->keys : t->tokens,
                       .heads = t->net.heads, .groups = t->net.heads,
                       .width = t->net.head_width, .causal = causal, .merges = true,
                       .passes = masked, .pass_count = causal, .bias = -1 };

    heads.k = erg_build_linear(t->b, "key", y, width, false);
    heads.v = erg_build_linear(t->b, "value", y, width, true);
    if (causal) {
        heads.k = erg_tf_cached(t, "cache_key", heads.k, width);
        heads.v = erg_tf_cached(t, "cache_value", heads.v, width);
    }
    y = erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), width, true);
    return residual(t, "add1", x, y);
}

static int32_t cross_attention(tf *t, int32_t x, int32_t memory)
{
    int64_t width = t->net.hidden, keys = t->net.source_positions;
    int32_t y = erg_tf_norm(t, "norm_cross", x);
    int32_t q = erg_build_linear(t->b, "cross_query", y, width, true);
    tf_heads heads = { .q = erg_tf_map(t, ERG_OP_MUL, "cross_scale", q),
                       .queries = t->tokens, .keys = keys, .heads = t->net.heads,
                       .groups = t->net.heads, .width = t->net.head_width, .merges = true,
                       .bias = -1 };
    int32_t k = t->training ? -1 : erg_tf_cache(t, "cross_cache_key", keys, width);
    int32_t v = t->training ? -1 : erg_tf_cache(t, "cross_cache_value", keys, width);

    if (t->decoding) {      /* projected when the encoder ran; resident all the same */
        erg_tf_weights(t, 2 * width + 1, width);
        heads.k = k;
        heads.v = v;
    } else {
        heads.k = erg_build_linear(t->b, "cross_key", memory, width, false);
        heads.v = erg_build_linear(t->b, "cross_value", memory, width, true);
    }
    y = erg_build_linear(t->b, "cross_out", erg_tf_attend(t, &heads), width, true);
    return residual(t, "add_cross", x, y);
}

static int32_t feed_forward(tf *t, int32_t x)
{
    return residual(t, "add2", x, erg_tf_mlp(t, erg_tf_norm(t, "norm2", x), true));
}

static int32_t encoder_layer(tf *t, int32_t x, bool is_other)
{
    (void)is_other;
    return feed_forward(t, self_attention(t, x, false));
}

static int32_t decoder_layer(tf *t, int32_t x, bool is_other)
{
    (void)is_other;
    return feed_forward(t, cross_attention(t, self_attention(t, x, true), t->memory));
}

static int32_t encode(tf *t)
{
    const tf_stack stack = { .name = "encoder", .layers = t->net.layers,
                             .behind = t->net.decoder_layers, .layer = encoder_layer };
    int64_t frames[3] = { t->batch, t->net.mels, 2 * t->net.source_positions };
    int32_t x = erg_build_tensor(t->b, ERG_INPUT, "mel", 3, frames, ERG_BITS_OF_GRAPH);
    int64_t tokens = t->tokens;

    t->tokens = t->net.source_positions;
    x = erg_tf_map(t, ERG_OP_GELU, "encoder.gelu1", conv1d(t, "encoder.conv1", x, 1));
    x = erg_tf_map(t, ERG_OP_GELU, "encoder.gelu2", conv1d(t, "encoder.conv2", x, 2));
    x = erg_tf_view(t, x, t->tokens, t->net.hidden);
    int32_t positions = erg_tf_weights(t, t->tokens, t->net.hidden);
    x = erg_build_add(t->b, "encoder.embed", x, positions);
    x = erg_tf_stack(t, &stack, x);
    t->tokens = tokens;
    return erg_tf_norm(t, "encoder.norm", x);
}

/* Between two tokens the encoder rests, but its weights stay where they are. */
static void rest(tf *t)
{
    int64_t h = t->net.hidden, inner = t->net.inner;

    for (int64_t i = 0; i < t->net.layers && !erg_build_failed(t->b); i++) {
        erg_tf_weights(t, 4 * h + 2 * inner + 8, h);
        erg_tf_weights(t, 1, inner);
    }
    erg_tf_weights(t, 3 * t->net.mels + 3 * h + t->net.source_positions + 4, h);
}

void erg_tf_whisper(tf *t)
{
    const tf_stack stack = { .name = "decoder", .layers = t->net.decoder_layers,
                             .layer = decoder_layer };

    if (t->net.source_positions < 1 || t->net.mels < 1)
        erg_build_refuse(t->b, "whisper needs mel bins and source positions");
    if (t->decoding)
        rest(t);
    else
        t->memory = encode(t);
    t->net.heads = t->net.decoder_heads;
    t->net.head_width = t->net.hidden / t->net.heads;
    t->net.inner = t->net.decoder_inner;
    int32_t table = erg_tf_weights(t, t->net.vocab, t->net.hidden);
    int32_t x = erg_tf_embed(t, "tokens", table, t->tokens);
    x = erg_build_add(t->b, "embed",
                      x, erg_tf_positions(t, "positions", t->net.positions, t->tokens));
    x = erg_tf_stack(t, &stack, x);
    erg_tf_decoder_head(t, erg_tf_norm(t, "norm", x), table);
}
