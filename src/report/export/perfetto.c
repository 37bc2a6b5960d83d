/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chrome trace JSON, as Perfetto reads it: us from the begin of the run, the
 * begin itself in baseTimeNanoseconds.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "report/export/exporter.h"

static double us_of(int64_t t_ns, int64_t begin_ns)
{
    return (double)(t_ns - begin_ns) / (double)ERG_NS_PER_US;
}

static void put_channel(FILE *out, const erg_trace *trace, int channel, int64_t begin_ns)
{
    char path[80];
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    const char *unit = erg_trace_channel(trace, channel)->unit;

    erg_export_path(trace, channel, path, sizeof(path));
    for (size_t i = 0; i < count; i++) {
        if (isnan(samples[i].value))
            continue;
        fputs(",\n{\"ph\": \"C\", \"pid\": 1, \"name\": ", out);
        erg_json_text(out, path);
        fprintf(out, ", \"ts\": %.3f, \"args\": {", us_of(samples[i].t_ns, begin_ns));
        erg_json_text(out, *unit ? unit : "value");
        fprintf(out, ": %.9g}}", samples[i].value);
    }
}

static void put_regions(FILE *out, const erg_trace *trace, erg_span span)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        int64_t end_ns = region->end_ns == INT64_MAX ? span.end_ns : region->end_ns;
        fputs(",\n{\"ph\": \"X\", \"pid\": 1, \"name\": ", out);
        erg_json_text(out, region->name);
        fprintf(out, ", \"tid\": %" PRId64 ", \"ts\": %.3f, \"dur\": %.3f}", region->thread,
                us_of(region->begin_ns, span.begin_ns), us_of(end_ns, region->begin_ns));
    }
}

static void put_marks(FILE *out, const erg_trace *trace, int64_t begin_ns)
{
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(trace, i);
        fputs(",\n{\"ph\": \"i\", \"pid\": 1, \"tid\": 0, \"s\": \"g\", \"name\": ", out);
        erg_json_text(out, mark->name);
        fprintf(out, ", \"ts\": %.3f, \"args\": {\"value\": ", us_of(mark->t_ns, begin_ns));
        erg_json_number(out, mark->value);
        fputs("}}", out);
    }
}

static void put_figures(FILE *out, const erg_trace *trace, erg_span span)
{
    bool first = true;
    fputs("\n], \"otherData\": {", out);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        char path[80];
        if (!erg_is_measure(erg_trace_channel(trace, i)))
            continue;
        erg_figure figure = erg_figure_of(trace, i, span);
        erg_export_path(trace, i, path, sizeof(path));
        fputs(first ? "\n" : ",\n", out);
        erg_json_text(out, path);
        fputs(": ", out);
        erg_json_figure(out, &figure);
        first = false;
    }
    fputs("}}\n", out);
}

static bool write_perfetto(const erg_trace *trace, const erg_export_options *options, FILE *out,
                           erg_error *err)
{
    erg_span span = erg_trace_span(trace);
    (void)options, (void)err;

    fputs("{\"displayTimeUnit\": \"ms\"", out);
    if (erg_trace_anchor_count(trace) > 0)
        fprintf(out, ", \"baseTimeNanoseconds\": %" PRId64, erg_trace_utc_ns(trace, span.begin_ns));
    fputs(", \"traceEvents\": [\n{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", "
          "\"args\": {\"name\": \"erg\"}}", out);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        put_channel(out, trace, i, span.begin_ns);
    put_regions(out, trace, span);
    put_marks(out, trace, span.begin_ns);
    put_figures(out, trace, span);
    return true;
}

const erg_exporter erg_exporter_perfetto = { "perfetto", write_perfetto };
