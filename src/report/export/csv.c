/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples as CSV. The first row of a channel carries its facts and its joules in
 * the last column, key=value; so that the file alone can be imported again.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/export/exporter.h"
#include "trace/facts.h"
#include "trace/stream.h"

/* Facts stand in one quoted cell: its quote and separator may not occur in them. */
static void put_fact(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s=", name);
    for (const char *c = value; *c; c++)
        fputc(*c == '"' || *c == ';' || *c == '\n' || *c == '\r' ? '_' : *c, out);
    fputc(';', out);
}

static void put_number(FILE *out, const char *name, double value)
{
    char text[40] = "";
    if (!isnan(value))
        snprintf(text, sizeof(text), "%.17g", value);
    put_fact(out, name, text);
}

static void put_facts(FILE *out, const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    char text[128];

    fputc('"', out);
    for (const erg_fact *fact = erg_channel_facts; fact->name; fact++) {
        erg_fact_text(fact, info, text, sizeof(text));
        put_fact(out, fact->name, text);
    }
    for (const erg_fact *fact = erg_device_facts + 1; fact->name; fact++) {
        erg_fact_text(fact, erg_trace_device(trace, info->device), text, sizeof(text));
        put_fact(out, fact->name, text);
    }
    erg_figure figure = { 0 };
    if (erg_has_joules(info->quantity))
        figure = erg_figure_of(trace, channel, erg_trace_span(trace));
    if (figure.known) {
        const erg_energy *energy = &figure.energy;
        erg_bounds bounds = erg_bounds_of(energy->method, energy->energy_j,
                                          energy->spread_j);
        put_fact(out, "quality", erg_quality_name(energy->quality));
        put_fact(out, "idle_policy", figure.idle);
        put_number(out, "energy_j", energy->energy_j);
        put_number(out, "energy_low_j", bounds.low);
        put_number(out, "energy_high_j", bounds.high);
        put_number(out, "net_j", energy->net_j);
    }
    fputc('"', out);
}

static void put_cell(FILE *out, const char *text)
{
    bool plain = !strpbrk(text, ",\"\r\n");
    if (plain) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c; c++)
        fputs((char[]){ *c, *c == '"' ? '"' : '\0', '\0' }, out);
    fputc('"', out);
}

static void put_stamp(FILE *out, const erg_trace *trace, int64_t t_ns)
{
    char stamp[48] = "";
    if (erg_trace_anchor_count(trace) > 0)
        erg_utc_format(erg_trace_utc_ns(trace, t_ns), 9, stamp, sizeof(stamp));
    fprintf(out, "%s,%" PRId64, stamp, t_ns);
}

static void write_channel(FILE *out, const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t i = 0; i < count; i++) {
        put_stamp(out, trace, samples[i].t_ns);
        fputc(',', out);
        put_cell(out, erg_trace_device(trace, info->device)->name);
        fputc(',', out);
        put_cell(out, info->name);
        fputc(',', out);
        if (!isnan(samples[i].value))
            fprintf(out, "%.17g", samples[i].value);
        fprintf(out, ",%s,%" PRId64 ",", info->unit, samples[i].half_width_ns);
        if (i == 0)
            put_facts(out, trace, channel);
        fputc('\n', out);
        erg_samples_pass(trace, channel, i);
    }
}

/* ---- a column a channel ------------------------------------------------------------- */

static bool next_stamp(const erg_trace *trace, const size_t at[], int64_t *t_ns)
{
    bool any = false;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        size_t count;
        const erg_sample *samples = erg_trace_samples(trace, i, &count);
        if (at[i] < count && (!any || samples[at[i]].t_ns < *t_ns)) {
            *t_ns = samples[at[i]].t_ns;
            any = true;
        }
    }
    return any;
}

static bool write_wide(FILE *out, const erg_trace *trace, erg_error *err)
{
    int channels = (int)erg_trace_channel_count(trace);
    size_t *at = calloc((size_t)channels + 1, sizeof(*at)), count;
    int64_t t_ns;
    char path[ERG_CHANNEL_PATH_MOST];

    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    fputs("time_utc,mono_ns", out);
    for (int i = 0; i < channels; i++) {
        erg_trace_channel_path(trace, i, path);
        fputc(',', out);
        put_cell(out, path);
    }
    fputs(",facts\n", out);
    for (bool first = true; next_stamp(trace, at, &t_ns); first = false) {
        put_stamp(out, trace, t_ns);
        for (int i = 0; i < channels; i++) {
            const erg_sample *samples = erg_trace_samples(trace, i, &count);
            fputc(',', out);
            if (at[i] >= count || samples[at[i]].t_ns != t_ns)
                continue;
            if (!isnan(samples[at[i]].value))
                fprintf(out, "%.17g", samples[at[i]].value);
            erg_samples_pass(trace, i, at[i]++);
        }
        fputc(',', out);
        for (int i = 0; first && i < channels; i++)
            put_facts(out, trace, i);
        fputc('\n', out);
    }
    free(at);
    return true;
}

static bool write_csv(const erg_trace *trace, const erg_export_options *options, FILE *out,
                      erg_error *err)
{
    if (options->wide)
        return write_wide(out, trace, err);
    fputs("time_utc,mono_ns,device,channel,value,unit,half_width_ns,facts\n", out);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        write_channel(out, trace, i);
    return true;
}

const erg_exporter erg_exporter_csv = { "csv", write_csv };
