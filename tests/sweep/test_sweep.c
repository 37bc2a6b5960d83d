/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps of simulated work, whose truth is known, on a clock that needs no waiting. */
#include <sys/stat.h>
#include "simulated.h"
#include "math/clock_law.h"

static char *table_of(const erg_points *points)
{
    erg_error err = { 0 };
    size_t count;
    erg_text text = { 0 };
    erg_point *means = erg_points_means(points, &count, &err);
    for (size_t i = 0; i < count; i++)
        erg_text_add(&text, "%zu %.17g %zu %zu %.17g %.17g %.17g %.17g %d\n",
                     means[i].application, means[i].setting.at[ERG_SM_CLOCK],
                     means[i].visits, means[i].dropped, means[i].time_s,
                     means[i].time_low_s, means[i].energy_j, means[i].energy_high_j,
                     (int)means[i].state);
    free(means);
    return erg_text_take(&text);
}

/* ---- truth ------------------------------------------------------------------------- */

static void means_are_those_of_the_law(void)
{
    const erg_clock_law law = {
        .p0_w = 60, .c_w = 140, .xk = 0.86, .vm = 0.92, .tm_s = 0.4, .tc_s = 0.6, .q = 1.5
    };
    erg_sweep_options options = plain("p0=60,c=140,tm=0.4,tc=0.6", file_in(test_folder()));
    erg_points *points = sweep(&options);
    size_t count;
    erg_point *means = erg_points_means(points, &count, NULL);
    CHECK(count == 7);
    for (size_t i = 0; i < count; i++) {
        double x = means[i].setting.at[ERG_SM_CLOCK] / 1410e6;
        CHECK_NEAR(means[i].time_s, erg_clock_law_s(&law, x), 1e-12);
        CHECK_NEAR(means[i].mean_w, erg_clock_law_w(&law, x), 1e-9);
        CHECK_NEAR(means[i].temp_c, 25 + 0.2 * means[i].mean_w, 1e-9);
        CHECK(means[i].visits == (i ? 5 : 15) && means[i].dropped == 0);
    }
    CHECK(erg_points_application_at(points, 0)->is_simulated);
    free(means);
    erg_points_free(points);
}

static void the_file_holds_what_was_seen(void)
{
    const char *path = file_in(test_folder());
    erg_error err = { 0 };
    erg_sweep_options options = plain("noise=1%", path);
    erg_points *points = sweep(&options), *again = erg_points_new(&err);
    CHECK_OK(erg_points_load(again, NULL, path, NULL, &err), err);
    char *first = table_of(points), *second = table_of(again);
    CHECK_TEXT(second, first);
    const erg_application *app = erg_points_application_at(again, 0);
    CHECK_TEXT(app->name, "work");
    CHECK_TEXT(app->device, "sim:a100-sxm4-80gb");
    CHECK(strstr(app->device_model, "simulated") && app->is_simulated);
    free(first);
    free(second);
    erg_points_free(points);
    erg_points_free(again);
}

static void the_same_request_gives_the_same_table_and_another_start_not(void)
{
    const char *path = file_in(test_folder());
    erg_sweep_options options = plain("noise=1%", path);
    erg_points *points = sweep(&options), *again = sweep(&options);
    options.random = 2;
    erg_points *other = sweep(&options);
    char *first = table_of(points), *second = table_of(again), *third = table_of(other);
    CHECK_TEXT(second, first);
    CHECK(strcmp(third, first) != 0);
    free(first);
    free(second);
    free(third);
    erg_points_free(points);
    erg_points_free(again);
    erg_points_free(other);
}

/* ---- what may go wrong -------------------------------------------------------------- */

static void a_refused_clock_is_a_state_and_not_in_the_means(void)
{
    erg_sweep_options options = plain("refuse=1260", file_in(test_folder()));
    erg_points *points = sweep(&options);
    CHECK(count_state(points, ERG_VISIT_CLOCK_NOT_REACHED, 1260e6) == 5);
    CHECK(count_state(points, ERG_VISIT_CLOCK_NOT_REACHED, NAN) == 5);
    size_t count;
    erg_point *means = erg_points_means(points, &count, NULL);
    for (size_t i = 0; i < count; i++)
        CHECK((means[i].state == ERG_VISIT_OK)
              == (means[i].setting.at[ERG_SM_CLOCK] != 1260e6));
    free(means);
    erg_points_free(points);
}

static void a_download_in_the_first_runs_is_contaminated(void)
{
    erg_sweep_options options = plain("cold=40s,cold_runs=3", file_in(test_folder()));
    erg_points *points = sweep(&options);
    CHECK(count_state(points, ERG_VISIT_CONTAMINATED, NAN) == 1);
    CHECK(count_state(points, ERG_VISIT_CONTAMINATED, 1410e6) == 1);
    CHECK(count_state(points, ERG_VISIT_OK, 1410e6) == 14);
    erg_points_free(points);
}

static void without_warming_up_more_of_them_are(void)
{
    erg_sweep_options options = plain("cold=40s,cold_runs=3", file_in(test_folder()));
    options.warmup = -1;
    erg_points *points = sweep(&options);
    CHECK(count_state(points, ERG_VISIT_CONTAMINATED, NAN) == 3);
    erg_points_free(points);
}

static void a_cap_throttles_and_says_the_clock_that_was_reached(void)
{
    erg_sweep_options options = plain("cap=180", file_in(test_folder()));
    erg_points *points = sweep(&options);
    CHECK(count_state(points, ERG_VISIT_THROTTLED, 1410e6) == 15);
    CHECK(count_state(points, ERG_VISIT_THROTTLED, NAN) == 15);
    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        CHECK(visit->mean_w < 180 + 1e-6);
        CHECK(visit->state == ERG_VISIT_OK || visit->sm_clock_seen_hz < 1400e6);
    }
    erg_points_free(points);
}

static void drift_is_found(void)
{
    erg_sweep_options options = plain("drift=3%,noise=0.2%", file_in(test_folder()));
    erg_points *points = sweep(&options);
    CHECK(has_note(points, "DRIFT"));
    erg_points_free(points);
    options.work = "noise=0.2%";
    points = sweep(&options);
    CHECK(!has_note(points, "DRIFT"));
    erg_points_free(points);
}

static void a_run_that_takes_too_long_is_a_timeout(void)
{
    erg_sweep_options options = plain("", file_in(test_folder()));
    options.timeout_s = 1.1;
    erg_points *points = sweep(&options);
    CHECK(count_state(points, ERG_VISIT_TIMEOUT, 510e6) == 5);
    CHECK(count_state(points, ERG_VISIT_OK, 1410e6) == 15);
    erg_points_free(points);
}

/* ---- how long ----------------------------------------------------------------------- */

static void until_stops_when_the_intervals_are_narrow(void)
{
    erg_sweep_options options = plain("noise=1%", file_in(test_folder()));
    options.until = 0.02;
    erg_points *points = sweep(&options);
    size_t count, most = 0;
    erg_point *means = erg_points_means(points, &count, NULL);
    for (size_t i = 0; i < count; i++) {
        double half_s = (means[i].time_high_s - means[i].time_low_s) / 2;
        double half_j = (means[i].energy_high_j - means[i].energy_low_j) / 2;
        CHECK(half_s <= 0.02 * means[i].time_s && half_j <= 0.02 * means[i].energy_j);
        CHECK(means[i].visits >= 2);
        most = i && means[i].visits > most ? means[i].visits : most;
    }
    CHECK(most < 20);
    free(means);
    erg_points_free(points);
}

static void without_noise_two_blocks_are_enough(void)
{
    erg_sweep_options options = plain("", file_in(test_folder()));
    options.until = 0.01;
    erg_points *points = sweep(&options);
    CHECK(erg_points_visits(points) == 9 + 8); /* the reference is known after the first */
    erg_points_free(points);
}

/* ---- cut short ---------------------------------------------------------------------- */

typedef struct stopper {
    int left;
    volatile int asked;
} stopper;

static void count_down(void *self, const char *text)
{
    stopper *own = self;
    (void)text;
    if (--own->left == 0)
        own->asked = 15;
}

static void what_was_cut_short_is_resumed_to_the_same_table(void)
{
    const char *path = file_in(test_folder());
    erg_error err = { 0 };
    erg_sweep_options options = plain("noise=1%,drift=2%", path);
    erg_points *whole = sweep(&options);
    char *want = table_of(whole);
    for (int after = 1; after < 60; after += 13) {
        stopper stop = { .left = after };
        erg_sweep_options first = options;
        erg_sweep_outcome outcome;
        first.progress = count_down;
        first.progress_self = &stop;
        first.ask_stop = &stop.asked;
        erg_points *part = erg_points_new(&err);
        CHECK_OK(erg_sweep_run(NULL, &first, part, &outcome, &err), err);
        CHECK(erg_points_visits(part) == (size_t)(after < 45 ? after - 1 : 45));
        CHECK(outcome.stopped == (after <= 45));
        erg_points_free(part);
        erg_sweep_options rest = options;
        rest.resume = true;
        erg_points *points = sweep(&rest);
        char *got = table_of(points);
        CHECK_TEXT(got, want);
        free(got);
        erg_points_free(points);
    }
    free(want);
    erg_points_free(whole);
}

static void baseline_turns_nothing_and_records_the_clock(void)
{
    erg_sweep_options options = plain("", file_in(test_folder()));
    options.mode = ERG_SWEEP_BASELINE;
    options.knob_count = 0;
    erg_points *points = sweep(&options);
    CHECK(erg_points_visits(points) == 5);
    const erg_visit *visit = erg_points_visit_at(points, 0);
    CHECK(isnan(visit->setting.at[ERG_SM_CLOCK]));
    CHECK_NEAR(visit->sm_clock_seen_hz, 1410e6, 0);
    erg_points_free(points);
}

static void requests_that_make_no_sense_are_refused(void)
{
    static const struct {
        const char *knob, *work;
        erg_sweep_mode mode;
    } bad[] = {
        { "sm_clock=1:2:3:4", "", ERG_SWEEP_AUTO },
        { "fan=1,2", "", ERG_SWEEP_AUTO },
        { "cpu_clock=1000", "", ERG_SWEEP_AUTO },
        { "sm_clock=510", "p0", ERG_SWEEP_AUTO },
        { "sm_clock=510", "p9=1", ERG_SWEEP_AUTO },
        { "sm_clock=510", "q=0.5", ERG_SWEEP_AUTO },
        { "sm_clock=510", "", ERG_SWEEP_BASELINE },
        { NULL, "", ERG_SWEEP_CUSTOM },
    };
    const char *path = file_in(test_folder());
    struct stat there;
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        erg_sweep_outcome outcome;
        erg_sweep_options options = plain(bad[i].work, path);
        erg_points *points = erg_points_new(&err);
        options.knobs = &bad[i].knob;
        options.knob_count = bad[i].knob != NULL;
        options.mode = bad[i].mode;
        CHECK(!erg_sweep_run(NULL, &options, points, &outcome, &err));
        CHECK(err.code == ERG_BAD_INPUT || err.code == ERG_UNSUPPORTED);
        CHECK(stat(path, &there) != 0);
        erg_points_free(points);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(means_are_those_of_the_law),
        TEST(the_file_holds_what_was_seen),
        TEST(the_same_request_gives_the_same_table_and_another_start_not),
        TEST(a_refused_clock_is_a_state_and_not_in_the_means),
        TEST(a_download_in_the_first_runs_is_contaminated),
        TEST(without_warming_up_more_of_them_are),
        TEST(a_cap_throttles_and_says_the_clock_that_was_reached),
        TEST(drift_is_found),
        TEST(a_run_that_takes_too_long_is_a_timeout),
        TEST(until_stops_when_the_intervals_are_narrow),
        TEST(without_noise_two_blocks_are_enough),
        TEST(what_was_cut_short_is_resumed_to_the_same_table),
        TEST(baseline_turns_nothing_and_records_the_clock),
        TEST(requests_that_make_no_sense_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
