/* SPDX-License-Identifier: Apache-2.0 */
/* Plans on a simulated board that grows warm, on a clock that needs no waiting. */
#include "erg/monitor.h"
#include "erg/plan.h"
#include "erg/thermal.h"
#include "run/manual.h"
#include "test.h"

static char said[2000];

static void hear(void *self, const char *line)
{
    (void)self;
    size_t at = strlen(said);
    snprintf(said + at, sizeof(said) - at, "%s\n", line);
}

static const char *played(const char *sensor, const char *parts, erg_plan_options options)
{
    static char path[ERG_PATH_MOST];
    manual_clock manual;
    const erg_env env = { .clock = manual_start(&manual, 1000 * ERG_NS_PER_S) };
    erg_plan plan;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/cal.erg", test_folder());
    unlink(path);
    said[0] = '\0';
    options.sensors = &sensor;
    options.sensor_count = 1;
    options.output = path;
    options.say = hear;
    CHECK_OK(erg_plan_parse(parts, &plan, &err), err);
    CHECK_OK(erg_plan_record(&env, NULL, &plan, &options, &err), err);
    return path;
}

static erg_trace *load(const char *path)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    return trace;
}

static double part_s(const erg_trace *trace, const char *name)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (strcmp(region->name, name) == 0)
            return erg_s_from_ns(region->end_ns - region->begin_ns);
    }
    return NAN;
}

static double mean_in(const erg_trace *trace, const char *channel, const char *part)
{
    size_t count, n = 0;
    double sum = 0;
    const erg_sample *at =
        erg_trace_samples(trace, erg_trace_find_channel(trace, channel), &count);
    for (size_t r = 0; r < erg_trace_region_count(trace); r++) {
        const erg_region *region = erg_trace_region(trace, r);
        for (size_t i = 0; i < count && strcmp(region->name, part) == 0; i++)
            if (at[i].t_ns > region->begin_ns + ERG_NS_PER_S
                && at[i].t_ns < region->end_ns) {
                sum += at[i].value;
                n++;
            }
    }
    return sum / (double)n;
}

static void a_limit_moves_the_power_and_a_fan_is_held(void)
{
    erg_trace *trace = load(
        played("sim:a100-pcie-40gb,heat,load=constant:250",
               "hold=150W:60s,ramp=150W:200W:60s",
               (erg_plan_options){ .by_limit = true, .fan = 0.8, .ambient_k = 294 }));
    CHECK_NEAR(mean_in(trace, "sim:a100-pcie-40gb/power", "plan_hold"), 150, 8);
    CHECK_NEAR(mean_in(trace, "sim:a100-pcie-40gb/power", "plan_ramp"), 175, 8);
    CHECK_NEAR(mean_in(trace, "sim:a100-pcie-40gb/fan", "plan_hold"), 0.8, 1e-9);
    CHECK_TEXT(erg_trace_meta(trace, "plan_by"), "power_limit");
    CHECK_TEXT(erg_trace_meta(trace, "ambient_k"), "294");
    CHECK(strstr(said, "fan: held at 80 %"));
    erg_trace_free(trace);
}

static void a_soak_ends_when_the_board_has_settled(void)
{
    erg_trace *trace =
        load(played("sim:a100-pcie-40gb,heat,load=constant:150,temp_step=0.1K",
                    "soak=900s,hold=200W:20s",
                    (erg_plan_options){ .by_limit = true, .rate_hz = 2 }));
    double soak_s = part_s(trace, "plan_soak");
    CHECK(soak_s > 150 && soak_s < 500);
    CHECK_NEAR(part_s(trace, "plan_hold"), 20, 0.5);
    CHECK_NEAR(mean_in(trace, "sim:a100-pcie-40gb/power", "plan_hold"), 150, 8);
    CHECK(strstr(said, "soak: settled"));
    erg_trace_free(trace);

    trace =
        load(played("sim:a100-pcie-40gb,heat,load=constant:150", "soak=100s,hold=200W:5s",
                    (erg_plan_options){ .by_limit = true, .fan = -1 }));
    CHECK_NEAR(part_s(trace, "plan_soak"), 100, 0.5); /* whole degrees: not sure of it */
    CHECK(strstr(said, "not settled") && !strstr(said, "fan: held"));
    erg_trace_free(trace);
}

/* tau is that of the sink with the fan at 0.7, which is held where nothing else is asked.
 * With a die of R_s/3 and tau/20 before it (src/plant/heat.c) the slow pole is the smaller
 * root of (tau x)^2 - 24 tau x + 20. */
static void what_was_recorded_gives_the_plant_back(void)
{
    const char *path = played("sim:a100-pcie-40gb,heat,load=constant:250,tau=20s,"
                              "temp_step=0.1K,ambient=25C,leak=0",
                              "soak=90s,step=100W:180W:60s,prbs=8s:248s",
                              (erg_plan_options){ .by_limit = true, .rate_hz = 4 });
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_load(path, &(erg_monitor_options){ 0 }, &err);
    CHECK_OK(log != NULL, err);
    erg_result *result =
        erg_thermal_fit_tables(log, NULL, &(erg_thermal_options){ 0 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *fit = erg_result_find(result, "fit");
    const erg_table *poles = erg_result_find(result, "poles");
    CHECK_TEXT(erg_table_find(fit, 0, "verdict").text, "identified");
    CHECK_NEAR(erg_table_find(fit, 0, "ambient_c").real, 25, 1.5);
    double tau_s = 20 * 2 / (24 - sqrt(24 * 24 - 80));
    size_t last = erg_table_row_count(poles) - 1;
    CHECK_NEAR(erg_table_find(poles, last, "tau_s").real, tau_s, 0.05 * tau_s);
    erg_result_free(result);
    erg_monitor_free(log);
}

static void a_plan_that_the_limit_does_not_reach_is_refused(void)
{
    manual_clock manual;
    const erg_env env = { .clock = manual_start(&manual, 0) };
    const char *const sensors[] = { "sim:a100-pcie-40gb" };
    erg_plan plan;
    erg_error err = { 0 };
    CHECK(erg_plan_parse("step=20W:200W", &plan, &err));
    const erg_plan_options how = { .sensors = sensors, .sensor_count = 1, .by_limit = true,
                                   .output = "/tmp/erg-never-plan.erg" };
    CHECK(!erg_plan_record(&env, NULL, &plan, &how, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "100 to 250 W"));
    CHECK(erg_plan_parse("step=120W:200W", &plan, &err));
    erg_plan_options fan = how;
    fan.fan = 0.5;
    CHECK(!erg_plan_record(&env, NULL, &plan, &fan, &err) && err.code == ERG_UNSUPPORTED);
    fan.device = "nvml:7";
    CHECK(!erg_plan_record(&env, NULL, &plan, &fan, &err) && err.code == ERG_NOT_FOUND);
    CHECK(access("/tmp/erg-never-plan.erg", F_OK) != 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_limit_moves_the_power_and_a_fan_is_held),
        TEST(a_soak_ends_when_the_board_has_settled),
        TEST(what_was_recorded_gives_the_plant_back),
        TEST(a_plan_that_the_limit_does_not_reach_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
