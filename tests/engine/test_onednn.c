/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of this processor against loops that can be read. */
#include "engine/onednn_bench.h"

static void a_linear_layer_is_rows_times_weights_plus_bias(void)
{
    enum { M = 6, N = 17, K = 40 };
    bench on = begin(ERG_OP_LINEAR);

    on.signature.n = N;
    on.signature.k = K;
    on.signature.m = M;
    TENSOR(&on, 2, 3, K);
    TENSOR(&on, N, K);
    TENSOR(&on, N);
    TENSOR(&on, 2, 3, N);
    launch(&on);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = on.memory[2][j];

            for (int k = 0; k < K; k++)
                sum += (double)on.memory[0][i * K + k] * on.memory[1][j * K + k];
            CHECK_NEAR(on.memory[3][i * N + j], sum, 1e-5);
        }
    end(&on);
}

static void a_product_of_activations_goes_over_its_batch(void)
{
    enum { B = 6, M = 5, N = 7, K = 9 };
    for (int turned = 0; turned < 2; turned++) {
        bench on = begin(ERG_OP_MATMUL);

        on.signature.batch = B;
        on.signature.m = M;
        on.signature.n = N;
        on.signature.k = K;
        on.signature.transpose_b = turned;
        TENSOR(&on, 2, 3, M, K);
        TENSOR(&on, 2, 3, turned ? N : K, turned ? K : N);
        TENSOR(&on, 2, 3, M, N);
        launch(&on);
        for (int b = 0; b < B; b++)
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++) {
                    const float *right = on.memory[1] + b * K * N;
                    double sum = 0;

                    for (int k = 0; k < K; k++)
                        sum += (double)on.memory[0][(b * M + i) * K + k]
                               * (turned ? right[j * K + k] : right[k * N + j]);
                    CHECK_NEAR(on.memory[2][(b * M + i) * N + j], sum, 1e-5);
                }
        end(&on);
    }
}

typedef struct conv {
    int64_t in, out, side, kernel, stride, pad, dilation, groups;
} conv;

static int64_t out_side(const conv *of)
{
    return (of->side + 2 * of->pad - of->dilation * (of->kernel - 1) - 1) / of->stride + 1;
}

/* One element of the output, by the definition. */
static double convolved(const conv *of, float *const memory[], int64_t c,
                        const int64_t at[2])
{
    int64_t of_group = of->in / of->groups, first = c / (of->out / of->groups) * of_group;
    double sum = memory[2][c];

    for (int64_t i = 0; i < of_group; i++)
        for (int64_t p = 0; p < of->kernel * of->kernel; p++) {
            int64_t y = at[0] * of->stride + p / of->kernel * of->dilation - of->pad;
            int64_t x = at[1] * of->stride + p % of->kernel * of->dilation - of->pad;

            if (y >= 0 && x >= 0 && y < of->side && x < of->side)
                sum += (double)memory[0][((first + i) * of->side + y) * of->side + x]
                       * memory[1][(c * of_group + i) * of->kernel * of->kernel + p];
        }
    return sum;
}

static void describe(bench *on, const conv *of)
{
    erg_window *window = &on->signature.window;
    int64_t side = out_side(of);

    *window = (erg_window){
        .axes = 2, .groups = of->groups, .channels_in = of->in, .channels_out = of->out
    };
    for (int i = 0; i < 2; i++) {
        window->kernel[i] = of->kernel;
        window->stride[i] = of->stride;
        window->pad_begin[i] = window->pad_end[i] = of->pad;
        window->dilation[i] = of->dilation;
        window->in[i] = of->side;
        window->out[i] = side;
    }
    TENSOR(on, 1, of->in, of->side, of->side);
    TENSOR(on, of->out, of->in / of->groups, of->kernel, of->kernel);
    TENSOR(on, of->out);
    TENSOR(on, 1, of->out, side, side);
}

/* From a layout to another by the engine's own reorder. */
static float *turned(bench *on, const erg_signature_tensor *from, float *memory,
                     const erg_signature_tensor *to)
{
    erg_error err = { 0 };
    erg_signature move = { .op = ERG_OP_COPY,
                           .shape_known = true,
                           .input_count = 1,
                           .output_count = 1,
                           .axis = -1,
                           .tensors = { *from, *to } };
    float *out = engine->take(on->session, to, 9, &err);
    erg_engine_job *job = engine->prepare(on->session, &move, &err);

    CHECK_OK(job != NULL, err);
    CHECK_OK(engine->launch(job, (void *[ERG_SIGNATURE_TENSORS]){ memory, out }, &err),
             err);
    engine->free(job);
    return out;
}

static void compare(const conv *of, const bench *on, const float *out)
{
    int64_t side = out_side(of);

    for (int64_t c = 0; c < of->out; c++)
        for (int64_t i = 0; i < side * side; i++)
            CHECK_NEAR(out[c * side * side + i],
                       convolved(of, on->memory, c, (int64_t[]){ i / side, i % side }),
                       2e-5);
}

static const conv convs[] = {
    { 3, 16, 14, 7, 2, 3, 1, 1 },
    { 16, 24, 9, 3, 1, 1, 1, 1 },
    { 16, 16, 9, 3, 2, 1, 1, 16 }, /* depthwise */
    { 16, 32, 9, 3, 1, 2, 2, 2 },  /* groups, dilated */
    { 32, 64, 7, 1, 2, 0, 1, 1 },  /* one weight a pair of channels */
    { 24, 16, 1, 1, 1, 0, 1, 1 },  /* one pixel */
};

static void a_convolution_is_its_definition(void)
{
    for (size_t i = 0; i < ERG_COUNT(convs); i++) {
        bench on = begin(ERG_OP_CONV);

        describe(&on, &convs[i]);
        launch(&on);
        compare(&convs[i], &on, on.memory[3]);
        end(&on);
    }
}

/* Blocks of channels: the same result once it is turned back. */
static void the_layout_that_is_asked_for_changes_no_result(void)
{
    int blocked = 0;

    for (size_t i = 1; i < ERG_COUNT(convs); i++) {
        bench on = begin(ERG_OP_CONV);
        erg_error err = { 0 };

        describe(&on, &convs[i]);
        bench in = on;
        CHECK_OK(engine->settle(in.session, &in.signature, &err), err);
        in.memory[0] =
            turned(&on, &on.signature.tensors[0], on.memory[0], &in.signature.tensors[0]);
        erg_signature_tensor weights = on.signature.tensors[1];
        if (convs[i].groups > 1) {
            weights = in.signature.tensors[1];
            weights.layout[0] = '\0';
        }
        in.memory[1] = turned(&on, &weights, on.memory[1], &in.signature.tensors[1]);
        in.memory[3] = engine->take(on.session, &in.signature.tensors[3], 3, &err);
        launch(&in);
        float *dense =
            turned(&on, &in.signature.tensors[3], in.memory[3], &on.signature.tensors[3]);
        compare(&convs[i], &on, dense);
        blocked += in.signature.tensors[3].layout[0] != '\0';
        engine->give(on.session, in.memory[0]);
        engine->give(on.session, in.memory[1]);
        engine->give(on.session, in.memory[3]);
        engine->give(on.session, dense);
        end(&on);
    }
    CHECK(blocked > 0);
}

static bool falls_to_reference(const conv *of)
{
    bench on = begin(ERG_OP_CONV);
    erg_error err = { 0 };

    describe(&on, of);
    CHECK_OK(engine->settle(on.session, &on.signature, &err), err);
    erg_engine_job *job = engine->prepare(on.session, &on.signature, &err);
    CHECK_OK(job != NULL, err);
    bool falls = strncmp(engine->implementation(job), "ref", 3) == 0;
    engine->free(job);
    end(&on);
    return falls;
}

/* Axes of one make layouts equal to the library's compare, but not to its fast kernels: the
 * one named "Abcd32a" for "Acdb32a" took 220 ms for 1. */
static void axes_of_one_lose_no_fast_kernel(void)
{
    static const conv wide = { 128, 256, 28, 3, 1, 1, 1, 1 };
    static const conv ones[] = {
        { 128, 256, 28, 1, 2, 0, 1, 1 },
        { 64, 128, 56, 1, 2, 0, 1, 1 },
        { 96, 16, 1, 1, 1, 0, 1, 1 },
        { 16, 96, 1, 1, 1, 0, 1, 1 },
    };

    if (falls_to_reference(&wide))
        SKIP("oneDNN has only its reference convolution on this processor");
    for (size_t i = 0; i < ERG_COUNT(ones); i++)
        CHECK(!falls_to_reference(&ones[i]));
}

static void softmax_is_shares_of_exponentials(void)
{
    enum { ROWS = 10, WIDTH = 33 };
    bench on = begin(ERG_OP_SOFTMAX);

    TENSOR(&on, 2, 5, WIDTH);
    TENSOR(&on, 2, 5, WIDTH);
    launch(&on);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;

        for (int j = 0; j < WIDTH; j++)
            sum += exp(on.memory[0][i * WIDTH + j]);
        for (int j = 0; j < WIDTH; j++)
            CHECK_NEAR(on.memory[1][i * WIDTH + j], exp(on.memory[0][i * WIDTH + j]) / sum,
                       1e-6);
    }
    end(&on);
}

static void norms_and_pools_are_their_definitions(void)
{
    enum { ROWS = 6, WIDTH = 24 };
    bench on = begin(ERG_OP_LAYER_NORM);

    TENSOR(&on, 2, 3, WIDTH);
    TENSOR(&on, WIDTH);
    TENSOR(&on, WIDTH);
    TENSOR(&on, 2, 3, WIDTH);
    launch(&on);
    for (int i = 0; i < ROWS; i++) {
        const float *x = on.memory[0] + i * WIDTH;
        double mean = 0, square = 0;

        for (int j = 0; j < WIDTH; j++)
            mean += (double)x[j] / WIDTH;
        for (int j = 0; j < WIDTH; j++)
            square += (x[j] - mean) * (x[j] - mean) / WIDTH;
        for (int j = 0; j < WIDTH; j++)
            CHECK_NEAR(on.memory[3][i * WIDTH + j],
                       (x[j] - mean) / sqrt(square + 1e-5) * on.memory[1][j]
                           + on.memory[2][j],
                       1e-4);
    }
    end(&on);
    bench pool = begin(ERG_OP_GLOBAL_POOL);
    TENSOR(&pool, 1, 8, 5, 5);
    TENSOR(&pool, 1, 8, 1, 1);
    launch(&pool);
    for (int c = 0; c < 8; c++) {
        double mean = 0;

        for (int i = 0; i < 25; i++)
            mean += (double)pool.memory[0][c * 25 + i] / 25;
        CHECK_NEAR(pool.memory[1][c], mean, 1e-6);
    }
    end(&pool);
}

static void rows_are_picked_whole(void)
{
    enum { ROWS = 50, WIDTH = 8, PICKED = 12 };
    bench on = begin(ERG_OP_EMBEDDING);

    TENSOR(&on, ROWS, WIDTH);
    TENSOR(&on, PICKED);
    TENSOR(&on, PICKED, WIDTH);
    launch(&on);
    for (int i = 0; i < PICKED; i++) {
        bool found = false;

        for (int row = 0; row < ROWS; row++)
            found |= memcmp(on.memory[2] + (size_t)i * WIDTH,
                            on.memory[0] + (size_t)row * WIDTH, WIDTH * sizeof(float))
                     == 0;
        CHECK(found);
    }
    end(&on);
}

/* A step of the table further on no row is one of those that were read. */
static void parts_of_a_table_have_no_row_in_common(void)
{
    enum { ROWS = 640, WIDTH = 128, PICKED = 16, PARTS = ROWS / PICKED / 2 };
    bench on = begin(ERG_OP_EMBEDDING);
    static bool was_read[2 * ROWS];
    erg_error err = { 0 };

    TENSOR(&on, ROWS, WIDTH);
    TENSOR(&on, PICKED);
    TENSOR(&on, PICKED, WIDTH);
    erg_engine_job *job = engine->prepare(on.session, &on.signature, &err);
    CHECK_OK(job != NULL, err);
    erg_engine_parts parts = engine->parts(job);
    CHECK(parts.count == PARTS && parts.step_bytes == WIDTH * sizeof(float));
    CHECK(parts.bytes == PICKED * WIDTH * sizeof(float));
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < WIDTH; i++)
            on.memory[0][row * WIDTH + i] = (float)row;
    for (size_t part = 0; part < parts.count; part++) {
        void *moved[ERG_SIGNATURE_TENSORS] = {
            on.memory[0] + part * parts.step_bytes / sizeof(float), on.memory[1],
            on.memory[2] };
        CHECK_OK(engine->launch(job, moved, &err), err);
        for (int i = 0; i < PICKED; i++) {
            size_t row = (size_t)on.memory[2][i * WIDTH];
            CHECK(!was_read[row]);
            was_read[row] = true;
        }
    }
    engine->free(job);
    end(&on);
}

static void what_it_does_not_know_is_said_by_name(void)
{
    bench on = begin(ERG_OP_LSTM);
    erg_error err = { 0 };

    CHECK(!engine->prepare(on.session, &on.signature, &err));
    CHECK(err.code == ERG_UNSUPPORTED);
    CHECK(strstr(err.text, "lstm"));
    end(&on);
}

static void memory_is_of_normal_numbers_and_repeats(void)
{
    bench on = begin(ERG_OP_COPY);
    double sum = 0, square = 0;

    TENSOR(&on, 400, 400);
    size_t count = elements(&on.signature.tensors[0]);
    for (size_t i = 0; i < count; i++) {
        sum += on.memory[0][i];
        square += (double)on.memory[0][i] * on.memory[0][i];
    }
    CHECK_NEAR(sum / (double)count, 0, 1e-3);
    CHECK_NEAR(sqrt(square / (double)count), 0.05, 1e-3);
    erg_error err = { 0 };
    float *again = engine->take(on.session, &on.signature.tensors[0], 0, &err);
    CHECK(memcmp(again, on.memory[0], count * sizeof(float)) == 0);
    engine->give(on.session, again);
    end(&on);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_linear_layer_is_rows_times_weights_plus_bias),
        TEST(a_product_of_activations_goes_over_its_batch),
        TEST(a_convolution_is_its_definition),
        TEST(the_layout_that_is_asked_for_changes_no_result),
        TEST(axes_of_one_lose_no_fast_kernel),
        TEST(softmax_is_shares_of_exponentials),
        TEST(norms_and_pools_are_their_definitions),
        TEST(rows_are_picked_whole),
        TEST(parts_of_a_table_have_no_row_in_common),
        TEST(what_it_does_not_know_is_said_by_name),
        TEST(memory_is_of_normal_numbers_and_repeats),
    };
    return test_run(tests, ERG_COUNT(tests));
}
