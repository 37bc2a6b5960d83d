/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ResNet (He et al. 2015, torchvision's variant: the stride of a bottleneck sits
 * in its 3x3). Names are those of the modules, so that tables can be compared.
 */
#include "workload/build.h"

typedef struct resnet_shape {
    int64_t blocks[4];
    bool bottleneck;
} resnet_shape;

static const resnet_shape resnet18 = { { 2, 2, 2, 2 }, false };
static const resnet_shape resnet34 = { { 3, 4, 6, 3 }, false };
static const resnet_shape resnet50 = { { 3, 4, 6, 3 }, true };
static const resnet_shape resnet101 = { { 3, 4, 23, 3 }, true };
static const resnet_shape resnet152 = { { 3, 8, 36, 3 }, true };

static int32_t bottleneck(erg_builder *b, int32_t x, int64_t width, int64_t stride)
{
    x = erg_build_conv_norm(b, (erg_conv_names){ "conv1", "bn1" }, x,
                            (erg_conv_spec){ .channels = width, .kernel = 1 });
    x = erg_build_map(b, ERG_OP_RELU, "relu", x, -1);
    x = erg_build_conv_norm(b, (erg_conv_names){ "conv2", "bn2" }, x,
                            (erg_conv_spec){ .channels = width, .kernel = 3,
                                             .stride = stride,
                                             .pad = 1 });
    x = erg_build_map(b, ERG_OP_RELU, "relu_1", x, -1);
    return erg_build_conv_norm(b, (erg_conv_names){ "conv3", "bn3" }, x,
                               (erg_conv_spec){ .channels = 4 * width, .kernel = 1 });
}

static int32_t basic(erg_builder *b, int32_t x, int64_t width, int64_t stride)
{
    x = erg_build_conv_norm(b, (erg_conv_names){ "conv1", "bn1" }, x,
                            (erg_conv_spec){ .channels = width, .kernel = 3,
                                             .stride = stride,
                                             .pad = 1 });
    x = erg_build_map(b, ERG_OP_RELU, "relu", x, -1);
    return erg_build_conv_norm(b, (erg_conv_names){ "conv2", "bn2" }, x,
                               (erg_conv_spec){ .channels = width, .kernel = 3, .pad = 1 });
}

static int32_t block(erg_builder *b, const resnet_shape *shape, int32_t x, int64_t width,
                     int64_t stride)
{
    const erg_tensor *in = erg_build_tensor_at(b, x);
    int64_t out = shape->bottleneck ? 4 * width : width;
    bool projects = in && (stride != 1 || in->dims[1] != out);
    int32_t y = shape->bottleneck ? bottleneck(b, x, width, stride)
                                  : basic(b, x, width, stride);
    if (projects)
        x = erg_build_conv_norm(b, (erg_conv_names){ "downsample.0", "downsample.1" }, x,
                                (erg_conv_spec){ .channels = out, .kernel = 1,
                                                 .stride = stride });
    y = erg_build_add(b, "add", y, x);
    return erg_build_map(b, ERG_OP_RELU, shape->bottleneck ? "relu_2" : "relu_1", y, -1);
}

static void resnet_build(erg_builder *b, const void *shape)
{
    const resnet_shape *net = shape;
    int64_t batch = erg_build_options(b)->batch;
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 4, (int64_t[]){ batch, 3, 224, 224 },
                                 ERG_BITS_OF_GRAPH);

    x = erg_build_conv_norm(b, (erg_conv_names){ "conv1", "bn1" }, x,
                            (erg_conv_spec){ .channels = 64, .kernel = 7, .stride = 2,
                                             .pad = 3 });
    x = erg_build_map(b, ERG_OP_RELU, "relu", x, -1);
    x = erg_build_pool(b, ERG_OP_MAX_POOL, "maxpool", x, 3, 2, 1);
    for (int stage = 0; stage < 4; stage++)
        for (int64_t i = 0; i < net->blocks[stage]; i++) {
            erg_build_scope(b, "layer%d.%d.", stage + 1, (int)i);
            x = block(b, net, x, 64LL << stage, stage > 0 && i == 0 ? 2 : 1);
        }
    erg_build_unscope(b);
    x = erg_build_pool(b, ERG_OP_GLOBAL_POOL, "avgpool", x, 0, 0, 0);
    int64_t width = net->bottleneck ? 2048 : 512;
    x = erg_build_view(b, x, 2, (int64_t[]){ batch, width });
    erg_build_output(b, erg_build_linear(b, "fc", x, 1000, true));
}

#define RESNET(depth)                                                          \
    { "resnet" #depth, "resnet", "image classifier, 224 x 224", resnet_build,  \
      &resnet##depth }

const erg_zoo_entry erg_zoo_resnet[] = {
    RESNET(18), RESNET(34), RESNET(50), RESNET(101), RESNET(152), { 0 }
};
