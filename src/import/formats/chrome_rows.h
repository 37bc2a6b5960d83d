/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a Chrome trace on their way into a recording: words, tracks, who asked for
 * them. */
#ifndef ERG_IMPORT_FORMATS_CHROME_ROWS_H
#define ERG_IMPORT_FORMATS_CHROME_ROWS_H

#include "import/chrome_work.h"
#include "trace/intern.h"
#include "trace/spill.h"

typedef struct erg_chrome_track {
    erg_track info;
    double work_s, exchange_s;  /* of kernels on it, and of those that exchange data */
} erg_chrome_track;

/* Who asked for it: event.by, or the operator of an External id, or of the call of a
 * correlation. */
typedef struct erg_chrome_row {
    erg_trace_event event;
    int64_t id;             /* INT64_MIN: none */
    bool by_call;           /* id is a correlation */
} erg_chrome_row;

typedef struct erg_chrome_rows {
    erg_trace *into;
    erg_spill events;           /* erg_chrome_row */
    erg_interned raw_names;     /* as the file writes them: unescaped once each */
    erg_rows numbers;           /* int32_t: the trace's numbers of raw_names */
    erg_interned places;        /* "process\ttid" or "device\tstream" */
    erg_rows tracks;            /* erg_chrome_track, one a place */
    erg_spill operators;        /* erg_link. External id: name of the operator */
    erg_spill calls;            /* correlation: External id of the runtime call */
    size_t links_most;          /* looked up at once */
    int64_t first_ns, last_ns;
    erg_error *err;
} erg_chrome_rows;

/* Before the first event. */
void erg_chrome_rows_begin(erg_chrome_rows *rows, erg_trace *into, erg_error *err);
void erg_chrome_rows_free(erg_chrome_rows *rows);
bool erg_chrome_rows_add(erg_chrome_rows *rows, const erg_chrome_event *event);
/* Operators and tracks are known now: shifted by shift_ns, all goes into the trace. */
bool erg_chrome_rows_finish(erg_chrome_rows *rows, int64_t shift_ns);

#endif
