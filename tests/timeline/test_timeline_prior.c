/* SPDX-License-Identifier: Apache-2.0 */
/* Expected watts share the joules of kernels that no sensor of 100 ms can tell apart. */
#include <math.h>
#include "trace/told.h"

enum { PAIRS = 2000 };

/* 5 ms of conv at 300 W and 5 ms of relu at 100 W by turns: each look sees 200 W. */
static erg_trace *by_turns(void)
{
    static erg_trace_event events[2 * PAIRS];
    erg_error err = { 0 };
    series polls = { 0 };

    for (int i = 0; i * 100 <= PAIRS * 10; i++)
        series_add(&polls, i * 100 * ERG_NS_PER_MS, 200 + (i % 2 ? 0.1 : -0.1));
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT, .update_s = 0.1 },
                                &polls);
    int32_t conv = erg_trace_add_event_name(trace, "conv1_kernel_time", &err);
    int32_t relu = erg_trace_add_event_name(trace, "relu", &err);
    erg_track info = { .name = "GPU 0 stream 7", .device = 0, .stream = 7 };
    int32_t track = erg_trace_add_track(trace, &info, &err);
    for (int i = 0; i < 2 * PAIRS; i++)
        events[i] = (erg_trace_event){ .begin_ns = i * 5 * ERG_NS_PER_MS,
                                       .by = ERG_EVENT_NOBODY,
                                       .duration_ns = 5 * ERG_NS_PER_MS, .track = track,
                                       .name = i % 2 ? relu : conv,
                                       .kind = ERG_EVENT_KERNEL };
    CHECK_OK(erg_trace_add_events(trace, events, ERG_COUNT(events), &err), err);
    return trace;
}

static const char *written(const char *text) { return test_file("prior.csv", text); }

/* Joules of conv over those of relu; all of them add up to the summary's. */
static double ratio_of(const erg_trace *trace, const char *prior)
{
    erg_result *result =
        timeline(trace, (erg_timeline_options){ .by = "kernel", .prior = prior });
    const erg_table *rows = table_of(result, "attribution");
    double sum_j = 0, whole_j = real(table_of(result, "summary"), 0, "energy_j");
    double ratio = real(rows, row_named(rows, "name", "conv1_kernel_time"), "energy_j")
                 / real(rows, row_named(rows, "name", "relu"), "energy_j");

    for (size_t i = 0; i < erg_table_row_count(rows); i++)
        sum_j += real(rows, i, "energy_j");
    CHECK_NEAR(sum_j / whole_j, 1, 1e-9);
    erg_result_free(result);
    return ratio;
}

static void what_looks_cannot_tell_apart_is_shared_by_expected_watts(void)
{
    erg_trace *trace = by_turns();

    CHECK_NEAR(ratio_of(trace, NULL), 1, 0.01);
    /* As erg estimate writes it; a node twice is one by time: 300 W in all. */
    CHECK_NEAR(ratio_of(trace, written("hardware,subgraph,latency_s,energy_j\n"
                                       "l4,conv1,0.001,0.4\nl4,conv1,0.003,0.8\n"
                                       "l4,relu,0.002,0.2\nl4,other,0.002,9\n")), 3, 0.05);
    CHECK_NEAR(ratio_of(trace, written("name,mean_w\nrelu,300\nconv1_kernel_time,100\n")),
               1 / 3.0, 0.01);
    /* Twice as much of both is no other share. */
    CHECK_NEAR(ratio_of(trace, written("name,watts\nrelu,200\nconv1,600\n")), 3, 0.05);
    erg_trace_free(trace);
}

static void a_table_that_says_no_watts_is_refused_by_name(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "name,joules\nrelu,3\n", "prior.csv:1: expected watts need" },
        { "name,energy_j\nrelu,3\n", "latency_s" },
        { "hardware,name,mean_w\nl4,relu,3\na10,conv1,5\n",
          "prior.csv:3: holds l4 and a10" },
        { "name,mean_w\nrelu,n/a\n", "no row of it holds watts" },
    };
    erg_trace *trace = by_turns();

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_timeline_options options = { .prior = written(rows[i].text) };
        erg_error err = { 0 };
        CHECK(!erg_timeline(trace, &options, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].says));
    }
    erg_timeline_options options = { .prior = "/nowhere/prior.csv" };
    erg_error err = { 0 };
    CHECK(!erg_timeline(trace, &options, &err) && err.code == ERG_NOT_FOUND);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_looks_cannot_tell_apart_is_shared_by_expected_watts),
        TEST(a_table_that_says_no_watts_is_refused_by_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}
