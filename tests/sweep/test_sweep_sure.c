/* SPDX-License-Identifier: Apache-2.0 */
/* When a sweep of all settings is sure of the best, what drift it divides out, and what a
 * search takes from a fit. */
#include <math.h>
#include "erg/choose.h"
#include "math/clock_law.h"
#include "simulated.h"

/* ---- sure --------------------------------------------------------------------------- */

static int blocks_of(const erg_points *points)
{
    int last = -1;
    for (size_t i = 0; i < erg_points_visits(points); i++)
        last = erg_points_visit_at(points, i)->block > last
                   ? erg_points_visit_at(points, i)->block
                   : last;
    return last + 1;
}

/* Of the blocks before this one: the chosen,
 * or those within 1 % of it, in 9 of 10 draws. */
static bool is_sure_after(const erg_points *points, int block)
{
    erg_error err = { 0 };
    erg_wish wish = erg_wish_default();
    erg_points *some = erg_points_new(&err);
    erg_choice choice;
    size_t index;
    double near = 0;

    erg_points_application(some, erg_points_application_at(points, 0), &index, &err);
    for (size_t i = 0; i < erg_points_visits(points); i++)
        if (erg_points_visit_at(points, i)->block < block)
            erg_points_add(some, erg_points_visit_at(points, i), &err);
    wish.objective = "edp";
    CHECK_OK(erg_choose(some, &wish, &choice, &err), err);
    for (size_t i = 0; i < choice.option_count; i++)
        near += choice.options[i].is_near_best ? choice.options[i].share : 0;
    bool sure = choice.picks[0].confidence >= 0.9 || near >= 0.9;
    erg_choice_free(&choice);
    erg_points_free(some);
    return sure;
}

static void an_objective_ends_the_sweep_as_soon_as_the_choice_is_sure(void)
{
    erg_sweep_options options = plain("noise=3%", file_in(test_folder()));
    options.objective = "edp";
    erg_points *points = sweep(&options);
    int blocks = blocks_of(points);
    CHECK(blocks >= 4 && blocks <= 20);
    if (blocks < 20)
        CHECK(is_sure_after(points, blocks));
    for (int before = 4; before < blocks; before++)
        CHECK(!is_sure_after(points, before));
    CHECK(has_note(points, "CHOICE: edp of work is least at sm_clock "));
    erg_points_free(points);
}

static void without_noise_four_blocks_are_enough_to_be_sure(void)
{
    erg_sweep_options options = plain("", file_in(test_folder()));
    options.objective = "energy";
    erg_points *points = sweep(&options);
    CHECK(blocks_of(points) == 4);
    CHECK(has_note(points, "CHOICE: energy of work is least"));
    erg_points_free(points);
}

static void noise_that_hides_the_best_goes_on_to_the_most_and_says_so(void)
{
    char note[300];
    erg_sweep_options options = plain("noise=40%", file_in(test_folder()));
    options.objective = "edp";
    options.max_repeat = 6;
    erg_points *points = sweep(&options);
    CHECK(blocks_of(points) == 6);
    CHECK(strstr(note_of(points, "CHOICE", note, sizeof(note)), "not sure"));
    erg_points_free(points);
}

static void a_choice_keeps_the_limits_of_the_sweep(void)
{
    static const erg_clock_law law = { .p0_w = 60, .c_w = 140, .xk = 0.86, .vm = 0.92,
                                       .tm_s = 0.4, .tc_s = 0.6, .q = 1.5 };
    char note[300], expected[40];
    double best = INFINITY, best_mhz = 0;
    erg_sweep_options options = plain("", file_in(test_folder()));

    options.objective = "energy";
    options.slowdown = 0.08;
    for (double mhz = 510; mhz <= 1410; mhz += 150) {
        double x = mhz / 1410, s = erg_clock_law_s(&law, x);
        double energy_j = s * erg_clock_law_w(&law, x);
        if (s <= 1.08 * erg_clock_law_s(&law, 1) && energy_j < best)
            best = energy_j, best_mhz = mhz;
    }
    snprintf(expected, sizeof(expected), "sm_clock %g MHz", best_mhz);
    erg_points *points = sweep(&options);
    CHECK(strstr(note_of(points, "CHOICE", note, sizeof(note)), expected));
    erg_points_free(points);
}

/* ---- drift -------------------------------------------------------------------------- */

/* "... moved by +2.9 % in time and ..." */
static double told_drift(const erg_points *points)
{
    char note[300];
    const char *at = strstr(note_of(points, "DRIFT", note, sizeof(note)), "moved by ");
    return at ? strtod(at + strlen("moved by "), NULL) / 100 : NAN;
}

static double greatest_error(const erg_points *points)
{
    static const erg_clock_law law = { .p0_w = 60, .c_w = 140, .xk = 0.86, .vm = 0.92,
                                       .tm_s = 0.4, .tc_s = 0.6, .q = 1.5 };
    size_t count;
    double worst = 0, first = 0;
    erg_point *means = erg_points_means(points, &count, NULL);

    for (size_t i = 0; i < count; i++) {
        double x = means[i].setting.at[ERG_SM_CLOCK] / 1410e6;
        double off = log(means[i].time_s / erg_clock_law_s(&law, x));
        first = i ? first : off;        /* where in the sweep time counts is free */
        worst = fmax(worst, fabs(off - first));
    }
    free(means);
    return worst;
}

static void a_drift_of_3_percent_is_told_within_1_percent(void)
{
    erg_sweep_options options = plain("drift=3%,noise=0.2%", file_in(test_folder()));
    erg_points *points = sweep(&options);
    CHECK_NEAR(told_drift(points), 0.03, 0.01);
    erg_points_free(points);
}

static void drift_is_divided_out_where_that_is_asked_for(void)
{
    const char *path = file_in(test_folder());
    erg_sweep_options options = plain("drift=10%", path);
    erg_error err = { 0 };

    options.repeat = 1;     /* one block: each setting has its own moment */
    erg_points *points = sweep(&options);
    CHECK(greatest_error(points) > 0.02);
    erg_points_free(points);
    options.drift_correct = true;
    points = sweep(&options);
    CHECK(greatest_error(points) < 0.004);
    CHECK(has_note(points, "drift of 1 of 1 applications was divided out"));
    erg_points_free(points);
    points = erg_points_new(&err);      /* and by whoever reads the file */
    CHECK_OK(erg_points_load(points, NULL, path, NULL, &err), err);
    CHECK(greatest_error(points) < 0.004);
    erg_points_free(points);
}

static void drift_of_one_file_is_not_taken_off_another(void)
{
    char path[400], other[400];
    erg_error err = { 0 };
    snprintf(path, sizeof(path), "%s", file_in(test_folder()));
    snprintf(other, sizeof(other), "%.380s.other", path);
    erg_sweep_options options = plain("drift=10%", path);
    const erg_sweep_job job = { .name = "other" };

    options.repeat = 1;
    erg_points_free(sweep(&options));
    options.output = other;
    options.jobs = &job;
    options.drift_correct = true;
    erg_points_free(sweep(&options));
    erg_points *alone = erg_points_new(&err), *both = erg_points_new(&err);
    CHECK_OK(erg_points_load(alone, NULL, path, NULL, &err), err);
    CHECK_OK(erg_points_load(both, NULL, path, NULL, &err), err);
    CHECK_OK(erg_points_load(both, NULL, other, NULL, &err), err);
    for (size_t i = 0; i < erg_points_visits(alone); i++)
        CHECK(erg_points_visit_at(alone, i)->time_s
              == erg_points_visit_at(both, i)->time_s);
    CHECK(has_note(both, "drift of 1 of 1 applications was divided out"));
    erg_points_free(alone);
    erg_points_free(both);
}

/* ---- a search that starts from a fit ------------------------------------------------ */

static const char *const every[] = { "sm_clock=510:1410:15" };

static size_t measured_with(double knee, double low_voltage, double *edp)
{
    erg_sweep_options options = plain("xk=0.62,vm=0.74,noise=0.5%", file_in(test_folder()));
    size_t count;

    options.knobs = every;
    options.adaptive = true;
    options.objective = "edp";
    options.knee = knee;
    options.low_voltage = low_voltage;
    erg_points *points = sweep(&options);
    erg_point *means = erg_points_means(points, &count, NULL);
    *edp = INFINITY;
    for (size_t i = 0; i < count; i++)
        *edp = fmin(*edp, means[i].energy_j * means[i].time_s);
    free(means);
    erg_points_free(points);
    return count;
}

static void the_knee_of_a_fit_needs_no_more_clocks_and_finds_as_good_a_one(void)
{
    double told, untold;
    size_t with = measured_with(0.62, 0.74, &told), without = measured_with(0, 0, &untold);
    CHECK(with <= without && without <= 8);
    CHECK(told <= 1.02 * untold);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_objective_ends_the_sweep_as_soon_as_the_choice_is_sure),
        TEST(without_noise_four_blocks_are_enough_to_be_sure),
        TEST(noise_that_hides_the_best_goes_on_to_the_most_and_says_so),
        TEST(a_choice_keeps_the_limits_of_the_sweep),
        TEST(a_drift_of_3_percent_is_told_within_1_percent),
        TEST(drift_is_divided_out_where_that_is_asked_for),
        TEST(drift_of_one_file_is_not_taken_off_another),
        TEST(the_knee_of_a_fit_needs_no_more_clocks_and_finds_as_good_a_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}
