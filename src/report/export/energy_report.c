/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The energy report: keys that older tools read, and ours in "erg". It is of the runs and
 * not of what lies between them, as `erg show` is. Legacy is the old backward sum and the
 * mean of the samples, only to compare with old reports.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "report/export/exporter.h"
#include "trace/flag_groups.h"
#include "trace/stream.h"

static const double J_PER_WH = 3600;

typedef struct content {
    const erg_trace *trace;
    const erg_export_options *options;
    FILE *out;
    int channel;
    erg_exported of;
    double total_j;
    erg_figure figure;
} content;

static void put_number(FILE *out, const char *before, double value)
{
    fputs(before, out);
    erg_json_number(out, value);
}

static void put_stamp(content *c, const char *key, int64_t t_ns)
{
    char stamp[48];
    fprintf(c->out, "  \"%s\": ", key);
    if (erg_trace_anchor_count(c->trace) == 0) {
        fputs("null,\n", c->out);
        return;
    }
    erg_utc_format(erg_trace_utc_ns(c->trace, t_ns), 6, stamp, sizeof(stamp));
    fprintf(c->out, "\"%s\",\n", stamp);
}

static double counted_runs(const content *c)
{
    return c->of.runs > 0 && !erg_summary_per_run_refused(c->trace) ? c->of.runs : NAN;
}

/* How far the clock of the channel's meter was off, as `erg import --align` found. */
static double clock_number(const content *c, const char *key)
{
    int device = erg_trace_channel(c->trace, c->channel)->device;
    char name[80];
    snprintf(name, sizeof(name), "%s:%s", key, erg_trace_device(c->trace, device)->name);
    const char *text = erg_trace_meta(c->trace, name);
    double value = NAN;
    return text && erg_number_parse(text, strlen(text), '.', &value) ? value : NAN;
}

static double duration_s(const content *c)
{
    int64_t sum_ns = 0;
    for (size_t k = 0; k < c->of.where.count; k++)
        sum_ns += c->of.where.spans[k].end_ns - c->of.where.spans[k].begin_ns;
    return (double)sum_ns / (double)ERG_NS_PER_S;
}

static double meter_mean_w(const content *c, const char *name)
{
    for (int i = 0; i < (int)erg_trace_channel_count(c->trace); i++)
        if (strcmp(erg_trace_channel(c->trace, i)->name, name) == 0)
            return erg_figure_over(c->trace, i, &c->of.where).energy.mean_w;
    return NAN;
}

static void put_known_keys(content *c)
{
    const erg_energy *energy = &c->figure.energy;
    double runs = counted_runs(c), mean_w;
    int64_t samples =
        erg_stretches_samples(c->trace, c->channel, &c->of.where, &mean_w);

    put_stamp(c, "start_timestamp", c->of.span.begin_ns);
    put_stamp(c, "end_timestamp", c->of.span.end_ns);
    put_number(c->out, "  \"duration_seconds\": ", duration_s(c));
    fprintf(c->out, ",\n  \"num_power_samples\": %" PRId64, samples);
    put_number(c->out, ",\n  \"num_runs\": ", c->of.runs);
    put_number(c->out, ",\n  \"power_watts\": {\"average\": ",
               c->options->legacy ? mean_w : energy->mean_w);
    put_number(c->out, ", \"peak\": ", energy->peak_w);
    put_number(c->out, ", \"min\": ", energy->min_w);
    put_number(c->out, "},\n  \"energy_joules\": {\"total\": ", c->total_j);
    put_number(c->out, ", \"per_run\": ", c->total_j / runs);
    put_number(c->out, "},\n  \"energy_wh\": {\"total\": ", c->total_j / J_PER_WH);
    put_number(c->out, ", \"per_run\": ", c->total_j / runs / J_PER_WH);
    put_number(c->out, "},\n  \"power_meters\": {\"pm1_avg_watts\": ",
               meter_mean_w(c, "pm1"));
    put_number(c->out, ", \"pm2_avg_watts\": ", meter_mean_w(c, "pm2"));
    fputs("},\n", c->out);
}

/* Those that lie on what is told, and those of the figure alone, as TOO_SHORT. */
static void put_flags(content *c)
{
    uint64_t raised = c->figure.energy.flags;
    const char *before = "";

    for (size_t i = 0; i < erg_trace_flag_count(c->trace); i++) {
        const erg_flag *flag = erg_trace_flag(c->trace, i);
        if (erg_flag_lies_on(flag, c->of.where.spans, c->of.where.count))
            raised |= UINT64_C(1) << flag->code;
    }
    fputs("[", c->out);
    for (int code = 0; code < ERG_FLAG_COUNT_OF; code++) {
        if (!(raised >> code & 1))
            continue;
        fprintf(c->out, "%s\"%s\"", before, erg_flag_describe((erg_flag_code)code)->name);
        before = ", ";
    }
    fputs("]", c->out);
}

/* How watts or counts became joules; the method may be simulated all the same. */
static const char *integration(const content *c)
{
    if (c->options->legacy)
        return "legacy";
    switch (erg_trace_channel(c->trace, c->channel)->kind) {
    case ERG_COUNTER: return "difference";
    case ERG_AVG_PREV: return "steps";
    case ERG_INSTANT:
    case ERG_SMOOTHED: return "trapezoid";
    }
    return "";
}

static void put_ours(content *c)
{
    const erg_energy *energy = &c->figure.energy;
    const erg_device_info *device =
        erg_trace_device(c->trace, erg_trace_channel(c->trace, c->channel)->device);
    char path[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(c->trace, c->channel, path);
    fprintf(c->out, "  \"erg\": {\"schema\": \"erg.energy_report.v1\", "
            "\"integration\": \"%s\", \"method\": \"%s\", \"scope\": \"%s\", \"quality\": "
            "\"%s\",\n    \"flags\": ",
            integration(c), erg_method_name(energy->method), erg_scope_name(energy->scope),
            erg_quality_name(energy->quality));
    put_flags(c);
    put_number(c->out, ",\n    \"covered\": ", energy->covered);
    put_number(c->out, ", \"spread_j\": ", energy->spread_j);
    fputs(",\n    \"idle\": {\"policy\": ", c->out);
    erg_json_text(c->out, c->figure.idle);
    put_number(c->out, ", \"base_w\": ", energy->idle_w);
    put_number(c->out, ", \"net_j\": ", energy->net_j);
    put_number(c->out, ", \"net_per_run_j\": ", energy->net_j / counted_runs(c));
    put_number(c->out, "},\n    \"clock\": {\"offset_s\": ",
               clock_number(c, "clock_offset_s"));
    put_number(c->out, ", \"half_width_s\": ", 2 * clock_number(c, "clock_offset_u_s"));
    fputs("},\n    \"device\": ", c->out);
    erg_json_text(c->out, path);
    fputs(", \"host\": ", c->out);
    erg_json_text(c->out, device->wired_to[0] ? device->wired_to : device->host_id);
    fputs("}\n}\n", c->out);
}

static bool sum_legacy(content *c, erg_error *err)
{
    double one_j;

    c->total_j = 0;
    for (size_t k = 0; k < c->of.where.count; k++) {
        erg_span span = c->of.where.spans[k];
        if (!erg_trace_energy_legacy(c->trace, c->channel, span, &one_j, err))
            return false;
        c->total_j += one_j;
    }
    return true;
}

static bool fill(content *c, erg_error *err)
{
    c->figure = erg_figure_over(c->trace, c->channel, &c->of.where);
    c->total_j = c->figure.energy.energy_j;
    if (!c->figure.known)
        return erg_fail(err, c->figure.why.code, "%s", c->figure.why.text);
    return !c->options->legacy || sum_legacy(c, err);
}

static bool write_report(const erg_trace *trace, const erg_export_options *options,
                         FILE *out, erg_error *err)
{
    content c = { .trace = trace, .options = options, .out = out };

    c.channel = erg_export_channel(trace, options, err);
    bool good = c.channel >= 0 && erg_export_where(trace, options, &c.of, err)
             && fill(&c, err);
    if (good) {
        fputs("{\n", out);
        put_known_keys(&c);
        put_ours(&c);
    }
    erg_exported_free(&c.of);
    return good;
}

const erg_exporter erg_exporter_energy_report = { "energy-report", write_report };
