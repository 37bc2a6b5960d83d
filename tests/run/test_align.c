/* SPDX-License-Identifier: Apache-2.0 */
/* From a recording and a wall meter's log on another clock to one run. */
#include <sys/stat.h>
#include "erg/energy.h"
#include "erg/import.h"
#include "erg/report.h"
#include "erg/run.h"
#include "manual.h"
#include "plant/power.h"
#include "trace/align.h"
#include "test.h"

/* Unequal stretches: one offset fits and no other. */
static const char load[] = "list:60:7s:220:3s:60:5s:180:8s:60:2s:220:4s:60:11s:250:6s";
static const char sensor[] = "sim:plain,update=100ms,window=25ms,start=0s,"
                             "load=list:60:7s:220:3s:60:5s:180:8s:60:2s:220:4s:60:"
                             "11s:250:6s";
static char run[ERG_PATH_MOST], meter[ERG_PATH_MOST];

static erg_trace *record(const char *what, double for_s, bool marker)
{
    manual_clock manual;
    erg_error err = { 0 };
    erg_measure_outcome outcome;
    erg_env env = { .clock = manual_start(&manual, 0) };
    erg_measure_options options = { .sensors = &what, .sensor_count = 1, .output = run,
                                    .for_s = for_s, .no_wait = true, .marker = marker };
    snprintf(run, sizeof(run), "%s/a.erg", test_folder());
    snprintf(meter, sizeof(meter), "%s/wattsup.csv", test_folder());
    CHECK_OK(erg_measure(&env, NULL, &options, &outcome, &err), err);
    erg_trace *trace = erg_trace_load(run, &err);
    CHECK_OK(trace, err);
    return trace;
}

/* Mean watts of the wall over a second that ends at t_s of the run. */
typedef double (*wall)(const void *about, double t_s);

/* The log of a 1 Hz averaging meter with 2 % noise whose stamps are behind by offset_s. */
static void write_log(const erg_trace *trace, wall mean_w, const void *about,
                      double offset_s)
{
    test_random random = { 5 };
    erg_span span = erg_trace_span(trace);
    double end_s = erg_s_from_ns(span.end_ns);
    FILE *out = fopen(meter, "w");

    CHECK(out);
    fputs("time,id,pm1,sum\n", out);
    for (int i = 0; 2.37 + i < end_s; i++) {
        char stamp[48];
        double w = mean_w(about, 2.37 + i) * (1 + 0.02 * test_normal(&random));
        int64_t at_ns = erg_ns_from_s(2.37 + i - offset_s);
        erg_utc_format(erg_trace_utc_ns(trace, at_ns), 6, stamp, sizeof(stamp));
        fprintf(out, "%s,%d,%.1f,%.1f\n", stamp, i, w, w);
    }
    CHECK(fclose(out) == 0);
}

static double meta(const erg_trace *trace, const char *key)
{
    const char *text = erg_trace_meta(trace, key);
    CHECK(text);
    return strtod(text, NULL);
}

static erg_trace *join(erg_trace *trace, erg_error *err)
{
    erg_import_options options = { .align = true };
    CHECK_OK(erg_import(trace, meter, &options, err), *err);
    CHECK_OK(erg_trace_save(trace, run, err), *err);
    erg_trace_free(trace);
    trace = erg_trace_load(run, err);
    CHECK_OK(trace, *err);
    return trace;
}

static double of_law(const void *law, double t_s)
{
    return 90 + erg_law_j(law, t_s - 1, t_s);
}

static void a_wall_meter_is_brought_to_the_clock_of_the_sensor(void)
{
    static const double offsets_s[] = { 2.81, -1.234, 0 };
    erg_error err = { 0 };
    erg_law law;
    CHECK_OK(erg_law_parse(load, &law, &err), err);
    for (size_t i = 0; i < ERG_COUNT(offsets_s); i++) {
        erg_trace *trace = record(sensor, 120, false);
        write_log(trace, of_law, &law, offsets_s[i]);
        trace = join(trace, &err);
        CHECK_NEAR(meta(trace, "clock_offset_s:wattsup:0"), offsets_s[i], 0.1);
        CHECK(meta(trace, "clock_offset_u_s:wattsup:0") < 0.1);
        CHECK(strncmp(erg_trace_meta(trace, "clock_offset_by:wattsup:0"), "sim:plain/", 10)
              == 0);
        CHECK(!erg_trace_has_flag(trace, ERG_FLAG_CLOCK_OFFSET_UNKNOWN));

        size_t count;
        int channel = erg_trace_find_channel(trace, "wattsup:0/sum");
        const erg_sample *samples = erg_trace_samples(trace, channel, &count);
        CHECK(count > 100);
        CHECK_NEAR(erg_s_from_ns(samples[0].t_ns), 2.37, 0.1);
        erg_trace_free(trace);
    }
}

/* 250 W of chips, as the marker's regions say, on top of a host at rest. */
static double of_marker(const void *trace, double t_s)
{
    double busy_s = 0;
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        double begin_s = fmax(t_s - 1, erg_s_from_ns(region->begin_ns));
        double end_s = fmin(t_s, erg_s_from_ns(region->end_ns));
        busy_s += strcmp(region->name, "marker") == 0 && end_s > begin_s
            ? end_s - begin_s : 0;
    }
    return 80 + 250 * busy_s;
}

static void the_marker_of_erg_run_is_found(void)
{
    erg_error err = { 0 };
    /* A sensor that knows nothing of the marker: 1 s windows of constant power. */
    erg_trace *trace = record("sim:plain,start=0s,load=constant:100", 30, true);
    write_log(trace, of_marker, trace, -2.46);
    trace = join(trace, &err);
    CHECK_TEXT(erg_trace_meta(trace, "clock_offset_by:wattsup:0"), "marker");
    CHECK_NEAR(meta(trace, "clock_offset_s:wattsup:0"), -2.46, 0.1);
    erg_trace_free(trace);
}

static double of_nothing(const void *about, double t_s)
{
    (void)about, (void)t_s;
    return 100;
}

static void a_meter_that_follows_nothing_is_flagged_with_the_reason(void)
{
    erg_error err = { 0 };
    erg_trace *trace = record(sensor, 120, false);
    write_log(trace, of_nothing, NULL, 1);
    trace = join(trace, &err);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_CLOCK_OFFSET_UNKNOWN));
    CHECK(!erg_trace_meta(trace, "clock_offset_s:wattsup:0"));
    size_t count;
    const erg_sample *samples =
        erg_trace_samples(trace, erg_trace_find_channel(trace, "wattsup:0/sum"), &count);
    CHECK_NEAR(erg_s_from_ns(samples[0].t_ns), 1.37, 1e-5);
    erg_trace_free(trace);
}

static void the_offset_is_told_and_exported(void)
{
    erg_error err = { 0 };
    erg_law law;
    CHECK_OK(erg_law_parse(load, &law, &err), err);
    erg_trace *trace = record(sensor, 120, false);
    write_log(trace, of_law, &law, 1.5);
    trace = join(trace, &err);

    erg_summary_options options = { .command = "show" };
    erg_result *result = erg_trace_summary(trace, &options, &err);
    CHECK_OK(result, err);
    bool told = false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        told |= strncmp(erg_result_note_at(result, i),
                        "wattsup:0: its stamps were moved by +1.", 39) == 0;
    CHECK(told);
    erg_result_free(result);

    char *text = NULL, *at;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    erg_export_options export = { .format = "energy-report", .channel = "wattsup:0/sum" };
    CHECK_OK(erg_export(trace, &export, out, &err), err);
    fclose(out);
    CHECK((at = strstr(text, "\"offset_s\": ")) != NULL);
    CHECK_NEAR(strtod(at + 12, NULL), 1.5, 0.1);
    free(text);
    erg_trace_free(trace);
}

static void the_same_log_twice_is_refused(void)
{
    erg_error err = { 0 };
    erg_law law;
    CHECK_OK(erg_law_parse(load, &law, &err), err);
    erg_trace *trace = record(sensor, 120, false);
    write_log(trace, of_law, &law, 0.5);
    for (int align = 1; align >= 0; align--) {
        erg_import_options options = { .align = align };
        erg_trace *one = erg_trace_load(run, &err);
        CHECK_OK(erg_import(one, meter, &options, &err), err);
        size_t before = erg_trace_channel_count(one);
        CHECK(!erg_import(one, meter, &options, &err) && err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, "already") && erg_trace_channel_count(one) == before);
        erg_trace_free(one);
    }
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_wall_meter_is_brought_to_the_clock_of_the_sensor),
        TEST(the_marker_of_erg_run_is_found),
        TEST(a_meter_that_follows_nothing_is_flagged_with_the_reason),
        TEST(the_offset_is_told_and_exported),
        TEST(the_same_log_twice_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
