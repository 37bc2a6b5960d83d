/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of others become a trace; nobody else knows their formats.
 *
 *   Units    SI in the trace, whatever the file has. An option of 0 or NULL is not stated.
 *   Owning   The trace stays yours; options and paths are borrowed for the call.
 *   Failing  Bad input is one sentence with file, line and cure
 *            (ERG_BAD_INPUT); nothing half-read is handed out.
 *   Threads  Any; no shared state.
 *   Source   docs/formats.md.
 */
#ifndef ERG_IMPORT_H
#define ERG_IMPORT_H

#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_import_options {
    const char *format;     /* an importer's name; NULL: sniffed */
    const char *tz;         /* zone of stamps without one: "UTC", "+02:00",
                             * "Europe/Berlin" */
    const char *date;       /* "dmy" "mdy" "ymd" for files with d.m.yyyy dates */
    char decimal;           /* 0 or '.'; ',' */
    const char *start;      /* first stamp, for files without stamps (a stamp) */
    double period_s;        /* period, likewise; 0: not stated */
    const char *fields;     /* "155,156": dcgmi field ids in the order given to -e */
    const char *time_column, *power_columns, *unit, *kind; /* generic CSV */
    double window_s;
    const char *wired_to;
    bool align;             /* find the clock offset against what is in the trace */
    double align_most_s;    /* 0: 5 s */
    int writer;             /* of a monitor log that two programs wrote: 1 or 2 keeps that
                             * one's rows; 0: such a log is ERG_BAD_INPUT */
} erg_import_options;

typedef struct erg_importer_info { const char *name, *about; } erg_importer_info;

size_t erg_importer_count(void);
erg_importer_info erg_importer_at(size_t index);

/* The name of the importer that knows these bytes; NULL: none. */
const char *erg_import_format(const char *bytes, size_t size);

/* Adds the file to a trace (a new one holds it alone), once: a file that is in it
 * already is ERG_BAD_INPUT. A file that is not understood leaves the trace as it was. */
bool erg_import(erg_trace *into, const char *path, const erg_import_options *options,
                erg_error *err);
/* The same from memory: what the fuzz targets call. name stands in sentences. */
bool erg_import_bytes(erg_trace *into, const char *name, const char *bytes, size_t size,
                      const erg_import_options *options, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
