/* SPDX-License-Identifier: Apache-2.0 */
/* What U-Nets and diffusion models add: group norms and transposed convolutions. */
#include <math.h>
#include "onednn_bench.h"

/* ---- group and instance norms ------------------------------------------------------- */

enum { IMAGES = 2, CHANNELS = 64, PIXELS = 15, GROUPS = 32 };

/* One number of the output; of each channel when `groups` is as many. */
static double normalised(const bench *on, int image, int channel, int pixel, int groups)
{
    int width = CHANNELS / groups, first = channel / width * width;
    const float *x = on->memory[0] + (image * CHANNELS + first) * PIXELS;
    double mean = 0, square = 0, count = width * PIXELS;

    for (int i = 0; i < width * PIXELS; i++)
        mean += x[i] / count;
    for (int i = 0; i < width * PIXELS; i++)
        square += (x[i] - mean) * (x[i] - mean) / count;
    double z = (x[(channel - first) * PIXELS + pixel] - mean) / sqrt(square + 1e-5);
    return on->signature.input_count == 1
               ? z : z * on->memory[1][channel] + on->memory[2][channel];
}

static void check_norm(erg_op_kind op, int groups, bool has_parameters)
{
    bench on = begin(op);
    int out = has_parameters ? 3 : 1;

    TENSOR(&on, IMAGES, CHANNELS, 3, 5);
    for (int i = 1; i < out; i++)
        TENSOR(&on, CHANNELS);
    TENSOR(&on, IMAGES, CHANNELS, 3, 5);
    for (int i = 0; i < IMAGES * CHANNELS * PIXELS; i++)    /* no group like another */
        on.memory[0][i] = 3 * on.memory[0][i] + (float)(i / PIXELS % 7);
    launch(&on);
    for (int n = 0; n < IMAGES; n++)
        for (int c = 0; c < CHANNELS; c++)
            for (int p = 0; p < PIXELS; p++)
                CHECK_NEAR(on.memory[out][(n * CHANNELS + c) * PIXELS + p],
                           normalised(&on, n, c, p, groups), 1e-4);
    end(&on);
}

static void a_group_norm_is_its_definition(void)
{
    check_norm(ERG_OP_GROUP_NORM, GROUPS, true);
    check_norm(ERG_OP_GROUP_NORM, GROUPS, false);
}

static void an_instance_norm_has_a_group_a_channel(void)
{
    check_norm(ERG_OP_INSTANCE_NORM, CHANNELS, true);
}

static void norms_of_other_parameters_are_refused(void)
{
    bench on = begin(ERG_OP_GROUP_NORM);
    erg_error err = { 0 };

    TENSOR(&on, 1, 8, 4);
    TENSOR(&on, 9);
    TENSOR(&on, 9);
    TENSOR(&on, 1, 8, 4);
    CHECK(!engine->prepare(on.session, &on.signature, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "group norm"));
    end(&on);
}

/* ---- transposed convolutions -------------------------------------------------------- */

typedef struct back {
    int64_t in, out, side, kernel, stride, pad, dilation, groups, more;
} back;

static const back backs[] = {
    { 16, 8, 5, 2, 2, 0, 1, 1, 0 },     /* U-Net's */
    { 8, 12, 4, 3, 2, 1, 1, 1, 1 },     /* with output padding */
    { 8, 12, 6, 3, 1, 2, 2, 4, 0 },     /* dilated, of groups */
    { 6, 4, 1, 4, 1, 0, 1, 1, 0 },      /* from one pixel, as a GAN begins */
};

static int64_t back_side(const back *of)
{
    return (of->side - 1) * of->stride - 2 * of->pad + of->dilation * (of->kernel - 1)
         + of->more + 1;
}

static void describe(bench *on, const back *of)
{
    int64_t side = back_side(of);

    on->signature.window = (erg_window){ .axes = 2, .groups = of->groups,
                                         .channels_in = of->in, .channels_out = of->out };
    for (int i = 0; i < 2; i++) {
        erg_window *window = &on->signature.window;
        window->kernel[i] = of->kernel;
        window->stride[i] = of->stride;
        window->pad_begin[i] = window->pad_end[i] = of->pad;
        window->dilation[i] = of->dilation;
    }
    TENSOR(on, 1, of->in, of->side, of->side);
    TENSOR(on, of->in, of->out / of->groups, of->kernel, of->kernel);
    TENSOR(on, of->out);
    TENSOR(on, 1, of->out, side, side);
}

/* Every input is spread over the window that begins at it; weights [in, out/g, ky, kx]. */
static double *spread(const back *of, const bench *on)
{
    int64_t side = back_side(of), k2 = of->kernel * of->kernel;
    int64_t outs = of->out / of->groups, ins = of->in / of->groups;
    double *y = calloc((size_t)(of->out * side * side), sizeof(*y));

    CHECK(y);
    for (int64_t i = 0; i < of->out * side * side; i++)
        y[i] = on->memory[2][i / (side * side)];
    for (int64_t i = 0; i < of->in * of->side * of->side * outs * k2; i++) {
        int64_t k = i % k2, o = i / k2 % outs,
                pixel = i / (k2 * outs) % (of->side * of->side);
        int64_t c = i / (k2 * outs * of->side * of->side), to = c / ins * outs + o;
        int64_t row = pixel / of->side * of->stride + k / of->kernel * of->dilation
            - of->pad;
        int64_t column =
            pixel % of->side * of->stride + k % of->kernel * of->dilation - of->pad;
        if (row >= 0 && column >= 0 && row < side && column < side)
            y[(to * side + row) * side + column] +=
                (double)on->memory[0][c * of->side * of->side + pixel]
                * on->memory[1][(c * outs + o) * k2 + k];
    }
    return y;
}

static void a_transposed_convolution_spreads_every_pixel(void)
{
    for (size_t i = 0; i < ERG_COUNT(backs); i++) {
        bench on = begin(ERG_OP_CONV_TRANSPOSE);

        describe(&on, &backs[i]);
        double *y = spread(&backs[i], &on);
        launch(&on);
        int64_t side = back_side(&backs[i]);
        for (int64_t k = 0; k < backs[i].out * side * side; k++)
            CHECK_NEAR(on.memory[3][k], y[k], 2e-5);
        free(y);
        end(&on);
    }
}

/* The layouts it asks for are made, and the memory that they need is taken. */
static void the_library_s_own_layouts_can_be_launched(void)
{
    for (size_t i = 0; i < ERG_COUNT(backs); i++) {
        bench on = begin(ERG_OP_CONV_TRANSPOSE);
        erg_error err = { 0 };

        describe(&on, &backs[i]);
        bench in = on;
        CHECK_OK(engine->settle(in.session, &in.signature, &err), err);
        for (int k = 0; k < 4; k++) {
            in.memory[k] = engine->take(in.session, &in.signature.tensors[k], 5, &err);
            CHECK_OK(in.memory[k] != NULL, err);
        }
        launch(&in);
        for (int k = 0; k < 4; k++)
            engine->give(in.session, in.memory[k]);
        end(&on);
    }
}

static void a_transposed_convolution_without_a_window_is_refused(void)
{
    bench on = begin(ERG_OP_CONV_TRANSPOSE);
    erg_error err = { 0 };

    describe(&on, &backs[0]);
    on.signature.window.axes = 0;
    CHECK(!engine->prepare(on.session, &on.signature, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "without a window"));
    end(&on);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_group_norm_is_its_definition),
        TEST(an_instance_norm_has_a_group_a_channel),
        TEST(norms_of_other_parameters_are_refused),
        TEST(a_transposed_convolution_spreads_every_pixel),
        TEST(the_library_s_own_layouts_can_be_launched),
        TEST(a_transposed_convolution_without_a_window_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
