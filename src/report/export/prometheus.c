/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text: one run's joules a channel, base units, no series per process. */
#include <math.h>
#include <stdlib.h>
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

static void put_series(FILE *out, const erg_trace *trace, const erg_figure figures[],
                       const series *one)
{
    put_head(out, one->name, one->type, one->about);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_energy *energy = &figures[i].energy;
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity) || !figures[i].known
            || isnan(one->value(energy)))
            continue;
        fputs(one->name, out);
        put_labels(out, trace, i);
        put_label(out, ",method", erg_method_name(energy->method));
        fprintf(out, "} %.17g\n", one->value(energy));
    }
}

/* Words do not fit into samples: quality and idle policy are labels of a 1. */
static void put_words(FILE *out, const erg_trace *trace, const erg_figure figures[])
{
    put_head(out, "erg_energy_info", "gauge", "Quality and idle policy of the energy");
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_figure *figure = &figures[i];
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity) || !figure->known)
            continue;
        fputs("erg_energy_info", out);
        put_labels(out, trace, i);
        put_label(out, ",method", erg_method_name(figure->energy.method));
        put_label(out, ",quality", erg_quality_name(figure->energy.quality));
        put_label(out, ",idle_policy", figure->idle);
        fputs("} 1\n", out);
    }
}

/* Sensors that could not be read are no channels, and would be missed all the same. */
static void put_absent(FILE *out, const erg_trace *trace, const erg_figure figures[])
{
    const char *driver, *why;
    size_t at = 0;

    put_head(out, "erg_channel_unavailable", "gauge",
             "A channel or a sensor without a figure, and why");
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity) || figures[i].known)
            continue;
        fputs("erg_channel_unavailable", out);
        put_labels(out, trace, i);
        put_label(out, ",reason", figures[i].why.text);
        fputs("} 1\n", out);
    }
    while (erg_summary_absent(trace, &at, &driver, &why)) {
        fputs("erg_channel_unavailable", out);
        put_label(out, "{device", driver);
        put_label(out, ",reason", why);
        fputs("} 1\n", out);
    }
}

static bool write_prometheus(const erg_trace *trace, const erg_export_options *options,
                             FILE *out, erg_error *err)
{
    size_t count = erg_trace_channel_count(trace);
    erg_exported of = { .runs = NAN };
    erg_figure *figures = calloc(count + 1, sizeof(*figures));
    bool good = figures ? erg_export_where(trace, options, &of, err)
                        : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; good && i < count; i++)
        if (erg_has_joules(erg_trace_channel(trace, (int)i)->quantity))
            figures[i] = erg_figure_over(trace, (int)i, &of.where);
    for (size_t i = 0; good && i < ERG_COUNT(all); i++)
        put_series(out, trace, figures, &all[i]);
    if (good) {
        put_words(out, trace, figures);
        put_absent(out, trace, figures);
    }
    erg_exported_free(&of);
    free(figures);
    return good;
}

const erg_exporter erg_exporter_prometheus = { "prometheus", write_prometheus };
