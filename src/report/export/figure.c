/* SPDX-License-Identifier: Apache-2.0 */
/* What every format says of joules, and JSON written by hand. */
#include <math.h>
#include <string.h>
#include "report/export/exporter.h"
#include "trace/ends.h"

static void name_idle(const erg_trace *trace, erg_figure *figure)
{
    const char *state = erg_trace_meta(trace, "idle_state");

    figure->idle = !figure->known || isnan(figure->energy.net_j)
        ? erg_idle_policy_name(ERG_IDLE_GROSS)
        : state ? state : erg_idle_policy_name(ERG_IDLE_CONTEXT);
}

erg_figure erg_figure_of(const erg_trace *trace, int channel, erg_span span)
{
    erg_figure figure = { .known = false };

    figure.known = erg_trace_energy(trace, channel, span, &figure.energy, &figure.why);
    name_idle(trace, &figure);
    return figure;
}

erg_figure erg_figure_over(const erg_trace *trace, int channel, const erg_stretches *where)
{
    erg_figure figure = { .known = false };

    figure.known =
        erg_stretches_energy(trace, channel, where, &figure.energy, &figure.why);
    name_idle(trace, &figure);
    return figure;
}

int erg_export_channel(const erg_trace *trace, const erg_export_options *options,
                       erg_error *err)
{
    if (options->channel) {
        int channel = erg_trace_find_channel(trace, options->channel);
        if (channel < 0)
            erg_fail(err, ERG_NOT_FOUND, "no channel '%.80s' in this run: "
                     "erg show lists them", options->channel);
        return channel;
    }
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++) {
        int channel = erg_trace_find_channel(trace, erg_trace_device(trace, i)->name);
        if (channel >= 0)
            return channel;
    }
    erg_fail(err, ERG_NO_DATA, "no power and no energy in this run: see erg devices");
    return -1;
}

/* What counts where nobody says: the runs of a command, else what a timing file measured
 * beside a log. The first that is there. */
static const char *const counting[] = { "run", "full_model" };

static bool has_window(const erg_export_options *options)
{
    return options->window.end_ns > options->window.begin_ns;
}

/* Those that have ended; each run is one. *out is empty where there are none. */
static bool take_region(const erg_trace *trace, const erg_export_options *options,
                        const char *region, erg_exported *out, erg_error *err)
{
    if (!erg_stretches_of(trace, region, options->window, &out->where, err))
        return false;
    size_t count = out->where.count;
    if (count)
        out->span = (erg_span){ out->where.spans[0].begin_ns,
                                out->where.spans[count - 1].end_ns };
    bool each_is_one = strcmp(region, counting[0]) == 0 && !options->region;
    out->runs = out->where.cut ? NAN
              : isnan(out->where.runs) && each_is_one ? (double)out->where.occurrences
                                                      : out->where.runs;
    return true;
}

static bool take_all(const erg_trace *trace, const erg_export_options *options,
                     erg_exported *out, erg_error *err)
{
    out->span = has_window(options) ? options->window : erg_trace_span(trace);
    out->runs = NAN;
    return erg_stretches_single(out->span, &out->where, err);
}

bool erg_export_where(const erg_trace *trace, const erg_export_options *options,
                      erg_exported *out, erg_error *err)
{
    *out = (erg_exported){ .runs = NAN };
    if (options->region)
        return take_region(trace, options, options->region, out, err)
            && (out->where.count > 0
                || erg_fail(err, ERG_NOT_FOUND, "no region '%.60s' in this run%s: "
                            "erg show lists them", options->region,
                            has_window(options) ? " within the window" : ""));
    for (size_t i = 0; i < ERG_COUNT(counting) && !has_window(options); i++) {
        if (!take_region(trace, options, counting[i], out, err))
            return false;
        if (out->where.count)
            return true;
        erg_stretches_free(&out->where);
    }
    return take_all(trace, options, out, err);
}

void erg_exported_free(erg_exported *exported)
{
    erg_stretches_free(&exported->where);
}

/* Other code pages come in as bytes and leave as Latin-1. */
void erg_json_text(FILE *out, const char *text)
{
    bool utf8 = !text[erg_utf8_valid(text, strlen(text))];
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < ' ' || *c == 127 || (*c > 127 && !utf8))
            fprintf(out, "\\u%04x", *c);
        else
            fputc(*c, out);
    fputc('"', out);
}

void erg_json_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.17g", value);
    else
        fputs("null", out);
}

void erg_json_figure(FILE *out, const erg_figure *figure)
{
    const erg_energy *energy = &figure->energy;
    const erg_energy_ends ends = erg_energy_ends_of(energy);
    const struct { const char *key; double value; } numbers[] = {
        { "energy_j", energy->energy_j },
        { "energy_low_j", ends.gross_j.low },
        { "energy_high_j", ends.gross_j.high },
        { "net_j", energy->net_j },
        { "net_spread_j", energy->net_spread_j },
        { "idle_w", energy->idle_w },
        { "covered", energy->covered },
        { "edges_held", energy->edges_held },
        { "mean_w", energy->mean_w },
        { "peak_w", energy->peak_w },
        { "window_s", energy->window_s },
        { "updates", (double)energy->updates },
        { "net_low_j", ends.net_j.low }, { "net_high_j", ends.net_j.high },
        { "mean_low_w", ends.mean_w.low }, { "mean_high_w", ends.mean_w.high },
        { "peak_low_w", ends.peak_w.low }, { "peak_high_w", ends.peak_w.high },
        { "idle_low_w", ends.idle_w.low }, { "idle_high_w", ends.idle_w.high },
    };
    if (!figure->known) {
        fputs("{\"energy_j\": null, \"reason\": ", out);
        erg_json_text(out, figure->why.text);
        fputc('}', out);
        return;
    }
    fprintf(out, "{\"method\": \"%s\", \"scope\": \"%s\", \"quality\": "
            "\"%s\", \"idle_policy\": ",
            erg_method_name(energy->method), erg_scope_name(energy->scope),
            erg_quality_name(energy->quality));
    erg_json_text(out, figure->idle);
    for (size_t i = 0; i < ERG_COUNT(numbers); i++) {
        fprintf(out, ", \"%s\": ", numbers[i].key);
        erg_json_number(out, numbers[i].value);
    }
    fputc('}', out);
}
