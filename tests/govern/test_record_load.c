/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a load: units side by side as they were, and what a meter cannot show. */
#include "govern/shaped.h"
#include "erg/trace.h"

enum { RATE = 100, SECONDS = 10 };

static const erg_load_options plainly = { .units = 1 };

/* Half of each second at 300 W, else 100 W, by everybody's clock. */
static double power_at(int tick)
{
    return tick % RATE < RATE / 2 ? 300 : 100;
}

typedef struct told { int begin, end, gap_begin, gap_end; } told;

/* A CSV of units a, b, .., each with what it tells of the same load. */
static erg_scenario *record_of(const told units[], int count)
{
    char path[200];
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/units.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs("t_s,power_w,unit\n", file);
    for (int u = 0; u < count; u++)
        for (int i = units[u].begin; i < units[u].end; i++)
            if (i < units[u].gap_begin || i >= units[u].gap_end)
                fprintf(file, "%.2f,%g,%c\n", 1e9 + (double)i / RATE, power_at(i), 'a' + u);
    fclose(file);
    erg_scenario *scenario = erg_scenario_record(path, &plainly, &err);
    CHECK_OK(scenario, err);
    return scenario;
}

/* Both high or both low, but where a step of one sample lies between. */
static void check_together(const erg_scenario *scenario, double seconds)
{
    erg_shaped shaped = shape(scenario, "none", 0);
    size_t apart = 0;

    CHECK_NEAR((double)shaped.count / RATE, seconds, 0.05);
    for (size_t i = 0; i < shaped.count; i++)
        apart += fabs(shaped.wave_w[i] - 600) > 1e-6 && fabs(shaped.wave_w[i] - 200) > 1e-6;
    CHECK(apart <= 2);
    erg_shaped_free(&shaped);
}

/* Each began where it was first told: what rose together rose one after the other. */
static void units_that_begin_later_stay_in_step(void)
{
    static const told units[] = { { 0, SECONDS * RATE, 0, 0 },
                                  { 50, SECONDS * RATE + 30, 0, 0 } };
    erg_scenario *scenario = record_of(units, 2);

    check_together(scenario, SECONDS - 0.5);
    CHECK(strstr(scenario->note, "9.49 s of 10.29 s are played"));
    erg_scenario_free(scenario);
}

/* Its time was left out of that unit alone, which then ran ahead of the other. */
static void what_one_unit_does_not_tell_is_left_out_of_all(void)
{
    static const told units[] = { { 0, SECONDS * RATE, 0, 0 },
                                  { 0, SECONDS * RATE, 310, 560 } };
    erg_scenario *scenario = record_of(units, 2);

    check_together(scenario, SECONDS - 2.48);
    CHECK(strstr(scenario->note, "7.51 s of 9.99 s are played"));
    erg_scenario_free(scenario);
}

static void gaps_that_overlap_are_left_out_once(void)
{
    static const told units[] = { { 0, SECONDS * RATE, 210, 410 },
                                  { 0, SECONDS * RATE, 310, 560 },
                                  { 0, SECONDS * RATE, 700, 800 } };
    erg_scenario *scenario = record_of(units, 3);
    erg_shaped shaped = shape(scenario, "none", 0);

    CHECK_NEAR((double)shaped.count / RATE, SECONDS - 3.48 - 0.98, 0.05);
    CHECK_NEAR(shaped.metrics.peak_w, 900, 1e-6);
    CHECK_NEAR(shaped.metrics.least_w, 300, 1e-6);
    erg_shaped_free(&shaped);
    erg_scenario_free(scenario);
}

static void units_that_were_never_recorded_together_are_refused(void)
{
    char path[200];
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/apart.csv", test_folder());
    test_write(path, "t_s,power_w,unit\n0,1,a\n1,2,a\n2,1,a\n5,1,b\n6,2,b\n7,1,b\n");
    CHECK(!erg_scenario_record(path, &plainly, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "ends 3 s before the last begins"));
}

/* As of a sampler whose second device came later. */
static void channels_of_a_run_stay_in_step(void)
{
    erg_error err = { 0 };
    char path[200];
    erg_trace *trace = erg_trace_new(&err);

    for (int u = 0; u < 2; u++) {
        erg_device_info device = { .scope = ERG_SCOPE_BOARD };
        snprintf(device.name, sizeof(device.name), "nvml:%d", u);
        int on = erg_trace_add_device(trace, &device, &err);
        erg_channel_info info = { .device = on, .name = "power", .unit = "W", .gain = 1,
                                  .quantity = ERG_POWER, .kind = ERG_INSTANT,
                                  .method = ERG_METHOD_INTEGRAL, .scope = ERG_SCOPE_BOARD };
        int channel = erg_trace_add_channel(trace, &info, &err);
        CHECK_OK(channel >= 0, err);
        for (int i = 50 * u; i < SECONDS * RATE; i++)
            CHECK_OK(erg_trace_add_samples(trace, channel, &(erg_sample){
                .t_ns = i * (ERG_NS_PER_S / RATE), .value = power_at(i) }, 1, &err), err);
    }
    snprintf(path, sizeof(path), "%s/late.erg", test_folder());
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    erg_trace_free(trace);
    erg_scenario *scenario = erg_scenario_record(path, &plainly, &err);
    CHECK_OK(scenario, err);
    check_together(scenario, SECONDS - 0.5);
    erg_scenario_free(scenario);
}

int main(void)
{
    static const test tests[] = {
        TEST(units_that_begin_later_stay_in_step),
        TEST(what_one_unit_does_not_tell_is_left_out_of_all),
        TEST(gaps_that_overlap_are_left_out_once),
        TEST(units_that_were_never_recorded_together_are_refused),
        TEST(channels_of_a_run_stay_in_step),
    };
    return test_run(tests, ERG_COUNT(tests));
}
