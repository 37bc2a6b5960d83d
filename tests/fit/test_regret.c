/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to choose on the physical curve of an application never seen before. */
#include "fit/curves.h"

/* Least P T^weight among times within the limit; count: none. */
static size_t best_within(const erg_anchor at[], size_t count, double weight,
                          double limit_s)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++)
        if (at[i].time_s <= limit_s
            && (best == count
                || log(at[i].power_w / at[best].power_w)
                           + weight * log(at[i].time_s / at[best].time_s)
                       < 0))
            best = i;
    return best;
}

/* Score of the chosen clock over the best that is as fast, less 1, in percent. */
static double regret_at(const curve *of, size_t k, erg_knee knee, double weight,
                        double slowdown)
{
    erg_anchor anchors[16], curve_at[CURVE_MOST] = { { 0 } };
    erg_clock_curve out[CURVE_MOST];
    double x[CURVE_MOST];
    size_t rows[16], top = of->count - 1;
    erg_physical few = { anchors, k, knee };
    curve truth = curve_smoothed(of);
    erg_error err = { 0 };

    curve_evenly(of, k, rows);
    for (size_t i = 0; i < k; i++)
        anchors[i] = of->at[rows[i]];
    for (size_t i = 0; i < of->count; i++)
        x[i] = of->at[i].x;
    CHECK_OK(erg_physical_curve(&few, x, of->count, out, &err), err);
    for (size_t i = 0; i < of->count; i++) {
        curve_at[i].power_w = out[i].power_w;
        curve_at[i].time_s = out[i].time_s;
    }
    double allowed = 1 + slowdown;
    size_t chosen = best_within(curve_at, of->count, weight, allowed * out[top].time_s);
    double limit_s = fmax(allowed * truth.at[top].time_s, truth.at[chosen].time_s);
    size_t best = best_within(truth.at, of->count, weight, limit_s);
    return 100 * (truth.at[chosen].power_w / truth.at[best].power_w
                  * pow(truth.at[chosen].time_s / truth.at[best].time_s, weight) - 1);
}

static void a_choice_from_three_or_five_clocks_costs_what_the_spec_says(void)
{
    static const struct { double weight, slowdown, three, five; } want[] = {
        { 1, 0.05, 1.63, 1.18 }, { 1, 0.10, 1.11, 1.02 }, { 1, 0.20, 1.62, 0.99 },
        { 1, 1e9, 2.11, 1.27 }, { 2, 1e9, 2.19, 1.53 }, { 3, 1e9, 2.27, 2.36 },
    };
    static double costs[CURVES_MOST][ERG_KNEES], sum[ERG_KNEES], rest[ERG_KNEES];
    const curves *all = curves_load("dvfs/gv100_apps.csv");

    costs_of_all(all, costs, sum);
    for (size_t w = 0; w < ERG_COUNT(want); w++) {
        double three = 0, five = 0;
        for (size_t a = 0; a < 16; a++) {
            for (size_t i = 0; i < ERG_KNEES; i++)
                rest[i] = sum[i] - costs[a][i];
            erg_knee knee = erg_knee_least(rest);
            three += regret_at(&all->of[a], 3, knee, want[w].weight, want[w].slowdown) / 16;
            five += regret_at(&all->of[a], 5, knee, want[w].weight, want[w].slowdown) / 16;
        }
        CHECK_NEAR(three, want[w].three, 0.05);
        CHECK_NEAR(five, want[w].five, 0.25);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_choice_from_three_or_five_clocks_costs_what_the_spec_says),
    };
    return test_run(tests, ERG_COUNT(tests));
}
