/* SPDX-License-Identifier: Apache-2.0 */
/* The clock under load, from traces made by hand. */
#include "sweep/under_load.h"
#include "test.h"

enum { CLOCK, USE, THROTTLE, TEMPERATURE, DRAM, FP32, FP64 };

typedef struct seen { double s, value; } seen;

static erg_trace *trace_with(bool has_use)
{
    static const char *const names[] = { "sm_clock", "use", "throttle", "temperature",
                                         "dram_active", "fp32_active", "fp64_active" };
    erg_device_info device = { .name = "nvml:0", .driver = "nvml" };
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    int index = erg_trace_add_device(trace, &device, &err);
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_channel_info info = { .device = index, .kind = ERG_INSTANT, .gain = 1 };
        if (i == USE && !has_use)
            snprintf(info.name, sizeof(info.name), "other");
        else
            snprintf(info.name, sizeof(info.name), "%s", names[i]);
        CHECK_OK(erg_trace_add_channel(trace, &info, &err) == (int)i, err);
    }
    return trace;
}

static void put(erg_trace *trace, int channel, const seen *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        erg_sample sample = { .t_ns = erg_ns_from_s(rows[i].s), .value = rows[i].value };
        erg_error err = { 0 };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
}

static erg_under_load look(const erg_trace *trace, double begin_s, double end_s)
{
    erg_span span = { erg_ns_from_s(begin_s), erg_ns_from_s(end_s) };
    erg_under_load out;
    erg_error err = { 0 };
    CHECK_OK(erg_under_load_read(trace, "nvml:0", &span, 1, &out, &err), err);
    return out;
}

/* 210 MHz at rest on both sides of the work: the median of all would be 210. */
static const seen clocks[] = { { 0, 210e6 }, { 2, 210e6 }, { 4, 210e6 }, { 6, 1200e6 },
                               { 7, 1215e6 }, { 8, 1230e6 }, { 10, 210e6 }, { 12, 210e6 } };
static const seen uses[] = { { 0, 0 }, { 2, 0 }, { 4, 0 }, { 6, 0.9 },
                             { 7, 1 }, { 8, 0.2 }, { 10, 0 }, { 12, 0 } };

static void a_parked_clock_does_not_count(void)
{
    erg_trace *trace = trace_with(true);
    put(trace, CLOCK, clocks, ERG_COUNT(clocks));
    put(trace, USE, uses, ERG_COUNT(uses));
    erg_under_load all = look(trace, 0, 20);
    CHECK(all.sm_clock_hz == 1215e6 && all.samples == 3 && !all.never_used);
    CHECK(look(trace, 6.5, 7.5).sm_clock_hz == 1215e6);
    erg_under_load rest = look(trace, 9, 20);
    CHECK(isnan(rest.sm_clock_hz) && rest.samples == 0 && rest.never_used);
    CHECK(isnan(look(trace, 30, 40).sm_clock_hz) && !look(trace, 30, 40).never_used);
    erg_trace_free(trace);
}

static void without_use_every_sample_counts(void)
{
    erg_trace *trace = trace_with(false);
    put(trace, CLOCK, clocks, ERG_COUNT(clocks));
    CHECK(look(trace, 0, 20).sm_clock_hz == 210e6);
    CHECK(look(trace, 0, 20).samples == ERG_COUNT(clocks));
    erg_trace_free(trace);
}

/* The use is the mean of the second before: the sample after tells of the work too. */
static void a_use_that_is_told_late_still_counts(void)
{
    static const seen late[] = { { 0, 0 }, { 1, 0 }, { 2, 0.8 }, { 3, 0 } };
    static const seen clock[] = { { 1.4, 900e6 }, { 9, 210e6 } };
    erg_trace *trace = trace_with(true);
    put(trace, CLOCK, clock, ERG_COUNT(clock));
    put(trace, USE, late, ERG_COUNT(late));
    CHECK(look(trace, 0, 20).sm_clock_hz == 900e6 && look(trace, 0, 20).samples == 1);
    erg_trace_free(trace);
}

static void only_what_takes_the_clock_away_is_throttling(void)
{
    /* 1 idle, 2 application clocks, 0x10 sync boost, 0x100 display: none of them. */
    static const seen harmless[] = { { 6, 1 }, { 7, 2 }, { 8, 0x110 } };
    static const seen some[] = { { 6, 4 }, { 7, 2 }, { 8, 0x60 }, { 8.5, 0 } };
    erg_trace *trace = trace_with(true);
    put(trace, USE, uses, ERG_COUNT(uses));
    CHECK(isnan(look(trace, 0, 20).throttled));
    put(trace, THROTTLE, harmless, ERG_COUNT(harmless));
    CHECK(look(trace, 0, 20).throttled == 0);
    erg_trace_free(trace);
    trace = trace_with(true);
    put(trace, USE, uses, ERG_COUNT(uses));
    put(trace, THROTTLE, some, ERG_COUNT(some));
    CHECK(look(trace, 0, 20).throttled == 0.5);
    erg_trace_free(trace);
}

static void gaps_and_other_devices_say_nothing(void)
{
    static const seen gap[] = { { 6, NAN }, { 7, NAN } };
    erg_trace *trace = trace_with(true);
    put(trace, CLOCK, gap, ERG_COUNT(gap));
    put(trace, TEMPERATURE, (const seen[]){ { 6, 300.15 }, { 7, 310.15 } }, 2);
    CHECK(isnan(look(trace, 0, 20).sm_clock_hz));
    CHECK_NEAR(look(trace, 0, 20).temp_c, 32, 1e-9);
    erg_under_load none;
    erg_span span = { 0, INT64_MAX };
    CHECK(erg_under_load_read(trace, "nvml:1", &span, 1, &none, NULL));
    CHECK(isnan(none.sm_clock_hz) && isnan(none.throttled) && isnan(none.temp_c));
    erg_trace_free(trace);
}

static void activities_are_means_under_load_and_never_invented(void)
{
    static const seen dram[] = { { 4, 0 }, { 6, 0.4 }, { 7, 0.5 }, { 8, 0.6 }, { 12, 0 } };
    static const seen fp32[] = { { 6, 0.2 }, { 7, 0.4 }, { 8, 0.6 }, { 12, 0 } };
    static const seen fp64[] = { { 6, 0.1 }, { 7, 0.1 }, { 8, 0.1 } };
    erg_trace *trace = trace_with(true);

    put(trace, USE, uses, ERG_COUNT(uses));
    put(trace, DRAM, dram, ERG_COUNT(dram));
    put(trace, FP32, fp32, ERG_COUNT(fp32));
    erg_under_load load = look(trace, 0, 20);
    CHECK_NEAR(load.dram_active, 0.5, 1e-12);
    CHECK(isnan(erg_activity_fp(ERG_ACTIVITY_HALF, load.pipes)));   /* no FP64 was told */
    put(trace, FP64, fp64, ERG_COUNT(fp64));
    load = look(trace, 0, 20);
    CHECK_NEAR(erg_activity_fp(ERG_ACTIVITY_HALF, load.pipes), 0.5 * 0.4 + 0.1, 1e-12);
    CHECK_NEAR(erg_activity_fp(ERG_ACTIVITY_SUM, load.pipes), 0.4 + 0.1, 1e-12);
    CHECK(isnan(erg_activity_fp(ERG_ACTIVITY_ALL, load.pipes)));    /* nor tensor cores */
    CHECK(isnan(erg_activity_fp(ERG_ACTIVITY_UNKNOWN, load.pipes)));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_parked_clock_does_not_count),
        TEST(without_use_every_sample_counts),
        TEST(a_use_that_is_told_late_still_counts),
        TEST(only_what_takes_the_clock_away_is_throttling),
        TEST(gaps_and_other_devices_say_nothing),
        TEST(activities_are_means_under_load_and_never_invented),
    };
    return test_run(tests, ERG_COUNT(tests));
}
