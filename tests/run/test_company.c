/* SPDX-License-Identifier: Apache-2.0 */
/* Others who come to a GPU while it is recorded: a fake NVML tells when. */
#include "device/fake_gpus.h"
#include "erg/energy.h"
#include "manual.h"
#include "run/recording.h"

/* A recording of so many seconds, both clocks stepped by tenths. */
static erg_trace *recorded(const char *script, int seconds)
{
    static const char *const sensor = "nvml";
    char path[ERG_PATH_MOST];
    manual_clock manual;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/a.erg", test_folder());
    setenv("FAKE_NVML", script, 1);
    step(0);
    erg_env env = { .nvml = library("libnvidia-ml"), .clock = manual_start(&manual, 0) };
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(devices, err);
    erg_recording_setup setup = { .path = path };
    erg_recording *rec = erg_recording_new(&env, devices, &setup, &err);
    CHECK_OK(rec && erg_recording_begin(rec, &err), err);
    for (int i = 1; i <= 10 * seconds; i++) {
        step(i * 100 * ERG_NS_PER_MS);
        CHECK(erg_recording_run_until(rec, i * 100 * ERG_NS_PER_MS, NULL));
    }
    CHECK_OK(erg_recording_end(rec, &err), err);
    erg_recording_free(rec);
    erg_devices_free(devices);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace && erg_trace_check(trace, &err), err);
    return trace;
}

static bool is_shared(const erg_trace *trace, double begin_s, double end_s)
{
    erg_error err = { 0 };
    erg_energy energy;
    int channel = erg_trace_find_channel(trace, "nvml:0/energy");
    erg_span span = { erg_ns_from_s(begin_s), erg_ns_from_s(end_s) };

    CHECK_OK(erg_trace_energy(trace, channel, span, &energy, &err), err);
    return energy.flags >> ERG_FLAG_SHARED & 1;
}

static size_t flags_of(const erg_trace *trace, int channel)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        count += erg_trace_flag(trace, i)->code == ERG_FLAG_SHARED
              && erg_trace_flag(trace, i)->channel == channel;
    return count;
}

/* Process 1 is there always, and of another group than a test. */
static void who_comes_and_goes_is_in_doubt_for_that_time_alone(void)
{
    erg_trace *trace = recorded("a100-sxm4-80gb;process=1,comes=5,goes=12", 20);
    CHECK(!erg_trace_device(trace, 0)->shared);
    CHECK(!is_shared(trace, 0, 3.9) && !is_shared(trace, 13.1, 20));
    for (double t_s = 5; t_s < 11.9; t_s += 0.5)
        CHECK(is_shared(trace, t_s, t_s + 0.5));
    CHECK(is_shared(trace, 0, 20));
    erg_trace_free(trace);
}

static void who_stays_is_told_in_few_flags_up_to_the_end(void)
{
    erg_trace *trace = recorded("a100-sxm4-80gb;process=1,comes=2", 100);
    size_t count = flags_of(trace, erg_trace_find_channel(trace, "nvml:0/energy"));
    CHECK(count >= 2 && count <= 10);
    for (int t_s = 2; t_s < 100; t_s++)
        CHECK(is_shared(trace, t_s, t_s + 1));
    CHECK(!is_shared(trace, 0, 1));
    /* What is no joules is in no doubt. */
    CHECK(flags_of(trace, erg_trace_find_channel(trace, "nvml:0/temperature")) == 0);
    erg_trace_free(trace);
}

static void who_comes_in_a_short_run_is_seen_at_its_end(void)
{
    erg_trace *trace = recorded("a100-sxm4-80gb;process=1,comes=0.2", 1);
    CHECK(is_shared(trace, 0.1, 0.9));
    erg_trace_free(trace);
}

static void who_was_there_from_the_begin_is_told_once(void)
{
    erg_trace *trace = recorded("a100-sxm4-80gb;process=1,goes=3", 10);
    CHECK(erg_trace_device(trace, 0)->shared && is_shared(trace, 5, 9));
    CHECK(flags_of(trace, erg_trace_find_channel(trace, "nvml:0/energy")) == 1);
    erg_trace_free(trace);
    trace = recorded("a100-sxm4-80gb", 10);
    CHECK(!is_shared(trace, 0, 10));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(who_comes_and_goes_is_in_doubt_for_that_time_alone),
        TEST(who_stays_is_told_in_few_flags_up_to_the_end),
        TEST(who_comes_in_a_short_run_is_seen_at_its_end),
        TEST(who_was_there_from_the_begin_is_told_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}
