/* SPDX-License-Identifier: Apache-2.0 */
/* A trace out in one format. Called under the C locale: numbers have points. */
#ifndef ERG_REPORT_EXPORT_EXPORTER_H
#define ERG_REPORT_EXPORT_EXPORTER_H

#include "base/base.h"
#include "erg/report.h"
#include "trace/tally.h"

typedef struct erg_exporter {
    const char *name;
    bool (*write)(const erg_trace *trace, const erg_export_options *options, FILE *out,
                  erg_error *err);
} erg_exporter;

extern const erg_exporter erg_exporter_csv, erg_exporter_json, erg_exporter_energy_report,
    erg_exporter_perfetto, erg_exporter_prometheus, erg_exporter_tape;

/* What every format says of a channel's joules. */
typedef struct erg_figure {
    bool known;
    erg_energy energy;
    const char *idle;       /* policy of the net figure, "gross" without one */
    erg_error why;          /* where not known */
} erg_figure;

erg_figure erg_figure_of(const erg_trace *trace, int channel, erg_span span);
erg_figure erg_figure_over(const erg_trace *trace, int channel, const erg_stretches *where);
/* options->channel, or the first device's best; -1 and err. */
int erg_export_channel(const erg_trace *trace, const erg_export_options *options,
                       erg_error *err);
/* What a figure of the whole export is of: options->region, or the regions that count, or
 * everything; of that what lies in options->window. */
typedef struct erg_exported {
    erg_stretches where;
    erg_span span;          /* from the first begin to the last end */
    double runs;            /* NAN: not known */
} erg_exported;
bool erg_export_where(const erg_trace *trace, const erg_export_options *options,
                      erg_exported *out, erg_error *err);
void erg_exported_free(erg_exported *exported);

/* ---- JSON by hand: samples are too many for a tree -------------------------------- */

void erg_json_text(FILE *out, const char *text);
void erg_json_number(FILE *out, double value);      /* null for NAN */
/* {"energy_j": ..., "energy_low_j", "energy_high_j", ..., "idle_policy": ...} */
void erg_json_figure(FILE *out, const erg_figure *figure);

#endif
