/* SPDX-License-Identifier: Apache-2.0 */
/* erg devices --check on simulated devices, a minute at once. */
#include <dlfcn.h>
#include "erg/run.h"
#include "manual.h"
#include "run/recording.h"
#include "test.h"

static erg_result *check(const char *sensor, bool *disagrees)
{
    manual_clock manual;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S) };
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(devices, &env,
                                           &(erg_check_options){ .for_s = 60 },
                                           disagrees, &err);
    CHECK_OK(result, err);
    erg_devices_free(devices);
    return result;
}

static void count_told(void *self, const char *text)
{
    CHECK(strstr(text, " of 10 s"));
    ++*(int *)self;
}

static void whoever_waits_is_told_each_second_how_far_it_is(void)
{
    static const char *const sensor = "sim:a100-sxm4-80gb";
    manual_clock manual;
    bool disagrees = true;
    int told = 0;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S) };
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(
        devices, &env, &(erg_check_options){ .for_s = 10, .progress = count_told,
                                             .progress_self = &told }, &disagrees, &err);
    CHECK_OK(result, err);
    CHECK(told == 10);
    erg_result_free(result);
    erg_devices_free(devices);
}

static size_t row_of(const erg_table *table, const char *channel)
{
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "channel").text, channel) == 0)
            return i;
    CHECK_TEXT("no row of this channel", channel);
    return 0;
}

static void a_sound_device_agrees_and_its_period_is_found(void)
{
    bool disagrees = true;
    erg_result *result = check("sim:a100-sxm4-80gb,load=square:80:300:7.3s", &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK(!disagrees);
    CHECK_NEAR(erg_table_find(table, row, "update_period_s").real, 0.101, 0.0005);
    CHECK_NEAR(erg_table_find(table, row, "counter_w").real, 190, 10);
    CHECK_NEAR(erg_table_find(table, row, "disagreement").real, 0, 0.05);
    CHECK(erg_table_find(table, row, "polls").integer >= 6000);
    CHECK(erg_table_row_count(erg_result_find(result, "cost")) == 1);
    erg_result_free(result);
}

static void a_counter_that_is_off_by_a_fifth_is_named(void)
{
    bool disagrees = false;
    erg_result *result = check("sim:a100-sxm4-80gb,load=constant:200,counter_gain=1.2",
                               &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "energy");
    CHECK(disagrees);
    CHECK_NEAR(erg_table_find(table, row, "disagreement").real, 0.2, 0.02);
    CHECK_TEXT(erg_table_find(table, row, "state").text, "disagrees");
    erg_result_free(result);
}

static void a_sensor_that_fails_is_silent_and_never_zero(void)
{
    bool disagrees = true;
    erg_result *result = check("sim:a100-sxm4-80gb,error=100%", &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK(!disagrees);
    CHECK_TEXT(erg_table_find(table, row, "state").text, "silent");
    CHECK(isnan(erg_table_find(table, row, "integral_w").real));
    CHECK(isnan(erg_table_find(table, row, "counter_w").real));
    erg_result_free(result);
}

/* T_u 100 ms, w 25 ms, gain 0.95, and a meter that sees the same load: slow steps for
 * the gain, and a fast square whose period is no simple ratio of T_u for the window. */
#define LOAD "start=0s,load=square:60:260:20s+square:0:40:0.537s"
static const char *const truth[] = {
    "sim:a100-sxm4-80gb,uuid=board-7,update=100ms,window=25ms,gain=0.95,gain_u=5%," LOAD,
    "sim:plain,update=5ms,window=5ms," LOAD,
};

static size_t row_at(const erg_table *table, const char *device, const char *channel)
{
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "channel").text, channel) == 0
            && strcmp(erg_table_find(table, i, "device").text, device) == 0)
            return i;
    fail_msg("no row of %s/%s", device, channel);
    return 0;
}

static void a_load_shows_period_window_and_gain_and_runs_use_them(void)
{
    manual_clock manual;
    bool disagrees = false;
    erg_error err = { 0 };
    char folder[ERG_PATH_MOST];
    snprintf(folder, sizeof(folder), "%s/.local/state/erg", test_folder());
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S), .state_dir = folder };
    erg_devices *devices = erg_devices_find(&env, truth, 2, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(
        devices, &env, &(erg_check_options){ .for_s = 60, .reference = "sim:plain/power" },
        &disagrees, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK_NEAR(erg_table_find(table, row, "update_period_s").real, 0.1, 0.0005);
    CHECK_NEAR(erg_table_find(table, row, "window_s").real, 0.025, 0.005);
    CHECK_NEAR(erg_table_find(table, row, "delay_s").real, 0, 0.01);
    CHECK_NEAR(erg_table_find(table, row, "gain").real, 0.95, 0.005);
    CHECK_NEAR(erg_table_find(table, row, "offset_w").real, 0, 1);
    CHECK_TEXT(erg_table_find(table, row, "against").text, "sim:plain/power");
    CHECK(erg_result_note_count(result) == 1);
    CHECK(strstr(erg_result_note_at(result, 0), "sensors.json"));
    erg_result_free(result);

    erg_recording_setup setup = { .in_memory = true };
    erg_recording *rec = erg_recording_new(&env, devices, &setup, &err);
    CHECK_OK(rec, err);
    const erg_sampled *power = &erg_recording_sampler(rec)->channels[1];
    CHECK_TEXT(power->info.name, "power");
    CHECK_NEAR(power->info.gain, 0.95, 0.005);
    CHECK_NEAR(power->info.window_s, 0.025, 0.005);
    CHECK_NEAR(power->info.gain_u, 0.005, 1e-6);
    CHECK(strstr(power->info.calibration, "board-7 sim 20"));
    erg_recording_free(rec);
    erg_devices_free(devices);
}

static void a_reference_meter_gives_the_gain_of_power_and_counter_is_not_asked(void)
{
    const char *const sensors[] = {
        "sim:a10,uuid=board-8,gain=0.9,counter_gain=1.1,start=0s,load=square:40:140:20s",
        "sim:plain,start=0s,load=square:40:140:20s" };
    manual_clock manual;
    bool disagrees = false;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S) };
    erg_devices *devices = erg_devices_find(&env, sensors, 2, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(
        devices, &env, &(erg_check_options){ .for_s = 60, .reference = "sim:plain/power" },
        &disagrees, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_at(table, "sim:a10", "power");
    CHECK_NEAR(erg_table_find(table, row, "gain").real, 0.9, 0.005);
    CHECK_TEXT(erg_table_find(table, row, "against").text, "sim:plain/power");
    CHECK(disagrees);
    CHECK(strstr(erg_table_find(table, row, "reason").text, "energy"));
    CHECK(erg_result_note_count(result) == 0);      /* no state folder */
    erg_result_free(result);
    CHECK(!erg_devices_check(devices, &env,
                             &(erg_check_options){ .reference = "none/power" },
                             &disagrees, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "none/power"));
    erg_devices_free(devices);
}

static void without_a_load_the_window_stays_as_published_and_says_why(void)
{
    bool disagrees = true;
    erg_result *result = check("sim:plain,gain=0.97,window=25ms,noise=1W,load=constant:200",
                               &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK(!disagrees);
    CHECK_NEAR(erg_table_find(table, row, "update_period_s").real, 0.1, 0.0005);
    CHECK_NEAR(erg_table_find(table, row, "window_s").real, 0.025, 1e-9);
    CHECK_NEAR(erg_table_find(table, row, "disagreement").real, 1 / 0.97 - 1, 0.005);
    CHECK(isnan(erg_table_find(table, row, "gain").real));
    CHECK(erg_table_find(table, row, "missing").text);
    erg_result_free(result);
}

/* The clock of the fake NVML follows ours: a minute is over at once there too. */
static void (*fake_step)(int64_t now_ns);

static int64_t stepped_now(void *self)
{
    fake_step(manual_now(self));
    return manual_now(self);
}

static void a_gpu_without_a_meter_is_held_against_its_counter(void)
{
    char library[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD"), *sensor = "nvml";
    manual_clock manual;
    bool disagrees = false;
    erg_error err = { 0 };
    snprintf(library, sizeof(library), "%s/tests/fake/libnvidia-ml.so.1",
             build ? build : "build");
    void *fake = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *found = fake ? dlsym(fake, "fake_nvml_step") : NULL;
    CHECK(found);
    memcpy(&fake_step, &found, sizeof(found));
    setenv("FAKE_NVML",
           "a100-sxm4-80gb,gain=0.9,noise=0.5W,start=0s,load=square:60:260:20s", 1);

    erg_env env = { .nvml = library, .clock = manual_start(&manual, ERG_NS_PER_S) };
    manual.clock.now_ns = stepped_now;
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(devices, &env,
                                           &(erg_check_options){ .for_s = 60 },
                                           &disagrees, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK_NEAR(erg_table_find(table, row, "gain").real, 0.9, 0.005);
    CHECK_TEXT(erg_table_find(table, row, "against").text, "nvml:0/energy");
    CHECK(disagrees);
    CHECK_TEXT(erg_table_find(table, row, "state").text, "disagrees");
    CHECK(erg_table_find(table, row, "missing").text);      /* one step shows no window */
    erg_result_free(result);
    erg_devices_free(devices);
    fake_step(-1);
    dlclose(fake);
}

int main(void)
{
    static const test tests[] = {
        TEST(whoever_waits_is_told_each_second_how_far_it_is),
        TEST(a_sound_device_agrees_and_its_period_is_found),
        TEST(a_counter_that_is_off_by_a_fifth_is_named),
        TEST(a_sensor_that_fails_is_silent_and_never_zero),
        TEST(a_load_shows_period_window_and_gain_and_runs_use_them),
        TEST(a_reference_meter_gives_the_gain_of_power_and_counter_is_not_asked),
        TEST(a_gpu_without_a_meter_is_held_against_its_counter),
        TEST(without_a_load_the_window_stays_as_published_and_says_why),
    };
    return test_run(tests, ERG_COUNT(tests));
}
