/* SPDX-License-Identifier: Apache-2.0 */
/* Crest against closed forms and a real meter; the four notes on spikes against what was
 * planted, each alone. */
#include <math.h>
#include "trace/told.h"

/* ---- crest -------------------------------------------------------------------------- */

static double crest_of(series *readings)
{
    erg_trace *trace = trace_of((erg_channel_info){ .kind = ERG_INSTANT }, readings);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    double crest = real(table_of(result, "summary"), 0, "crest");

    CHECK(isnan(real(table_of(result, "summary"), 0, "thd")));
    erg_result_free(result);
    erg_trace_free(trace);
    return crest;
}

static void the_crest_of_a_sine_and_of_a_square_are_closed_forms(void)
{
    static const double offsets_w[] = { 0, 50, 100 };

    for (size_t k = 0; k < ERG_COUNT(offsets_w); k++) {
        series sine = { 0 };
        for (int i = 0; i < 4000; i++)
            series_add(&sine, i * ERG_NS_PER_MS,
                       offsets_w[k] + 50 * sin(2 * M_PI * i / 200));
        CHECK_NEAR(crest_of(&sine),
                   (offsets_w[k] + 50) / sqrt(offsets_w[k] * offsets_w[k] + 1250), 1e-9);
    }
    for (int high = 10; high <= 100; high += 30) {      /* 1/sqrt(duty) */
        series square = { 0 };
        for (int i = 0; i < 4000; i++)
            series_add(&square, i * ERG_NS_PER_MS, i % 100 < high ? 200 : 0);
        CHECK_NEAR(crest_of(&square), sqrt(100.0 / high), 1e-9);
    }
}

/* yang_a100_5050_pmd_1ms.csv, 1600 to 9600 ms: 1.376 by the specification. */
static void the_crest_of_a_real_meter_is_the_known_one(void)
{
    series all = series_of_ms(test_data("sensors/yang_a100_5050_pmd_1ms.csv"), 1);
    series part = { 0 };

    for (size_t i = 0; i < all.count; i++) {
        int64_t t_ms = all.at[i].t_ns / ERG_NS_PER_MS;
        if (t_ms >= 1600 && t_ms < 9600)
            series_add(&part, all.at[i].t_ns, all.at[i].value);
    }
    free(all.at);
    CHECK(part.count == 8000);
    CHECK_NEAR(crest_of(&part), 1.376, 5e-4);
}

/* ---- four notes --------------------------------------------------------------------- */

/* 120 W, and 10 spikes of 50 ms every 10 s from 5 s on, of which the first six may each
 * have what a question asks for. */
enum { READINGS = 10000, SPIKES = 10, SOME = 6 };

static int64_t begin_ns(int spike) { return (5 + 10 * spike) * ERG_NS_PER_S; }

static erg_trace *spiky(double peak_w)
{
    series polls = { 0 };

    for (int i = 0; i < READINGS; i++)
        series_add(&polls, i * 10 * ERG_NS_PER_MS,
                   i % 1000 >= 500 && i % 1000 < 505 ? peak_w : 120 + i % 3);
    return trace_of((erg_channel_info){ .kind = ERG_INSTANT }, &polls);
}

/* The note that begins so. */
static const char *note_of(const erg_result *result, const char *asked)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (strncmp(erg_result_note_at(result, i), asked, strlen(asked)) == 0)
            return erg_result_note_at(result, i);
    return NULL;
}

static void check_note(const erg_trace *trace, const char *asked, const char *says)
{
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
    const char *note = note_of(result, asked);

    CHECK(note != NULL);
    if (!strstr(note, says))
        print_message("# %s\n", note);
    CHECK(strstr(note, says) != NULL);
    erg_result_free(result);
}

static void add_channel(erg_trace *trace, const char *name, erg_quantity quantity,
                        erg_kind kind, double calm, double busy)
{
    erg_channel_info info = { .quantity = quantity, .kind = kind };
    erg_error err = { 0 };
    double sum = 0;

    snprintf(info.name, sizeof(info.name), "%s", name);
    int channel = erg_trace_add_channel(trace, &info, &err);
    CHECK(channel > 0);
    for (int i = 0; i < READINGS; i++) {
        bool is = i % 1000 >= 500 && i % 1000 < 505 && i / 1000 < SOME;
        sum = kind == ERG_COUNTER ? sum + (is ? busy : calm) : is ? busy : calm;
        const erg_sample at = { i * 10 * ERG_NS_PER_MS, 0, sum };
        CHECK_OK(erg_trace_add_samples(trace, channel, &at, 1, &err), err);
    }
}

static void what_was_not_recorded_is_unknown_and_not_none(void)
{
    erg_trace *trace = spiky(300);

    check_note(trace, "spikes and work", "no collective is recorded");
    check_note(trace, "spikes and throttling", "unknown");
    check_note(trace, "spikes and supply", "no over-current event is recorded");
    check_note(trace, "spikes and supply", "harmonics are unknown");
    check_note(trace, "spikes and links", "unknown");
    erg_trace_free(trace);
}

static void a_wave_without_spikes_asks_nothing(void)
{
    erg_trace *trace = spiky(121);
    erg_result *result = timeline(trace, (erg_timeline_options){ 0 });

    CHECK(!note_of(result, "spikes and") && note_of(result, "no spikes"));
    erg_result_free(result);
    erg_trace_free(trace);
}

/* Reach: 100 ms before, and the resolution of 10 ms to both sides; six begins in 100 s
 * cover 0.72 of them. */
static void collectives_and_operators_are_told_apart(void)
{
    erg_trace *trace = spiky(300);
    erg_error err = { 0 };
    int32_t track = erg_trace_add_track(trace, &(erg_track){ .device = 0 }, &err);
    int32_t wire = erg_trace_add_event_name(trace, "nccl", &err);
    int32_t gemm = erg_trace_add_event_name(trace, "gemm", &err);

    for (int i = 0; i < SPIKES; i++) {
        const erg_trace_event two[] = {
            { begin_ns(i) - 50 * ERG_NS_PER_MS, 1000, wire, -1, track,
              ERG_EVENT_COLLECTIVE },
            { begin_ns(i) + 3 * ERG_NS_PER_S, 1000, gemm, -1, track, ERG_EVENT_KERNEL },
        };
        CHECK_OK(erg_trace_add_events(trace, i < SOME ? two : two + 1, i < SOME ? 2 : 1,
                                      &err), err);
    }
    /* 6 of 10 against 6 x 0.12 s in 99.99 s. */
    char says[80];
    snprintf(says, sizeof(says), "collective begins just before 60 %% of 10 (lift %.3g",
             0.6 / (6 * 0.12 / 99.99));
    check_note(trace, "spikes and work", says);
    check_note(trace, "spikes and work", "operator or region begins just before 0 %");
    erg_trace_free(trace);
}

static void regions_tell_where_no_profiler_does(void)
{
    erg_trace *trace = spiky(300);
    erg_error err = { 0 };

    for (int i = 0; i < SPIKES; i++) {
        erg_region region = { .id = i + 1,
                              .begin_ns = begin_ns(i) - ERG_NS_PER_MS,
                              .end_ns = begin_ns(i) };
        snprintf(region.name, sizeof(region.name), "%s", i < SOME ? "MPI_Bcast" : "step");
        CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    }
    check_note(trace, "spikes and work", "a collective begins just before 60 %");
    check_note(trace, "spikes and work", "region begins just before 40 %");
    erg_trace_free(trace);
}

static void throttling_is_counted_within_200_ms(void)
{
    erg_trace *trace = spiky(300);

    add_channel(trace, "throttled_power", ERG_DURATION, ERG_COUNTER, 0, 0.01);
    check_note(trace, "spikes and throttling", "within 200 ms of 6 of 10");
    erg_trace_free(trace);
}

static void over_current_events_are_the_marks_of_a_meter(void)
{
    static const char *const names[] = { "over_current", "PSU1 Over-Current", "OCP" };

    for (size_t k = 0; k < ERG_COUNT(names); k++) {
        erg_trace *trace = spiky(300);
        erg_error err = { 0 };
        for (int i = SPIKES - 1; i >= 0; i--) {
            erg_mark_row mark = { .t_ns = begin_ns(i) + 900 * ERG_NS_PER_MS };
            snprintf(mark.name, sizeof(mark.name), "%s", i < SOME ? names[k] : "loss");
            CHECK_OK(erg_trace_add_mark(trace, &mark, &err), err);
        }
        check_note(trace, "spikes and supply", "follows 6 of 10 within 1 s");
        erg_trace_free(trace);
    }
}

/* 120 W and 0.5 % of the time p: crest p/sqrt(120^2 + 0.005 p^2) is above 1.414 from
 * p = 171 W on. */
static void a_crest_is_high_above_that_of_a_sine(void)
{
    static const struct { double peak_w; const char *says; } rows[] = {
        { 165, "; 0 of 10 have a crest" }, { 180, "; 10 of 10 have a crest" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_trace *trace = spiky(rows[i].peak_w);
        check_note(trace, "spikes and supply", rows[i].says);
        erg_trace_free(trace);
    }
}

static void harmonics_are_what_a_meter_gave(void)
{
    static const char *const names[] = { "thd", "outlet1_thd", "thd_current" };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_trace *trace = spiky(300);
        add_channel(trace, names[i], ERG_OTHER, ERG_INSTANT, 0.03, 0.08);
        erg_result *result = timeline(trace, (erg_timeline_options){ 0 });
        CHECK(real(table_of(result, "summary"), 0, "thd") == 0.08);
        erg_result_free(result);
        check_note(trace, "spikes and supply", "a THD of up to 0.08");
        erg_trace_free(trace);
    }
}

static void a_link_is_busy_from_85_percent_on(void)
{
    static const struct {
        const char *name;
        double calm, busy;
        const char *says;
    } rows[] = {
        { "fabric_use", 0.1, 0.85, "6 of 10" }, { "pcie_use", 0.1, 0.9, "6 of 10" },
        { "pcie_use", 0.1, 0.84, "0 of 10" },   { "fabric_use", 0.86, 0.1, "4 of 10" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_trace *trace = spiky(300);
        add_channel(trace, rows[i].name, ERG_USE, ERG_INSTANT, rows[i].calm,
                    rows[i].busy);
        check_note(trace, "spikes and links", rows[i].says);
        erg_trace_free(trace);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_crest_of_a_sine_and_of_a_square_are_closed_forms),
        TEST(the_crest_of_a_real_meter_is_the_known_one),
        TEST(what_was_not_recorded_is_unknown_and_not_none),
        TEST(a_wave_without_spikes_asks_nothing),
        TEST(collectives_and_operators_are_told_apart),
        TEST(regions_tell_where_no_profiler_does),
        TEST(throttling_is_counted_within_200_ms),
        TEST(over_current_events_are_the_marks_of_a_meter),
        TEST(a_crest_is_high_above_that_of_a_sine),
        TEST(harmonics_are_what_a_meter_gave),
        TEST(a_link_is_busy_from_85_percent_on),
    };
    return test_run(tests, ERG_COUNT(tests));
}
