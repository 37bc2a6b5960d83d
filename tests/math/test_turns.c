/* SPDX-License-Identifier: Apache-2.0 */
/* Two kinds of runs that take turns: closed forms, and how often a bound is wrong. */
#include "math/stats.h"
#include "math/turns.h"
#include "test.h"

enum { DRAWS = 2000, MOST = 24 };

typedef struct series {
    double y[MOST], at[MOST];
    bool second[MOST];
    size_t n;
} series;

static series turns_of(size_t pairs)
{
    series is = { .n = 2 * pairs };

    for (size_t i = 0; i < is.n; i++) {
        is.at[i] = (double)i;
        is.second[i] = i % 2;
    }
    return is;
}

static erg_turns fit(const series *of)
{
    erg_turns out;

    CHECK(erg_turns_fit(of->y, of->at, of->second, of->n, &out));
    return out;
}

/* Whatever the polynomial, the effect comes out of it whole and without an error. */
static void a_smooth_drift_is_out_exactly(void)
{
    static const struct { size_t pairs; int degree; } rows[] = {
        { 3, 1 }, { 4, 2 }, { 5, 3 }, { 12, 3 },
    };
    for (size_t r = 0; r < ERG_COUNT(rows); r++) {
        series is = turns_of(rows[r].pairs);
        for (size_t i = 0; i < is.n; i++)
            is.y[i] = 7 - 0.4 * pow(is.at[i], rows[r].degree) + (is.second[i] ? 0.25 : 0);
        erg_turns got = fit(&is);
        double ends = -0.4 * pow((double)is.n - 1, rows[r].degree);
        CHECK_NEAR(got.effect, 0.25, 1e-9 * fabs(ends));
        CHECK_NEAR(got.error, 0, 1e-9 * fabs(ends));
        CHECK_NEAR(got.drift, ends, 1e-9 * fabs(ends));
        CHECK(got.degree == rows[r].degree);
        CHECK_NEAR(got.df, (double)is.n - 2 - rows[r].degree, 0);
    }
}

/* A line beside alternate runs takes 3/(n^2 - 1) of what tells the kinds apart: the
 * variance of the effect is s^2 / (n/4 (1 - 3/(n^2 - 1))). */
static void the_error_is_that_of_the_closed_form(void)
{
    series is = turns_of(3);
    double n = (double)is.n, factor = 1 / (n / 4 * (1 - 3 / (n * n - 1)));
    double of_effects = 0, of_errors = 0;
    test_random random = { 5 };

    for (int draw = 0; draw < DRAWS; draw++) {
        for (size_t i = 0; i < is.n; i++)
            is.y[i] = test_normal(&random);
        erg_turns got = fit(&is);
        of_effects += got.effect * got.effect / DRAWS;
        of_errors += got.error * got.error / DRAWS;
    }
    /* Of 2000 draws: variances of 3.2 % and, with 3 degrees of freedom, of 1.8 %. */
    CHECK_NEAR(of_effects / factor, 1, 0.11);
    CHECK_NEAR(of_errors / factor, 1, 0.07);
}

/* Other orders, and times that are no steps: B A in every second pair, longer pauses. */
static void any_order_and_any_times_will_do(void)
{
    series is = turns_of(4);
    static const bool second[] = { 0, 1, 1, 0, 0, 1, 1, 0 };
    static const double at[] = { 0, 1, 2.5, 3, 10, 11, 12, 20 };

    memcpy(is.second, second, sizeof(second));
    memcpy(is.at, at, sizeof(at));
    for (size_t i = 0; i < is.n; i++)
        is.y[i] = 3 + 0.1 * at[i] - 0.02 * at[i] * at[i] + (second[i] ? -1 : 0);
    CHECK_NEAR(fit(&is).effect, -1, 1e-9);
}

/* ---- how often the upper bound lies below the truth, under what drifts -------------- */

typedef enum drift { NONE, RISES, FALLS, WARMS, COOLS, WALKS, SWINGS, JUMPS } drift;
#define NOISE 0.003

static double drift_of(drift kind, double i, double n, const double *by_chance)
{
    switch (kind) {
    case NONE:
        return 0;
    case RISES:
        return 0.04 * i / (n - 1);
    case FALLS:
        return -0.04 * i / (n - 1);
    case WARMS:
        return 0.04 * -expm1(-i / 2);
    case COOLS:
        return 0.04 * expm1(-i / 2);
    case WALKS:
        return 0;
    case SWINGS:
        return 0.02 * sin(2 * 3.14159265358979 * (i / n + *by_chance));
    case JUMPS:
        return i >= 1 + floor(*by_chance * (n - 1)) ? 0.02 : 0;
    }
    return NAN;
}

static void draw(series *to, drift kind, test_random *random)
{
    double by_chance = test_uniform(random), walked = 0;

    for (size_t i = 0; i < to->n; i++) {
        walked += kind == WALKS ? NOISE * test_normal(random) : 0;
        to->y[i] = drift_of(kind, (double)i, (double)to->n, &by_chance) + walked
                 + NOISE * test_normal(random);
    }
}

/* There is no effect: what is said to be below 0 is wrong. */
static double wrong_of_turns(size_t pairs, drift kind)
{
    series is = turns_of(pairs);
    test_random random = { 11 + pairs };
    int wrong = 0;

    for (int i = 0; i < DRAWS; i++) {
        draw(&is, kind, &random);
        erg_turns got = fit(&is);
        wrong += got.effect + erg_student_t(0.95, got.df) * got.error < 0;
    }
    return (double)wrong / DRAWS;
}

/* 5 % and three standard errors of a share of 2000 are 6.5 %; a parabola leaves a little of
 * what cools off within two of eight runs. */
static void the_bound_is_wrong_in_one_of_twenty_whatever_drifts(void)
{
    static const size_t pairs[] = { 3, 4, 5, 8, 12 };

    for (size_t p = 0; p < ERG_COUNT(pairs); p++)
        for (drift kind = NONE; kind <= JUMPS; kind++) {
            double wrong = wrong_of_turns(pairs[p], kind);
            print_message("# %zu pairs, drift %d: %.4f\n", pairs[p], (int)kind, wrong);
            CHECK(wrong < (pairs[p] == 4 && kind == COOLS ? 0.08 : 0.066));
            CHECK(kind != NONE || wrong > 0.035);
        }
}

/* What pairs would say without the drift: wrong in half of all cases and more. */
static void differences_within_pairs_are_fooled_by_a_steady_drift(void)
{
    enum { PAIRS = 4 };
    series is = turns_of(PAIRS);
    test_random random = { 3 };
    int wrong = 0;

    for (int i = 0; i < DRAWS; i++) {
        double first[PAIRS], later[PAIRS];
        draw(&is, FALLS, &random);
        for (size_t k = 0; k < PAIRS; k++)
            first[k] = is.y[2 * k], later[k] = is.y[2 * k + 1];
        double bound = erg_mean(later, PAIRS) - erg_mean(first, PAIRS), d[PAIRS];
        for (size_t k = 0; k < PAIRS; k++)
            d[k] = later[k] - first[k];
        bound += erg_student_t(0.95, PAIRS - 1) * erg_sd(d, PAIRS) / sqrt(PAIRS);
        wrong += bound < 0;
    }
    CHECK(wrong > DRAWS / 2);
}

static void what_tells_nothing_is_refused(void)
{
    series is = turns_of(3);
    erg_turns out;

    CHECK(!erg_turns_fit(is.y, is.at, is.second, 4, &out));
    is.y[2] = NAN;
    CHECK(!erg_turns_fit(is.y, is.at, is.second, is.n, &out));
    is.y[2] = 0;
    is.at[3] = is.at[2];
    CHECK(!erg_turns_fit(is.y, is.at, is.second, is.n, &out));
    is.at[3] = 3;
    for (size_t i = 0; i < is.n; i++)
        is.second[i] = true;
    CHECK(!erg_turns_fit(is.y, is.at, is.second, is.n, &out));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_smooth_drift_is_out_exactly),
        TEST(the_error_is_that_of_the_closed_form),
        TEST(any_order_and_any_times_will_do),
        TEST(the_bound_is_wrong_in_one_of_twenty_whatever_drifts),
        TEST(differences_within_pairs_are_fooled_by_a_steady_drift),
        TEST(what_tells_nothing_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
