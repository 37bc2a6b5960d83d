/* SPDX-License-Identifier: Apache-2.0 */
/* What a figure of an export is of: the runs, a region, a window of the recording. */
#include <jansson.h>
#include "erg/energy.h"
#include "made.h"

/* A run from 1 to 9 s, work in it from 2 to 3 and from 5 to 7 s. */
static erg_trace *with_work(void)
{
    static const struct { int begin_s, end_s; } rows[] = { { 2, 3 }, { 5, 7 } };
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_region work = { .name = "work", .runs = NAN,
                            .begin_ns = rows[i].begin_s * ERG_NS_PER_S,
                            .end_ns = rows[i].end_s * ERG_NS_PER_S };
        CHECK(erg_trace_add_region(trace, &work, NULL));
    }
    return trace;
}

static double joules(const erg_trace *trace, double begin_s, double end_s)
{
    erg_error err = { 0 };
    erg_energy energy;
    erg_span span = { erg_ns_from_s(begin_s), erg_ns_from_s(end_s) };
    CHECK_OK(erg_trace_energy(trace, 1, span, &energy, &err), err);
    return energy.energy_j;
}

static double scraped(const erg_trace *trace, erg_export_options options)
{
    static const char line[] =
        "\nerg_energy_joules_total{device=\"gpu:0\",channel=\"energy\"";
    size_t size;
    options.format = "prometheus";
    char *text = export_text(trace, &options, &size);
    const char *at = strstr(text, line);
    CHECK(at && (at = strchr(at, '}')));
    double value = strtod(at + 1, NULL);
    free(text);
    return value;
}

static double reported(const erg_trace *trace, erg_export_options options)
{
    size_t size;
    options.format = "energy-report";
    options.channel = "gpu:0/energy";
    char *text = export_text(trace, &options, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    double value = json_number_value(json_object_get(json_object_get(root, "energy_joules"),
                                                     "total"));
    json_decref(root);
    free(text);
    return value;
}

static void a_figure_is_of_the_runs_or_of_what_is_asked_for(void)
{
    double (*const formats[])(const erg_trace *trace, erg_export_options options) = {
        scraped, reported,
    };
    erg_trace *trace = with_work();
    const erg_span window = { 3 * ERG_NS_PER_S, 6 * ERG_NS_PER_S };
    double work_j = joules(trace, 2, 3) + joules(trace, 5, 7);
    for (size_t i = 0; i < ERG_COUNT(formats); i++) {
        CHECK_NEAR(formats[i](trace, (erg_export_options){ .wide = false }),
                   joules(trace, 1, 9), 1e-9);
        CHECK_NEAR(formats[i](trace, (erg_export_options){ .region = "work" }), work_j,
                   1e-9);
        CHECK_NEAR(formats[i](trace, (erg_export_options){ .window = window }),
                   joules(trace, 3, 6), 1e-9);
        CHECK_NEAR(formats[i](trace, (erg_export_options){ .region = "work",
                                                           .window = window }),
                   joules(trace, 5, 6), 1e-9);
    }
    erg_trace_free(trace);
}

static void a_region_that_is_not_there_is_no_figure_of_everything(void)
{
    static const char *const formats[] = { "prometheus", "energy-report" };
    erg_trace *trace = with_work();
    char *text = NULL;
    size_t size;
    for (size_t i = 0; i < ERG_COUNT(formats); i++) {
        erg_export_options options = { .format = formats[i], .region = "nothing" };
        erg_error err = { 0 };
        FILE *out = open_memstream(&text, &size);
        CHECK(!erg_export(trace, &options, out, &err) && err.code == ERG_NOT_FOUND);
        fclose(out);
        CHECK(size == 0);
        free(text);
    }
    erg_trace_free(trace);
}

static void a_sensor_that_could_not_be_read_is_told_to_scrapers(void)
{
    size_t size;
    erg_trace *trace = with_work();
    CHECK(erg_trace_set_meta(trace, "absent:rapl", "mode 0400: \"ask\"", NULL));
    CHECK(erg_trace_set_meta(trace, "absent:cpufreq", "no clocks", NULL));
    char *text = export_text(trace, &(erg_export_options){ .format = "prometheus" }, &size);
    CHECK(strstr(text, "\nerg_channel_unavailable{device=\"rapl\",reason=\"mode 0400: "
                       "\\\"ask\\\"\"} 1\n"));
    CHECK(!strstr(text, "no clocks"));
    free(text);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_figure_is_of_the_runs_or_of_what_is_asked_for),
        TEST(a_region_that_is_not_there_is_no_figure_of_everything),
        TEST(a_sensor_that_could_not_be_read_is_told_to_scrapers),
    };
    return test_run(tests, ERG_COUNT(tests));
}
