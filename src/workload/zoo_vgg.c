/* SPDX-License-Identifier: Apache-2.0 */
/* VGG-16 (Simonyan and Zisserman 2014), configuration D, torchvision's names. */
#include "workload/build.h"

enum { POOL = 0 };

static const int64_t layers[] = {
    64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL,
    512, 512, 512, POOL, 512, 512, 512, POOL,
};

static int32_t features(erg_builder *b, int32_t x)
{
    int index = 0;

    for (size_t i = 0; i < ERG_COUNT(layers); i++) {
        const char *name = erg_build_name(b, "features.%d", index++);
        if (layers[i] == POOL) {
            x = erg_build_pool(b, ERG_OP_MAX_POOL, name, x, 2, 2, 0);
            continue;
        }
        x = erg_build_conv(b, name, x, (erg_conv_spec){ .channels = layers[i], .kernel = 3,
                                                        .pad = 1, .bias = true });
        x = erg_build_map(b, ERG_OP_RELU, erg_build_name(b, "features.%d", index++), x, -1);
    }
    return x;
}

static void vgg_build(erg_builder *b, const void *shape)
{
    int64_t batch = erg_build_options(b)->batch;
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 4, (int64_t[]){ batch, 3, 224, 224 },
                                 ERG_BITS_OF_GRAPH);

    (void)shape;
    x = features(b, x);
    /* To 7 x 7, which it is already: one read, one write. */
    x = erg_build_pool(b, ERG_OP_AVERAGE_POOL, "avgpool", x, 1, 1, 0);
    x = erg_build_view(b, x, 2, (int64_t[]){ batch, 512 * 7 * 7 });
    for (int i = 0; i < 2; i++) {
        x = erg_build_linear(b, erg_build_name(b, "classifier.%d", 3 * i), x, 4096, true);
        const char *relu = erg_build_name(b, "classifier.%d", 3 * i + 1);
        x = erg_build_map(b, ERG_OP_RELU, relu, x, -1);
        x = erg_build_idle(b, erg_build_name(b, "classifier.%d", 3 * i + 2), x);
    }
    erg_build_output(b, erg_build_linear(b, "classifier.6", x, 1000, true));
}

const erg_zoo_entry erg_zoo_vgg[] = {
    { "vgg16", "vgg", "image classifier, plain convolutions, 224 x 224", vgg_build, NULL },
    { 0 }
};
