/* SPDX-License-Identifier: Apache-2.0 */
/* The physical model: closed forms, truth that comes back, and measured applications. */
#include "fit/curves.h"

static const erg_clock_law usual = { .p0_w = 60, .c_w = 140, .tm_s = 0.4, .tc_s = 0.6,
                                     .q = 1.5, .xk = 0.86, .vm = 0.92 };

static erg_anchor anchor_of(const erg_clock_law *law, double x)
{
    return (erg_anchor){ .x = x, .power_w = erg_clock_law_w(law, x),
                         .time_s = erg_clock_law_s(law, x),
                         .power_error = NAN, .time_error = NAN };
}

static void the_knee_of_the_truth_is_the_least_cost(void)
{
    double costs[ERG_KNEES], sum[ERG_KNEES] = { 0 };

    for (int round = 0; round < 3; round++) {
        erg_clock_law law = usual;
        erg_anchor at[40];
        law.p0_w += 20 * round;
        for (size_t i = 0; i < 40; i++)
            at[i] = anchor_of(&law, 0.4 + 0.6 * (double)(i + 1) / 40);
        erg_knee_costs(at, 40, costs);
        for (size_t i = 0; i < ERG_KNEES; i++)
            sum[i] += costs[i];
    }
    erg_knee knee = erg_knee_least(sum);
    CHECK_NEAR(knee.xk, 0.86, 1e-12);
    CHECK_NEAR(knee.vm, 0.92, 1e-12);
}

/* The optimum over p0, c >= 0 against a fine grid, on points that push to an edge. */
static void power_is_the_best_that_is_not_negative(void)
{
    test_random random = { 4 };
    int edges = 0;

    for (int round = 0; round < 60; round++) {
        erg_clock_law law = { .xk = 0.8, .vm = 0.85 };
        erg_anchor at[4];
        for (size_t i = 0; i < 4; i++)
            at[i] = (erg_anchor){ .x = 0.4 + 0.2 * (double)i,
                                  .power_w = 100 * (0.5 + test_uniform(&random)) };
        double found = erg_physical_power(at, 4, &law), least = INFINITY;
        CHECK(law.p0_w >= 0 && law.c_w >= 0);
        edges += law.p0_w == 0 || law.c_w == 0;
        for (int i = 0; i <= 100; i++)
            for (int j = 0; j <= 100; j++) {
                erg_clock_law other = { 2.0 * i, 4.0 * j, .xk = 0.8, .vm = 0.85 };
                double sum = 0;
                for (size_t k = 0; k < 4; k++)
                    sum += pow(erg_clock_law_w(&other, at[k].x) / at[k].power_w - 1, 2) / 4;
                least = fmin(least, sum);
            }
        CHECK(found <= least + 1e-12);
        CHECK(found > least - 0.01);
    }
    CHECK(edges > 5 && edges < 55);
}

/* The costs of all knees come from moments; one by one they come from the points. */
static void the_costs_of_knees_are_those_of_their_own_fits(void)
{
    static double costs[ERG_KNEES];
    test_random random = { 6 };
    erg_anchor at[30];

    for (size_t i = 0; i < 30; i++)
        at[i] = (erg_anchor){ .x = 0.3 + 0.7 * test_uniform(&random),
                              .power_w = 50 + 200 * test_uniform(&random),
                              .is_capped = i == 7 };
    erg_knee_costs(at, 30, costs);
    for (size_t i = 0; i < ERG_KNEES; i++) {
        erg_clock_law law = { .xk = erg_knee_at(i).xk, .vm = erg_knee_at(i).vm };
        CHECK_NEAR(costs[i], erg_physical_power(at, 30, &law), 1e-11);
    }
}

static void time_comes_back_without_noise(void)
{
    test_random random = { 8 };

    for (int round = 0; round < 100; round++) {
        erg_clock_law law = usual, found = { 0 };
        double share = 0.1 + 0.8 * test_uniform(&random);
        erg_anchor at[4];

        law.tm_s = 20 * (1 - share);
        law.tc_s = 20 * share;
        law.q = 1.3 + 2 * test_uniform(&random);
        for (size_t i = 0; i < 4; i++)
            at[i] = anchor_of(&law, 0.4 + 0.2 * (double)i);
        erg_physical_time(at, 4, &found);
        for (double x = 0.4; x <= 1; x += 0.05)     /* the prior on q moves it a little */
            CHECK_NEAR(erg_clock_law_s(&found, x) / erg_clock_law_s(&law, x), 1, 0.01);
    }
}

static void one_wild_anchor_of_eight_hardly_moves_the_time(void)
{
    erg_anchor at[8];
    erg_clock_law found = { 0 };

    for (size_t i = 0; i < 8; i++)
        at[i] = anchor_of(&usual, 0.3 + 0.1 * (double)i);
    at[0].time_s *= 1.5;
    erg_physical_time(at, 8, &found);
    for (size_t i = 2; i < 8; i++)
        CHECK_NEAR(erg_clock_law_s(&found, at[i].x) / at[i].time_s, 1, 0.025);
}

static void a_capped_anchor_teaches_nothing(void)
{
    erg_anchor at[4] = { anchor_of(&usual, 0.5), anchor_of(&usual, 0.75),
                         anchor_of(&usual, 0.9), anchor_of(&usual, 1) };
    double x[3] = { 0.6, 0.8, 1 };
    erg_clock_curve with[3], without[3];
    erg_physical four = { at, 4, { 0.86, 0.92 } }, three = { at, 3, { 0.86, 0.92 } };
    erg_error err = { 0 };

    at[3].is_capped = true;
    at[3].power_w = NAN;
    CHECK_OK(erg_physical_curve(&four, x, 3, with, &err), err);
    CHECK_OK(erg_physical_curve(&three, x, 3, without, &err), err);
    CHECK(memcmp(with, without, sizeof(with)) == 0);
}

static void too_few_clocks_and_bad_figures_are_refused(void)
{
    erg_anchor at[2] = { anchor_of(&usual, 0.5), anchor_of(&usual, 0.5) };
    double x = 0.7;
    erg_clock_curve out;
    erg_physical two = { at, 2, erg_knee_default }, none = { NULL, 0, erg_knee_default };
    erg_error err = { 0 };

    CHECK(!erg_physical_curve(&two, &x, 1, &out, &err));
    CHECK(err.code == ERG_NO_DATA);
    CHECK(!erg_physical_curve(&none, &x, 1, &out, &err));
    at[1] = anchor_of(&usual, 1);
    at[1].time_s = 0;
    CHECK(!erg_physical_curve(&two, &x, 1, &out, &err));
    CHECK(err.code == ERG_BAD_INPUT);
}

/* ---- how sure ------------------------------------------------------------ */

enum { PLACES = 13 };

typedef struct held { int power[PLACES], time[PLACES]; } held;

/* One draw of noise on five anchors of a truth; counts where the truth is inside. */
static void count_held(test_random *random, const double x[PLACES], held *count)
{
    erg_anchor at[5];
    erg_clock_curve out[PLACES];
    erg_physical form = { at, 5, { 0.86, 0.92 }, .draws = ERG_PHYSICAL_DRAWS };
    erg_error err = { 0 };

    for (size_t i = 0; i < 5; i++) {
        at[i] = anchor_of(&usual, 0.4 + 0.15 * (double)i);
        at[i].power_w *= 1 + 0.01 * test_normal(random);
        at[i].time_s *= 1 + 0.01 * test_normal(random);
    }
    CHECK_OK(erg_physical_curve(&form, x, PLACES, out, &err), err);
    for (size_t j = 0; j < PLACES; j++) {
        double power = log(out[j].power_w / erg_clock_law_w(&usual, x[j]));
        double time = log(out[j].time_s / erg_clock_law_s(&usual, x[j]));
        count->power[j] += fabs(power) <= 1.96 * out[j].power_sd;
        count->time[j] += fabs(time) <= 1.96 * out[j].time_sd;
    }
}

static void the_truth_is_inside_the_interval_in_90_of_100_draws(void)
{
    test_random random = { 31 };
    double x[PLACES];
    held count = { { 0 }, { 0 } };

    for (size_t j = 0; j < PLACES; j++)
        x[j] = 0.4 + 0.05 * (double)j;
    for (int draw = 0; draw < 100; draw++)
        count_held(&random, x, &count);
    for (size_t j = 0; j < PLACES; j++) {
        CHECK(count.power[j] >= 90);
        CHECK(count.time[j] >= 90);
    }
}

/* Errors of the anchors are in the interval, and the same points give the same bytes. */
static void worse_anchors_give_wider_intervals_and_repeat(void)
{
    erg_anchor at[5];
    double x[3] = { 0.45, 0.7, 0.95 };
    erg_clock_curve sure[3], unsure[3], again[3];
    erg_physical form = { at, 5, { 0.86, 0.92 }, .draws = ERG_PHYSICAL_DRAWS };
    erg_error err = { 0 };

    for (size_t i = 0; i < 5; i++)
        at[i] = anchor_of(&usual, 0.4 + 0.15 * (double)i);
    CHECK_OK(erg_physical_curve(&form, x, 3, sure, &err), err);
    for (size_t i = 0; i < 5; i++)
        at[i].power_error = at[i].time_error = 0.03;
    CHECK_OK(erg_physical_curve(&form, x, 3, unsure, &err), err);
    CHECK_OK(erg_physical_curve(&form, x, 3, again, &err), err);
    CHECK(memcmp(unsure, again, sizeof(again)) == 0);
    for (size_t j = 0; j < 3; j++) {
        CHECK(unsure[j].power_sd > 1.5 * sure[j].power_sd);
        CHECK(unsure[j].time_sd > 1.5 * sure[j].time_sd);
    }
}

/* ---- measured applications, each left out of the knee that serves it ---- */

typedef struct errors { double power, time; } errors;

static errors errors_at(const curve *of, size_t k, erg_knee knee)
{
    erg_anchor anchors[16];
    erg_clock_curve out[CURVE_MOST];
    double x[CURVE_MOST];
    size_t rows[16], scored = 0;
    errors sum = { 0 };
    erg_error err = { 0 };

    curve_evenly(of, k, rows);
    for (size_t i = 0; i < k; i++)
        anchors[i] = of->at[rows[i]];
    for (size_t i = 0; i < of->count; i++)
        x[i] = of->at[i].x;
    erg_physical few = { anchors, k, knee };
    CHECK_OK(erg_physical_curve(&few, x, of->count, out, &err), err);
    for (size_t i = 0; i < of->count; i++) {
        bool is_anchor = false;
        for (size_t j = 0; j < k; j++)
            is_anchor |= rows[j] == i;
        if (is_anchor)
            continue;
        sum.power += fabs(out[i].power_w / of->at[i].power_w - 1);
        sum.time += fabs(out[i].time_s / of->at[i].time_s - 1);
        scored++;
    }
    return (errors){ 100 * sum.power / (double)scored, 100 * sum.time / (double)scored };
}

static void sixteen_programs_are_met_as_the_spec_says(void)
{
    static const struct { size_t anchors; double power, time; } want[] = {
        { 2, 4.4, 3.7 }, { 3, 2.02, 2.02 }, { 4, 1.72, 1.57 }, { 5, 1.44, 1.29 },
        { 8, 1.16, 1.04 },
    };
    static double costs[CURVES_MOST][ERG_KNEES], sum[ERG_KNEES], rest[ERG_KNEES];
    const curves *all = curves_load("dvfs/gv100_apps.csv");

    CHECK(all->count == 16);
    costs_of_all(all, costs, sum);
    erg_knee shared = erg_knee_least(sum);
    CHECK_NEAR(shared.xk, 0.86, 1e-12);
    CHECK_NEAR(shared.vm, 0.92, 1e-12);
    for (size_t w = 0; w < ERG_COUNT(want); w++) {
        errors mean = { 0 };
        for (size_t a = 0; a < 16; a++) {
            for (size_t i = 0; i < ERG_KNEES; i++)
                rest[i] = sum[i] - costs[a][i];
            errors one = errors_at(&all->of[a], want[w].anchors, erg_knee_least(rest));
            mean.power += one.power / 16;
            mean.time += one.time / 16;
        }
        CHECK_NEAR(mean.power, want[w].power, 0.05);
        CHECK_NEAR(mean.time, want[w].time, 0.05);
    }
}

static void the_knee_of_a_gv100_serves_an_a100(void)
{
    static double costs[CURVES_MOST][ERG_KNEES], sum[ERG_KNEES];
    curves *all = (curves *)curves_load("dvfs/a100_pcie_40gb.csv");
    erg_knee gv100 = { 0.86, 0.92 };
    errors mean = { 0 };

    CHECK(all->count == 12);
    for (size_t a = 0; a < 12; a++) {
        errors one = errors_at(&all->of[a], 3, gv100);
        mean.power += one.power / 12;
        mean.time += one.time / 12;
        all->of[a].count--;         /* its top clock sits at the power cap */
    }
    CHECK_NEAR(mean.power, 5.4, 0.05);
    CHECK_NEAR(mean.time, 3.5, 0.05);
    costs_of_all(all, costs, sum);
    CHECK_NEAR(erg_knee_least(sum).xk, 0.70, 1e-12);
    CHECK_NEAR(erg_knee_least(sum).vm, 0.82, 1e-12);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_knee_of_the_truth_is_the_least_cost),
        TEST(power_is_the_best_that_is_not_negative),
        TEST(the_costs_of_knees_are_those_of_their_own_fits),
        TEST(time_comes_back_without_noise),
        TEST(one_wild_anchor_of_eight_hardly_moves_the_time),
        TEST(a_capped_anchor_teaches_nothing),
        TEST(too_few_clocks_and_bad_figures_are_refused),
        TEST(the_truth_is_inside_the_interval_in_90_of_100_draws),
        TEST(worse_anchors_give_wider_intervals_and_repeat),
        TEST(sixteen_programs_are_met_as_the_spec_says),
        TEST(the_knee_of_a_gv100_serves_an_a100),
    };
    return test_run(tests, ERG_COUNT(tests));
}
