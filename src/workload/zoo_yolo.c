/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8 (Ultralytics 2023): detector of 80 classes at 640 x 640. Depth and width
 * scale one plan; heads look at strides 8, 16 and 32. Module names are its own.
 */
#include "workload/build.h"

typedef struct yolo_scale { double depth, width; int64_t most; } yolo_scale;

static const yolo_scale nano = { 0.33, 0.25, 1024 };
static const yolo_scale small = { 0.33, 0.50, 1024 };
static const yolo_scale medium = { 0.67, 0.75, 768 };

enum { IMAGE = 640, CLASSES = 80, BINS = 16, LEVELS = 3 };

/* Up to a multiple of 8, as the framework does. */
static int64_t widen(const yolo_scale *scale, int64_t channels)
{
    double wide = (double)(channels < scale->most ? channels : scale->most) * scale->width;
    int64_t eights = (int64_t)(wide / 8);

    return 8 * (eights + ((double)(8 * eights) < wide));
}

static int64_t deepen(const yolo_scale *scale, int64_t blocks)
{
    int64_t deep = (int64_t)((double)blocks * scale->depth + 0.5);
    return deep > 1 ? deep : 1;
}

/* Convolution, norm, SiLU under one name. */
static int32_t conv(erg_builder *b, const char *at, int32_t x, erg_conv_spec spec)
{
    erg_conv_names names = { erg_build_name(b, "%s.conv", at),
                             erg_build_name(b, "%s.bn", at) };

    spec.pad = spec.kernel / 2;
    x = erg_build_conv_norm(b, names, x, spec);
    return erg_build_map(b, ERG_OP_SILU, erg_build_name(b, "%s.act", at), x, -1);
}

/* Half of the channels of x: a view. */
static int32_t half_of(erg_builder *b, int32_t x)
{
    const erg_tensor *in = erg_build_tensor_at(b, x);

    if (!in)
        return -1;
    int64_t dims[4] = { in->dims[0], in->dims[1] / 2, in->dims[2], in->dims[3] };
    return erg_build_view(b, x, 4, dims);
}

enum { C2F_MOST = 16 };

typedef struct c2f_plan { int64_t channels, blocks; bool shortcut; } c2f_plan;

/* Both halves and what each bottleneck adds go into the last convolution. */
static int32_t c2f(erg_builder *b, const char *at, int32_t x, c2f_plan plan)
{
    int64_t width = plan.channels / 2;
    erg_conv_spec inner = { .channels = width, .kernel = 3 };
    int32_t parts[C2F_MOST], count = 2;

    x = conv(b, erg_build_name(b, "%s.cv1", at), x,
             (erg_conv_spec){ .channels = 2 * width, .kernel = 1 });
    parts[0] = parts[1] = half_of(b, x);
    for (int i = 0; i < plan.blocks && count < C2F_MOST; i++) {
        int32_t from = parts[count - 1];
        int32_t y = conv(b, erg_build_name(b, "%s.m.%d.cv1", at, i), from, inner);
        y = conv(b, erg_build_name(b, "%s.m.%d.cv2", at, i), y, inner);
        if (plan.shortcut)
            y = erg_build_add(b, erg_build_name(b, "%s.m.%d.add", at, i), from, y);
        parts[count++] = y;
    }
    /* The two halves are one tensor: read it whole, once. */
    parts[1] = x;
    x = erg_build_concat(b, erg_build_name(b, "%s.cat", at), parts + 1, count - 1, 1);
    return conv(b, erg_build_name(b, "%s.cv2", at), x,
                (erg_conv_spec){ .channels = plan.channels, .kernel = 1 });
}

static int32_t sppf(erg_builder *b, const char *at, int32_t x, int64_t channels)
{
    int32_t parts[4];

    parts[0] = conv(b, erg_build_name(b, "%s.cv1", at), x,
                    (erg_conv_spec){ .channels = channels / 2, .kernel = 1 });
    for (int i = 1; i < 4; i++)
        parts[i] = erg_build_pool(b, ERG_OP_MAX_POOL, erg_build_name(b, "%s.m_%d", at, i),
                                  parts[i - 1], 5, 1, 2);
    x = erg_build_concat(b, erg_build_name(b, "%s.cat", at), parts, 4, 1);
    return conv(b, erg_build_name(b, "%s.cv2", at), x,
                (erg_conv_spec){ .channels = channels, .kernel = 1 });
}

/* ---- the plan: backbone, then down to coarse and up to fine again ------------ */

static int32_t stage(erg_builder *b, const yolo_scale *scale, int index, int32_t x,
                     c2f_plan plan)
{
    plan.channels = widen(scale, plan.channels);
    x = conv(b, erg_build_name(b, "model.%d", index), x,
             (erg_conv_spec){ .channels = plan.channels, .kernel = 3, .stride = 2 });
    plan.blocks = deepen(scale, plan.blocks);
    return c2f(b, erg_build_name(b, "model.%d", index + 1), x, plan);
}

static int32_t join(erg_builder *b, int index, int32_t x, int32_t y)
{
    return erg_build_concat(b, erg_build_name(b, "model.%d", index), (int32_t[]){ x, y }, 2,
                            1);
}

static int32_t up(erg_builder *b, const yolo_scale *scale, int index, const int32_t from[2],
                  int64_t channels)
{
    int32_t x = erg_build_double(b, erg_build_name(b, "model.%d", index), from[0]);

    x = join(b, index + 1, x, from[1]);
    return c2f(b, erg_build_name(b, "model.%d", index + 2), x,
               (c2f_plan){ widen(scale, channels), deepen(scale, 3), false });
}

static int32_t down(erg_builder *b, const yolo_scale *scale, int index,
                    const int32_t from[2], const int64_t channels[2])
{
    int32_t x = conv(b, erg_build_name(b, "model.%d", index), from[0],
                     (erg_conv_spec){ .channels = widen(scale, channels[0]), .kernel = 3,
                                      .stride = 2 });

    x = join(b, index + 1, x, from[1]);
    return c2f(b, erg_build_name(b, "model.%d", index + 2), x,
               (c2f_plan){ widen(scale, channels[1]), deepen(scale, 3), false });
}

/* ---- the heads ------------------------------------------------------------------ */

static int32_t branch(erg_builder *b, const char *at, int32_t x, int64_t inner, int64_t out)
{
    erg_conv_spec spec = { .channels = inner, .kernel = 3 };

    x = conv(b, erg_build_name(b, "%s.0", at), x, spec);
    x = conv(b, erg_build_name(b, "%s.1", at), x, spec);
    return erg_build_conv(b, erg_build_name(b, "%s.2", at), x,
                          (erg_conv_spec){ .channels = out, .kernel = 1, .bias = true });
}

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

/* [B, 64 + 80, positions] of one level. */
static int32_t level(erg_builder *b, int index, int32_t x, int64_t finest)
{
    int64_t box_width = at_least(at_least(finest / 4, 4 * BINS), 16);
    int32_t parts[2] = {
        branch(b, erg_build_name(b, "model.22.cv2.%d", index), x, box_width, 4 * BINS),
        branch(b, erg_build_name(b, "model.22.cv3.%d", index), x, at_least(finest, CLASSES),
               CLASSES) };
    const char *name = erg_build_name(b, "model.22.cat.%d", index);
    int32_t y = erg_build_concat(b, name, parts, 2, 1);
    const erg_tensor *all = erg_build_tensor_at(b, y);

    if (!all)
        return -1;
    return erg_build_view(b, y, 3, (int64_t[]){ all->dims[0], all->dims[1],
                                                all->dims[2] * all->dims[3] });
}

static int32_t map(erg_builder *b, erg_op_kind kind, const char *name, int32_t x, int32_t y)
{
    return erg_build_map(b, kind, erg_build_name(b, "model.22.%s", name), x, y);
}

/* Distances to the four sides, as means over bins; then centre and size in pixels. */
static int32_t boxes(erg_builder *b, int32_t all, int64_t batch, int64_t count)
{
    int64_t side[3] = { batch, 2, count }, anchors[2] = { 2, count };
    int32_t x = erg_build_view(b, all, 4, (int64_t[]){ batch, BINS, 4, count });

    x = map(b, ERG_OP_SOFTMAX, "dfl.softmax", x, -1);
    x = erg_build_conv(b, "model.22.dfl.conv", x, (erg_conv_spec){ .channels = 1,
                                                                   .kernel = 1 });
    int32_t at = erg_build_tensor(b, ERG_BUFFER, "anchors", 2, anchors, 32);
    int32_t low = map(b, ERG_OP_SUB, "sub", at, erg_build_view(b, x, 3, side));
    int32_t high = map(b, ERG_OP_ADD, "add", at, erg_build_view(b, x, 3, side));
    int32_t middle = map(b, ERG_OP_MUL, "half", map(b, ERG_OP_ADD, "sum", low, high), -1);
    int32_t size = map(b, ERG_OP_SUB, "size", high, low);
    x = erg_build_concat(b, "model.22.box", (int32_t[]){ middle, size }, 2, 1);
    return map(b, ERG_OP_MUL, "scale", x,
               erg_build_tensor(b, ERG_BUFFER, "strides", 1, &count, 32));
}

static void detect(erg_builder *b, const int32_t levels[LEVELS])
{
    const erg_tensor *fine = erg_build_tensor_at(b, levels[0]);
    int64_t finest = fine ? fine->dims[1] : 1;
    int32_t parts[LEVELS];

    for (int i = 0; i < LEVELS; i++)
        parts[i] = level(b, i, levels[i], finest);
    int32_t all = erg_build_concat(b, "model.22.cat", parts, LEVELS, 2);
    const erg_tensor *joined = erg_build_tensor_at(b, all);
    if (!joined)
        return;
    int64_t batch = joined->dims[0], count = joined->dims[2];
    int32_t box = boxes(b, all, batch, count);
    int32_t classes = erg_build_view(b, all, 3, (int64_t[]){ batch, CLASSES, count });
    classes = map(b, ERG_OP_SIGMOID, "sigmoid", classes, -1);
    erg_build_output(b, erg_build_concat(b, "model.22.out", (int32_t[]){ box, classes }, 2,
                                         1));
}

static void yolo_build(erg_builder *b, const void *shape)
{
    const yolo_scale *scale = shape;
    int64_t batch = erg_build_options(b)->batch;
    int64_t image[4] = { batch, 3, IMAGE, IMAGE };
    int32_t x = erg_build_tensor(b, ERG_INPUT, "x", 4, image, ERG_BITS_OF_GRAPH);

    x = conv(b, "model.0", x, (erg_conv_spec){ .channels = widen(scale, 64), .kernel = 3,
                                               .stride = 2 });
    x = stage(b, scale, 1, x, (c2f_plan){ 128, 3, true });
    int32_t fine = stage(b, scale, 3, x, (c2f_plan){ 256, 6, true });
    int32_t middle = stage(b, scale, 5, fine, (c2f_plan){ 512, 6, true });
    int32_t coarse = stage(b, scale, 7, middle, (c2f_plan){ 1024, 3, true });
    coarse = sppf(b, "model.9", coarse, widen(scale, 1024));
    middle = up(b, scale, 10, (int32_t[]){ coarse, middle }, 512);
    fine = up(b, scale, 13, (int32_t[]){ middle, fine }, 256);
    middle = down(b, scale, 16, (int32_t[]){ fine, middle }, (int64_t[]){ 256, 512 });
    coarse = down(b, scale, 19, (int32_t[]){ middle, coarse }, (int64_t[]){ 512, 1024 });
    detect(b, (int32_t[]){ fine, middle, coarse });
}

const erg_zoo_entry erg_zoo_yolo[] = {
    { "yolov8n", "yolov8", "detector, 640 x 640, nano", yolo_build, &nano, ERG_HEAD_AUTO },
    { "yolov8s", "yolov8", "detector, 640 x 640, small", yolo_build, &small,
      ERG_HEAD_AUTO },
    { "yolov8m", "yolov8", "detector, 640 x 640, medium", yolo_build, &medium,
      ERG_HEAD_AUTO },
    { 0 }
};
