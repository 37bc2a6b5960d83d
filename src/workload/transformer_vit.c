/* SPDX-License-Identifier: Apache-2.0 */
/* ViT (Dosovitskiy et al. 2020): patches of a picture as tokens, and one more that
 * will carry the class. Its softmax is at fp32 whatever the rest is at. */
#include "workload/transformer.h"

static const tf_pass passes[] = { { ERG_OP_MUL, "scale", false } };

static int32_t attention(tf *t, int32_t x)
{
    int64_t width = t->net.heads * t->net.head_width;
    bool bias = t->net.qkv_bias;
    int32_t q = erg_build_linear(t->b, "query", x, width, bias);
    int32_t k = erg_build_linear(t->b, "key", x, width, bias);
    int32_t v = erg_build_linear(t->b, "value", x, width, bias);
    tf_heads heads = { .q = q, .k = k, .v = v, .queries = t->tokens, .keys = t->tokens,
                       .heads = t->net.heads, .groups = t->net.heads,
                       .width = t->net.head_width, .casts = true, .merges = true,
                       .passes = passes, .pass_count = ERG_COUNT(passes), .bias = -1 };

    return erg_build_linear(t->b, "out", erg_tf_attend(t, &heads), t->net.hidden, true);
}

/* That of the class, and that of the teacher (Touvron et al. 2020). */
static int64_t own_tokens(const tf *t) { return t->net.distilled ? 2 : 1; }

static int32_t with_class_token(tf *t, int32_t patches)
{
    int64_t dims[3] = { t->batch, t->tokens, t->net.hidden };
    int32_t token = erg_tf_weights(t, own_tokens(t), t->net.hidden);
    int32_t x = erg_build_tensor(t->b, ERG_ACTIVATION, NULL, 3, dims, ERG_BITS_OF_GRAPH);
    erg_op_spec spec = { .kind = ERG_OP_CONCAT, .name = "class_token",
                         .precision = ERG_PRECISIONS,
                         .inputs = (int32_t[]){ patches, token }, .input_count = 2,
                         .outputs = &x, .output_count = 1 };
    return erg_build_operator(t->b, &spec) < 0 ? -1 : x;
}

static int32_t embed(tf *t)
{
    int64_t image[4] = { t->batch, t->net.channels, t->net.image, t->net.image_width };
    int32_t x = erg_build_tensor(t->b, ERG_INPUT, "image", 4, image, ERG_BITS_OF_GRAPH);

    x = erg_build_conv(t->b, "patches", x,
                       (erg_conv_spec){ .channels = t->net.hidden, .kernel = t->net.patch,
                                        .stride = t->net.patch, .bias = true });
    x = with_class_token(t, erg_tf_view(t, x, t->tokens - own_tokens(t),
                                          t->net.hidden));
    x = erg_build_add(t->b, "embed", x, erg_tf_weights(t, t->tokens, t->net.hidden));
    return erg_tf_dropout(t, "embed_dropout", x);
}

/* The mean of what both tokens say. */
static int32_t with_teacher(tf *t, int32_t x, int32_t whole)
{
    int32_t y = erg_build_view(t->b, whole, 2, (int64_t[]){ t->batch, t->net.hidden });

    y = erg_build_linear(t->b, "teacher", y, t->net.labels, true);
    return erg_tf_map(t, ERG_OP_MUL, "mean", erg_build_add(t->b, "both", x, y));
}

static void head(tf *t, int32_t x)
{
    if (t->head == ERG_HEAD_LM)
        erg_build_refuse(t->b, "vit has no words: its heads are none, pooler and cls");
    int32_t whole = x;
    if (t->head != ERG_HEAD_NONE)
        x = erg_build_view(t->b, x, 2, (int64_t[]){ t->batch, t->net.hidden });
    if (t->head == ERG_HEAD_POOLER) {
        x = erg_build_linear(t->b, "pooler", x, t->net.hidden, true);
        x = erg_tf_map(t, ERG_OP_TANH, "pooler_tanh", x);
    }
    if (t->head == ERG_HEAD_CLS || t->head == ERG_HEAD_AUTO) {
        x = erg_build_linear(t->b, "classifier", x, t->net.labels, true);
        x = t->net.distilled ? with_teacher(t, x, whole) : x;
    }
    erg_build_output(t->b, x);
}

static int32_t layer(tf *t, int32_t x, bool is_other)
{
    int32_t y = attention(t, erg_tf_norm(t, "norm1", x));

    (void)is_other;
    x = erg_build_add(t->b, "add1", erg_tf_dropout(t, "dropout1", y), x);
    y = erg_tf_mlp(t, erg_tf_norm(t, "norm2", x), true);
    return erg_build_add(t->b, "add2", erg_tf_dropout(t, "dropout2", y), x);
}

void erg_tf_vit(tf *t)
{
    const tf_stack stack = { .name = "layer", .layers = t->net.layers, .layer = layer };
    int64_t patch = t->net.patch > 0 ? t->net.patch : 1;
    int64_t patches = (t->net.image / patch) * (t->net.image_width / patch);

    if (patches < 1 || t->net.channels < 1 || t->net.patch < 1)
        erg_build_refuse(t->b, "no patch of %lld fits an image of %lld",
                         (long long)t->net.patch, (long long)t->net.image);
    if (t->net.patch_width != t->net.patch)
        erg_build_refuse(t->b, "patches that are no squares have no cost rule");
    if (t->decoding)
        erg_build_refuse(t->b, "vit looks at whole images: it has no decode phase");
    t->tokens = patches + own_tokens(t);
    int32_t x = erg_tf_stack(t, &stack, embed(t));
    head(t, erg_tf_norm(t, "norm", x));
}
