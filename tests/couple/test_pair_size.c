/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often every test finds what is not there, and the primary one what is. 90 bins, 7
 * lags.
 */
#include "math/random.h"
#include "test.h"
#include "couple/pair_test.h"
#include "couple/surrogate.h"

enum { N = 90, RUNS = 2000, SURROGATE_RUNS = 300 };

typedef struct null_series {
    double past;            /* of an autoregression */
    size_t mean_of;         /* values that a moving mean takes */
    double decay;           /* of a trend exp(-t/decay); 0: none */
} null_series;

static void draw(const null_series *kind, double x[], size_t n, erg_random *random)
{
    double value = 0, last[8] = { 0 };

    for (size_t t = 0; t < n + 200; t++) {
        value = kind->past * value + erg_random_normal(random);
        last[t % 8] = value;
        if (t < 200)
            continue;
        double sum = 0;
        for (size_t i = 0; i < kind->mean_of; i++)
            sum += last[(t - i) % 8] / (double)kind->mean_of;
        x[t - 200] = kind->decay > 0 ? exp(-(double)(t - 200) / kind->decay) + 0.05 * value
                                     : sum;
    }
}

static const struct { const char *name; null_series x, y; } nulls[] = {
    { "white, white", { 0, 1, 0 }, { 0, 1, 0 } },
    { "AR(0.87), 5-point mean", { 0.87, 1, 0 }, { 0, 5, 0 } },
    { "AR(0.87), AR(0.85)", { 0.87, 1, 0 }, { 0.85, 1, 0 } },
    { "AR(0.95), AR(0.95)", { 0.95, 1, 0 }, { 0.95, 1, 0 } },
    { "exp(-t/25), AR(0.97)", { 0, 1, 25 }, { 0.97, 1, 0 } },
};

static double share_of_primary(size_t which)
{
    double x[N], y[N], found = 0;
    erg_random random = { 7000 + which };
    erg_pair pair;

    for (uint64_t i = 0; i < RUNS; i++) {
        erg_pair_options options = { .draws = 199, .key = i, .threads = 1 };
        draw(&nulls[which].x, x, N, &random);
        draw(&nulls[which].y, y, N, &random);
        CHECK(erg_pair_test(x, y, N, &options, &pair, NULL));
        found += pair.p_value <= 0.05;
        erg_pair_free(&pair);
    }
    return found / RUNS;
}

static double share_of_surrogate(size_t which, erg_surrogate_kind kind)
{
    double x[N], y[N], found = 0;
    erg_random random = { 8000 + which };
    erg_surrogate got;

    for (uint64_t i = 0; i < SURROGATE_RUNS; i++) {
        erg_surrogate_options options = { .draws = 199, .key = i, .threads = 1 };
        draw(&nulls[which].x, x, N, &random);
        draw(&nulls[which].y, y, N, &random);
        CHECK(erg_surrogate_p(kind, x, y, N, &options, &got, NULL));
        found += got.p_value <= 0.05;
    }
    return found / SURROGATE_RUNS;
}

/* The limits of the specification's item 7 are 0.03 and 0.08; the issue asks for less. */
static void the_primary_test_keeps_its_size(void)
{
    for (size_t i = 0; i < ERG_COUNT(nulls); i++) {
        double share = share_of_primary(i);
        print_message("# %s: %.4f\n", nulls[i].name, share);
        CHECK(share >= 0.04 && share <= 0.07);
    }
}

/* Up to 0.24 in the specification's table, by the same kinds on the same pairs. */
static void others_find_what_is_not_there(void)
{
    for (size_t i = 0; i < ERG_COUNT(nulls); i++)
        for (int kind = 0; kind < ERG_SURROGATE_KINDS; kind++) {
            double share = share_of_surrogate(i, kind);
            print_message("# %s: %s %.3f\n", nulls[i].name, erg_surrogate_name(kind),
                          share);
            CHECK(share >= (i < 4 ? 0.02 : 0.05) && share <= (i < 3 ? 0.14 : 0.30));
        }
}

/* ---- power ------------------------------------------------------------------ */

/* y = 0.85 y1 + c x2 + e on x = 0.87 x1 + e. */
static void plant(double x[], double y[], size_t n, double c, erg_random *random)
{
    double value = 0;

    draw(&(null_series){ 0.87, 1, 0 }, x, n, random);
    for (size_t t = 0; t < n; t++) {
        value = 0.85 * value + (t > 1 ? c * x[t - 2] : 0) + erg_random_normal(random);
        y[t] = value;
    }
}

typedef struct shares { double found, lag, inside, unclear; } shares;

static void look(const double x[], const double y[], size_t n, uint64_t key, shares *add)
{
    erg_pair_options options = { .draws = 199, .key = key, .threads = 1 };
    erg_pair pair;

    CHECK(erg_pair_test(x, y, n, &options, &pair, NULL));
    bool is_found = pair.p_value <= 0.05, is_small = fmax(-pair.low, pair.high) < 0.30;
    add->found += is_found;
    add->lag += is_found && pair.lag == 2;
    add->inside += !is_found && is_small;
    add->unclear += !is_found && !is_small;
    erg_pair_free(&pair);
}

static void power_is_that_of_the_specification(void)
{
    enum { PLANTS = 400 };
    static const struct { double c; size_t n; double power; } cases[] = {
        { 0.3, 90, 0.45 }, { 0.3, 200, 0.93 }, { 0.3, 400, 0.99 }, { 0.6, 90, 0.99 },
        { 0.6, 200, 1 },
    };
    static double x[400], y[400];
    erg_random random = { 9000 };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        shares got = { 0 };
        for (uint64_t run = 0; run < PLANTS; run++) {
            plant(x, y, cases[i].n, cases[i].c, &random);
            look(x, y, cases[i].n, run, &got);
        }
        print_message("# c %.1f, n %zu: found %.3f, at its lag %.3f\n", cases[i].c,
                      cases[i].n, got.found / PLANTS, got.lag / PLANTS);
        /* Most of what is found beyond the specification's share lies at other lags. */
        CHECK(got.found / PLANTS >= cases[i].power - 0.03);
        CHECK(cases[i].n < 200 || cases[i].c < 0.5 || got.lag / PLANTS >= 0.95);
    }
}

/* Twice the least effect that 80 % power needs, between the shocks of two series. */
static void twice_the_detectable_effect_is_found(void)
{
    enum { PLANTS = 400 };
    static const struct { size_t n; double r; } cases[] = { { 90, 0.74 }, { 300, 0.40 } };
    double x[300], y[300];
    erg_random random = { 9500 };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        shares got = { 0 };
        for (uint64_t run = 0; run < PLANTS; run++) {
            double a = 0, b = 0, shock[3] = { 0 }, r = cases[i].r;
            for (size_t t = 0; t < cases[i].n; t++) {
                shock[2] = shock[1], shock[1] = shock[0];
                shock[0] = erg_random_normal(&random);
                x[t] = a = 0.9 * a + shock[0];
                y[t] = b = 0.95 * b + r * shock[2]
                         + sqrt(1 - r * r) * erg_random_normal(&random);
            }
            look(x, y, cases[i].n, run, &got);
        }
        print_message("# r %.2f, n %zu: found %.3f\n", cases[i].r, cases[i].n,
                      got.found / PLANTS);
        CHECK(got.lag / PLANTS >= 0.95);
    }
}

static void no_coupling_is_shown_with_many_bins_and_left_open_with_few(void)
{
    enum { PLANTS = 200, MANY = 2000 };
    static double x[MANY], y[MANY];
    shares many = { 0 }, few = { 0 };
    erg_random random = { 9900 };

    for (uint64_t run = 0; run < PLANTS; run++) {
        draw(&nulls[2].x, x, MANY, &random);
        draw(&nulls[2].y, y, MANY, &random);
        look(x, y, MANY, run, &many);
        look(x, y, N, run, &few);
    }
    print_message("# no tie: none shown %.3f with %d, left open %.3f with %d\n",
                  many.inside / PLANTS, MANY, few.unclear / PLANTS, N);
    CHECK(many.inside / PLANTS >= 0.93);
    CHECK(few.unclear / PLANTS >= 0.88 && few.inside < PLANTS * 0.02);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_primary_test_keeps_its_size),
        TEST(others_find_what_is_not_there),
        TEST(power_is_that_of_the_specification),
        TEST(twice_the_detectable_effect_is_found),
        TEST(no_coupling_is_shown_with_many_bins_and_left_open_with_few),
    };
    return test_run(tests, ERG_COUNT(tests));
}
