/* SPDX-License-Identifier: Apache-2.0 */
/* The stopping rule against thousands of series whose truth is known. */
#include "math/stats.h"
#include "test.h"

enum { SERIES = 10000, MOST = 200 };

typedef struct cell { double epsilon, ar, mean_n, coverage; } cell;

/* Mean 1, coefficient of variation 2 %, lag-1 correlation ar. */
static void draw(test_random *random, double x[], double ar)
{
    double state = test_normal(random), fresh = sqrt(1 - ar * ar);

    for (int i = 0; i < MOST; i++) {
        x[i] = 1 + 0.02 * state;
        state = ar * state + fresh * test_normal(random);
    }
}

static int stop_at(const double x[], double epsilon, int looks, erg_interval *out)
{
    int n = 0;

    for (int i = 0; i < ERG_LOOKS; i++) {
        n = erg_looks[i];
        CHECK(erg_interval_of(x, (size_t)n, looks, out));
        if (out->half_width <= epsilon * fabs(out->mean))
            break;
    }
    return n;
}

static cell play(double epsilon, double ar, int looks, int series)
{
    test_random random = { 20260206 };
    double x[MOST], held = 0, runs = 0;

    for (int i = 0; i < series; i++) {
        erg_interval interval;

        draw(&random, x, ar);
        runs += stop_at(x, epsilon, looks, &interval);
        held += fabs(interval.mean - 1) <= interval.half_width;
    }
    return (cell){ epsilon, ar, runs / series, held / series };
}

/* Coverage as asked, n as in the reference. */
static void the_rule_holds_the_truth_in_all_six_cells(void)
{
    static const cell wanted[] = {
        { 0.005, 0.0, 171, 0.996 }, { 0.01, 0.0, 49, 0.995 },  { 0.02, 0.0, 17, 0.995 },
        { 0.005, 0.5, 200, 0.992 }, { 0.01, 0.5, 120, 0.970 }, { 0.02, 0.5, 33, 0.943 },
    };

    for (size_t i = 0; i < ERG_COUNT(wanted); i++) {
        cell got = play(wanted[i].epsilon, wanted[i].ar, ERG_LOOKS, SERIES);

        print_message("# eps %g ar %g: coverage %.4f, mean n %.1f\n", got.epsilon, got.ar,
                      got.coverage, got.mean_n);
        CHECK(got.coverage >= 0.94);
        CHECK_NEAR(got.coverage, wanted[i].coverage, 0.01);
        CHECK_NEAR(got.mean_n / wanted[i].mean_n, 1, 0.05);
    }
}

/* The textbook's interval, asked at each look, as if no value knew of the one before. */
static double naive_coverage(double epsilon, double ar)
{
    test_random random = { 20260206 };
    double x[MOST], t[ERG_LOOKS], held = 0;

    for (int k = 0; k < ERG_LOOKS; k++)
        t[k] = erg_student_t(0.975, erg_looks[k] - 1);
    for (int i = 0; i < SERIES; i++) {
        double mean = NAN, half = INFINITY;
        draw(&random, x, ar);
        for (int k = 0; k < ERG_LOOKS && !(half <= epsilon * fabs(mean)); k++) {
            size_t n = (size_t)erg_looks[k];
            mean = erg_mean(x, n);
            half = t[k] * erg_sd(x, n) / sqrt((double)n);
        }
        held += fabs(mean - 1) <= half;
    }
    return held / SERIES;
}

/* What the ten looks and n_eff are for: without them the promise breaks. */
static void naive_looks_promise_too_much(void)
{
    static const double epsilons[] = { 0.005, 0.01, 0.02 };

    for (size_t i = 0; i < ERG_COUNT(epsilons); i++) {
        double alone = naive_coverage(epsilons[i], 0);
        double tied = naive_coverage(epsilons[i], 0.5);
        print_message("# eps %g: %.3f, of tied values %.3f\n", epsilons[i], alone, tied);
        CHECK(alone >= 0.92 && alone <= 0.954);     /* 0.925 to 0.949 */
        CHECK(tied >= 0.68 && tied <= 0.76);        /* 0.69 to 0.75 */
    }
    CHECK(play(0.02, 0.5, 1, SERIES / 10).coverage < 0.93);
}

static void lag_one_is_found_and_kept_in_bounds(void)
{
    test_random random = { 3 };
    double x[MOST], sum = 0, ramp[MOST], saw[MOST];

    for (int i = 0; i < 200; i++) {
        draw(&random, x, 0.5);
        sum += erg_lag1(x, MOST);
    }
    CHECK_NEAR(sum / 200, 0.5, 0.02);

    for (int i = 0; i < MOST; i++) {
        ramp[i] = i;
        saw[i] = i % 2;
    }
    CHECK(erg_lag1(ramp, MOST) == 0.95);
    CHECK(erg_lag1(saw, MOST) == 0);
    CHECK_NEAR(erg_n_eff(saw, MOST), MOST, 1e-9);
    CHECK(erg_n_eff(ramp, 8) == 2);
}

static void an_interval_of_equal_values_has_no_width(void)
{
    double x[] = { 3, 3, 3, 3, 3 };
    erg_interval interval;

    CHECK(erg_interval_of(x, 5, 10, &interval));
    CHECK(interval.half_width == 0 && interval.median == 3);
    CHECK(!erg_interval_of(x, 1, 10, &interval));
}

static void a_plain_interval_is_students(void)
{
    double x[] = { 9, 11, 9, 11, 9, 11, 9, 11, 9, 11 };     /* n_eff = n: it alternates */
    erg_interval interval;

    CHECK(erg_interval_of(x, 10, 1, &interval));
    CHECK_NEAR(interval.half_width, 2.2622 * sqrt(10.0 / 9) / sqrt(10), 1e-4);
}

static void looks_are_the_ten_of_the_rule(void)
{
    CHECK(erg_is_look(5) && erg_is_look(27) && erg_is_look(200));
    CHECK(!erg_is_look(6) && !erg_is_look(0));
}

static void warm_up_is_cut_where_the_level_settles(void)
{
    test_random random = { 11 };
    double x[100], sum = 0;

    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 100; i++)
            x[i] = 200 - (i < 20 ? 60 : 0) + test_normal(&random);
        CHECK(erg_warmup_length(x, 100) >= 20);     /* none of the rise is left */
        sum += (double)erg_warmup_length(x, 100);
    }
    CHECK_NEAR(sum / 100, 25, 7);   /* and little of the level is lost */

    for (int i = 0; i < 100; i++)       /* never settles: at most half goes */
        x[i] = i;
    CHECK(erg_warmup_length(x, 100) <= 50);
    CHECK(erg_warmup_length(x, 4) == 0 && erg_warmup_length(x, 0) == 0);
}

/* Whether the rule, at 2 %, ends at an interval that holds the truth. */
static bool holds(const double x[], bool cuts, bool *has_cut)
{
    erg_interval of = { .half_width = INFINITY };

    *has_cut = false;
    for (int k = 0; k < ERG_LOOKS && of.half_width > 0.02 * of.mean; k++) {
        size_t n = (size_t)erg_looks[k], cut = cuts ? erg_warmup_sure(x, n) : 0;
        CHECK(erg_interval_of(x + cut, n - cut, ERG_LOOKS, &of));
        *has_cut |= cut > 0;
    }
    return fabs(of.mean - 1) <= of.half_width;
}

static void a_cut_that_is_sure_leaves_the_rule_its_coverage(void)
{
    test_random random = { 20260206 };
    double x[MOST], plain = 0, held = 0, made = 0, warm = 0;

    for (int i = 0; i < SERIES; i++) {
        bool has_cut;
        draw(&random, x, 0.5);
        plain += holds(x, false, &has_cut);
        held += holds(x, true, &has_cut);
        made += has_cut;
        for (int k = 0; k < 6; k++)
            x[k] -= 0.2;
        warm += erg_warmup_sure(x, 60) >= 6;
    }
    print_message("# coverage %.4f, without cuts %.4f; cut for nothing %.4f, rightly "
                  "%.4f\n",
                  held / SERIES, plain / SERIES, made / SERIES, warm / SERIES);
    CHECK(held >= plain - 0.006 * SERIES && made < 0.03 * SERIES);
    CHECK(warm > 0.7 * SERIES);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_rule_holds_the_truth_in_all_six_cells),
        TEST(naive_looks_promise_too_much),
        TEST(lag_one_is_found_and_kept_in_bounds),
        TEST(an_interval_of_equal_values_has_no_width),
        TEST(a_plain_interval_is_students),
        TEST(looks_are_the_ten_of_the_rule),
        TEST(warm_up_is_cut_where_the_level_settles),
        TEST(a_cut_that_is_sure_leaves_the_rule_its_coverage),
    };
    return test_run(tests, ERG_COUNT(tests));
}
