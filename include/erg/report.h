/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling it: tables in, bytes out; and a trace out in the formats of others.
 *
 *   Failing  ERG_IO with the reason; what was written before it stays written
 *            to the FILE *, so write files aside (erg_write_file does).
 *   Threads  Any; no shared state.
 */
#ifndef ERG_REPORT_H
#define ERG_REPORT_H

#include <stdio.h>
#include "erg/energy.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_write_options {
    const char *table;      /* one table only, or NULL */
    bool color;             /* text: escape codes */
    int width;              /* text: columns of the terminal; 0: unlimited */
    bool no_notes;          /* text: tables only */
} erg_write_options;

size_t erg_writer_count(void);
const char *erg_writer_name(size_t index);      /* text json csv html prometheus
                                                 * openmetrics */

bool erg_write(const erg_result *result, const char *format,
               const erg_write_options *options, FILE *out, erg_error *err);

typedef struct erg_export_options {
    const char *format;     /* csv json energy-report perfetto prometheus tape */
    bool wide;              /* csv: a column a channel */
    bool legacy;            /* energy-report: the old backward sum, marked so */
    const char *region;     /* energy-report: of this region; NULL: the run */
    const char *channel;    /* tape: this one; NULL: the best */
} erg_export_options;

size_t erg_exporter_count(void);
const char *erg_exporter_name(size_t index);

bool erg_export(const erg_trace *trace, const erg_export_options *options, FILE *out,
                erg_error *err);

/* One self-contained HTML page of a run: no network, no third-party script. */
bool erg_report_page(const erg_trace *trace, const char *title, FILE *out, erg_error *err);
/* The same with a timeline of that trace (erg_timeline): spikes, streams, joules of
 * kernels. erg_report_page makes one itself where events of other tools are in the
 * trace. */
bool erg_report_timeline(const erg_trace *trace, const erg_result *timeline,
                         const char *title, FILE *out, erg_error *err);
/* Likewise of an estimate, from its tables alone. */
bool erg_report_estimate(const erg_result *estimate, const char *title, FILE *out,
                         erg_error *err);
/* Likewise of a choice (erg choose), with its front and its curves. */
bool erg_report_choice(const erg_result *choice, const char *title, FILE *out,
                       erg_error *err);
/* Likewise of a fit: errors of every kind of model, and of the chosen by application. */
bool erg_report_fit(const erg_result *fit, const char *title, FILE *out, erg_error *err);
/* Likewise of a coupling study (erg couple), of one session or several. */
bool erg_report_couple(const erg_result *couple, const char *title, FILE *out,
                       erg_error *err);
/* Likewise of a thermal fit (erg thermal fit --curves). */
bool erg_report_thermal(const erg_result *thermal, const char *title, FILE *out,
                        erg_error *err);
/* Likewise of an index over a log (erg rle), with its collapses. */
bool erg_report_rle(const erg_result *rle, const char *title, FILE *out, erg_error *err);
/* Likewise of policies over a load (erg shape), with wave, spectrum and the gate's
 * clauses. */
bool erg_report_shape(const erg_result *shape, const char *title, FILE *out,
                      erg_error *err);
/* Likewise of a recomposition (erg replay recompose): sums of kernels beside the whole. */
bool erg_report_replay(const erg_result *replay, const char *title, FILE *out,
                       erg_error *err);
/* A result that erg wrote as JSON; yours to free. */
erg_result *erg_result_load(const char *path, erg_error *err);
/* The same from memory; name is for sentences. */
erg_result *erg_result_parse(const char *name, const char *bytes, size_t size,
                             erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
