/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares against lines in closed form, and errors against their own scatter. */
#include "math/random.h"
#include "math/regression.h"
#include "math/stats.h"
#include "test.h"

enum { N = 60 };

static void a_line_is_that_of_the_closed_form(void)
{
    double x[N], y[N], columns[2 * N], rest[N];
    erg_random random = { 1 };
    erg_regression fit;
    erg_line line;

    for (size_t i = 0; i < N; i++) {
        x[i] = 1000 + erg_random_normal(&random);
        y[i] = rest[i] = 3 - 2 * x[i] + erg_random_normal(&random);
        columns[i] = 1;
        columns[N + i] = x[i];
    }
    CHECK(erg_line_fit(x, y, N, &line));
    CHECK(erg_regress(columns, rest, N, 2, &fit));
    CHECK_NEAR(fit.b[1], line.slope, 1e-9);
    CHECK_NEAR(fit.b[0], line.intercept, 1e-6);
    CHECK_NEAR(fit.se[1], line.slope_se, 1e-9);
    CHECK_NEAR(fit.rss, line.residual_sd * line.residual_sd * (N - 2), 1e-9);
}

static void columns_that_depend_are_refused(void)
{
    double columns[3 * N], y[N] = { 1 };
    erg_regression fit;

    for (size_t i = 0; i < N; i++) {
        columns[i] = 1;
        columns[N + i] = (double)i;
        columns[2 * N + i] = 0.3 * (double)i + 7;
    }
    CHECK(!erg_regress(columns, y, N, 3, &fit));
    CHECK(!erg_regress(columns, y, 1, 2, &fit));
}

/* A slope on a remembering x with remembering noise scatters more than white errors say. */
static void newey_and_west_know_what_remembers(void)
{
    enum { ROWS = 400, RUNS = 200 };
    static double columns[2 * ROWS], y[ROWS];
    double slopes[RUNS], white = 0, wide = 0;
    erg_regression fit;

    for (uint64_t run = 0; run < RUNS; run++) {
        erg_random random = { 100 + run };
        double x = 0, e = 0;
        for (size_t i = 0; i < ROWS; i++) {
            x = 0.8 * x + erg_random_normal(&random);
            e = 0.8 * e + erg_random_normal(&random);
            columns[i] = 1;
            columns[ROWS + i] = x;
            y[i] = e;
        }
        CHECK(erg_regress_newey_west(columns, y, ROWS, 2, 20, &fit));
        slopes[run] = fit.b[1];
        wide += fit.se[1] / RUNS;
        white += sqrt(fit.rss / ROWS) / sqrt(ROWS / (1 - 0.64)) / RUNS;
    }
    double truth = erg_sd(slopes, RUNS);
    CHECK(white < 0.6 * truth);
    CHECK(wide > 0.75 * truth && wide < 1.15 * truth);
    CHECK(erg_newey_west_lags(100) == 4 && erg_newey_west_lags(79) == 3);
}

static void drivers_are_taken_out_with_their_past(void)
{
    double a[N], constant[N], twice[N], x[N], out[N];
    const double *drivers[] = { a, constant, twice };
    erg_random random = { 5 };

    for (size_t t = 0; t < N; t++) {
        a[t] = erg_random_normal(&random);
        constant[t] = 0.1;
        twice[t] = 2 * a[t] - 1;
        x[t] = 4 + 3 * a[t] - 2 * (t > 1 ? a[t - 2] : 0);
    }
    CHECK(erg_regress_out(x, drivers, 3, N, 3, out));
    CHECK(isnan(out[2]));
    for (size_t t = 3; t < N; t++)
        CHECK_NEAR(out[t], 0, 1e-9);
    a[30] = NAN;
    twice[30] = 0;
    CHECK(erg_regress_out(x, drivers, 3, N, 3, out));
    CHECK(isnan(out[30]) && isnan(out[33]) && isfinite(out[34]));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_line_is_that_of_the_closed_form),
        TEST(columns_that_depend_are_refused),
        TEST(newey_and_west_know_what_remembers),
        TEST(drivers_are_taken_out_with_their_past),
    };
    return test_run(tests, ERG_COUNT(tests));
}
