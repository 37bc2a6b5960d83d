/* SPDX-License-Identifier: Apache-2.0 */
/* Surrogates against plain loops, by their properties, and by simulation. */
#include "series.h"
#include "couple/surrogate.h"

enum { N = 90 };

static void a_tie_is_found_by_every_kind(void)
{
    double x[N], y[N];
    erg_random random = { 1 };
    erg_surrogate got;

    draw(x, N, 0.5, &random);
    for (size_t t = 0; t < N; t++)
        y[t] = (t > 1 ? x[t - 2] : 0) + 0.3 * erg_random_normal(&random);
    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
        CHECK(erg_surrogate_p(kind, x, y, N, NULL, &got, NULL));
        CHECK(got.p_value < 0.02);
        CHECK(got.r > 0.85 && got.r < 1.01);
        CHECK(isnan(got.size));         /* none was measured */
    }
}

/* Every shift by loops that cannot be wrong. */
static void shifts_are_those_of_a_circle(void)
{
    double x[N], y[N], most[N] = { 0 };
    erg_random random = { 2 };
    erg_surrogate got;
    erg_surrogate_options options = { .detrend = ERG_DETREND_NONE, .lags = 2 };
    size_t above = 0, shifts = 0;

    draw(x, N, 0.5, &random);
    draw(y, N, 0.5, &random);
    CHECK(erg_surrogate_p(ERG_SURROGATE_SHIFT, x, y, N, &options, &got, NULL));
    erg_standardise(x, N, x);
    erg_standardise(y, N, y);
    for (size_t shift = 0; shift < N; shift++)
        for (size_t k = 0; k < 5; k++) {
            double sum = 0;
            for (size_t t = 0; t < N; t++)
                sum += x[t] * y[(t + shift + k + N - 2) % N];
            most[shift] = fmax(most[shift], fabs(sum));
        }
    for (size_t shift = 5; shift + 4 < N; shift++, shifts++)
        above += most[shift] >= most[0];
    CHECK_NEAR(got.r, most[0] / N, 1e-12);
    CHECK_NEAR(got.p_value, (1 + (double)above) / (1 + (double)shifts), 1e-12);
}

/* Two waves of one frequency: any phases leave |r| between the lags the same as at best,
 * so nothing is ever beyond what was seen. */
static void phases_keep_the_spectrum(void)
{
    double x[N], y[N];
    erg_surrogate got;
    erg_surrogate_options options = { .detrend = ERG_DETREND_NONE,
                                      .lags = 9,
                                      .draws = 300 };

    for (size_t t = 0; t < N; t++) {
        x[t] = sin(2 * M_PI * 5 * (double)t / N);
        y[t] = cos(2 * M_PI * 5 * (double)t / N + 0.3);
    }
    /* 18 bins are a period, the lags span all of it. */
    CHECK(erg_surrogate_p(ERG_SURROGATE_PHASE, x, y, N, &options, &got, NULL));
    CHECK(got.r > 0.98);
    CHECK(got.p_value > 0.2);
}

static void each_carries_its_measured_size(void)
{
    double x[N], y[N];
    erg_random random = { 3 };
    erg_surrogate got;
    erg_surrogate_options options = { .draws = 99, .size_runs = 60 };

    draw(x, N, 0.9, &random);
    draw(y, N, 0.9, &random);
    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
        CHECK(erg_surrogate_test(kind, x, y, N, &options, &got, NULL));
        CHECK(got.size >= 0 && got.size < 0.3);
        CHECK(got.size_n == N && got.size_runs == 60);
        CHECK(strlen(erg_surrogate_name(kind)) > 0);
        CHECK((kind == ERG_SURROGATE_BLOCKS) == (got.block > 1));
    }
}

static void threads_change_no_byte(void)
{
    double x[N], y[N];
    erg_random random = { 4 };

    draw(x, N, 0.5, &random);
    draw(y, N, 0.5, &random);
    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
        erg_surrogate one, many;
        erg_surrogate_options options = { .draws = 200, .size_runs = 20, .threads = 1 };
        CHECK(erg_surrogate_test(kind, x, y, N, &options, &one, NULL));
        options.threads = 5;
        CHECK(erg_surrogate_test(kind, x, y, N, &options, &many, NULL));
        CHECK(memcmp(&one.p_value, &many.p_value, sizeof(double)) == 0);
        CHECK(memcmp(&one.size, &many.size, sizeof(double)) == 0);
    }
}

static void gaps_and_short_series_are_no_fault(void)
{
    double x[N], y[N];
    erg_random random = { 5 };
    erg_error err = { 0 };
    erg_surrogate got;

    draw(x, N, 0.5, &random);
    draw(y, N, 0.5, &random);
    x[3] = y[50] = NAN;
    for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
        CHECK(erg_surrogate_p(kind, x, y, N, NULL, &got, NULL));
        CHECK(got.p_value > 0 && got.p_value <= 1);
        CHECK(erg_surrogate_p(kind, x, y, 21, NULL, &got, NULL));
        CHECK(!erg_surrogate_p(kind, x, y, 19, NULL, &got, &err));
        CHECK(err.code == ERG_NO_DATA);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_tie_is_found_by_every_kind),
        TEST(shifts_are_those_of_a_circle),
        TEST(phases_keep_the_spectrum),
        TEST(each_carries_its_measured_size),
        TEST(threads_change_no_byte),
        TEST(gaps_and_short_series_are_no_fault),
    };
    return test_run(tests, ERG_COUNT(tests));
}
