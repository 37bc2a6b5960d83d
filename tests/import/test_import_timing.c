/* SPDX-License-Identifier: Apache-2.0 */
/* A power log and the timing of what ran meanwhile: on one clock, or refused. */
#include <fcntl.h>
#include <sys/stat.h>
#include "trace/imported.h"

static void two_files_meet_on_one_clock(void)
{
    static const char power[] = "timestamp,gpu,power_w\n2026-02-06 18:32:23,0,9\n"
                                "2026-02-06 18:32:33,0,9\n";
    static const char timing[] = "{\"start_timestamp\": \"2026-02-06 18:32:24.5\", "
                                 "\"num_runs\": 10,\"end_timestamp\": \"2026-02-06 "
                                 "18:32:29.5\",\"full_model_inference_us\": 500000}";
    erg_error err = { 0 };
    erg_trace *trace = import_text(power, NULL, &err);
    CHECK_OK(trace && erg_import_bytes(trace, "t.json", timing, strlen(timing), NULL,
                                       &err), err);
    CHECK(!erg_import_bytes(trace, "t.json", timing, strlen(timing), NULL, &err));
    CHECK(strstr(err.text, "already"));     /* twice would halve the energy per run */
    const erg_region *region = erg_trace_region(trace, 0);
    CHECK_TEXT(region->name, "full_model");
    CHECK(region->runs == 10);
    CHECK_TEXT(erg_trace_mark(trace, 0)->name, "single_s");
    CHECK_NEAR(erg_trace_mark(trace, 0)->value, 0.5, 1e-12);
    erg_energy energy;
    CHECK_OK(erg_trace_energy(trace, 0, (erg_span){ region->begin_ns, region->end_ns },
                              &energy, &err), err);
    CHECK_NEAR(energy.energy_j, 45, 1e-9);
    erg_trace_free(trace);
}

/* 8234.5 s of runs do not fit into 310.333 s. */
static void runs_that_do_not_fit_their_window_are_refused(void)
{
    static const char timing[] = "{\"start_timestamp\": \"2026-02-06 10:15:25.123\","
                                 "\"end_timestamp\": \"2026-02-06 10:20:35.456\","
                                 "\"num_runs\": 1000, "
                                 "\"full_model_inference_us\": 8234500}";
    erg_error err = { 0 };
    erg_trace *trace = import_text("timestamp,gpu,power_w\n2026-02-06 10:15:20,0,9\n"
                                   "2026-02-06 10:20:40,0,9\n", NULL, &err);
    CHECK_OK(trace && erg_import_bytes(trace, "t.json", timing, strlen(timing), NULL,
                                       &err), err);
    CHECK_OK(erg_trace_check(trace, &err), err);
    CHECK(flag_of(trace, ERG_FLAG_TIME_MISMATCH) != NULL);
    erg_trace_free(trace);
}

static erg_trace *into_a_recording_of(const char *begin, const char *end, bool old_file)
{
    erg_error err = { 0 };
    char log[200], path[600];
    snprintf(path, sizeof(path), "%s/timing.json", test_folder());
    snprintf(log, sizeof(log), "timestamp,gpu,power_w\n%s,0,9\n%s,0,9\n", begin, end);
    erg_trace *trace = import_text(log, &(erg_import_options){ .tz = "UTC" }, &err);
    CHECK_OK(trace, err);
    test_write(path, "{\"start_timestamp\": \"2026-02-06 10:15:25Z\","
          "\"end_timestamp\": \"2026-02-06 10:15:35Z\","
          "\"num_runs\": 10, \"full_model_inference_us\": 1000000}");
    /* 10:15:00 or 10:15:40 of that day */
    time_t when = 1770372900 + (old_file ? 0 : 40);
    CHECK(utimensat(AT_FDCWD, path, (struct timespec[]){ { when, 0 }, { when, 0 } }, 0)
          == 0);
    CHECK_OK(erg_import(trace, path, NULL, &err), err);
    CHECK_OK(erg_trace_check(trace, &err), err);
    return trace;
}

static void a_result_older_than_the_recording_is_stale_and_gives_no_energy_per_run(void)
{
    static const struct { const char *begin; bool old_file, stale; } cases[] = {
        { "2026-02-06 10:15:20", false, false },
        { "2026-02-06 10:15:20", true, true },      /* written before */
        { "2026-02-06 10:15:36", false, true },     /* ended before */
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        erg_trace *trace = into_a_recording_of(cases[i].begin, "2026-02-06 10:15:39",
                                               cases[i].old_file);
        const erg_flag *flag = flag_of(trace, ERG_FLAG_STALE_RESULT);
        CHECK((flag != NULL) == cases[i].stale);
        CHECK(!flag || strstr(flag->text, "earlier run"));
        erg_result *result = erg_trace_summary(trace,
                &(erg_summary_options){ .command = "import", .region = "full_model" },
                &err);
        CHECK_OK(result, err);
        double per_run_j = erg_table_find(erg_result_find(result, "regions"), 0,
                                          "energy_per_run_j").real;
        CHECK(isnan(per_run_j) == cases[i].stale);
        erg_result_free(result);
        erg_trace_free(trace);
    }
}

static void the_recorded_replay_gives_the_known_joules(void)
{
    erg_error err = { 0 };
    erg_trace *trace = import_file(test_data("replay/piep_gpu_power_20260206_183216.csv"),
                                   NULL);
    CHECK_OK(erg_import(trace, test_data("replay/piep_full_model_timing.json"), NULL, &err),
             err);
    const erg_region *region = erg_trace_region(trace, 0);
    erg_span span = { region->begin_ns, region->end_ns };
    erg_energy energy;
    double legacy_j;
    size_t count;
    samples_of(trace, "gpu:0/power", &count);
    CHECK(count == 5333);
    CHECK_OK(erg_trace_energy(trace, 0, span, &energy, &err), err);
    CHECK_NEAR(energy.energy_j, 2424.561479, 1e-6);
    CHECK_OK(erg_trace_energy_legacy(trace, 0, span, &legacy_j, &err), err);
    CHECK_NEAR(legacy_j, 2424.75173659, 2424.75173659 * 1e-9);
    CHECK_OK(erg_trace_check(trace, &err), err);
    CHECK(flag_of(trace, ERG_FLAG_COLD_CLOCKS) && flag_of(trace, ERG_FLAG_LOCAL_TIME));
    CHECK(!flag_of(trace, ERG_FLAG_TIME_MISMATCH));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(two_files_meet_on_one_clock),
        TEST(runs_that_do_not_fit_their_window_are_refused),
        TEST(a_result_older_than_the_recording_is_stale_and_gives_no_energy_per_run),
        TEST(the_recorded_replay_gives_the_known_joules),
    };
    return test_run(tests, ERG_COUNT(tests));
}
