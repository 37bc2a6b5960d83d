/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that trains on a simulated GPU while its clock is turned between 705 and 1410
 * MHz: half of the step time is found where the program hears the clock, nothing where it
 * is deaf.
 */
#include <sys/stat.h>
#include "erg/intervene.h"
#include "test.h"

typedef struct lane {
    char folder[64], sensor[200], train[300], file[128];
} lane;

static void open_lane(lane *of)
{
    const char *build = getenv("ERG_BUILD");
    snprintf(of->train, sizeof(of->train), "%s/examples/train", build ? build : "build");
    if (access(of->train, X_OK) != 0)
        SKIP("the example is not built: set ERG_BUILD");
    strcpy(of->folder, "/tmp/erg-intervene-XXXXXX");
    CHECK(mkdtemp(of->folder));
    snprintf(of->sensor, sizeof(of->sensor),
             "sim:a100-sxm4-80gb,heat,ambient=15C,follow=%s", of->folder);
    snprintf(of->file, sizeof(of->file), "%s/i.erg", of->folder);
}

static void close_lane(const lane *of)
{
    static const char *const files[] = { "load", "clock", "i.erg" };
    char path[128];
    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", of->folder, files[i]);
        unlink(path);
    }
    CHECK(rmdir(of->folder) == 0);
}

static erg_result *intervene(const lane *of, bool is_deaf, erg_intervene_outcome *outcome)
{
    const char *const sensors[] = { of->sensor };
    char *const hears[] = { (char *)of->train, "--for", "60", "--gpu", (char *)of->folder,
                            NULL };
    char *const deaf[] = { (char *)of->train, "--for",   "60", "--gpu",
                           (char *)of->folder, "--deaf", NULL };
    const erg_intervene_options options = {
        .sensors = sensors,
        .sensor_count = 1,
        .change = "sm_clock=705MHz:1410MHz",
        .output = of->file,
        .block_s = 0.35,
        .blocks = 20,
    };
    erg_error err = { 0 };
    CHECK_OK(erg_intervene(NULL, is_deaf ? deaf : hears, &options, outcome, &err), err);
    erg_trace *trace = erg_trace_load(of->file, &err);
    CHECK_OK(trace != NULL, err);
    erg_result *result =
        erg_intervention_study(trace, &(erg_intervention_options){ .drop_s = 0.15 }, &err);
    CHECK_OK(result != NULL, err);
    erg_trace_free(trace);
    return result;
}

typedef struct trial {
    lane of;
    erg_intervene_outcome outcome;
    erg_result *result;
    const erg_table *verdict;
} trial;

static void begin(trial *one, bool is_deaf)
{
    open_lane(&one->of);
    one->result = intervene(&one->of, is_deaf, &one->outcome);
    one->verdict = erg_result_find(one->result, "verdict");
}

static void end(const trial *one)
{
    erg_result_free(one->result);
    close_lane(&one->of);
}

static size_t row_of(const erg_table *table, const char *y)
{
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "y").text, y) == 0)
            return i;
    fail_msg("no such row");
    return 0;
}

static void what_the_clock_does_to_a_step_is_found(void)
{
    trial one;

    begin(&one, false);
    size_t step = row_of(one.verdict, "step_s");
    CHECK(one.outcome.blocks == 20 && one.outcome.exit_status == 0);
    CHECK_TEXT(erg_table_find(one.verdict, step, "verdict").text,
               "coupling shown: sm_clock leads step_s");
    CHECK_TEXT(erg_table_find(one.verdict, step, "evidence").text, "caused");
    CHECK_NEAR(erg_table_find(one.verdict, step, "relative").real, 705.0 / 1410 - 1, 0.2);
    CHECK(erg_table_find(one.verdict, row_of(one.verdict, "power"), "low").real > 60);
    end(&one);
}

static void a_program_that_hears_nothing_is_not_slowed(void)
{
    trial one;

    begin(&one, true);
    size_t step = row_of(one.verdict, "step_s");
    CHECK_NEAR(erg_table_find(one.verdict, step, "relative").real, 0, 0.2);
    CHECK(erg_table_find(one.verdict, step, "pairs").integer == 10);
    end(&one);
}

static void what_a_fan_does_to_the_heat_is_found(void)
{
    const char *const sensors[] = { "sim:a100-sxm4-80gb,heat,tau=1s,temp_step=0.1K,"
                                    "load=constant:180" };
    char *const rests[] = { "sleep", "60", NULL };
    const erg_intervene_options options = { .sensors = sensors, .sensor_count = 1,
                                            .change = "fan=30%:100%",
                                            .output = "/tmp/erg-intervene-fan.erg",
                                            .block_s = 0.6, .blocks = 16 };
    erg_error err = { 0 };
    erg_intervene_outcome outcome;
    CHECK_OK(erg_intervene(NULL, rests, &options, &outcome, &err), err);
    erg_trace *trace = erg_trace_load(options.output, &err);
    CHECK_OK(trace != NULL, err);
    erg_result *result =
        erg_intervention_study(trace, &(erg_intervention_options){ 0 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    size_t temp = row_of(verdict, "temp");
    CHECK_TEXT(erg_table_find(verdict, temp, "verdict").text,
               "coupling shown: fan leads temp");
    CHECK(erg_table_find(verdict, temp, "effect").real < -1.5);
    erg_result_free(result);
    erg_trace_free(trace);
    unlink(options.output);
}

static void what_a_variant_of_the_command_does_is_found(void)
{
    lane of;
    erg_error err = { 0 };
    erg_intervene_outcome outcome;
    open_lane(&of);
    strcat(of.sensor, ",clock=705MHz");
    const char *const sensors[] = { of.sensor };
    char *const words[] = { of.train, "--for", "60", "--gpu", of.folder, "{}", NULL };
    const erg_intervene_options options = { .sensors = sensors, .sensor_count = 1,
                                            .change = "variant=:--deaf", .output = of.file,
                                            .block_s = 0.5, .blocks = 16 };
    CHECK_OK(erg_intervene(NULL, words, &options, &outcome, &err), err);
    CHECK(outcome.blocks == 16 && outcome.exit_status == 0);
    erg_trace *trace = erg_trace_load(of.file, &err);
    CHECK_OK(trace != NULL, err);
    erg_result *result =
        erg_intervention_study(trace, &(erg_intervention_options){ .drop_s = 0.2 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *verdict = erg_result_find(result, "verdict");
    size_t step = row_of(verdict, "step_s");
    CHECK_TEXT(erg_table_find(verdict, step, "verdict").text,
               "coupling shown: variant leads step_s");
    CHECK_NEAR(erg_table_find(verdict, step, "relative").real, -0.5, 0.2);
    erg_result_free(result);
    erg_trace_free(trace);
    close_lane(&of);
}

static void a_variant_that_fails_ends_the_trial(void)
{
    char *const words[] = { "sh", "-c", "exit {}", NULL };
    const char *const sensors[] = { "sim:a100-sxm4-80gb" };
    const erg_intervene_options options = { .sensors = sensors, .sensor_count = 1,
                                            .change = "variant=0:3", .blocks = 6,
                                            .output = "/tmp/erg-intervene-fails.erg" };
    erg_error err = { 0 };
    erg_intervene_outcome outcome;
    CHECK_OK(erg_intervene(NULL, words, &options, &outcome, &err), err);
    CHECK(outcome.exit_status == 3 && outcome.blocks <= 1);
    unlink(options.output);
}

static void what_cannot_be_turned_is_refused(void)
{
    static const struct { const char *change, *says; } rows[] = {
        { "sm_clock=1365MHz", "KNOB=LOW:HIGH" },
        { "color=1:2", "color" },
        { "sm_clock=1409MHz:1410MHz", "one setting" },
        { "sm_clock=1:2:3", "KNOB=LOW:HIGH" },
        { "variant=fp32", "variant=A:B" },
        { "variant=a:a", "both variants are one" },
        { "variant=a:b", "{}" },
    };
    char *const words[] = { "true", NULL };
    const char *const sensors[] = { "sim:a100-sxm4-80gb" };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_intervene_outcome outcome;
        const erg_intervene_options options = { .sensors = sensors, .sensor_count = 1,
                                                .change = rows[i].change,
                                                .output = "/tmp/erg-never.erg" };
        CHECK(!erg_intervene(NULL, words, &options, &outcome, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].says));
    }
    CHECK(access("/tmp/erg-never.erg", F_OK) != 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_the_clock_does_to_a_step_is_found),
        TEST(a_program_that_hears_nothing_is_not_slowed),
        TEST(what_a_fan_does_to_the_heat_is_found),
        TEST(what_a_variant_of_the_command_does_is_found),
        TEST(a_variant_that_fails_ends_the_trial),
        TEST(what_cannot_be_turned_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
