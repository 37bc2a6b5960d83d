/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of older and of small networks on oneDNN, against their definitions. */
#include <math.h>
#include "engine/onednn_bench.h"

static void a_hard_sigmoid_is_a_line_cut_at_both_ends(void)
{
    enum { COUNT = 40 };
    bench on = begin(ERG_OP_HARD_SIGMOID);

    TENSOR(&on, 1, COUNT);
    TENSOR(&on, 1, COUNT);
    for (int i = 0; i < COUNT; i++)
        on.memory[0][i] = (float)(i - COUNT / 2) / 4;
    launch(&on);
    for (int i = 0; i < COUNT; i++)
        CHECK_NEAR(on.memory[1][i], fmin(fmax(on.memory[0][i] / 6 + 0.5, 0), 1), 1e-6);
    end(&on);
}

static void a_compare_is_one_or_nothing(void)
{
    enum { ROWS = 6, WIDTH = 8 };
    bench on = begin(ERG_OP_COMPARE);

    TENSOR(&on, ROWS, WIDTH);
    TENSOR(&on, 1, WIDTH);
    TENSOR(&on, ROWS, WIDTH);
    launch(&on);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < WIDTH; j++) {
            float want = on.memory[0][i * WIDTH + j] >= on.memory[1][j] ? 1 : 0;
            CHECK(on.memory[2][i * WIDTH + j] == want);
        }
    end(&on);
}

/* y = x / (1 + a/5 sum of x^2 over five channels)^0.75 */
static void a_local_response_norm_looks_at_five_channels(void)
{
    enum { CHANNELS = 12, PIXELS = 9 };
    bench on = begin(ERG_OP_LRN);

    TENSOR(&on, 1, CHANNELS, 3, 3);
    TENSOR(&on, 1, CHANNELS, 3, 3);
    for (int i = 0; i < CHANNELS * PIXELS; i++)
        on.memory[0][i] *= 2000; /* else the sum is lost beside the one */
    launch(&on);
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < PIXELS; i++) {
            double sum = 0, x = on.memory[0][c * PIXELS + i];

            for (int k = c - 2; k <= c + 2; k++)
                if (k >= 0 && k < CHANNELS)
                    sum += pow(on.memory[0][k * PIXELS + i], 2);
            double want = x / pow(1 + 1e-4 / 5 * sum, 0.75);
            CHECK_NEAR(on.memory[1][c * PIXELS + i], want, 1e-4 * fabs(want) + 1e-6);
        }
    end(&on);
}

/* As GoogLeNet has it: the last window hangs over the edge, and no padding says so. */
static void a_pool_that_rounds_up_reads_what_is_there(void)
{
    bench on = begin(ERG_OP_MAX_POOL);

    on.signature.window = (erg_window){ .axes = 2, .kernel = { 3, 3 }, .stride = { 2, 2 },
                                        .dilation = { 1, 1 }, .out = { 4, 4 },
                                        .channels_in = 2, .channels_out = 2, .groups = 2 };
    TENSOR(&on, 1, 2, 8, 8);
    TENSOR(&on, 1, 2, 4, 4);
    launch(&on);
    for (int c = 0; c < 2; c++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++) {
                float most = -INFINITY;

                for (int i = 2 * y; i < 2 * y + 3 && i < 8; i++)
                    for (int j = 2 * x; j < 2 * x + 3 && j < 8; j++)
                        most = fmaxf(most, on.memory[0][(c * 8 + i) * 8 + j]);
                CHECK(on.memory[1][(c * 4 + y) * 4 + x] == most);
            }
    end(&on);
}

static void fifty_tensors_are_joined(void)
{
    enum { COUNT = 50 };
    bench on = begin(ERG_OP_CONCAT);

    for (int i = 0; i < COUNT; i++)
        TENSOR(&on, 2, 3);
    TENSOR(&on, 2, 3 * COUNT);
    launch(&on);
    for (int i = 0; i < COUNT; i++)
        for (int row = 0; row < 2; row++)
            for (int k = 0; k < 3; k++)
                CHECK(on.memory[COUNT][row * 3 * COUNT + 3 * i + k]
                      == on.memory[i][row * 3 + k]);
    end(&on);
}

/* The second factor lies across: its strides are the kernel's,
 * the memory is as it comes. */
static void a_turned_factor_of_five_axes_keeps_its_shape(void)
{
    bench on = begin(ERG_OP_MATMUL);
    erg_error err = { 0 };

    TENSOR(&on, 1, 4, 2, 7, 3);
    TENSOR(&on, 1, 4, 2, 7, 3);
    TENSOR(&on, 1, 4, 2, 7, 7);
    on.signature.batch = 8;
    on.signature.m = on.signature.n = 7;
    on.signature.k = 3;
    on.signature.transpose_b = true;
    CHECK_OK(engine->settle(on.session, &on.signature, &err), err);
    CHECK(on.signature.tensors[1].rank == 5 && !on.signature.tensors[1].layout[0]);
    launch(&on);
    for (int b = 0; b < 8; b++)
        for (int i = 0; i < 7; i++)
            for (int j = 0; j < 7; j++) {
                double sum = 0;

                for (int k = 0; k < 3; k++)
                    sum += (double)on.memory[0][(b * 7 + i) * 3 + k]
                           * (double)on.memory[1][(b * 7 + j) * 3 + k];
                CHECK_NEAR(on.memory[2][(b * 7 + i) * 7 + j], sum, 1e-6);
            }
    end(&on);
}

/* Along the last axis single numbers are picked, along the middle one rows of the last. */
static void what_is_picked_is_of_its_table(void)
{
    static const struct { int32_t axis; int64_t dims[3]; size_t width; } rows[] = {
        { 1, { 4, 3, 8 }, 8 }, { 2, { 4, 6, 5 }, 1 }, { -1, { 4, 6, 3 }, 1 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        bench on = begin(ERG_OP_GATHER);
        size_t width = rows[i].width, found = 0;

        on.signature.axis = rows[i].axis;
        TENSOR(&on, 4, 6, 8);
        tensor(&on, 3, rows[i].dims);
        tensor(&on, 3, rows[i].dims);
        size_t count = elements(&on.signature.tensors[2]) / width;
        launch(&on);
        for (size_t k = 0; k < count; k++)
            for (size_t row = 0; row < 4 * 6 * 8 / width; row++)
                if (memcmp(on.memory[2] + k * width, on.memory[0] + row * width,
                           width * sizeof(float)) == 0) {
                    found++;
                    break;
                }
        CHECK(found == count);
        end(&on);
    }
}

static void a_scatter_is_the_whole_with_rows_put_into_it(void)
{
    enum { ROWS = 40, WIDTH = 6, PUT = 9 };
    bench on = begin(ERG_OP_SCATTER);
    int kept = 0;

    TENSOR(&on, ROWS, WIDTH);
    TENSOR(&on, PUT, 1);
    TENSOR(&on, PUT, WIDTH);
    TENSOR(&on, ROWS, WIDTH);
    for (int i = 0; i < PUT * WIDTH; i++)
        on.memory[2][i] = 7;
    launch(&on);
    for (int row = 0; row < ROWS; row++) {
        const float *at = on.memory[3] + row * WIDTH;
        bool is_kept =
            memcmp(at, on.memory[0] + row * WIDTH, WIDTH * sizeof(float)) == 0;

        for (int j = 0; j < WIDTH && !is_kept; j++)
            CHECK(at[j] == 7);
        kept += is_kept;
    }
    CHECK(kept >= ROWS - PUT && kept < ROWS);
    end(&on);
}

static void a_fill_sets_all_of_it(void)
{
    bench on = begin(ERG_OP_FILL);
    erg_error err = { 0 };

    TENSOR(&on, 1);
    TENSOR(&on, 30, 30);
    erg_engine_job *job = engine->prepare(on.session, &on.signature, &err);
    CHECK_OK(job != NULL, err);
    CHECK_TEXT(engine->implementation(job), "memset");
    CHECK_OK(engine->launch(job, (void *const *)on.memory, &err), err);
    for (int i = 0; i < 900; i++)
        CHECK(on.memory[1][i] == 0);
    engine->free(job);
    end(&on);
}

static void updates_without_a_whole_are_refused(void)
{
    bench on = begin(ERG_OP_SCATTER);
    erg_error err = { 0 };

    TENSOR(&on, 4, 4);
    TENSOR(&on, 9, 9);
    CHECK(!engine->prepare(on.session, &on.signature, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "scatter"));
    end(&on);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_hard_sigmoid_is_a_line_cut_at_both_ends),
        TEST(a_compare_is_one_or_nothing),
        TEST(a_local_response_norm_looks_at_five_channels),
        TEST(a_pool_that_rounds_up_reads_what_is_there),
        TEST(fifty_tensors_are_joined),
        TEST(a_turned_factor_of_five_axes_keeps_its_shape),
        TEST(what_is_picked_is_of_its_table),
        TEST(a_scatter_is_the_whole_with_rows_put_into_it),
        TEST(a_fill_sets_all_of_it),
        TEST(updates_without_a_whole_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
