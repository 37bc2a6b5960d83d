/* SPDX-License-Identifier: Apache-2.0 */
/* erg timeline from a recording: spikes at collectives, what throttled, who limited. */
#include "erg/import.h"
#include "trace/told.h"

/* ---- spikes ------------------------------------------------------------------------- */

/* Readings every 10 ms; a collective now and then, 300 W for 30 ms just after each third;
 * the counter of power throttling rises and the clock falls after these. late: the clock is
 * wrong. */
static erg_trace *spiky(double late_s, uint64_t seed)
{
    enum { READINGS = 20000, EVENTS = 200 };
    erg_error err = { 0 };
    test_random random = { seed };
    series polls = { 0 };
    static double w[READINGS], throttled_s[READINGS], clock_hz[READINGS];
    double throttle_s = 0;
    int64_t begins_ns[EVENTS];

    for (int i = 0; i < READINGS; i++)
        w[i] = 120 + test_normal(&random), throttled_s[i] = 0, clock_hz[i] = 1.4e9;
    for (int i = 0; i < EVENTS; i++)
        begins_ns[i] = (int64_t)((double)(READINGS - 500) * 1e7 * test_uniform(&random))
            + 10;
    for (int i = 0; i < EVENTS; i += 3)
        for (int k = 0; k < 3; k++) {
            int at = (int)(begins_ns[i] / 10000000) + 3 + k;
            w[at] = 300, throttled_s[at + 5] = 0.01, clock_hz[at + 5] = 1.1e9;
        }
    for (int i = 0; i < READINGS; i++)
        series_add(&polls, i * 10 * ERG_NS_PER_MS, w[i]);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
    erg_channel_info counter = { .name = "throttled_power", .quantity = ERG_DURATION,
                                 .kind = ERG_COUNTER };
    erg_channel_info clock = { .name = "sm_clock", .quantity = ERG_CLOCK_RATE };
    CHECK(erg_trace_add_channel(trace, &counter, &err) == 1);
    CHECK(erg_trace_add_channel(trace, &clock, &err) == 2);
    for (int i = 0; i < READINGS; i++) {
        int64_t t_ns = i * 10 * ERG_NS_PER_MS;
        throttle_s += throttled_s[i];
        CHECK(erg_trace_add_samples(trace, 1, &(erg_sample){ t_ns, 0, throttle_s },
                                    1, &err));
        CHECK(erg_trace_add_samples(trace, 2, &(erg_sample){ t_ns, 0, clock_hz[i] },
                                    1, &err));
    }
    int32_t name = erg_trace_add_event_name(trace, "ncclAllReduce", &err);
    int32_t other = erg_trace_add_event_name(trace, "gemm", &err);
    int32_t track = erg_trace_add_track(trace, &(erg_track){ .name = "s" }, &err);
    for (int i = 0; i < EVENTS; i++) {
        int64_t late_ns = erg_ns_from_s(late_s);
        int64_t any_ns = (int64_t)((double)READINGS * 1e7 * test_uniform(&random));
        const erg_trace_event two[] = {
            { begins_ns[i] + late_ns, 1000000, name, -1, track, ERG_EVENT_COLLECTIVE },
            { any_ns, 1000000, other, -1, track, ERG_EVENT_KERNEL },
        };
        CHECK_OK(erg_trace_add_events(trace, two, 2, &err), err);
    }
    return trace;
}

static void spikes_name_the_collective_that_starts_them(void)
{
    erg_trace *trace = spiky(0, 3);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *spikes = table_of(result, "spikes"),
                    *causes = table_of(result, "causes");
    const erg_table *throttling = table_of(result, "throttling");

    CHECK(erg_table_row_count(spikes) >= 60);
    for (size_t i = 0; i < erg_table_row_count(spikes); i++) {
        CHECK_TEXT(erg_table_find(spikes, i, "cause").text, "ncclAllReduce");
        CHECK(real(spikes, i, "lift") > 5);
        CHECK(real(spikes, i, "p_value") < 0.01);
        CHECK_TEXT(erg_table_find(spikes, i, "throttle").text, "power");
        CHECK_NEAR(real(spikes, i, "clock_drop_hz"), 3e8, 1);
    }
    size_t row = row_named(causes, "cause", "ncclAllReduce");
    CHECK(row == 0);
    CHECK(real(causes, row, "throttled") == 1);
    CHECK(real(causes, row_named(causes, "cause", "gemm"), "p_value") > 0.01);
    row = row_named(throttling, "reason", "power");
    CHECK_TEXT(erg_table_find(throttling, row, "source").text, "counter");
    CHECK(real(throttling, row, "spikes_followed") == 1);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void with_a_clock_wrong_by_a_second_no_cause_is_named(void)
{
    erg_trace *trace = spiky(1, 3);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *spikes = table_of(result, "spikes");

    for (size_t i = 0; i < erg_table_row_count(spikes); i++)
        CHECK(!erg_table_find(spikes, i, "cause").text);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* ---- limits ------------------------------------------------------------------------- */

static void a_second_is_labelled_by_what_was_read_in_it(void)
{
    static const struct { double use, mask; const char *label; } seconds[] = {
        { 0.05, 0x01, "idle" }, { 0.95, 0x00, "compute_bound" },
        { 0.95, 0x04, "power_capped" },
        { 0.95, 0x20, "thermal_throttled" }, { 0.5, 0x00, "gpu_active" },
    };
    erg_error err = { 0 };
    series polls = { 0 };

    for (int i = 0; i < 50; i++)
        series_add(&polls, i * 100 * ERG_NS_PER_MS, i / 10 == 2 ? 292 : 150);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
    erg_channel_info use = { .name = "use", .quantity = ERG_USE };
    erg_channel_info mask = { .name = "throttle", .quantity = ERG_OTHER };
    erg_channel_info limit = { .name = "power_limit", .quantity = ERG_OTHER };
    CHECK(erg_trace_add_channel(trace, &use, &err) == 1);
    CHECK(erg_trace_add_channel(trace, &mask, &err) == 2);
    CHECK(erg_trace_add_channel(trace, &limit, &err) == 3);
    CHECK(erg_trace_add_samples(trace, 3, &(erg_sample){ 0, 0, 300 }, 1, &err));
    for (int i = 0; i < 50; i++) {
        int64_t t_ns = i * 100 * ERG_NS_PER_MS;
        CHECK(erg_trace_add_samples(trace, 1, &(erg_sample){ t_ns, 0, seconds[i / 10].use },
                                    1, &err));
        CHECK(erg_trace_add_samples(trace, 2,
                                    &(erg_sample){ t_ns, 0, seconds[i / 10].mask }, 1,
                                    &err));
    }
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *labels = table_of(result, "labels");
    CHECK(erg_table_row_count(labels) == ERG_COUNT(seconds));
    for (size_t i = 0; i < ERG_COUNT(seconds); i++)
        CHECK_TEXT(erg_table_find(labels, i, "label").text, seconds[i].label);
    const erg_table *held = table_of(result, "throttling");
    CHECK_NEAR(real(held, row_named(held, "reason", "idle"), "duration_s"), 1, 1e-9);
    CHECK_NEAR(real(held, row_named(held, "reason", "power"), "duration_s"), 1, 1e-9);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* As dcgmi dmon -e 203,155,252,250,150,158,310,311 prints it, a row a second. */
static void memory_heat_and_errors_of_a_dcgmi_log_are_labels(void)
{
    static const char log[] =
        "#Entity GPUTL POWER FBUSD FBTTL TMPTR SDTMP ESVTL EDVTL\nID % W MiB MiB C C\n"
        "GPU 0 50 100 10000 81920 50 90 7 0\n"
        "GPU 0 50 100 80000 81920 50 90 7 0\n"      /* 0.977 of the memory */
        "GPU 0 50 100 10000 81920 88 90 7 0\n" /* 0.978 of the limit; 0.995 in kelvin */
        "GPU 0 20 100 10000 81920 88 90 7 0\n"      /* hot, but at rest */
        "GPU 0 50 100 80000 81920 50 90 7 1\n"      /* a double-bit error, and full */
        "GPU 0 50 100 10000 81920 70 90 7 1\n"      /* 0.778; 0.945 in kelvin */
        "GPU 0 50 100 10000 81920 50 90 8 1\n";     /* a single-bit error */
    static const char *const wanted[] = { "gpu_active", "memory_pressured",
                                          "thermal_throttled", "idle", "reliability_risk",
                                          "gpu_active", "reliability_risk" };
    const erg_import_options options = { .period_s = 1 };
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);

    CHECK_OK(erg_import_bytes(trace, "d.txt", log, strlen(log), &options, &err), err);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *labels = table_of(result, "labels");
    CHECK(erg_table_row_count(labels) == ERG_COUNT(wanted));
    for (size_t i = 0; i < ERG_COUNT(wanted); i++)
        CHECK_TEXT(erg_table_find(labels, i, "label").text, wanted[i]);
    CHECK(test_has_note(result, "fabric_limited (fabric_use or pcie_use)"));
    CHECK(test_has_note(result, "power_capped (power and power_limit)"));
    CHECK(test_has_note(result, "bandwidth_bound (dram_active)"));
    CHECK(test_has_note(result, "thermal_throttled by its reason (throttle)"));
    CHECK(!test_has_note(result, "memory_pressured")
          && !test_has_note(result, "reliability_risk"));
    CHECK(!test_has_note(result, "by its limit")
          && !test_has_note(result, "compute_bound"));
    erg_result_free(result);
    erg_trace_free(trace);
}

typedef struct two_shares { double share[2]; const char *label; } two_shares;

/* A row a second of ten readings of each channel; it has the label of its row. */
static void check_labels(const char *const names[2], const two_shares seconds[4],
                         size_t runs)
{
    series polls = { 0 };

    for (int i = 0; i < 40; i++)
        series_add(&polls, i * 100 * ERG_NS_PER_MS, 150);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
    for (int k = 0; k < 2; k++) {
        erg_channel_info info = { .quantity = ERG_USE, .kind = ERG_AVG_PREV };
        strcpy(info.name, names[k]);
        CHECK(erg_trace_add_channel(trace, &info, NULL) == k + 1);
        for (int i = 0; i < 40; i++) {
            erg_sample at = { i * 100 * ERG_NS_PER_MS, 0, seconds[i / 10].share[k] };
            CHECK(erg_trace_add_samples(trace, k + 1, &at, 1, NULL));
        }
    }
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *labels = table_of(result, "labels");
    for (size_t i = 0; i < erg_table_row_count(labels); i++) {
        size_t second = (size_t)real(labels, i, "begin_s");
        CHECK_TEXT(erg_table_find(labels, i, "label").text, seconds[second].label);
    }
    CHECK(erg_table_row_count(labels) == runs);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* PCIe may be full while NVLink is not, and the other way; equal neighbours are one. */
static void the_fullest_link_limits(void)
{
    static const char *const links[] = { "fabric_use", "pcie_use" };
    static const two_shares seconds[] = {
        { { 0.2, 0.9 }, "fabric_limited" }, { { 0.9, 0.2 }, "fabric_limited" },
        { { 0.8, 0.8 }, "gpu_active" },     { { NAN, 0.86 }, "fabric_limited" },
    };
    check_labels(links, seconds, 3);
}

/* An H100 whose graphics_active is 0 throughout drew 230 W with its SMs at 0.4: no idle. */
static void a_use_of_0_beside_busy_sms_is_not_idle(void)
{
    static const char *const uses[] = { "graphics_active", "sm_active" };
    static const two_shares seconds[] = {
        { { 0, 0.4 }, "gpu_active" },   { { 0, 0.1 }, "idle" },
        { { 0.95, 0.4 }, "compute_bound" }, { { 0.1, 0.2 }, "idle" },
    };
    check_labels(uses, seconds, 4);
}

static void without_a_meter_there_is_no_timeline(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);

    CHECK(!erg_timeline(trace, NULL, &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_trace_free(trace);
}

/* Nobody saw what was before the first reading. */
static void a_spike_at_the_first_reading_has_no_known_rise(void)
{
    series polls = { 0 };

    for (int i = 0; i < 200; i++)
        series_add(&polls, i * 10 * ERG_NS_PER_MS, i == 0 || i == 100 ? 300 : 100);
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const erg_table *table = table_of(result, "spikes");
    CHECK(erg_table_row_count(table) == 2);
    CHECK(isnan(real(table, 0, "rise_w_per_s")));
    CHECK_NEAR(real(table, 1, "rise_w_per_s"), 200 / 0.01, 1e-6);
    erg_result_free(result);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(spikes_name_the_collective_that_starts_them),
        TEST(with_a_clock_wrong_by_a_second_no_cause_is_named),
        TEST(a_second_is_labelled_by_what_was_read_in_it),
        TEST(memory_heat_and_errors_of_a_dcgmi_log_are_labels),
        TEST(the_fullest_link_limits),
        TEST(a_use_of_0_beside_busy_sms_is_not_idle),
        TEST(a_spike_at_the_first_reading_has_no_known_rise),
        TEST(without_a_meter_there_is_no_timeline),
    };
    return test_run(tests, ERG_COUNT(tests));
}
