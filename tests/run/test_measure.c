/* SPDX-License-Identifier: Apache-2.0 */
/* erg run from end to end on simulated devices. */
#include <signal.h>
#include <sys/wait.h>
#include "erg/run.h"
#include "manual.h"
#include "test.h"

#define SIM "sim:a100-sxm4-80gb"
static const char *const sensors[] = { SIM };

static char file[ERG_PATH_MOST];
static erg_measure_outcome outcome;

static erg_measure_options options_for(const char *folder)
{
    snprintf(file, sizeof(file), "%s/a.erg", folder);
    return (erg_measure_options){ .sensors = sensors, .sensor_count = 1, .output = file };
}

static bool shell(const char *line, const erg_measure_options *options, erg_error *err)
{
    char *const argv[] = { "sh", "-c", (char *)line, NULL };
    erg_env env = { 0 };
    return erg_measure(&env, argv, options, &outcome, err);
}

static erg_trace *load(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load(file, &err);
    CHECK_OK(trace, err);
    return trace;
}

static size_t regions_named(const erg_trace *trace, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_trace_region_count(trace); i++)
        count += strcmp(erg_trace_region(trace, i)->name, name) == 0;
    return count;
}

static void a_run_leaves_a_complete_file_with_its_facts(void)
{
    static const char *const tags[] = { "batch=8" };
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.repeat = 3, options.warmup = 2, options.idle_s = 0.2;
    options.tags = tags, options.tag_count = 1, options.wired_to = "here";
    CHECK_OK(shell("sleep 0.1", &options, &err), err);
    CHECK(outcome.exit_status == 0);
    CHECK_TEXT(outcome.file, file);

    erg_trace *trace = load();
    CHECK(regions_named(trace, "run") == 3 && regions_named(trace, "warmup") == 2);
    CHECK(regions_named(trace, "idle_before") == 1
          && regions_named(trace, "idle_after") == 1);
    CHECK_TEXT(erg_trace_meta(trace, "command"), "sh -c 'sleep 0.1'");
    CHECK_TEXT(erg_trace_meta(trace, "repeats"), "3");
    CHECK_TEXT(erg_trace_meta(trace, "exit_status"), "0");
    CHECK_TEXT(erg_trace_meta(trace, "tag:batch"), "8");
    CHECK_TEXT(erg_trace_meta(trace, "idle_state"), "context_idle");
    CHECK(erg_trace_meta(trace, "host_id") && erg_trace_meta(trace, "begin_utc"));
    CHECK_TEXT(erg_trace_device(trace, 0)->wired_to, "here");
    CHECK(!erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED)
          && !erg_trace_has_flag(trace, ERG_FLAG_COMMAND_FAILED));

    /* The sensor was seen before the first run and after the last. */
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        erg_energy energy;
        if (strcmp(region->name, "run") != 0)
            continue;
        CHECK_OK(erg_trace_energy(trace, erg_trace_find_channel(trace, SIM),
                                  (erg_span){ region->begin_ns, region->end_ns },
                                  &energy, &err),
                 err);
        CHECK(energy.covered > 0.999 && energy.energy_j > 0);
    }
    erg_trace_free(trace);
}

static void a_command_that_fails_is_marked_and_not_repeated(void)
{
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.repeat = 5, options.no_wait = true;
    CHECK_OK(shell("exit 9", &options, &err), err);
    CHECK(outcome.exit_status == 9);
    erg_trace *trace = load();
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_COMMAND_FAILED)
          && !erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED));
    CHECK(regions_named(trace, "run") == 1);
    CHECK_TEXT(erg_trace_meta(trace, "exit_status"), "9");
    erg_trace_free(trace);

    CHECK_OK(shell("kill -KILL $$", &options, &err), err);
    CHECK(outcome.exit_status == 137);
}

static void a_command_that_is_not_there_leaves_no_file(void)
{
    erg_error err = { 0 };
    erg_env env = { 0 };
    erg_measure_options options = options_for(test_folder());
    char *const argv[] = { "/nowhere/command", NULL };
    options.no_wait = true;
    CHECK(!erg_measure(&env, argv, &options, &outcome, &err));
    CHECK(outcome.exit_status == 127 && strstr(err.text, "/nowhere/command"));
    CHECK(access(file, F_OK) != 0);
}

static void a_wrong_sensor_is_a_failure_of_erg(void)
{
    static const char *const wrong[] = { "nosuch" };
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.sensors = wrong;
    CHECK(!shell("true", &options, &err));
    CHECK(outcome.exit_status == 125 && err.code == ERG_BAD_INPUT);
    CHECK(access(file, F_OK) != 0);
}

static volatile int asked;

static void on_alarm(int number)
{
    (void)number;
    asked = SIGINT;
}

static void an_interrupted_run_is_complete_and_hands_on_the_signal(void)
{
    erg_error err = { 0 };
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &action, NULL);
    erg_measure_options options = options_for(test_folder());
    options.repeat = 100, options.no_wait = true, options.ask_stop = &asked;
    ualarm(400000, 0);
    CHECK_OK(shell("exec sleep 30", &options, &err), err);
    asked = 0;
    CHECK(outcome.exit_status == 128 + SIGINT);
    erg_trace *trace = load();
    CHECK(regions_named(trace, "run") == 1
          && !erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED));
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_COMMAND_FAILED));
    erg_trace_free(trace);
}

static void without_any_sensor_the_command_runs_all_the_same(void)
{
    erg_error err = { 0 };
    const char *folder = test_folder();
    erg_env env = { .root = folder };
    erg_measure_options options = options_for(folder);
    options.sensors = NULL, options.sensor_count = 0;
    char *const argv[] = { "sh", "-c", "exit 3", NULL };
    CHECK_OK(erg_measure(&env, argv, &options, &outcome, &err), err);
    CHECK(outcome.exit_status == 3);
    erg_trace *trace = load();
    const char *key, *value;
    size_t absent = 0;
    for (size_t i = 0; i < erg_trace_meta_count(trace); i++)
        if (erg_trace_meta_at(trace, i, &key, &value) && strncmp(key, "absent:", 7) == 0) {
            CHECK(*value);      /* why, and the cure */
            absent++;
        }
    print_message("# %zu absent with a reason\n", absent);
    CHECK(erg_trace_device_count(trace) == 0 || absent > 0);
    erg_trace_free(trace);
}

/* Windows of 5 s: three of them would be 15 s, so only that they fill and stop. */
static void a_part_time_sensor_gets_its_phases_spread(void)
{
    static const char *const part[] = { SIM ",counter=off" };
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.sensors = part, options.repeat = 3;
    CHECK_OK(shell("true", &options, &err), err);
    erg_trace *trace = load();
    CHECK(erg_trace_meta(trace, "dither_s"));
    double step_s = atof(erg_trace_meta(trace, "dither_s"));
    CHECK_NEAR(step_s, erg_trace_channel(trace, 0)->update_s / 32, 1e-6);
    const erg_region *before = NULL;
    double gaps_s[2];
    size_t count = 0;
    for (size_t i = 0; i < erg_trace_region_count(trace) && count < 2; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (before)
            gaps_s[count++] = erg_s_from_ns(region->begin_ns - before->end_ns);
        before = region;
    }
    CHECK(count == 2 && gaps_s[0] >= step_s && gaps_s[1] >= 2 * step_s);
    erg_trace_free(trace);
}

/* One observation fills 5 s; a single one can never show its scatter. */
static void an_interval_not_reached_at_max_repeat_is_flagged(void)
{
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.until = 0.01, options.max_repeat = 1;
    CHECK_OK(shell("sleep 2.6", &options, &err), err);
    erg_trace *trace = load();
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_NOT_CONVERGED));
    CHECK_TEXT(erg_trace_meta(trace, "observations"), "1");
    CHECK(regions_named(trace, "run") == 2);
    erg_trace_free(trace);
}

static void a_joint_run_ends_its_command_and_rests_as_long(void)
{
    erg_error err = { 0 };
    erg_measure_options options = options_for(test_folder());
    options.for_s = 0.6, options.idle_s = 0.2, options.idle_as_run = true;
    options.ambient_k = 294.15, options.rate_hz = 20, options.all_at_rate = true;
    CHECK_OK(shell("exec sleep 30", &options, &err), err);
    CHECK(outcome.exit_status == 0); /* we ended it: no failure */
    erg_trace *trace = load();
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        double took_s = erg_s_from_ns(region->end_ns - region->begin_ns);
        if (strcmp(region->name, "idle_before") == 0)
            CHECK(took_s >= 0.2 && took_s < 0.5);
        else
            CHECK(took_s >= 0.55 && took_s < 3); /* run, and idle_after */
    }
    CHECK(erg_trace_region_count(trace) == 3);
    CHECK_TEXT(erg_trace_meta(trace, "ambient_k"), "294.15");
    size_t count;
    erg_trace_samples(trace, erg_trace_find_channel(trace, SIM "/temperature"), &count);
    CHECK(count > 15); /* not once a second */
    erg_trace_free(trace);
}

static void count_told(void *self, const char *text)
{
    ++*(int *)self;
    CHECK(strstr(text, " of 60 s"));
}

static void a_logger_on_a_manual_clock_records_a_minute_at_once(void)
{
    manual_clock manual;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S) };
    erg_measure_options options = options_for(test_folder());
    int told = 0;
    options.for_s = 60, options.progress = count_told, options.progress_self = &told;
    CHECK_OK(erg_measure(&env, NULL, &options, &outcome, &err), err);
    erg_trace *trace = load();
    erg_span span = erg_trace_span(trace);
    CHECK(erg_s_from_ns(span.end_ns - span.begin_ns) >= 60);
    CHECK(!erg_trace_meta(trace, "command"));
    CHECK(told == 60);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_run_leaves_a_complete_file_with_its_facts),
        TEST(a_command_that_fails_is_marked_and_not_repeated),
        TEST(a_command_that_is_not_there_leaves_no_file),
        TEST(a_wrong_sensor_is_a_failure_of_erg),
        TEST(an_interrupted_run_is_complete_and_hands_on_the_signal),
        TEST(without_any_sensor_the_command_runs_all_the_same),
        TEST(a_part_time_sensor_gets_its_phases_spread),
        TEST(an_interval_not_reached_at_max_repeat_is_flagged),
        TEST(a_joint_run_ends_its_command_and_rests_as_long),
        TEST(a_logger_on_a_manual_clock_records_a_minute_at_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}
