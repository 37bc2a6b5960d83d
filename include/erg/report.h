/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling it: tables in, bytes out; and a trace out in the formats of others.
 *
 *   Units    As the columns say; exports are in the units of the other tool.
 *   Owning   What is written stays yours, and so does the FILE *: it is neither opened nor
 *            closed here, but for erg_write_file. A result that is read is yours:
 *            erg_result_free.
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

/* Writes what into out, as how says. */
typedef bool erg_file_body(const void *what, const void *how, FILE *out, erg_error *err);
/* Lets body write the file at path, which is there when it is complete and not before: a
 * failure or a kill leaves what was there. "-" is stdout; a pipe or a device is written as
 * it is; ERG_BAD_INPUT where path is a folder. */
bool erg_write_file(const char *path, erg_file_body *body, const void *what,
                    const void *how, erg_error *err);

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
    bool legacy;            /* energy-report: the old sum and mean, marked so */
    const char *region;     /* energy-report, prometheus: of this region; NULL: the run */
    const char *channel;    /* tape: this one; NULL: the best */
    erg_span window;        /* energy-report, prometheus: what lies in it; end <= begin:
                             * all */
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
/* The page of a result, from its tables alone: of erg estimate, choose, fit, couple, rle,
 * thermal fit --curves, shape --wave --spectrum --explain and replay recompose.
 * ERG_BAD_INPUT: a table is missing; the text says which command writes it. */
bool erg_report_result(const erg_result *result, const char *title, FILE *out,
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
