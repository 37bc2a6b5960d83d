/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand recordings of known truth, from the sensor to the file. */
#include "erg/run.h"
#include "manual.h"
#include "plant/power.h"
#include "test.h"

enum { RUNS = 1000 };
static const double update_s = 0.1, for_s = 12, gain_sd = 0.05;
static char file[ERG_PATH_MOST];

static erg_trace *record(const char *sensor, double begin_s)
{
    manual_clock manual;
    erg_error err = { 0 };
    erg_measure_outcome outcome;
    erg_env env = { .clock = manual_start(&manual, erg_ns_from_s(begin_s)) };
    erg_measure_options options = { .sensors = &sensor, .sensor_count = 1, .output = file,
                                    .for_s = for_s, .no_wait = true };
    CHECK_OK(erg_measure(&env, NULL, &options, &outcome, &err), err);
    erg_trace *trace = erg_trace_load(file, &err);
    CHECK_OK(trace, err);
    return trace;
}

/* Levels and periods as of real work: seconds long, so that the sensor sees them. */
static void draw_load(test_random *random, char *to, size_t size)
{
    double low_w = 60 + 100 * test_uniform(random),
           high_w = low_w + 200 * test_uniform(random);
    double kind = test_uniform(random);
    if (kind < 0.3)
        snprintf(to, size, "constant:%.1f", high_w);
    else if (kind < 0.5)
        snprintf(to, size, "ramp:%.1f:%.1f:%.2fs", low_w, high_w,
                 5 + 10 * test_uniform(random));
    else
        snprintf(to, size, "square:%.1f:%.1f:%.3fs", low_w, high_w,
                 2 + 6 * test_uniform(random));
}

static erg_span draw_region(test_random *random, double begin_s)
{
    double length_s = update_s * (1 + 99 * test_uniform(random));
    double from_s = begin_s + 0.5 + (for_s - 1 - length_s) * test_uniform(random);
    return (erg_span){ erg_ns_from_s(from_s), erg_ns_from_s(from_s + length_s) };
}

static void the_truth_is_inside_the_interval(void)
{
    test_random random = { .state = 14 };
    int inside = 0;
    snprintf(file, sizeof(file), "%s/a.erg", test_folder());
    for (int i = 0; i < RUNS; i++) {
        char load[80], sensor[240];
        double gain = 1 + gain_sd * test_normal(&random),
               begin_s = 20 * test_uniform(&random);
        draw_load(&random, load, sizeof(load));
        snprintf(sensor, sizeof(sensor),
                 "sim:plain,load=%s,update=100ms,window=25ms,gain=%.5f,"
                 "gain_u=5%%,phase=%.1fms,counter=off,start=0s", load, gain,
                 100 * test_uniform(&random));
        erg_trace *trace = record(sensor, begin_s);
        erg_span window = draw_region(&random, begin_s);
        erg_error err = { 0 };
        erg_energy energy;
        erg_law law;
        int channel = erg_trace_find_channel(trace, "sim:plain/power");
        CHECK(channel >= 0 && erg_law_parse(load, &law, NULL));
        CHECK_OK(erg_trace_energy(trace, channel, window, &energy, &err), err);
        double truth_j = erg_law_j(&law, erg_s_from_ns(window.begin_ns),
                                   erg_s_from_ns(window.end_ns));
        inside += fabs(energy.energy_j - truth_j) <= energy.spread_j;
        erg_trace_free(trace);
    }
    print_message("# truth inside in %.1f %% of %d\n", 100.0 * inside / RUNS, RUNS);
    CHECK(inside >= 0.94 * RUNS);
}

static void a_counter_is_exact_to_a_thousandth(void)
{
    test_random random = { .state = 141 };
    snprintf(file, sizeof(file), "%s/a.erg", test_folder());
    for (int i = 0; i < 30; i++) {
        char load[80], sensor[240];
        erg_law law;
        erg_error err = { 0 };
        erg_energy energy;
        draw_load(&random, load, sizeof(load));
        snprintf(sensor, sizeof(sensor), "sim:plain,load=%s,counter=1mJ,counter_update=1ms,"
                 "start=0s", load);
        erg_trace *trace = record(sensor, 0);
        erg_span window = { erg_ns_from_s(1), erg_ns_from_s(11) };
        int channel = erg_trace_find_channel(trace, "sim:plain/energy");
        CHECK(channel >= 0 && erg_law_parse(load, &law, NULL));
        CHECK_OK(erg_trace_energy(trace, channel, window, &energy, &err), err);
        double truth_j = erg_law_j(&law, 1, 11);
        CHECK_NEAR(energy.energy_j, truth_j, 0.001 * truth_j);
        erg_trace_free(trace);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_truth_is_inside_the_interval),
        TEST(a_counter_is_exact_to_a_thousandth),
    };
    return test_run(tests, ERG_COUNT(tests));
}
