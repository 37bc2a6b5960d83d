/* SPDX-License-Identifier: Apache-2.0 */
/* Dimensions into a context; the small parts all families share. */
#include "workload/transformer.h"

static int64_t or_else(int64_t value, int64_t usual) { return value ? value : usual; }

static void complete(erg_transformer *net)
{
    net->kv_heads = or_else(net->kv_heads, net->heads);
    net->inner = or_else(net->inner, 4 * net->hidden);
    if (!net->head_width && net->heads && net->hidden % net->heads == 0)
        net->head_width = net->hidden / net->heads;
    net->decoder_layers = or_else(net->decoder_layers, net->layers);
    net->decoder_heads = or_else(net->decoder_heads, net->heads);
    net->decoder_inner = or_else(net->decoder_inner, net->inner);
    net->embed_width = or_else(net->embed_width, net->hidden);
    net->labels = or_else(net->labels, 2);
    net->image_width = or_else(net->image_width, net->image);
    net->patch_width = or_else(net->patch_width, net->patch);
    net->picks = or_else(net->picks, 1);
    if (net->sparse_layers)
        net->sparse_step = net->layers / net->sparse_layers;
    if (net->decoder_sparse_layers)
        net->decoder_sparse_step = net->decoder_layers / net->decoder_sparse_layers;
}

static bool fits_together(erg_builder *b, const erg_transformer *net)
{
    if (net->layers < 1 || net->hidden < 1 || net->heads < 1)
        erg_build_refuse(b, "a transformer needs layers, a hidden size and heads");
    else if (net->head_width < 1)
        erg_build_refuse(b, "%lld heads do not divide a hidden size of %lld: give head_dim",
                         (long long)net->heads, (long long)net->hidden);
    else if (net->sparse_layers > net->layers
             || net->decoder_sparse_layers > net->decoder_layers)
        erg_build_refuse(b, "more sparse layers than layers");
    else if (net->heads % net->kv_heads)
        erg_build_refuse(b, "%lld heads cannot share %lld key and value heads",
                         (long long)net->heads, (long long)net->kv_heads);
    else if (net->picks > net->experts && net->experts)
        erg_build_refuse(b, "a token cannot go to %lld of %lld experts",
                         (long long)net->picks, (long long)net->experts);
    return !erg_build_failed(b);
}

void erg_transformer_build(erg_builder *builder, const void *shape)
{
    /* Up to the first of each sort of layers; then it is known what follows. */
    enum { FIRST_OPERATORS = 64, FIRST_TENSORS = 128 };
    const erg_graph_options *options = erg_build_options(builder);
    tf t = { .b = builder, .net = *(const erg_transformer *)shape };

    complete(&t.net);
    if (!fits_together(builder, &t.net))
        return;
    t.batch = options->batch;
    /* Pictures are cut into as many tokens as they have, whatever was asked. */
    int64_t most = t.net.positions ? t.net.positions - t.net.unused_positions : INT32_MAX;
    t.length = t.net.image ? options->seq : erg_build_seq(builder, most);
    t.tokens = t.length;
    t.head = options->head;
    t.training = options->phase == ERG_TRAIN;
    t.decoding = options->phase == ERG_DECODE;
    t.last_only = options->logits == ERG_LOGITS_LAST && !t.training;
    t.flash = options->attention == ERG_ATTENTION_FLASH;
    if (t.decoding)
        t.tokens = 1;
    erg_tf_window(&t, false);
    erg_build_reserve(builder, FIRST_OPERATORS, FIRST_TENSORS);
    t.net.build(&t);
}

void erg_tf_window(tf *t, bool sees_all)
{
    int64_t window = sees_all ? 0 : t->net.window;
    bool cuts = t->decoding && window && window < t->length;

    t->window = window;
    t->keys = cuts ? window : t->length;
}

static bool is_other(const tf *t, const tf_stack *stack, int64_t layer)
{
    return stack->is_other && stack->is_other(t, layer);
}

/* Room for the layers that are left of each sort, and for those of a decoder: with its
 * attention to the encoder each has at most twice as much. */
static void expect(tf *t, const tf_stack *stack, const erg_block *blocks,
                   const size_t *left)
{
    size_t all = (size_t)stack->layers, twice = 2 * (size_t)stack->behind, times[2];

    for (int i = 0; i < 2; i++)
        times[i] = left[i] + (left[i] + 1) * twice / all;
    erg_build_expect(t->b, blocks, times, ERG_COUNT(times));
}

int32_t erg_tf_stack(tf *t, const tf_stack *stack, int32_t x)
{
    erg_block blocks[2] = { 0 };
    size_t left[2] = { 0 };         /* of each sort */

    for (int64_t i = 0; i < stack->layers; i++)
        left[is_other(t, stack, i)]++;
    for (int64_t i = 0; i < stack->layers && !erg_build_failed(t->b); i++) {
        bool other = is_other(t, stack, i);
        erg_block *block = &blocks[other];
        left[other]--;
        erg_build_scope(t->b, "%s%d.", stack->name, (int)i);
        if (block->op_count) {
            x = erg_build_repeat(t->b, block, x);
            continue;
        }
        *block = erg_build_block(t->b, x);
        x = stack->layer(t, x, other);
        erg_build_block_end(t->b, block, x);
        if (blocks[!other].op_count || !left[!other])
            expect(t, stack, blocks, left);
    }
    erg_build_unscope(t->b);
    return x;
}

/* ---- parts ---------------------------------------------------------------- */

int32_t erg_tf_map(tf *t, erg_op_kind kind, const char *name, int32_t x)
{
    return erg_build_map(t->b, kind, name, x, -1);
}

int32_t erg_tf_view(tf *t, int32_t x, int64_t tokens, int64_t width)
{
    return erg_build_view(t->b, x, 3, (int64_t[]){ t->batch, tokens, width });
}

int32_t erg_tf_weights(tf *t, int64_t rows, int64_t columns)
{
    return erg_build_tensor(t->b, ERG_WEIGHT, NULL, 2, (int64_t[]){ rows, columns },
                            ERG_BITS_OF_GRAPH);
}

int32_t erg_tf_embed(tf *t, const char *name, int32_t table, int64_t tokens)
{
    int32_t ids = erg_build_tensor(t->b, ERG_INPUT, name, 2,
                                   (int64_t[]){ t->batch, tokens }, 64);
    return erg_build_embedding(t->b, name, table, ids);
}

int32_t erg_tf_positions(tf *t, const char *name, int64_t rows, int64_t tokens)
{
    int32_t table = erg_tf_weights(t, rows, t->net.hidden);
    int32_t ids = erg_build_tensor(t->b, ERG_INPUT, name, 1, &tokens, 64);

    return erg_build_embedding(t->b, name, table, ids);
}

int32_t erg_tf_norm(tf *t, const char *name, int32_t x)
{
    return erg_build_norm(t->b, ERG_OP_LAYER_NORM, name, x, t->net.hidden);
}

int32_t erg_tf_rms_norm(tf *t, const char *name, int32_t x)
{
    return erg_build_norm(t->b, ERG_OP_RMS_NORM, name, x, t->net.hidden);
}

/* 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) as it is written in Python: a
 * launch an operation, so two of the eight passes read a second tensor. */
static int32_t gelu_new(tf *t, int32_t x)
{
    int32_t half = erg_tf_map(t, ERG_OP_MUL, "gelu_half", x);
    int32_t y = erg_tf_map(t, ERG_OP_POW, "gelu_cube", x);

    y = erg_tf_map(t, ERG_OP_MUL, "gelu_part", y);
    y = erg_build_map(t->b, ERG_OP_ADD, "gelu_sum", x, y);
    y = erg_tf_map(t, ERG_OP_MUL, "gelu_scale", y);
    y = erg_tf_map(t, ERG_OP_TANH, "gelu_tanh", y);
    y = erg_tf_map(t, ERG_OP_ADD, "gelu_one", y);
    return erg_build_map(t->b, ERG_OP_MUL, "gelu_product", half, y);
}

int32_t erg_tf_activation(tf *t, int32_t x)
{
    switch (t->net.activation) {
    case TF_GELU:      return erg_tf_map(t, ERG_OP_GELU, "gelu", x);
    case TF_GELU_NEW:  return gelu_new(t, x);
    case TF_GELU_TANH: return erg_tf_map(t, ERG_OP_GELU_TANH, "gelu", x);
    case TF_RELU:      return erg_tf_map(t, ERG_OP_RELU, "relu", x);
    case TF_SILU:      return erg_tf_map(t, ERG_OP_SILU, "silu", x);
    }
    return -1;
}

/* One operator of one input; the output has the input's shape and `bits`. */
static int32_t apply(tf *t, erg_op_kind kind, const char *name, int32_t x, int32_t bits)
{
    const erg_tensor *in = erg_build_tensor_at(t->b, x);

    if (!in)
        return -1;
    int32_t y = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, in->rank, in->dims, bits);
    erg_op_spec spec = { .kind = kind, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = &x, .input_count = 1, .outputs = &y, .output_count = 1 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : y;
}

int32_t erg_tf_cast(tf *t, const char *name, int32_t x, int32_t bits)
{
    return apply(t, ERG_OP_CAST, name, x, bits);
}

/* Writes a mask of a byte an element beside its result, for the way back. */
int32_t erg_tf_dropout(tf *t, const char *name, int32_t x)
{
    const erg_tensor *in = erg_build_tensor_at(t->b, x);

    if (!t->training || t->net.no_dropout || !in)
        return x;
    int32_t rank = in->rank, bits = in->bits;
    const int64_t *dims = in->dims;
    int32_t out[2] = { erg_build_tensor(t->b, ERG_ACTIVATION, NULL, rank, dims, bits),
                       erg_build_tensor(t->b, ERG_ACTIVATION, NULL, rank, dims, 8) };
    erg_op_spec spec = { .kind = ERG_OP_DROPOUT, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = &x, .input_count = 1, .outputs = out,
                         .output_count = 2 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : out[0];
}

/* ---- the cache of keys and values ------------------------------------------ */

int32_t erg_tf_cache(tf *t, const char *name, int64_t tokens, int64_t width)
{
    return erg_build_tensor(t->b, ERG_CACHE, name, 3,
                            (int64_t[]){ t->batch, tokens, width }, ERG_BITS_OF_GRAPH);
}

int32_t erg_tf_cached(tf *t, const char *name, int32_t x, int64_t width)
{
    if (t->training)
        return x;
    int64_t window = t->window, kept = window && window < t->keys ? window : t->keys;
    int32_t cache = erg_tf_cache(t, name, kept, width);
    if (!t->decoding)
        return x;
    /* The row that is written is a view, and what is read is a view of that: so the
     * reader waits for the writer though both share one storage. */
    int32_t row = erg_tf_view(t, cache, 1, width);
    erg_op_spec spec = { .kind = ERG_OP_COPY, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = &x, .input_count = 1, .outputs = &row,
                         .output_count = 1 };
    erg_build_operator(t->b, &spec);
    return erg_tf_view(t, row, t->keys, width);
}

/* ---- blocks ----------------------------------------------------------------- */

/* Both from one product, told apart by strides. */
static int32_t gated_at_once(tf *t, int32_t x, bool bias)
{
    int32_t both = erg_build_linear(t->b, "gate_up", x, 2 * t->net.inner, bias);
    int32_t gate = erg_tf_view(t, both, t->tokens, t->net.inner);
    int32_t up = erg_tf_view(t, both, t->tokens, t->net.inner);
    int32_t y = erg_build_map(t->b, ERG_OP_MUL, "gated", erg_tf_activation(t, gate), up);

    return erg_build_linear(t->b, "down", y, t->net.hidden, bias);
}

int32_t erg_tf_mlp(tf *t, int32_t x, bool bias)
{
    const char *first = t->net.gated ? "gate" : "fc1";

    if (t->net.gated && t->net.fused_products)
        return gated_at_once(t, x, bias);
    int32_t y = erg_build_linear(t->b, first, x, t->net.inner, bias);
    if (t->net.gated) {
        int32_t up = erg_build_linear(t->b, "up", x, t->net.inner, bias);
        y = erg_build_map(t->b, ERG_OP_MUL, "gated", erg_tf_activation(t, y), up);
    } else {
        y = erg_tf_activation(t, y);
    }
    return erg_build_linear(t->b, t->net.gated ? "down" : "fc2", y, t->net.hidden, bias);
}

static void classify(tf *t, int32_t x)
{
    erg_build_output(t->b, erg_build_linear(t->b, "score", x, t->net.labels, false));
}

void erg_tf_decoder_head(tf *t, int32_t x, int32_t table)
{
    erg_build_unscope(t->b);
    if (t->head == ERG_HEAD_POOLER)
        erg_build_refuse(t->b, "a decoder has no pooler: its heads are none, cls and lm");
    if (t->head == ERG_HEAD_NONE) {
        erg_build_output(t->b, x);
        return;
    }
    if (t->last_only)
        x = erg_tf_view(t, x, 1, t->net.embed_width);
    if (t->head == ERG_HEAD_CLS) {
        classify(t, x);
        return;
    }
    if (!t->net.tied)
        table = erg_tf_weights(t, t->net.vocab, t->net.embed_width);
    int32_t bias = -1;
    if (t->net.head_bias)
        bias = erg_build_tensor(t->b, ERG_WEIGHT, NULL, 1, &t->net.vocab,
                                ERG_BITS_OF_GRAPH);
    x = erg_build_linear_on(t->b, "lm_head", x, table, bias);
    if (t->net.caps_logits) {
        x = erg_tf_map(t, ERG_OP_DIV, "logits_scale", x);
        x = erg_tf_map(t, ERG_OP_TANH, "logits_tanh", x);
        x = erg_tf_map(t, ERG_OP_MUL, "logits_cap", x);
    }
    erg_build_output(t->b, x);
}
