/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a row of policies: steps, swings, breakers, against closed forms. */
#include "govern/shaped.h"

static erg_scenario *parse(const char *text)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_parse("x.yaml", text, strlen(text), &err);

    CHECK_OK(scenario, err);
    return scenario;
}

/* One unit: each step is 1 s and U(0, 300 ms) longer. */
static void quantiles_of_steps_are_those_of_their_delays(void)
{
    erg_scenario *scenario = parse(
        "version: 1\nracks: {count: 1, units: 1}\ngpu: {idle: 130W}\njob: {units: 1, wait: "
        "300W, step: [{compute: 1s, power: 1000W}]}\nrun: {length: 2000s, sample: 1s}\n");
    erg_shaped plain = shape(scenario, "none", 0), late = shape(scenario, "jitter=0s:0.3s",
                                                                0);
    CHECK(plain.steps == 2000 || plain.steps == 1999);
    CHECK_NEAR(plain.step_p50_s, 1, 1e-9);
    CHECK_NEAR(plain.step_p99_s, 1, 1e-9);
    /* Some 1740 steps: quantiles of them scatter by 0.3 sqrt(q (1 - q)/1740). */
    CHECK_NEAR(late.steps, 2000 / 1.15, 20);
    CHECK_NEAR(late.step_p50_s, 1 + 0.3 * 0.5, 0.011);
    CHECK_NEAR(late.step_p95_s, 1 + 0.3 * 0.95, 0.005);
    CHECK_NEAR(late.step_p99_s, 1 + 0.3 * 0.99, 0.003);
    CHECK(isnan(late.trip_s) && isnan(late.above_80_s));
    erg_shaped_free(&plain);
    erg_shaped_free(&late);
    erg_scenario_free(scenario);
}

/* From cold a breaker at 200 % has 80 % of the heat at which it trips after
 * tau ln(4 / (4 - 0.8 1.21)) = 184.5 s and trips after 239.9 s, of which 210 s are over;
 * 1.05 of its rating it holds for ever. A load that never changes heats it as well. */
static void a_breakers_time_to_trip_is_what_is_left_of_the_closed_one(void)
{
    static const struct { int power_w; double trip_s, above_s; } rows[] = {
        { 300, 29.93, 25.47 }, { 158, INFINITY, 0 }, { 105, INFINITY, 0 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[400];
        snprintf(text, sizeof(text), "version: 1\nracks: {count: 2, units: 1, breaker: "
                 "{rating: 150W}}\ngpu: {idle: 50W}\njob: {units: 2, wait: %dW, step: "
                 "[{compute: 1s, power: %dW}]}\nrun: {warm_up: 10s, length: 200s, "
                 "sample: 10ms}\n", rows[i].power_w, rows[i].power_w);
        erg_scenario *scenario = parse(text);
        erg_shaped shaped = shape(scenario, "none", 0);
        CHECK(isinf(rows[i].trip_s) ? isinf(shaped.trip_s)
                                    : fabs(shaped.trip_s - rows[i].trip_s) < 0.05);
        CHECK_NEAR(shaped.above_80_s, rows[i].above_s, 0.05);
        erg_shaped_free(&shaped);
        erg_scenario_free(scenario);
    }
}

/* A saw that rises by 1 W a millisecond and falls by 1000 W at once: means of 10 ms rise by
 * 10 W in 10 ms, and fall from 994.5 to 4.5 W. */
static void rise_and_fall_are_two_figures(void)
{
    enum { N = 30000 };
    double *power_w = malloc(N * sizeof(*power_w));
    const erg_wave_view wave = { power_w, N, 1e-3, 0 };
    erg_metrics is;
    erg_error err = { 0 };

    for (int i = 0; i < N; i++)
        power_w[i] = i % 1000;
    CHECK_OK(erg_metrics_of(&wave, &is, &err), err);
    CHECK_NEAR(is.ramp_up_w_per_s, 1000, 1e-6);
    CHECK_NEAR(is.ramp_down_w_per_s, 99000, 1e-6);
    CHECK_NEAR(is.ramp_w_per_s[0], 99000, 1e-6);
    free(power_w);
}

/* Four units between top_w and 300 W, 5 s each: means of 10 ms rise and fall by so much. */
static void slopes_under(const char *policy, int top_w, double *up, double *down)
{
    char text[400];

    snprintf(text, sizeof(text), "version: 1\nracks: {count: 1, units: 4}\n"
             "gpu: {idle: 130W}\njob: {units: 4, wait: 300W, step: [{compute: 5s, power: "
             "%dW}, {compute: 5s, power: 300W}]}\nrun: {length: 60s, sample: 1ms}\n",
             top_w);
    erg_scenario *scenario = parse(text);
    erg_shaped of = shape(scenario, policy, 0);
    *up = of.metrics.ramp_up_w_per_s;
    *down = of.metrics.ramp_down_w_per_s;
    erg_shaped_free(&of);
    erg_scenario_free(scenario);
}

/* Power is constant between events: those steps must not be what is told of the rise. */
static void a_policy_of_ramps_rises_by_what_it_was_given(void)
{
    double up, down;

    slopes_under("ramp=200W/s", 1000, &up, &down);
    CHECK_NEAR(up, 4 * 200, 1e-6);
    CHECK(down > 100 * 4 * 200);
}

/* It is held for the half second that it says, and goes down from there. */
static void a_floor_goes_down_by_what_it_was_given(void)
{
    double up, down;

    slopes_under("floor=900W:500ms:200W/s", 901, &up, &down);
    CHECK_NEAR(down, 4 * 200, 1e-6);
    CHECK(up > 100 * 4 * 200);
}

/* 16 units of 870 W come up over 8 s: all of them rise at once in the end. */
static void a_soft_start_rises_by_the_closed_slope(void)
{
    erg_scenario *scenario = parse(
        "version: 1\nracks: {count: 1, units: 16}\ngpu: {idle: 130W}\njob: {units: 16, "
        "wait: 130W, step: [{compute: 1000s, power: 1000W}]}\n"
        "run: {length: 30s, sample: 1ms}\n");
    erg_shaped of = shape(scenario, "soft-start=8s", 0);

    CHECK_NEAR(of.metrics.ramp_up_w_per_s, 16 * 870 / 8., 1e-6 * 16 * 870);
    erg_shaped_free(&of);
    erg_scenario_free(scenario);
}

/* A record at 10 Hz of steps of 0.5 s, each tenth of them so many times as long. */
static erg_result *result_of(int times, bool explains)
{
    const erg_load_options how = { .units = 1 };
    const erg_shape_options options = { .policies = "none", .explain = explains };
    char path[200];
    int at = 0;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/steps.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file);
    fprintf(file, "t_s,power_w\n");
    for (int step = 0; step < 101; step++)
        for (int i = 0; i < (step % 10 ? 5 : 5 * times); i++)
            fprintf(file, "%.1f,%d\n", 0.1 * at++, i < 3 ? 300 : 100);
    fclose(file);
    erg_scenario *scenario = erg_scenario_record(path, &how, &err);
    CHECK_OK(scenario, err);
    erg_result *result = erg_shape_run(scenario, &options, NULL, &err);
    CHECK_OK(result, err);
    erg_scenario_free(scenario);
    return result;
}

static void steps_that_vary_threefold_are_told(void)
{
    for (int times = 1; times <= 4; times++) {
        erg_result *result = result_of(times, true);
        const erg_table *table = erg_result_find(result, "details");
        CHECK(erg_table_row_count(table) == 1);
        CHECK(erg_table_find(table, 0, "steps").integer == 100);
        CHECK_NEAR(erg_table_find(table, 0, "step_p50_s").real, 0.5, 1e-6);
        CHECK_NEAR(erg_table_find(table, 0, "step_p95_to_p50").real, times, 1e-6);
        CHECK(test_has_note(result, "may take it for lost") == (times >= 3));
        erg_result_free(result);
    }
    erg_result *result = result_of(1, false);
    CHECK(!erg_result_find(result, "details"));
    erg_result_free(result);
}

/* 1.7e+06W were two policies, and 0.85 W too little for any. */
static void the_usual_policies_fit_a_load_of_any_size(void)
{
    static const char *const loads[] = { "square:2MW/750ms,600kW/250ms",
                                         "square:1W/750ms,0.3W/250ms" };

    for (size_t i = 0; i < ERG_COUNT(loads); i++) {
        erg_error err = { 0 };
        const erg_load_options how = { .units = 4 };
        erg_scenario *load = erg_scenario_synthetic(loads[i], &how, &err);
        CHECK_OK(load, err);
        load->warm_up_s = 1, load->duration_s = 2;
        erg_result *result = erg_shape_run(load, &(erg_shape_options){ 0 }, NULL, &err);
        CHECK_OK(result, err);
        CHECK(erg_table_row_count(erg_result_find(result, "policies")) == 11);
        erg_result_free(result);
        erg_scenario_free(load);
    }
}

/* A service that never rests: no bucket can be filled beside it, all else is told. */
static void a_load_that_never_rests_is_told_without_a_bucket(void)
{
    const erg_load_options how = { .units = 4 };
    erg_error err = { 0 };
    erg_scenario *load = erg_scenario_synthetic("square:300W/1s,290W/1s", &how, &err);

    CHECK_OK(load, err);
    load->warm_up_s = 1, load->duration_s = 4;
    erg_result *result = erg_shape_run(load, &(erg_shape_options){ 0 }, NULL, &err);
    CHECK_OK(result, err);
    CHECK(erg_table_row_count(erg_result_find(result, "policies")) == 9);
    CHECK(test_has_note(result, "left out: bucket=255W:150ms: units that wait"));
    erg_result_free(result);
    CHECK(!erg_shape_run(load, &(erg_shape_options){ .policies = "bucket=255W:20ms" }, NULL,
                         &err) && err.code == ERG_BAD_INPUT);
    erg_scenario_free(load);
}

/* At a clock that has hardly begun to rise an item of a millisecond took hours. */
static void items_beside_a_clock_that_rises_are_no_longer_than_it_stays(void)
{
    static const char *const pairs[][2] = {
        { "ramp=2000W/s", "ramp=2000W/s+bucket=5kW:1s" },
        { "soft-start=2s", "soft-start=2s+bucket=5kW:1s" },
    };
    erg_scenario *scenario = load_reference();

    scenario->duration_s = 12;
    for (size_t i = 0; i < ERG_COUNT(pairs); i++) {
        erg_shaped alone = shape(scenario, pairs[i][0], 0);
        erg_shaped both = shape(scenario, pairs[i][1], 0);
        CHECK_NEAR(both.steps_per_s / alone.steps_per_s, 1, 0.01);
        CHECK_NEAR(both.energy_per_step_j / alone.energy_per_step_j, 1, 0.01);
        erg_shaped_free(&alone), erg_shaped_free(&both);
    }
    erg_scenario_free(scenario);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_load_that_never_rests_is_told_without_a_bucket),
        TEST(items_beside_a_clock_that_rises_are_no_longer_than_it_stays),
        TEST(the_usual_policies_fit_a_load_of_any_size),
        TEST(quantiles_of_steps_are_those_of_their_delays),
        TEST(a_breakers_time_to_trip_is_what_is_left_of_the_closed_one),
        TEST(rise_and_fall_are_two_figures),
        TEST(a_policy_of_ramps_rises_by_what_it_was_given),
        TEST(a_floor_goes_down_by_what_it_was_given),
        TEST(a_soft_start_rises_by_the_closed_slope),
        TEST(steps_that_vary_threefold_are_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
