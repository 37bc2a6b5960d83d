/* SPDX-License-Identifier: Apache-2.0 */
/* What Llama's family computes beside products, against sums written out. */
#include <math.h>
#include "onednn_bench.h"

/* ---- attention ---------------------------------------------------------------------- */

enum { BATCH = 2, HEADS = 6, GROUPS = 2, Q = 5, K = 9, D = 16, V = 8 };

typedef float masking(const bench *on, int b, int h, int i, int j);

static float none(const bench *on, int b, int h, int i, int j)
{
    (void)on, (void)b, (void)h, (void)i, (void)j;
    return 0;
}

/* Of [BATCH, 1, 1, K]. */
static float of_keys(const bench *on, int b, int h, int i, int j)
{
    (void)h, (void)i;
    return on->memory[3][b * K + j];
}

/* Of [Q, K]. */
static float of_pairs(const bench *on, int b, int h, int i, int j)
{
    (void)b, (void)h;
    return on->memory[3][i * K + j];
}

/* Of [1, HEADS, Q, K], as of relative positions. */
static float of_heads(const bench *on, int b, int h, int i, int j)
{
    (void)b;
    return on->memory[3][(h * Q + i) * K + j];
}

/* Heads are neighbours in a group that shares keys and values. */
static double attended(const bench *on, masking *mask, int b, int h, int i, int d)
{
    int query = (b * HEADS + h) * Q + i, group = b * GROUPS + h / (HEADS / GROUPS);
    double sum = 0, of = 0;

    for (int j = 0; j < K; j++) {
        double score = 0;
        for (int k = 0; k < D; k++)
            score += (double)on->memory[0][query * D + k]
                   * on->memory[1][(group * K + j) * D + k];
        double part = exp(score / sqrt(D) + mask(on, b, h, i, j));
        sum += part;
        of += part * on->memory[2][(group * K + j) * V + d];
    }
    return of / sum;
}

static void check_all(bench *on, masking *mask)
{
    const float *out = on->memory[on->signature.input_count];

    for (int i = 0; i < BATCH * HEADS * Q * D; i++)     /* else all scores were alike */
        on->memory[0][i] *= 100;
    launch(on);
    for (int b = 0; b < BATCH; b++)
        for (int h = 0; h < HEADS; h++)
            for (int i = 0; i < Q * V; i++)
                CHECK_NEAR(out[((b * HEADS + h) * Q) * V + i],
                           attended(on, mask, b, h, i / V, i % V), 1e-5);
}

static bench begin_attention(void)
{
    bench on = begin(ERG_OP_ATTENTION);

    on.signature.batch = BATCH * HEADS;
    on.signature.m = Q;
    on.signature.n = K;
    on.signature.k = D;
    TENSOR(&on, BATCH, HEADS, Q, D);
    TENSOR(&on, BATCH, GROUPS, K, D);
    TENSOR(&on, BATCH, GROUPS, K, V);
    return on;
}

static void heads_may_share_keys_and_values(void)
{
    bench on = begin_attention();

    TENSOR(&on, BATCH, HEADS, Q, V);
    check_all(&on, none);
    end(&on);
}

static void a_mask_is_added_to_the_scores(void)
{
    static const struct { int64_t dims[4]; int rank; masking *mask; } masks[] = {
        { { BATCH, 1, 1, K }, 4, of_keys },
        { { Q, K }, 2, of_pairs },
        { { 1, HEADS, Q, K }, 4, of_heads },
    };

    for (size_t i = 0; i < ERG_COUNT(masks); i++) {
        bench on = begin_attention();
        tensor(&on, masks[i].rank, masks[i].dims);
        TENSOR(&on, BATCH, HEADS, Q, V);
        for (size_t k = 0; k < elements(&on.signature.tensors[3]); k++)
            on.memory[3][k] *= 50;
        on.memory[3][1] = -1e9F;        /* nobody looks there */
        check_all(&on, masks[i].mask);
        end(&on);
    }
}

static void shapes_that_do_not_go_together_are_refused(void)
{
    bench on = begin_attention();
    erg_error err = { 0 };

    TENSOR(&on, 3, K);
    TENSOR(&on, BATCH, HEADS, Q, V);
    CHECK(!engine->prepare(on.session, &on.signature, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "mask"));
    on.signature.tensors[1].dims[1] = 4;        /* six heads cannot share four evenly */
    CHECK(!engine->prepare(on.session, &on.signature, &err) && strstr(err.text, "heads"));
    end(&on);
}

/* ---- RMS norm ----------------------------------------------------------------------- */

static void an_rms_norm_divides_each_row_by_its_root_mean_square(void)
{
    enum { ROWS = 6, WIDTH = 24 };

    for (int gained = 0; gained < 2; gained++) {
        bench on = begin(ERG_OP_RMS_NORM);
        TENSOR(&on, 2, 3, WIDTH);
        if (gained)
            TENSOR(&on, WIDTH);
        TENSOR(&on, 2, 3, WIDTH);
        launch(&on);
        for (int row = 0; row < ROWS; row++) {
            const float *x = on.memory[0] + row * WIDTH;
            double squares = 0;
            for (int i = 0; i < WIDTH; i++)
                squares += (double)x[i] * x[i];
            for (int i = 0; i < WIDTH; i++) {
                double wanted = x[i] / sqrt(squares / WIDTH);
                wanted *= gained ? (double)on.memory[1][i] : 1;
                CHECK_NEAR(on.memory[1 + gained][row * WIDTH + i], wanted, 1e-5);
            }
        }
        end(&on);
    }
}

/* ---- rotary embedding --------------------------------------------------------------- */

static void pairs_of_a_row_turn_by_their_position(void)
{
    enum { ROWS = 3, WIDTH = 8, HALF = WIDTH / 2 };
    bench on = begin(ERG_OP_ROTARY);

    TENSOR(&on, BATCH, ROWS, WIDTH);
    TENSOR(&on, BATCH, ROWS, WIDTH);
    launch(&on);
    for (int row = 0; row < BATCH * ROWS; row++)
        for (int i = 0; i < HALF; i++) {
            const float *x = on.memory[0] + row * WIDTH, *y = on.memory[1] + row * WIDTH;
            double angle = row % ROWS / pow(1e4, 2.0 * i / WIDTH);
            CHECK_NEAR(y[i], x[i] * cos(angle) - x[i + HALF] * sin(angle), 1e-6);
            CHECK_NEAR(y[i + HALF], x[i + HALF] * cos(angle) + x[i] * sin(angle), 1e-6);
        }
    end(&on);
}

int main(void)
{
    static const test tests[] = {
        TEST(heads_may_share_keys_and_values),
        TEST(a_mask_is_added_to_the_scores),
        TEST(shapes_that_do_not_go_together_are_refused),
        TEST(an_rms_norm_divides_each_row_by_its_root_mean_square),
        TEST(pairs_of_a_row_turn_by_their_position),
    };
    return test_run(tests, ERG_COUNT(tests));
}
