/* SPDX-License-Identifier: Apache-2.0 */
/* Campaign folders of our own making, with one fault each. */
#include <sys/stat.h>
#include "test.h"
#include "erg/campaign.h"
#include "sweep/campaign.h"

typedef struct made {           /* a run and its profile; zero is the ordinary */
    const char *id;
    int mhz, set_mhz, seconds, exit_code;
    const char *status, *said;
    double watts, row_s, idle_s, profile_s;
    bool no_profile, no_counter, is_slice;
} made;

static char folder[300];

static FILE *file_of(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    return file;
}

static void make_profile(const made *run)
{
    char name[100];
    double row_s = run->row_s > 0 ? run->row_s : 0.05,
           watts = run->watts > 0 ? run->watts : 100;
    double length_s = run->profile_s > 0 ? run->profile_s : run->seconds;
    int set_mhz = run->set_mhz ? run->set_mhz : run->mhz;

    snprintf(name, sizeof(name), "run_%s_freq_%d_profile.csv", run->id, run->mhz);
    FILE *file = file_of(name);
    fprintf(file, "# Entity  DRAMA  FP64A  FP32A  GPUTL  POWER%s  SACLK\n      Id  W  mJ\n",
            run->no_counter ? "" : "  TOTEC");
    for (int i = 0; i <= (int)(length_s / row_s + 0.5); i++) {
        bool idle = i * row_s < run->idle_s;
        fprintf(file, "  %s 0  %.3f  0.000  %.3f  %d  %.3f",
                run->is_slice ? "GPU-I" : "GPU",
                idle ? 0 : 0.4, idle ? 0 : 0.5, idle ? 0 : 90, watts);
        if (!run->no_counter)
            fprintf(file, "  %.0f", 7e6 + 1e3 * watts * row_s * i);
        fprintf(file, "  %d\n", set_mhz);
    }
    fclose(file);
}

static void make_output(const made *run)
{
    char name[100];
    snprintf(name, sizeof(name), "run_%s_freq_%d_app.err", run->id, run->mhz);
    FILE *file = file_of(name);
    fprintf(file, "%s\n", run->said ? run->said : "Loading checkpoint shards: 100%");
    fclose(file);
}

static void make_campaign(const made runs[], size_t count)
{
    snprintf(folder, sizeof(folder), "%s/lstm", test_folder());
    CHECK(mkdir(folder, 0700) == 0);
    FILE *log = file_of("timing_summary.log");
    fputs("# Run Timing Summary\n"
          "# Format: run_id,frequency_mhz,duration_seconds,exit_code,status\n", log);
    for (size_t i = 0; i < count; i++) {
        fprintf(log, "%s,%d,%d,%d,%s\n", runs[i].id, runs[i].mhz, runs[i].seconds,
                runs[i].exit_code, runs[i].status ? runs[i].status : "success");
        if (!runs[i].no_profile)
            make_profile(&runs[i]);
        make_output(&runs[i]);
    }
    fclose(log);
}

static erg_points *read_back(const erg_campaign_options *options)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    CHECK_OK(points && erg_points_read_campaign(points, folder, options, &err), err);
    return points;
}

static erg_points *points_of(const made runs[], size_t count)
{
    make_campaign(runs, count);
    return read_back(NULL);
}

static bool is_noted(const erg_points *points, const char *name, const char *what)
{
    erg_error err = { 0 };
    bool found = false;
    erg_result *result = erg_result_new("import", &err);
    CHECK_OK(result && erg_points_table(points, result, &err), err);
    for (size_t i = 0; i < erg_result_note_count(result); i++) {
        const char *note = erg_result_note_at(result, i);
        found = found || (strncmp(note, name, strlen(name)) == 0 && strstr(note, what));
    }
    for (size_t i = 0; !found && i < erg_result_note_count(result); i++)
        print_message("# %s\n", erg_result_note_at(result, i));
    erg_result_free(result);
    return found;
}

#define FOUR_GOOD { "1_01", 1410, .seconds = 60 }, { "2_02", 1410, .seconds = 61 }, \
                  { "3_01", 1395, .seconds = 61 }, { "4_02", 1395, .seconds = 62 }

static void a_run_gives_its_time_its_joules_and_its_activities(void)
{
    static const made runs[] = { FOUR_GOOD };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    CHECK(erg_points_visits(points) == 4 && erg_points_applications(points) == 1);
    CHECK_TEXT(erg_points_application_at(points, 0)->name, "lstm");
    CHECK(erg_points_application_at(points, 0)->definition == ERG_ACTIVITY_HALF);
    const erg_visit *visit = erg_points_visit_at(points, 1);
    CHECK(visit->state == ERG_VISIT_OK && visit->time_s == 61 && visit->block == 1
          && visit->place == 1 && visit->exit_status == 0);
    CHECK(visit->setting.at[ERG_SM_CLOCK] == 1410e6 && visit->sm_clock_seen_hz == 1410e6);
    CHECK_NEAR(visit->energy_j, 6100, 1e-6);
    CHECK_NEAR(visit->mean_w, 100, 1e-9);
    CHECK_NEAR(visit->fp_active, 0.25, 1e-9);
    CHECK_NEAR(visit->dram_active, 0.4, 1e-9);
    erg_points_free(points);
}

static void names_of_baselines_and_of_custom_runs_are_runs(void)
{
    static const made runs[] = { { "baseline_01", 1380, .seconds = 60 },
                                 { "01", 1230, .seconds = 60 },
                                 { "02", 1230, .seconds = 60 } };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    CHECK(erg_points_visits(points) == 3);
    CHECK(erg_points_visit_at(points, 1)->setting.at[ERG_SM_CLOCK] == 1230e6);
    CHECK(erg_points_visit_at(points, 1)->block == 1);
    CHECK(erg_points_visit_at(points, 2)->setting.at[ERG_SM_CLOCK] == 1380e6);
    erg_points_free(points);
}

static void whole_seconds_are_known_to_half_of_one(void)
{
    static const made runs[] = { { "1_01", 1410, .seconds = 20 },
                                 { "2_01", 1395, .seconds = 60 } };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    erg_error err = { 0 };
    size_t count;
    erg_point *means = erg_points_means(points, &count, &err);
    CHECK(count == 2);
    CHECK_NEAR(means[0].time_low_s, 19.5, 1e-9);
    CHECK_NEAR(means[0].time_high_s, 20.5, 1e-9);
    CHECK(is_noted(points, "WHOLE_SECONDS", "1 run: 1_01 (20 s)"));
    free(means);
    erg_points_free(points);
}

static void each_fault_of_a_baseline_is_found_and_named(void)
{
    static const struct {
        made run;
        erg_visit_state state;
        const char *name, *what;
    } cases[] = {
        { { "baseline_01", 1410, .seconds = 300, .said = "Downloading shards: 100%" },
          ERG_VISIT_CONTAMINATED, "DOWNLOAD", "baseline_01 (300 s, others 60.5 s)" },
        { { "baseline_01", 1410, .seconds = 90, .idle_s = 30 },
          ERG_VISIT_CONTAMINATED, "LOAD", "idle for its first 30.0 s, others for 0.0 s" },
        { { "baseline_01", 1410, .set_mhz = 1230, .seconds = 60 },
          ERG_VISIT_CLOCK_NOT_REACHED, "CLOCK_NOT_REACHED",
          "1410 MHz asked for, 1230 MHz set" },
        { { "baseline_01", 1410, .seconds = 60, .is_slice = true },
          ERG_VISIT_CONTAMINATED, "SHARED", "baseline_01" },
        { { "baseline_01", 1410, .seconds = 60, .watts = 210 },
          ERG_VISIT_CONTAMINATED, "PERIOD_SUSPECT", "210 W, neighbours 100 W" },
        { { "baseline_01", 1410, .seconds = 60, .row_s = 0.025 },
          ERG_VISIT_OK, "PERIOD_SUSPECT", "a row every 25.0 ms, not 50.0 ms" },
        { { "baseline_01", 1410, .seconds = 60, .exit_code = 1 },
          ERG_VISIT_CONTAMINATED, "CONTRADICTION", "exit status 1" },
        { { "baseline_01", 1410, .seconds = 60, .profile_s = 20 },
          ERG_VISIT_CONTAMINATED, "SHORT_PROFILE", "20.0 s of 60 s" },
        { { "baseline_01", 1410, .seconds = 60, .profile_s = 50 },
          ERG_VISIT_NOT_COVERED, "NOT_COVERED", "85 % covered" },
        { { "baseline_01", 1410, .seconds = 60, .exit_code = 3, .status = "failed" },
          ERG_VISIT_FAILED, "FAILED", "exit status 3" },
        { { "baseline_01", 1410, .seconds = 60, .exit_code = 124, .status = "timeout" },
          ERG_VISIT_TIMEOUT, "TIMEOUT", "after 60 s" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        made runs[] = { FOUR_GOOD, cases[i].run };
        erg_points *points = points_of(runs, ERG_COUNT(runs));
        CHECK(erg_points_visits(points) == ERG_COUNT(runs));
        CHECK_TEXT(erg_visit_state_name(erg_points_visit_at(points, 0)->state),
                   erg_visit_state_name(cases[i].state));
        CHECK(is_noted(points, cases[i].name, cases[i].what));
        erg_error err = { 0 };
        CHECK_OK(erg_points_check(points, &err), err);
        CHECK(cases[i].state != ERG_VISIT_CONTAMINATED
              || is_noted(points, "CONTAMINATED", "or as another note says"));
        for (size_t k = 1; k < ERG_COUNT(runs); k++)
            CHECK(erg_points_visit_at(points, k)->state == ERG_VISIT_OK);
        erg_points_free(points);
    }
}

/* A loader prints the word, cached or not; the time says which. */
static void a_download_that_cost_no_time_is_none(void)
{
    static const made runs[] = { FOUR_GOOD, { "5_01", 1380, .seconds = 62,
                                              .said = "Downloading shards: 100%" } };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    CHECK(erg_points_visit_at(points, 4)->state == ERG_VISIT_OK);
    erg_points_free(points);
}

/* 25 ms rows that are read as 50 ms ones would give 12 kJ for 6 kJ. */
static void joules_do_not_rest_on_the_period_that_was_stated(void)
{
    static const made runs[] = { FOUR_GOOD, { "5_01", 1380, .seconds = 60, .row_s = 0.025,
                                              .no_counter = true } };
    make_campaign(runs, ERG_COUNT(runs));
    erg_points *points = read_back(&(erg_campaign_options){ .period_s = 0.05 });
    CHECK_NEAR(erg_points_visit_at(points, 4)->energy_j, 6000, 1);
    CHECK(is_noted(points, "PERIOD_SUSPECT", "a row every 25.0 ms, not 50.0 ms"));
    erg_points_free(points);
}

static void a_run_file_keeps_points_and_notes(void)
{
    static const made runs[] = { { "baseline_01", 1410, .set_mhz = 1230, .seconds = 20 },
                                 { "1_01", 1395, .seconds = 20 },
                                 { "2_01", 1380, .seconds = 21, .no_profile = true } };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    erg_error err = { 0 };
    char path[400];
    snprintf(path, sizeof(path), "%s.erg", folder);
    CHECK_OK(erg_points_save(points, path, &err), err);
    erg_points_free(points);
    points = erg_points_new(&err);
    CHECK_OK(points && erg_points_load(points, &(erg_env){ 0 }, path, NULL, &err), err);
    CHECK(erg_points_visits(points) == 2);
    const erg_visit *visit = erg_points_visit_at(points, 0);
    CHECK(visit->state == ERG_VISIT_CLOCK_NOT_REACHED && visit->sm_clock_seen_hz == 1230e6);
    CHECK(visit->time_half_s == 0.5 && visit->start_ns == INT64_MIN && visit->time_s == 20);
    CHECK_NEAR(erg_points_visit_at(points, 1)->energy_j, 2000, 1e-6);
    CHECK_TEXT(erg_points_application_at(points, 0)->name, "lstm");
    CHECK(erg_points_application_at(points, 0)->definition == ERG_ACTIVITY_HALF);
    CHECK(is_noted(points, "CLOCK_NOT_REACHED", "1410 MHz asked for"));
    CHECK(is_noted(points, "REJECTED", "run 2_01: no profile"));
    erg_points_free(points);
}

static void slices_all_along_compare_with_each_other(void)
{
    static const made runs[] = { { "1_01", 1410, .seconds = 60, .is_slice = true },
                                 { "2_01", 1395, .seconds = 61, .is_slice = true } };
    erg_points *points = points_of(runs, ERG_COUNT(runs));
    CHECK(erg_points_visit_at(points, 0)->state == ERG_VISIT_OK);
    CHECK(is_noted(points, "SHARED", "slices"));
    erg_points_free(points);
}

static void a_run_that_cannot_be_read_is_rejected_and_the_others_stay(void)
{
    static const made runs[] =
        { FOUR_GOOD, { "5_01", 1380, .seconds = 62, .no_profile = true } };
    make_campaign(runs, ERG_COUNT(runs));
    FILE *torn = file_of("run_6_01_freq_1365_profile.csv");
    fwrite("#Entity POWER\nGPU 0 1\0\n", 1, 23, torn);
    fclose(torn);
    erg_points *points = read_back(NULL);
    CHECK(erg_points_visits(points) == 4);
    erg_error err = { 0 };
    erg_result *result = erg_result_new("import", &err);
    CHECK_OK(result && erg_points_table(points, result, &err), err);
    const erg_table *rejected = erg_result_find(result, "rejected");
    CHECK(rejected && erg_table_row_count(rejected) == 2);
    CHECK(strstr(erg_table_find(rejected, 0, "reason").text, "no profile"));
    CHECK(strstr(erg_table_find(rejected, 1, "reason").text, "NUL byte, 21 bytes"));
    erg_result_free(result);
    erg_points_free(points);
}

static void logs_are_known_by_what_is_in_them(void)
{
    static const char experiment[] =
        "AI Inference Energy Profiling Experiment Summary\n====\n\nGPU Configuration:\n"
        "  Type: H100\n  Memory Frequency: 2619 MHz\n\nApplication Configuration:\n"
        "  Name: StableDiffusion\n\nRun Timing Summary:\n===================\n"
        "  Run baseline_01    :  38s (freq: 1785MHz, status: success)\n"
        "  Run 1_01 : 114s (freq: 1410MHz, status: failed)\n\nTiming Statistics:\n"
        "  Run count: 2\n";
    static const char timing[] = "1_01,1410,114.25,1,failed\n"
                                 "baseline_01,1785,38,0,success\n9_0";
    erg_error err = { 0 };
    erg_campaign campaign = { .points = erg_points_new(&err) };
    CHECK(erg_campaign_sniff(experiment, sizeof(experiment) - 1) == ERG_LOG_EXPERIMENT);
    CHECK(erg_campaign_sniff(timing, sizeof(timing) - 1) == ERG_LOG_TIMING);
    CHECK(erg_campaign_sniff("timestamp,gpu,power_w\n", 22) == ERG_LOG_NONE);
    CHECK_OK(erg_campaign_read_log(&campaign, ERG_LOG_EXPERIMENT, "e", experiment,
                                   sizeof(experiment) - 1, &err), err);
    CHECK(campaign.count == 2 && campaign.runs[0].duration_s == 38
          && campaign.runs[0].exit_code == -1 && campaign.runs[1].clock_hz == 1410e6);
    CHECK_TEXT(campaign.runs[1].status, "failed");
    CHECK_TEXT(campaign.application, "StableDiffusion");
    CHECK_TEXT(campaign.gpu, "H100");
    CHECK_OK(erg_campaign_read_log(&campaign, ERG_LOG_TIMING, "t", timing,
                                   sizeof(timing) - 1, &err), err);
    CHECK(campaign.count == 2 && campaign.runs[1].duration_s == 114.25
          && campaign.runs[1].exit_code == 1 && !campaign.runs[1].whole_seconds);
    CHECK(is_noted(campaign.points, "t: its last line is cut", ""));
    CHECK(is_noted(campaign.points, "run 1_01: 114 s and 114.25 s", "the one of t counts"));
    free(campaign.runs);
    erg_points_free(campaign.points);
}

static void a_bad_line_of_a_log_is_named(void)
{
    static const struct { erg_campaign_log kind; const char *text, *place; } cases[] = {
        { ERG_LOG_TIMING, "# x\n1_01,1410,fast,0,success\n", "t:2:" },
        { ERG_LOG_TIMING, "1_01,1410,-3,0,success\n", "t:1:" },
        { ERG_LOG_TIMING, "1_01,1410,3,0\n", "t:1:" },
        { ERG_LOG_TIMING, "1_01,1410,nan,0,success\n", "t:1:" },
        { ERG_LOG_EXPERIMENT, "Run Timing Summary:\nRun 1_01 : 114 (freq: 1410MHz)\n",
          "t:2:" },
        { ERG_LOG_EXPERIMENT, "Run Timing Summary:\nRun 1 : nans (freq: 1MHz, status: a)\n",
          "t:2:" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        erg_campaign campaign = { .points = erg_points_new(&err) };
        CHECK(!erg_campaign_read_log(&campaign, cases[i].kind, "t", cases[i].text,
                                     strlen(cases[i].text), &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, cases[i].place));
        free(campaign.runs);
        erg_points_free(campaign.points);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_run_gives_its_time_its_joules_and_its_activities),
        TEST(names_of_baselines_and_of_custom_runs_are_runs),
        TEST(whole_seconds_are_known_to_half_of_one),
        TEST(each_fault_of_a_baseline_is_found_and_named),
        TEST(a_download_that_cost_no_time_is_none),
        TEST(joules_do_not_rest_on_the_period_that_was_stated),
        TEST(a_run_file_keeps_points_and_notes),
        TEST(slices_all_along_compare_with_each_other),
        TEST(a_run_that_cannot_be_read_is_rejected_and_the_others_stay),
        TEST(logs_are_known_by_what_is_in_them),
        TEST(a_bad_line_of_a_log_is_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
