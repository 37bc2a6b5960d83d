/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text: one run's joules a channel, base units, no series per process. */
#include <math.h>
#include <string.h>
#include "report/export/exporter.h"

typedef struct series {
    const char *name, *type, *about;
    double (*value)(const erg_energy *energy);
} series;

static double energy_of(const erg_energy *energy) { return energy->energy_j; }
static double power_of(const erg_energy *energy) { return energy->mean_w; }
static double spread_of(const erg_energy *energy) { return energy->spread_j; }
static double covered_of(const erg_energy *energy) { return energy->covered; }

static const series all[] = {
    { "erg_energy_joules_total", "counter", "Energy of the run", energy_of },
    { "erg_power_watts", "gauge", "Mean power of the run", power_of },
    { "erg_energy_spread_joules", "gauge", "Half-width of the 95 % interval of the energy",
      spread_of },
    { "erg_coverage_ratio", "gauge", "Share of the run that was seen", covered_of },
};

/* A label is UTF-8; other code pages come in as bytes and leave as Latin-1. */
static void put_label(FILE *out, const char *name, const char *value)
{
    bool utf8 = !value[erg_utf8_valid(value, strlen(value))];

    fprintf(out, "%s=\"", name);
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", out);
        else if (*c > 127 && !utf8)
            fprintf(out, "%c%c", 0xc0 | *c >> 6, 0x80 | (*c & 0x3f));
        else
            fputc(*c, out);
    fputc('"', out);
}

static void put_labels(FILE *out, const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    const erg_device_info *device = erg_trace_device(trace, info->device);
    put_label(out, "{device", device->name);
    put_label(out, ",channel", info->name);
    put_label(out, ",uuid", device->uuid);
    put_label(out, ",scope", erg_scope_name(info->scope));
}

static void put_head(FILE *out, const char *name, const char *type, const char *about)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, about, name, type);
}

static void put_series(FILE *out, const erg_trace *trace, const series *one)
{
    put_head(out, one->name, one->type, one->about);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        erg_figure figure = erg_figure_of(trace, i, erg_trace_span(trace));
        if (!figure.known || isnan(one->value(&figure.energy)))
            continue;
        fputs(one->name, out);
        put_labels(out, trace, i);
        put_label(out, ",method", erg_method_name(figure.energy.method));
        fprintf(out, "} %.17g\n", one->value(&figure.energy));
    }
}

/* Words do not fit into samples: quality and idle policy are labels of a 1. */
static void put_words(FILE *out, const erg_trace *trace)
{
    put_head(out, "erg_energy_info", "gauge", "Quality and idle policy of the energy");
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        erg_figure figure = erg_figure_of(trace, i, erg_trace_span(trace));
        if (!figure.known)
            continue;
        fputs("erg_energy_info", out);
        put_labels(out, trace, i);
        put_label(out, ",method", erg_method_name(figure.energy.method));
        put_label(out, ",quality", erg_quality_name(figure.energy.quality));
        put_label(out, ",idle_policy", figure.idle);
        fputs("} 1\n", out);
    }
}

static void put_absent(FILE *out, const erg_trace *trace)
{
    put_head(out, "erg_channel_unavailable", "gauge",
             "A channel without a figure, and why");
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        erg_figure figure = erg_figure_of(trace, i, erg_trace_span(trace));
        if (figure.known)
            continue;
        fputs("erg_channel_unavailable", out);
        put_labels(out, trace, i);
        put_label(out, ",reason", figure.why.text);
        fputs("} 1\n", out);
    }
}

static bool write_prometheus(const erg_trace *trace, const erg_export_options *options,
                             FILE *out, erg_error *err)
{
    (void)options, (void)err;
    for (size_t i = 0; i < ERG_COUNT(all); i++)
        put_series(out, trace, &all[i]);
    put_words(out, trace);
    put_absent(out, trace);
    return true;
}

const erg_exporter erg_exporter_prometheus = { "prometheus", write_prometheus };
