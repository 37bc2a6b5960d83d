/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chrome trace JSON, as Perfetto reads it: us from the begin of the run, the
 * begin itself in baseTimeNanoseconds. Written as it is walked: millions of kernels need no
 * memory of their own.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "erg/timeline.h"
#include "report/export/exporter.h"
#include "trace/stream.h"

static double us_of(int64_t t_ns, int64_t begin_ns)
{
    return (double)(t_ns - begin_ns) / (double)ERG_NS_PER_US;
}

/* A word between others; free() it. NULL: no memory. */
static char *quoted(const char *before, const char *word, const char *after)
{
    char *text = NULL;
    size_t count;
    FILE *out = open_memstream(&text, &count);

    if (!out)
        return NULL;
    fputs(before, out);
    erg_json_text(out, word);
    fputs(after, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* What is the same in all of its lines is made once. */
static bool put_channel(FILE *out, const erg_trace *trace, int channel, int64_t begin_ns,
                        erg_error *err)
{
    char path[ERG_CHANNEL_PATH_MOST];
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    const char *unit = erg_trace_channel(trace, channel)->unit;

    erg_trace_channel_path(trace, channel, path);
    char *head = quoted(",\n{\"ph\": \"C\", \"pid\": 1, \"name\": ", path, ", \"ts\": ");
    char *middle = quoted(", \"args\": {", *unit ? unit : "value", ": ");
    for (size_t i = 0; head && middle && i < count; i++) {
        erg_samples_pass(trace, channel, i);
        if (!isnan(samples[i].value))
            fprintf(out, "%s%.3f%s%.9g}}", head, us_of(samples[i].t_ns, begin_ns), middle,
                    samples[i].value);
    }
    bool good = head && middle;
    free(head);
    free(middle);
    return good || erg_fail(err, ERG_NO_MEMORY, "out of memory");
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

/* As PyTorch calls them, so that what is written reads back as what it was. Annotations
 * are regions already. */
static const char *const categories[ERG_EVENT_KINDS] = {
    [ERG_EVENT_OTHER] = "other",       [ERG_EVENT_KERNEL] = "kernel",
    [ERG_EVENT_COPY] = "gpu_memcpy",   [ERG_EVENT_SET] = "gpu_memset",
    [ERG_EVENT_COLLECTIVE] = "kernel", [ERG_EVENT_OPERATOR] = "cpu_op",
    [ERG_EVENT_RUNTIME] = "cuda_runtime",
};

/* 1 is erg itself, then the host, then each device. */
static int pid_of(const erg_track *track) { return 3 + track->device; }

static void put_tracks(FILE *out, const erg_trace *trace)
{
    for (int32_t i = 0; i < erg_trace_track_count(trace); i++) {
        const erg_track *track = erg_trace_track(trace, i);
        char process[32] = "host";
        if (track->device >= 0)
            snprintf(process, sizeof(process), "GPU %d", (int)track->device);
        fprintf(out,
                ",\n{\"ph\": \"M\", \"pid\": %d, \"name\": \"process_name\", \"args\": "
                "{\"name\": \"%s\"}}", pid_of(track), process);
        fprintf(out, ",\n{\"ph\": \"M\", \"pid\": %d, \"tid\": %" PRId64 ", \"name\": "
                "\"thread_name\", \"args\": {\"name\": ", pid_of(track), track->stream);
        erg_json_text(out, track->name);
        fputs("}}", out);
    }
}

typedef struct putting { FILE *out; const erg_trace *trace; int64_t begin_ns; } putting;

static void put_event(const putting *own, const erg_trace_event *event)
{
    const erg_track *track = erg_trace_track(own->trace, event->track);
    const char *category = categories[event->kind];
    FILE *out = own->out;

    if (!category)
        return;
    fputs(",\n{\"ph\": \"X\", \"name\": ", out);
    erg_json_text(out, erg_trace_event_name(own->trace, event->name));
    fprintf(out, ", \"cat\": \"%s\", \"pid\": %d, \"tid\": %" PRId64 ", \"ts\": %.3f, "
            "\"dur\": %.3f, \"args\": {", category, pid_of(track), track->stream,
            us_of(event->begin_ns, own->begin_ns), us_of(event->duration_ns, 0));
    if (track->device >= 0)
        fprintf(out, "\"device\": %d, \"stream\": %" PRId64, (int)track->device,
                track->stream);
    if (event->by >= 0) {
        fputs(track->device >= 0 ? ", \"operator\": " : "\"operator\": ", out);
        erg_json_text(out, erg_trace_event_name(own->trace, event->by));
    }
    fputs("}}", out);
}

static bool put_events(void *self, const erg_trace_event events[], size_t count,
                       erg_error *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        put_event(self, &events[i]);
    return true;
}

static void put_spike(FILE *out, const erg_table *spikes, size_t row)
{
    const char *cause = erg_table_find(spikes, row, "cause").text;

    fprintf(out, ",\n{\"ph\": \"i\", \"pid\": 1, \"tid\": 0, \"s\": \"g\", \"name\": "
            "\"spike\", \"ts\": %.3f, \"args\": {\"peak_w\": ",
            1e6 * erg_table_find(spikes, row, "time_s").real);
    erg_json_number(out, erg_table_find(spikes, row, "peak_w").real);
    fputs(", \"lift\": ", out);
    erg_json_number(out, erg_table_find(spikes, row, "lift").real);
    fputs(", \"cause\": ", out);
    cause ? erg_json_text(out, cause) : (void)fputs("null", out);
    fputs("}}", out);
}

/* Without a meter there are none. */
static bool put_spikes(FILE *out, const erg_trace *trace, erg_error *err)
{
    erg_error why = { 0 };
    erg_result *timeline = erg_timeline(trace, &(erg_timeline_options){ .top = 1 }, &why);

    if (!timeline)
        return erg_can_do_without(&why, err);
    const erg_table *spikes = erg_result_find(timeline, "spikes");
    for (size_t i = 0; i < erg_table_row_count(spikes); i++)
        put_spike(out, spikes, i);
    erg_result_free(timeline);
    return true;
}

static void put_figures(FILE *out, const erg_trace *trace, erg_span span)
{
    bool first = true;
    fputs("\n], \"otherData\": {", out);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        char path[ERG_CHANNEL_PATH_MOST];
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        erg_figure figure = erg_figure_of(trace, i, span);
        erg_trace_channel_path(trace, i, path);
        fputs(first ? "\n" : ",\n", out);
        erg_json_text(out, path);
        fputs(": ", out);
        erg_json_figure(out, &figure);
        first = false;
    }
    fputs("}}\n", out);
}

static bool write_perfetto(const erg_trace *trace, const erg_export_options *options,
                           FILE *out, erg_error *err)
{
    erg_span span = erg_trace_span(trace);
    (void)options;

    fputs("{\"displayTimeUnit\": \"ms\"", out);
    if (erg_trace_anchor_count(trace) > 0)
        fprintf(out, ", \"baseTimeNanoseconds\": %" PRId64,
                erg_trace_utc_ns(trace, span.begin_ns));
    fputs(", \"traceEvents\": [\n{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", "
          "\"args\": {\"name\": \"erg\"}}", out);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        if (!put_channel(out, trace, i, span.begin_ns, err))
            return false;
    put_regions(out, trace, span);
    put_marks(out, trace, span.begin_ns);
    put_tracks(out, trace);
    putting events = { out, trace, span.begin_ns };
    if (!erg_trace_each_event(trace, put_events, &events, err)
        || !put_spikes(out, trace, err))
        return false;
    put_figures(out, trace, span);
    return true;
}

const erg_exporter erg_exporter_perfetto = { "perfetto", write_perfetto };
