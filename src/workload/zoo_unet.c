/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UNets of Stable Diffusion (Rombach et al. 2022; XL: Podell et al. 2023), one
 * pass: a denoising step of B latents (of 2 B with guidance). Names are those of
 * diffusers. What falls on the way down is read again on the way up.
 */
#include "workload/transformer.h"

enum { BASE = 320, TIME = 1280, PROMPT = 77, LATENT_CHANNELS = 4, LEVELS_MOST = 4,
       HEAD_WIDTH = 64, SKIPS_MOST = 12 };

typedef struct unet_shape {
    int64_t levels, multiple[LEVELS_MOST];
    int64_t blocks[LEVELS_MOST], middle;    /* transformer blocks a level */
    int64_t text, side, heads;              /* heads 0: of width 64 */
    int64_t label;                          /* width of the label embedding, 0: none */
} unet_shape;

static const unet_shape sd15 = { .levels = 4, .multiple = { 1, 2, 4, 4 },
                                 .blocks = { 1, 1, 1, 0 }, .middle = 1, .text = 768,
                                 .side = 64, .heads = 8 };
static const unet_shape sd21 = { .levels = 4, .multiple = { 1, 2, 4, 4 },
                                 .blocks = { 1, 1, 1, 0 }, .middle = 1, .text = 1024,
                                 .side = 96 };
static const unet_shape sdxl = { .levels = 3, .multiple = { 1, 2, 4 },
                                 .blocks = { 0, 2, 10 }, .middle = 10, .text = 2048,
                                 .side = 128, .label = 2816 };

typedef struct unet {
    tf t;                   /* for attention */
    erg_builder *b;
    const unet_shape *shape;
    int32_t time, text;     /* [B, 1280], [B, 77, text] */
    int32_t skips[SKIPS_MOST], skip_count;
} unet;

#define NAME(tail) erg_build_name(u->b, "%s." tail, at)

static int64_t channels_of(const unet *u, int32_t x)
{
    const erg_tensor *in = erg_build_tensor_at(u->b, x);
    return in ? in->dims[1] : 0;
}

static int32_t conv3(unet *u, const char *name, int32_t x, int64_t channels, int64_t stride)
{
    return erg_build_conv(u->b, name, x,
                          (erg_conv_spec){ .channels = channels, .kernel = 3, .pad = 1,
                                           .stride = stride, .bias = true });
}

static int32_t norm(unet *u, const char *name, int32_t x)
{
    return erg_build_norm(u->b, ERG_OP_GROUP_NORM, name, x, channels_of(u, x));
}

static int32_t silu(unet *u, const char *name, int32_t x)
{
    return erg_build_map(u->b, ERG_OP_SILU, name, x, -1);
}

/* The step's embedding is added to every place between the two convolutions. */
static int32_t resnet(unet *u, const char *at, int32_t x, int64_t channels)
{
    int64_t shift_dims[4] = { u->t.batch, channels, 1, 1 };
    int32_t y = conv3(u, NAME("conv1"), silu(u, NAME("silu1"), norm(u, NAME("norm1"), x)),
                      channels, 1);
    int32_t shift = erg_build_linear(u->b, NAME("time_emb_proj"),
                                     silu(u, NAME("time_silu"), u->time), channels, true);

    y = erg_build_add(u->b, NAME("shift"), y, erg_build_view(u->b, shift, 4, shift_dims));
    y = conv3(u, NAME("conv2"), silu(u, NAME("silu2"), norm(u, NAME("norm2"), y)), channels,
              1);
    if (channels_of(u, x) != channels)
        x = erg_build_conv(u->b, NAME("conv_shortcut"), x,
                           (erg_conv_spec){ .channels = channels, .kernel = 1,
                                            .bias = true });
    return erg_build_add(u->b, NAME("add"), x, y);
}

/* ---- transformer blocks over [B, places, C] --------------------------------------- */

static int32_t attention(unet *u, const char *at, int32_t x, int32_t from)
{
    const erg_tensor *rows = erg_build_tensor_at(u->b, x);
    const erg_tensor *keys = erg_build_tensor_at(u->b, from);

    if (!rows || !keys)
        return -1;
    int64_t width = rows->dims[2];
    int64_t heads = u->shape->heads ? u->shape->heads : width / HEAD_WIDTH;
    tf_heads a = { .queries = rows->dims[1], .keys = keys->dims[1], .heads = heads,
                   .groups = heads, .width = width / heads, .merges = true, .bias = -1 };
    a.q = erg_build_linear(u->b, NAME("to_q"), x, width, false);
    a.k = erg_build_linear(u->b, NAME("to_k"), from, width, false);
    a.v = erg_build_linear(u->b, NAME("to_v"), from, width, false);
    erg_build_scope(u->b, "%s.", at);
    x = erg_tf_attend(&u->t, &a);
    erg_build_unscope(u->b);
    return erg_build_linear(u->b, NAME("to_out"), x, width, true);
}

/* GEGLU (Shazeer 2020): one half of eight widths gates the other. */
static int32_t feed_forward(unet *u, const char *at, int32_t x, int64_t width)
{
    const erg_tensor *in = erg_build_tensor_at(u->b, x);

    if (!in)
        return -1;
    int64_t half[3] = { in->dims[0], in->dims[1], 4 * width };
    x = erg_build_linear(u->b, NAME("net.0.proj"), x, 8 * width, true);
    int32_t gate = erg_build_map(u->b, ERG_OP_GELU, NAME("gelu"),
                                 erg_build_view(u->b, x, 3, half), -1);
    x = erg_build_view(u->b, x, 3, half);
    x = erg_build_map(u->b, ERG_OP_MUL, NAME("mul"), x, gate);
    return erg_build_linear(u->b, NAME("net.2"), x, width, true);
}

static int32_t block(unet *u, const char *at, int32_t x, int64_t width)
{
    int32_t y = erg_build_norm(u->b, ERG_OP_LAYER_NORM, NAME("norm1"), x, width);

    x = erg_build_add(u->b, NAME("add1"), attention(u, NAME("attn1"), y, y), x);
    y = erg_build_norm(u->b, ERG_OP_LAYER_NORM, NAME("norm2"), x, width);
    x = erg_build_add(u->b, NAME("add2"), attention(u, NAME("attn2"), y, u->text), x);
    y = erg_build_norm(u->b, ERG_OP_LAYER_NORM, NAME("norm3"), x, width);
    return erg_build_add(u->b, NAME("add3"), feed_forward(u, NAME("ff"), y, width), x);
}

/* Places are the rows of its products; the way back to an image is a copy. */
static int32_t transformer(unet *u, const char *at, int32_t image, int64_t blocks)
{
    const erg_tensor *in = erg_build_tensor_at(u->b, image);

    if (!in || blocks == 0)
        return image;
    int64_t dims[4] = { in->dims[0], in->dims[1], in->dims[2], in->dims[3] };
    int64_t rows[3] = { dims[0], dims[2] * dims[3], dims[1] };
    int32_t x = erg_build_view(u->b, norm(u, NAME("norm"), image), 3, rows);

    x = erg_build_linear(u->b, NAME("proj_in"), x, dims[1], true);
    for (int i = 0; i < blocks; i++)
        x = block(u, erg_build_name(u->b, "%s.transformer_blocks.%d", at, i), x, dims[1]);
    x = erg_build_linear(u->b, NAME("proj_out"), x, dims[1], true);
    x = erg_build_map(u->b, ERG_OP_COPY, NAME("to_image"), x, -1);
    return erg_build_add(u->b, NAME("add"), erg_build_view(u->b, x, 4, dims), image);
}

/* ---- down, through the middle, up --------------------------------------------------- */

static int64_t width_of(const unet *u, int64_t level)
{
    return BASE * u->shape->multiple[level];
}

static int32_t keep(unet *u, int32_t x)
{
    if (u->skip_count < SKIPS_MOST)
        u->skips[u->skip_count++] = x;
    return x;
}

static int32_t go_down(unet *u, int32_t x)
{
    for (int level = 0; level < u->shape->levels; level++) {
        const char *at = erg_build_name(u->b, "down_blocks.%d", level);
        for (int i = 0; i < 2; i++) {
            x = resnet(u, erg_build_name(u->b, "%s.resnets.%d", at, i), x,
                       width_of(u, level));
            x = keep(u, transformer(u, erg_build_name(u->b, "%s.attentions.%d", at, i), x,
                                    u->shape->blocks[level]));
        }
        if (level + 1 < u->shape->levels)
            x = keep(u, conv3(u, NAME("downsamplers.0.conv"), x, width_of(u, level), 2));
    }
    return x;
}

static int32_t go_up(unet *u, int32_t x)
{
    for (int i = 0; i < u->shape->levels; i++) {
        int64_t level = u->shape->levels - 1 - i;
        const char *at = erg_build_name(u->b, "up_blocks.%d", i);
        for (int j = 0; j < 3; j++) {
            const char *name = erg_build_name(u->b, "%s.cat.%d", at, j);
            int32_t parts[2] = { x, u->skips[--u->skip_count] };
            x = erg_build_concat(u->b, name, parts, 2, 1);
            x = resnet(u, erg_build_name(u->b, "%s.resnets.%d", at, j), x,
                       width_of(u, level));
            x = transformer(u, erg_build_name(u->b, "%s.attentions.%d", at, j), x,
                            u->shape->blocks[level]);
        }
        if (level > 0)
            x = conv3(u, NAME("upsamplers.0.conv"),
                      erg_build_double(u->b, NAME("upsamplers.0.double"), x),
                      width_of(u, level), 1);
    }
    return x;
}

static int32_t embedding(unet *u, const char *at, int64_t width)
{
    int32_t x = erg_build_tensor(u->b, ERG_INPUT, at, 2, (int64_t[]){ u->t.batch, width },
                                 ERG_BITS_OF_GRAPH);

    x = erg_build_linear(u->b, NAME("linear_1"), x, TIME, true);
    return erg_build_linear(u->b, NAME("linear_2"), silu(u, NAME("act"), x), TIME, true);
}

static void inputs(unet *u)
{
    int64_t text[3] = { u->t.batch, PROMPT, u->shape->text };

    u->time = embedding(u, "time_embedding", BASE);
    if (u->shape->label)
        u->time = erg_build_add(u->b, "add_embedding.add", u->time,
                                embedding(u, "add_embedding", u->shape->label));
    u->text = erg_build_tensor(u->b, ERG_INPUT, "text", 3, text, ERG_BITS_OF_GRAPH);
}

static void unet_build(erg_builder *b, const void *shape)
{
    const erg_graph_options *options = erg_build_options(b);
    unet all = { .b = b, .shape = shape }, *u = &all;
    int64_t latent[4] = { options->batch, LATENT_CHANNELS, all.shape->side,
                          all.shape->side };
    int64_t deepest = all.shape->levels - 1;

    all.t = (tf){ .b = b, .batch = options->batch,
                  .flash = options->attention == ERG_ATTENTION_FLASH,
                  .training = options->phase == ERG_TRAIN,
                  .net = { .no_dropout = true, .no_attention_dropout = true } };
    int32_t x = erg_build_tensor(b, ERG_INPUT, "latent", 4, latent, ERG_BITS_OF_GRAPH);
    inputs(u);
    x = go_down(u, keep(u, conv3(u, "conv_in", x, BASE, 1)));
    x = resnet(u, "mid_block.resnets.0", x, width_of(u, deepest));
    x = transformer(u, "mid_block.attentions.0", x, all.shape->middle);
    x = resnet(u, "mid_block.resnets.1", x, width_of(u, deepest));
    x = norm(u, "conv_norm_out", go_up(u, x));
    x = conv3(u, "conv_out", silu(u, "conv_act", x), LATENT_CHANNELS, 1);
    erg_build_output(b, x);
}

const erg_zoo_entry erg_zoo_unet[] = {
    { "sd15_unet", "unet", "Stable Diffusion 1.5, a step at 512 x 512", unet_build, &sd15,
      ERG_HEAD_AUTO },
    { "sd21_unet", "unet", "Stable Diffusion 2.1, a step at 768 x 768", unet_build, &sd21,
      ERG_HEAD_AUTO },
    { "sdxl_unet", "unet", "Stable Diffusion XL, a step at 1024 x 1024", unet_build, &sdxl,
      ERG_HEAD_AUTO },
    { 0 }
};
