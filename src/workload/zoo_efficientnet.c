/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EfficientNet-B0 (Tan and Le 2019), torchvision's names. Each block squeezes its
 * image to one number a channel and scales the channels by what that says.
 */
#include "workload/build.h"

typedef struct stage { int64_t expansion, kernel, stride, in, out, blocks; } stage;

/* Table 1 of the paper. */
static const stage stages[] = {
    { 1, 3, 1,  32,  16, 1 }, { 6, 3, 2,  16,  24, 2 }, { 6, 5, 2,  24,  40, 2 },
    { 6, 3, 2,  40,  80, 3 }, { 6, 5, 1,  80, 112, 3 }, { 6, 5, 2, 112, 192, 4 },
    { 6, 3, 1, 192, 320, 1 },
};

static int32_t conv_norm(erg_builder *b, const char *at, int32_t x, erg_conv_spec spec)
{
    erg_conv_names names = { erg_build_name(b, "%s.0", at), erg_build_name(b, "%s.1", at) };

    spec.pad = spec.kernel / 2;
    return erg_build_conv_norm(b, names, x, spec);
}

static int32_t conv_norm_silu(erg_builder *b, const char *at, int32_t x, erg_conv_spec spec)
{
    x = conv_norm(b, at, x, spec);
    return erg_build_map(b, ERG_OP_SILU, erg_build_name(b, "%s.2", at), x, -1);
}

/* The squeezed width is a quarter of what enters the block, not of what is squeezed. */
static int32_t squeeze_excite(erg_builder *b, const char *at, int32_t x, int64_t squeezed)
{
    const erg_tensor *in = erg_build_tensor_at(b, x);
    erg_conv_spec narrow = { .channels = squeezed, .kernel = 1, .bias = true };
    erg_conv_spec wide = { .channels = in ? in->dims[1] : 0, .kernel = 1, .bias = true };

    const char *pool = erg_build_name(b, "%s.avgpool", at);
    const char *gate = erg_build_name(b, "%s.scale_activation", at);
    int32_t y = erg_build_pool(b, ERG_OP_GLOBAL_POOL, pool, x, 0, 0, 0);
    y = erg_build_conv(b, erg_build_name(b, "%s.fc1", at), y, narrow);
    y = erg_build_map(b, ERG_OP_SILU, erg_build_name(b, "%s.activation", at), y, -1);
    y = erg_build_conv(b, erg_build_name(b, "%s.fc2", at), y, wide);
    y = erg_build_map(b, ERG_OP_SIGMOID, gate, y, -1);
    y = erg_build_map(b, ERG_OP_MUL, erg_build_name(b, "%s.mul", at), y, x);
    erg_build_as_function(b, y);
    return y;
}

static int32_t block(erg_builder *b, const char *at, int32_t x, stage shape)
{
    int64_t wide = shape.in * shape.expansion;
    int step = 0;
    int32_t y = x;

    if (shape.expansion != 1)
        y = conv_norm_silu(b, erg_build_name(b, "%s.block.%d", at, step++), y,
                           (erg_conv_spec){ .channels = wide, .kernel = 1 });
    y = conv_norm_silu(b, erg_build_name(b, "%s.block.%d", at, step++), y,
                       (erg_conv_spec){ .channels = wide, .kernel = shape.kernel,
                                        .stride = shape.stride, .groups = wide });
    y = squeeze_excite(b, erg_build_name(b, "%s.block.%d", at, step++), y, shape.in / 4);
    y = conv_norm(b, erg_build_name(b, "%s.block.%d", at, step), y,
                  (erg_conv_spec){ .channels = shape.out, .kernel = 1 });
    if (shape.stride != 1 || shape.in != shape.out)
        return y;
    y = erg_build_idle(b, erg_build_name(b, "%s.stochastic_depth", at), y);
    erg_build_as_function(b, y);
    return erg_build_add(b, erg_build_name(b, "%s.add", at), y, x);
}

static int32_t stage_build(erg_builder *b, int index, int32_t x)
{
    stage shape = stages[index - 1];

    for (int64_t i = 0; i < stages[index - 1].blocks; i++) {
        x = block(b, erg_build_name(b, "features.%d.%d", index, (int)i), x, shape);
        shape.stride = 1;
        shape.in = shape.out;
    }
    return x;
}

static void efficientnet_build(erg_builder *b, const void *shape)
{
    int64_t batch = erg_build_options(b)->batch;
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 4, (int64_t[]){ batch, 3, 224, 224 },
                                 ERG_BITS_OF_GRAPH);

    (void)shape;
    x = conv_norm_silu(b, "features.0", x,
                       (erg_conv_spec){ .channels = 32, .kernel = 3, .stride = 2 });
    for (int i = 1; i <= (int)ERG_COUNT(stages); i++)
        x = stage_build(b, i, x);
    x = conv_norm_silu(b, "features.8", x,
                       (erg_conv_spec){ .channels = 1280, .kernel = 1 });
    x = erg_build_pool(b, ERG_OP_GLOBAL_POOL, "avgpool", x, 0, 0, 0);
    x = erg_build_view(b, x, 2, (int64_t[]){ batch, 1280 });
    x = erg_build_idle(b, "classifier.0", x);
    erg_build_output(b, erg_build_linear(b, "classifier.1", x, 1000, true));
}

const erg_zoo_entry erg_zoo_efficientnet[] = {
    { "efficientnet_b0", "efficientnet", "image classifier, squeeze and excite, 224 x 224",
      efficientnet_build, NULL },
    { 0 }
};
