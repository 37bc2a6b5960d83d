/* SPDX-License-Identifier: Apache-2.0 */
/* The primary test of a coupling against closed forms and simulation. */
#include "series.h"
#include "couple/pair_test.h"

enum { N = 200 };

/* y = 0.85 y1 + c x2 + e, x = 0.87 x1 + e: the planted pair of the specification. */
static void plant(double x[], double y[], size_t n, double c, uint64_t seed)
{
    erg_random random = { seed };
    double value = 0;

    draw(x, n, 0.87, &random);
    for (size_t t = 0; t < n; t++) {
        value = 0.85 * value + (t > 1 ? c * x[t - 2] : 0) + erg_random_normal(&random);
        y[t] = value;
    }
}

static void least_effects_are_those_of_the_specification(void)
{
    static const struct { size_t n; double least; } cases[] = {
        { 44, 0.50 }, { 80, 0.38 }, { 133, 0.30 },
    };
    double x[N], y[N];
    erg_random random = { 1 };
    erg_pair pair;

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        /* White with an order of 0: every value has a residual. */
        do {
            draw(x, cases[i].n, 0, &random);
            draw(y, cases[i].n, 0, &random);
            CHECK(erg_pair_test(x, y, cases[i].n, &(erg_pair_options){ .draws = 10 }, &pair,
                                NULL));
            erg_pair_free(&pair);
        } while (pair.order_x || pair.order_y);
        CHECK(pair.count == cases[i].n);
        CHECK_NEAR(pair.detectable_r, cases[i].least, 0.005);
        CHECK_NEAR(pair.band * sqrt((double)pair.count), 2.690, 5e-4);
        CHECK_NEAR(atanh(pair.high) - atanh(pair.low),
                   2 * 2.690 / sqrt((double)pair.count - 3), 1e-3);
    }
}

static void a_planted_coupling_is_found_with_its_lag_and_its_sign(void)
{
    double x[N], y[N];
    size_t found = 0, back = 0;
    erg_pair pair;

    for (uint64_t i = 0; i < 40; i++) {
        plant(x, y, N, 0.6, 100 + i);
        CHECK(erg_pair_test(x, y, N, &(erg_pair_options){ .draws = 200 }, &pair, NULL));
        found += pair.p_value < 0.05 && pair.lag == 2 && pair.low > 0;
        erg_pair_free(&pair);
        CHECK(erg_pair_test(y, x, N, &(erg_pair_options){ .draws = 200 }, &pair, NULL));
        back += pair.p_value < 0.05 && pair.lag == -2;
        erg_pair_free(&pair);
    }
    CHECK(found >= 38 && back >= 38);
}

static void the_same_key_gives_the_same_bytes_on_any_threads(void)
{
    double x[N], y[N];
    erg_pair one, many, other;

    plant(x, y, N, 0.1, 7);
    erg_pair_options options = { .key = 5, .threads = 1 };
    CHECK(erg_pair_test(x, y, N, &options, &one, NULL));
    options.threads = 7;
    CHECK(erg_pair_test(x, y, N, &options, &many, NULL));
    options.key = 6;
    CHECK(erg_pair_test(x, y, N, &options, &other, NULL));
    CHECK(memcmp(&one.p_value, &many.p_value, sizeof(double)) == 0);
    CHECK(memcmp(one.ccf, many.ccf, 28 * sizeof(double)) == 0);
    CHECK(fabs(one.p_value - other.p_value) > 0);
    CHECK_NEAR(one.p_value, other.p_value, 0.05);
    erg_pair_free(&one);
    erg_pair_free(&many);
    erg_pair_free(&other);
}

static void gaps_change_no_finding(void)
{
    double x[N], y[N];
    size_t found = 0;
    erg_random random = { 3 };
    erg_pair pair;

    for (uint64_t i = 0; i < 20; i++) {
        plant(x, y, N, 0.6, 300 + i);
        for (int gap = 0; gap < 20; gap++) {
            size_t t = erg_random_below(&random, N);
            x[t] = y[t] = NAN;
        }
        CHECK(erg_pair_test(x, y, N, &(erg_pair_options){ .draws = 200 }, &pair, NULL));
        CHECK(pair.n_both < N && pair.count < pair.n_both);
        found += pair.p_value < 0.05 && pair.lag == 2;
        erg_pair_free(&pair);
    }
    CHECK(found >= 19);
}

static void what_cannot_be_tested_is_refused(void)
{
    double x[N] = { 0 }, y[N];
    erg_random random = { 4 };
    erg_error err = { 0 };
    erg_pair pair;

    draw(y, N, 0, &random);
    CHECK(!erg_pair_test(x, y, N, NULL, &pair, &err));
    CHECK(err.code == ERG_NO_DATA);
    CHECK(!erg_pair_test(y, y, 7, NULL, &pair, &err));
    for (size_t t = 0; t < N; t++)
        x[t] = t % 2 ? NAN : y[t];
    CHECK(!erg_pair_test(x, x + 1, 10, NULL, &pair, &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_pair_free(&pair);
}

int main(void)
{
    static const test tests[] = {
        TEST(least_effects_are_those_of_the_specification),
        TEST(a_planted_coupling_is_found_with_its_lag_and_its_sign),
        TEST(the_same_key_gives_the_same_bytes_on_any_threads),
        TEST(gaps_change_no_finding),
        TEST(what_cannot_be_tested_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
