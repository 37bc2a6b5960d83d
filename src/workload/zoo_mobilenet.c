/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MobileNet-V2 (Sandler et al. 2018), with the module names of torchvision. Its
 * pool is called as a function there, and its residuals have no ReLU behind them.
 */
#include "workload/build.h"

typedef struct stage { int64_t expansion, channels, blocks, stride; } stage;

/* Table 2 of the paper. */
static const stage stages[] = {
    { 1, 16, 1, 1 }, { 6, 24, 2, 2 }, { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
    { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 },
};

static int32_t conv_norm_relu6(erg_builder *b, const char *at, int32_t x,
                               erg_conv_spec spec)
{
    erg_conv_names names = { erg_build_name(b, "%s.0", at), erg_build_name(b, "%s.1", at) };

    x = erg_build_conv_norm(b, names, x, spec);
    return erg_build_map(b, ERG_OP_CLIP, erg_build_name(b, "%s.2", at), x, -1);
}

static int32_t block(erg_builder *b, int index, int32_t x, stage shape)
{
    const erg_tensor *in = erg_build_tensor_at(b, x);
    int64_t channels = in ? in->dims[1] : 0;
    int64_t wide = channels * shape.expansion;
    int step = 0;
    int32_t y = x;

    if (shape.expansion != 1)
        y = conv_norm_relu6(b, erg_build_name(b, "features.%d.conv.%d", index, step++), y,
                            (erg_conv_spec){ .channels = wide, .kernel = 1 });
    y = conv_norm_relu6(b, erg_build_name(b, "features.%d.conv.%d", index, step++), y,
                        (erg_conv_spec){ .channels = wide, .kernel = 3, .pad = 1,
                                         .stride = shape.stride, .groups = wide });
    erg_conv_names names = { erg_build_name(b, "features.%d.conv.%d", index, step),
                             erg_build_name(b, "features.%d.conv.%d", index, step + 1) };
    y = erg_build_conv_norm(b, names, y,
                            (erg_conv_spec){ .channels = shape.channels, .kernel = 1 });
    bool is_residual = shape.stride == 1 && channels == shape.channels;
    if (!is_residual)
        return y;
    return erg_build_add(b, erg_build_name(b, "features.%d.add", index), x, y);
}

static void mobilenet_build(erg_builder *b, const void *shape)
{
    int64_t batch = erg_build_options(b)->batch;
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 4, (int64_t[]){ batch, 3, 224, 224 },
                                 ERG_BITS_OF_GRAPH);
    int index = 1;

    (void)shape;
    x = conv_norm_relu6(b, "features.0", x,
                        (erg_conv_spec){ .channels = 32, .kernel = 3, .stride = 2,
                                         .pad = 1 });
    for (size_t i = 0; i < ERG_COUNT(stages); i++)
        for (int64_t j = 0; j < stages[i].blocks; j++) {
            stage one = stages[i];
            one.stride = j == 0 ? one.stride : 1;
            x = block(b, index++, x, one);
        }
    x = conv_norm_relu6(b, "features.18", x,
                        (erg_conv_spec){ .channels = 1280, .kernel = 1 });
    x = erg_build_pool(b, ERG_OP_GLOBAL_POOL, "adaptive_avg_pool2d", x, 0, 0, 0);
    erg_build_as_function(b, x);
    x = erg_build_view(b, x, 2, (int64_t[]){ batch, 1280 });
    x = erg_build_idle(b, "classifier.0", x);
    erg_build_output(b, erg_build_linear(b, "classifier.1", x, 1000, true));
}

const erg_zoo_entry erg_zoo_mobilenet[] = {
    { "mobilenet_v2", "mobilenet", "image classifier for phones, 224 x 224",
      mobilenet_build, NULL },
    { 0 }
};
