/* SPDX-License-Identifier: Apache-2.0 */
/* Runs together: what repeats is found with little in each, nothing where none is. */
#include "math/random.h"
#include "test.h"
#include "couple/sessions.h"

enum { N = 90, RUNS = 4 };

/* y follows the shocks of x two bins later, with r; gaps in the second run. */
static void draw_runs(double r, uint64_t seed, erg_pair runs[])
{
    erg_random random = { seed };
    erg_pair_options options = { .draws = 20, .threads = 1 };

    for (size_t run = 0; run < RUNS; run++) {
        double x[N], y[N], shock[3] = { 0 }, a = 0, b = 0;
        size_t n = N - 5 * run;
        for (size_t t = 0; t < n; t++) {
            shock[2] = shock[1], shock[1] = shock[0];
            shock[0] = erg_random_normal(&random);
            x[t] = a = 0.8 * a + shock[0];
            y[t] = b =
                0.7 * b + r * shock[2] + sqrt(1 - r * r) * erg_random_normal(&random);
        }
        if (run == 1)
            x[30] = y[31] = NAN;
        CHECK(erg_pair_test(x, y, n, &options, &runs[run], NULL));
    }
}

static void free_runs(erg_pair runs[])
{
    for (size_t i = 0; i < RUNS; i++)
        erg_pair_free(&runs[i]);
}

static void what_repeats_is_found(void)
{
    enum { STUDIES = 20 };
    size_t found = 0, held = 0, with_sign = 0;
    erg_pair runs[RUNS];
    erg_sessions got;

    for (uint64_t i = 0; i < STUDIES; i++) {
        draw_runs(0.4, 100 + i, runs);
        CHECK(
            erg_sessions_test(runs, RUNS, &(erg_pair_options){ .draws = 99 }, &got, NULL));
        found += got.p_value <= 0.05 && got.lag == 2;
        held += got.low <= 0.4 && got.high >= 0.4;
        with_sign += got.is_one_sign && got.low > 0;
        free_runs(runs);
    }
    CHECK(found >= 19 && held >= 15 && with_sign >= 14);
}

static void nothing_repeats_where_nothing_is(void)
{
    enum { STUDIES = 100 };
    size_t found = 0;
    erg_pair runs[RUNS];
    erg_sessions got;

    for (uint64_t i = 0; i < STUDIES; i++) {
        draw_runs(0, 500 + i, runs);
        erg_pair_options options = { .draws = 59, .key = i };
        CHECK(erg_sessions_test(runs, RUNS, &options, &got, NULL));
        found += got.p_value <= 0.05;
        CHECK(got.spread > 0.20 || !got.is_one_sign || got.p_value < 0.5);
        free_runs(runs);
    }
    CHECK(found <= 12);
}

static void one_key_gives_one_answer(void)
{
    erg_pair runs[RUNS];
    erg_sessions one, many;

    draw_runs(0.1, 3, runs);
    CHECK(erg_sessions_test(runs, RUNS, &(erg_pair_options){ .threads = 1 }, &one, NULL));
    CHECK(erg_sessions_test(runs, RUNS, &(erg_pair_options){ .threads = 6 }, &many, NULL));
    CHECK(memcmp(&one.p_value, &many.p_value, sizeof(double)) == 0);
    free_runs(runs);
}

static void runs_that_do_not_fit_are_refused(void)
{
    erg_pair runs[RUNS];
    erg_sessions got;
    erg_error err = { 0 };

    draw_runs(0.1, 4, runs);
    CHECK(!erg_sessions_test(runs, 1, NULL, &got, &err));
    CHECK(err.code == ERG_NO_DATA);
    runs[2].lags = 2;
    CHECK(!erg_sessions_test(runs, RUNS, NULL, &got, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    free_runs(runs);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_repeats_is_found),
        TEST(nothing_repeats_where_nothing_is),
        TEST(one_key_gives_one_answer),
        TEST(runs_that_do_not_fit_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
