/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep visits: requests snapped, doubles dropped, orders by chance. */
#include "test.h"
#include "sweep/sweep_inside.h"
#include "sweep/sweep_plan.h"

/* floor(1380 - 7.5 k) MHz, as a V100 answers, from 135 MHz. */
static erg_device_knob v100(double values[])
{
    size_t count = 0;
    for (int k = 166; k >= 0; k--)
        values[count++] = 1e6 * floor(1380 - 7.5 * k);
    return (erg_device_knob){ .knob = ERG_SM_CLOCK,
                              .values = values,
                              .value_count = count,
                              .low = values[0],
                              .high = values[count - 1] };
}

static size_t count_of(const char *text)
{
    double values[200];
    erg_device_knob knob = v100(values);
    erg_sweep_axis axis;
    erg_error err = { 0 };
    CHECK_OK(erg_sweep_axis_parse(text, &knob, 510e6, &axis, &err), err);
    size_t count = axis.count;
    for (size_t i = 1; i < count; i++)
        CHECK(axis.values[i] < axis.values[i - 1]);
    erg_sweep_axis_free(&axis);
    return count;
}

static void all_keeps_to_the_floor(void) { CHECK(count_of("all") == 117); }

static void a_step_of_15_halves_a_grid_of_7_5(void)
{
    CHECK(count_of("510:1380:15") == 59);
    CHECK(count_of("510:1380:7.5") == 117);
}

static void requests_are_snapped_and_kept(void)
{
    double values[200];
    erg_device_knob knob = v100(values);
    erg_sweep_axis axis;
    erg_error err = { 0 };
    CHECK_OK(erg_sweep_axis_parse("1000,1379,1.38GHz,1379.5", &knob, 0, &axis, &err), err);
    CHECK(axis.count == 2);
    CHECK_NEAR(axis.values[0], 1380e6, 0);
    CHECK_NEAR(axis.requested[0], 1379e6, 0);
    CHECK_NEAR(axis.values[1], 997e6, 0);
    CHECK_NEAR(axis.requested[1], 1000e6, 0);
    erg_sweep_axis_free(&axis);
}

static void what_is_no_request_is_refused(void)
{
    static const char *const bad[] = { "",
                                       "a",
                                       "510:1410",
                                       "510:1410:0",
                                       "510:1410:-15",
                                       "1410:510:15",
                                       "510,,600",
                                       "510:1410:15:2",
                                       "0",
                                       "-510",
                                       "nan",
                                       "1:1000000:0.001",
                                       "510W" };
    double values[200];
    erg_device_knob knob = v100(values);
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_sweep_axis axis;
        erg_error err = { 0 };
        CHECK(!erg_sweep_axis_parse(bad[i], &knob, 0, &axis, &err));
        CHECK(err.code == ERG_BAD_INPUT);
    }
}

static void a_range_has_no_all_but_takes_any_value(void)
{
    erg_device_knob knob = { .knob = ERG_POWER_LIMIT, .low = 100, .high = 250 };
    erg_sweep_axis axis;
    erg_error err = { 0 };
    CHECK(!erg_sweep_axis_parse("all", &knob, 0, &axis, &err));
    CHECK_OK(erg_sweep_axis_parse("0.12kW,300,90,180.5", &knob, 0, &axis, &err), err);
    CHECK(axis.count == 4);
    CHECK_NEAR(axis.values[0], 250, 0);
    CHECK_NEAR(axis.values[3], 100, 0);
    erg_sweep_axis_free(&axis);
}

static void a_grid_has_every_pair_and_the_highest_first(void)
{
    double clocks[] = { 1410e6, 900e6 }, limits[] = { 250, 200, 150 };
    erg_sweep_axis axes[] = { { ERG_SM_CLOCK, NULL, clocks, 2 },
                              { ERG_POWER_LIMIT, NULL, limits, 3 } };
    size_t count;
    erg_knob_setting *grid = erg_sweep_grid(axes, 2, &count, NULL);
    CHECK(count == 6);
    CHECK_NEAR(grid[0].at[ERG_SM_CLOCK], 1410e6, 0);
    CHECK_NEAR(grid[0].at[ERG_POWER_LIMIT], 250, 0);
    CHECK_NEAR(grid[5].at[ERG_POWER_LIMIT], 150, 0);
    CHECK(isnan(grid[5].at[ERG_CPU_CLOCK]));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(!erg_knob_setting_equal(&grid[i], &grid[j]));
    free(grid);
}

static void a_switch_has_a_zero_and_a_limit_has_none(void)
{
    double values[] = { 0, 1, 2 };
    erg_device_knob profile = { .knob = ERG_SMOOTHING_PROFILE, .values = values,
                                .value_count = 3, .high = 2 };
    erg_device_knob limit = { .knob = ERG_POWER_LIMIT, .low = 0, .high = 250 };
    erg_sweep_axis axis;
    erg_error err = { 0 };
    CHECK_OK(erg_sweep_axis_parse("0,2", &profile, 0, &axis, &err), err);
    CHECK(axis.count == 2 && axis.values[0] == 2 && axis.values[1] == 0);
    erg_sweep_axis_free(&axis);
    CHECK(!erg_sweep_axis_parse("0,200", &limit, 0, &axis, &err));
    CHECK(err.code == ERG_BAD_INPUT);
}

/* GPUs of the fake NVML, which smooth their power and know four kinds of work. */
static erg_result *plan_of(const char *const knobs[], size_t count, erg_error *err)
{
    static char path[ERG_PATH_MOST];
    const char *sensor = "nvml", *command[] = { "true", NULL };
    snprintf(path, sizeof(path), "%s/tests/fake/libnvidia-ml.so.1", getenv("ERG_BUILD"));
    setenv("FAKE_NVML", "a100-sxm4-80gb;presets=3,workloads=195", 1);
    erg_env env = { .nvml = path };
    erg_sweep_job job = { .argv = (char *const *)(uintptr_t)command };
    erg_sweep_options options = { .sensors = &sensor, .sensor_count = 1, .knobs = knobs,
                                  .knob_count = count, .jobs = &job, .job_count = 1,
                                  .repeat = 1 };
    return erg_sweep_plan_table(&env, &options, err);
}

static void a_knob_without_a_column_is_the_further_coordinate(void)
{
    const char *const knobs[] = { "smoothing_floor=50,70", "sm_clock=1410" };
    const char *const two[] = { "smoothing_floor=50,70", "workload_profile=1" };
    erg_knob_setting asked = erg_knob_setting_none();
    erg_error err = { 0 };
    erg_result *result = plan_of(knobs, 2, &err);
    CHECK_OK(result, err);
    const erg_table *plan = erg_result_find(result, "plan");
    CHECK_NEAR(erg_table_find(plan, 0, "smoothing_floor_pct").real, 70, 1e-9);
    CHECK_NEAR(erg_table_find(plan, 0, "sm_clock_mhz").real, 1410, 1e-9);
    size_t low = 0;
    for (size_t i = 0; i < erg_table_row_count(plan); i++)
        low += fabs(erg_table_find(plan, i, "smoothing_floor_pct").real - 50) < 1e-9;
    CHECK(low == 1);
    erg_result_free(result);
    CHECK(!plan_of(two, 2, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "workload_profile beside smoothing_floor"));
    asked.at[ERG_SMOOTHING_FLOOR] = 0.7;
    asked.at[ERG_SM_CLOCK] = 1410e6;
    erg_knob_setting kept = erg_sweep_kept(&asked);
    CHECK_NEAR(kept.at[ERG_OTHER_SETTING], 70, 1e-9);
    CHECK(isnan(kept.at[ERG_SMOOTHING_FLOOR]) && kept.at[ERG_SM_CLOCK] == 1410e6);
}

static void a_wrong_knob_is_told_all_that_there_are(void)
{
    const char *const wrong[] = { "zebra=1" };
    erg_error err = { 0 };
    CHECK(!plan_of(wrong, 1, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "cpu_max") && strstr(err.text, "smoothing_offset"));
}

/* In the order in which it is said, for the first is the reference; nothing is turned. */
static void a_variable_of_the_environment_is_a_knob(void)
{
    const char *const knobs[] = { "env:DEPTH=2,1,8" };
    const char *command[] = { "bench", "-x", NULL };
    erg_sweep_setup setup;
    erg_sweep_options options = { .knobs = knobs, .knob_count = 1, .repeat = 1 };
    const char *sensor = "sim:a100-sxm4-80gb";
    erg_error err = { 0 };
    options.sensors = &sensor;
    options.sensor_count = 1;
    CHECK_OK(erg_sweep_prepare(NULL, &options, &setup, &err), err);
    CHECK(setup.count == 3 && erg_sweep_has_env(&setup) && !erg_sweep_first(&setup));
    CHECK_TEXT(erg_sweep_other(&setup), "env:DEPTH");
    static const double want[] = { 2, 1, 8 };
    for (size_t i = 0; i < 3; i++)
        CHECK(setup.settings[i].at[ERG_OTHER_SETTING] == want[i]);
    char **words = erg_sweep_env_argv(&setup, &setup.settings[2],
                                      (char *const *)(uintptr_t)command, &err);
    CHECK_OK(words, err);
    CHECK_TEXT(words[0], "env");
    CHECK_TEXT(words[1], "DEPTH=8");
    CHECK_TEXT(words[2], "bench");
    CHECK_TEXT(words[3], "-x");
    CHECK(!words[4]);
    free(words);
    erg_sweep_drop(&setup);
}

static void a_variable_that_is_none_is_refused(void)
{
    static const struct { const char *knobs[2]; size_t count; const char *what; } rows[] = {
        { { "env:=1,2" }, 1, "variable" },         { { "env:DEPTH" }, 1, "variable" },
        { { "env:2DEPTH=1" }, 1, "variable" },     { { "env:A-B=1" }, 1, "variable" },
        { { "env:DEPTH=close" }, 1, "numbers" },   { { "env:DEPTH=1,1" }, 1, "once" },
        { { "env:DEPTH=1,,2" }, 1, "numbers" },    { { "env:DEPTH=inf" }, 1, "numbers" },
        { { "env:A_NAME_THAT_HAS_NO_END_AT_ALL=1" }, 1, "variable" },
        { { "env:A=1,2", "env:B=1" }, 2, "one variable" },
        { { "env:A=1,2", "workload_profile=1" }, 2, "beside" },
        { { "workload_profile=1", "env:A=1,2" }, 2, "beside" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_result *result = plan_of(rows[i].knobs, rows[i].count, &err);
        bool good = !result && err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].what);
        if (!good)
            print_message("# row %zu: %s\n", i, err.text);
        CHECK(good);
    }
}

static void check_block(size_t settings, const bool open[], uint64_t start,
                        const char *want)
{
    size_t visits[64];
    size_t count = erg_sweep_block(settings, open, start, visits);
    erg_text text = { 0 };
    CHECK(count <= erg_sweep_block_most(settings));
    for (size_t i = 0; i < count; i++)
        erg_text_add(&text, "%zu ", visits[i]);
    CHECK_TEXT(text.data ? text.data : "", want);
    erg_text_free(&text);
}

static void blocks_follow_the_golden_orders(void)
{
    check_block(8, NULL, 1, "0 4 3 2 7 5 6 0 1 0 ");
    check_block(8, NULL, 2, "0 5 2 7 4 1 3 0 6 0 ");
    check_block(5, NULL, 42, "0 1 2 0 4 3 0 ");
    check_block(1, NULL, 1, "0 ");
}

static void the_reference_recurs_after_every_8(void)
{
    size_t visits[64], between = 0;
    size_t count = erg_sweep_block(20, NULL, 3, visits);
    CHECK(count == 20 + 4);
    CHECK(visits[0] == 0 && visits[9] == 0 && visits[18] == 0 && visits[count - 1] == 0);
    bool seen[20] = { false };
    for (size_t i = 0; i < count; i++) {
        between = i == 0 || i == 9 || i == 18 || i == count - 1 ? 0 : between + 1;
        CHECK(between <= 8);
        seen[visits[i]] = true;
    }
    for (size_t i = 0; i < 20; i++)
        CHECK(seen[i]);
}

static void closed_settings_are_left_out(void)
{
    bool open[8] = { false };
    open[3] = open[6] = true;
    check_block(8, open, 1, "0 3 6 0 ");
    open[3] = open[6] = false;
    check_block(8, open, 1, "");
}

int main(void)
{
    static const test tests[] = {
        TEST(all_keeps_to_the_floor),
        TEST(a_step_of_15_halves_a_grid_of_7_5),
        TEST(requests_are_snapped_and_kept),
        TEST(what_is_no_request_is_refused),
        TEST(a_range_has_no_all_but_takes_any_value),
        TEST(a_grid_has_every_pair_and_the_highest_first),
        TEST(a_switch_has_a_zero_and_a_limit_has_none),
        TEST(a_knob_without_a_column_is_the_further_coordinate),
        TEST(a_variable_of_the_environment_is_a_knob),
        TEST(a_variable_that_is_none_is_refused),
        TEST(a_wrong_knob_is_told_all_that_there_are),
        TEST(blocks_follow_the_golden_orders),
        TEST(the_reference_recurs_after_every_8),
        TEST(closed_settings_are_left_out),
    };
    return test_run(tests, ERG_COUNT(tests));
}
