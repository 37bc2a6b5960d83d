/* SPDX-License-Identifier: Apache-2.0 */
/* Known coefficients come back; the best point is on the right face of c >= 0. */
#include "fit/nnls.h"
#include "test.h"

enum { ROWS = 40, COLUMNS = 3 };
static const double truth[COLUMNS] = { 0.709, 155.4, 45.6 };

typedef struct rows { double x[ROWS * COLUMNS], y[ROWS]; } rows;

/* Rows as calibration sees them: shares of one energy, targets near 1. */
static void make(rows *to, test_random *random, double noise)
{
    for (size_t i = 0; i < ROWS; i++) {
        double share[COLUMNS], sum = 0;
        for (size_t j = 0; j < COLUMNS; j++)
            sum += share[j] = 0.05 + test_uniform(random);
        for (size_t j = 0; j < COLUMNS; j++)
            to->x[i * COLUMNS + j] = share[j] / sum / truth[j];
        to->y[i] = 1 + noise * test_normal(random);
    }
}

static void known_coefficients_come_back_without_noise(void)
{
    test_random random = { 7 };
    rows made;
    erg_nnls fit;

    for (int round = 0; round < 20; round++) {
        make(&made, &random, 0);
        CHECK(erg_nnls_solve(made.x, made.y, ROWS, COLUMNS, &fit, NULL));
        for (size_t j = 0; j < COLUMNS; j++)
            CHECK_NEAR(fit.value[j] / truth[j], 1, 1e-9);
        CHECK(fit.condition >= 1 && fit.condition < 100);
    }
}

static void intervals_hold_the_truth_under_noise(void)
{
    test_random random = { 11 };
    int held = 0, rounds = 200;
    rows made;
    erg_nnls fit;

    for (int round = 0; round < rounds; round++) {
        make(&made, &random, 0.05);
        CHECK(erg_nnls_solve(made.x, made.y, ROWS, COLUMNS, &fit, NULL));
        for (size_t j = 0; j < COLUMNS; j++)
            held += fit.low[j] <= truth[j] && truth[j] <= fit.high[j];
    }
    double share = held / (3.0 * rounds);
    CHECK(share > 0.92 && share < 0.98);
}

/* y = 2a - b: the free optimum is negative in b, so b must land on 0 exactly and
 * a must be what a fit on a alone gives. */
static void a_negative_optimum_lands_on_zero(void)
{
    test_random random = { 3 };
    double x[2 * ROWS], y[ROWS], ay = 0, aa = 0;
    erg_nnls fit;

    for (size_t i = 0; i < ROWS; i++) {
        x[2 * i] = 1 + test_uniform(&random);
        x[2 * i + 1] = test_uniform(&random);
        y[i] = 2 * x[2 * i] - x[2 * i + 1];
        ay += x[2 * i] * y[i];
        aa += x[2 * i] * x[2 * i];
    }
    CHECK(erg_nnls_solve(x, y, ROWS, 2, &fit, NULL));
    CHECK(fit.value[1] == 0);
    CHECK_NEAR(fit.value[0], ay / aa, 1e-12);
    CHECK(fit.high[1] > 0 && fit.low[1] == 0);
}

/* At the optimum no coefficient can be moved, within c >= 0, for the better. */
static void no_small_step_improves_the_fit(void)
{
    test_random random = { 5 };

    for (int round = 0; round < 50; round++) {
        double x[ROWS * 4], y[ROWS];
        erg_nnls fit;

        for (size_t i = 0; i < ROWS * 4; i++)
            x[i] = test_normal(&random);
        for (size_t i = 0; i < ROWS; i++)
            y[i] = test_normal(&random);
        CHECK(erg_nnls_solve(x, y, ROWS, 4, &fit, NULL));
        for (size_t j = 0; j < 4; j++) {
            double slope = 0;
            for (size_t i = 0; i < ROWS; i++) {
                double left = -y[i];
                for (size_t k = 0; k < 4; k++)
                    left += x[i * 4 + k] * fit.value[k];
                slope += left * x[i * 4 + j];
            }
            CHECK(fit.value[j] > 0 ? fabs(slope) < 1e-10 : slope > -1e-10);
        }
    }
}

static void the_order_of_rows_does_not_matter(void)
{
    test_random random = { 13 };
    rows made, turned;
    erg_nnls one, other;

    make(&made, &random, 0.05);
    for (size_t i = 0; i < ROWS; i++) {
        size_t from = (i * 7 + 3) % ROWS;
        turned.y[i] = made.y[from];
        for (size_t j = 0; j < COLUMNS; j++)
            turned.x[i * COLUMNS + j] = made.x[from * COLUMNS + j];
    }
    CHECK(erg_nnls_solve(made.x, made.y, ROWS, COLUMNS, &one, NULL));
    CHECK(erg_nnls_solve(turned.x, turned.y, ROWS, COLUMNS, &other, NULL));
    for (size_t j = 0; j < COLUMNS; j++)
        CHECK_NEAR(one.value[j] / other.value[j], 1, 1e-13);
}

static void dependent_columns_are_used_once(void)
{
    double x[] = { 1, 2, 2, 4, 3, 6 }, y[] = { 3, 6, 9 };
    erg_nnls fit;

    CHECK(erg_nnls_solve(x, y, 3, 2, &fit, NULL));
    CHECK(fit.condition > 1e6);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(fit.value[0] * x[2 * i] + fit.value[1] * x[2 * i + 1], y[i], 1e-12);
}

static void what_cannot_be_fitted_is_said(void)
{
    double zero[] = { 0, 0, 0 }, y[] = { 1, 1, 1 };
    erg_error err = { 0 };
    erg_nnls fit;

    CHECK(!erg_nnls_solve(zero, y, 3, 1, &fit, &err) && err.code == ERG_NO_DATA);
    CHECK(!erg_nnls_solve(zero, y, 3, 0, &fit, &err) && err.code == ERG_BAD_INPUT);
    CHECK(!erg_nnls_solve(zero, y, 3, 9, &fit, &err) && err.code == ERG_BAD_INPUT);
}

int main(void)
{
    static const test tests[] = {
        TEST(known_coefficients_come_back_without_noise),
        TEST(intervals_hold_the_truth_under_noise),
        TEST(a_negative_optimum_lands_on_zero),
        TEST(no_small_step_improves_the_fit),
        TEST(the_order_of_rows_does_not_matter),
        TEST(dependent_columns_are_used_once),
        TEST(what_cannot_be_fitted_is_said),
    };
    return test_run(tests, ERG_COUNT(tests));
}
