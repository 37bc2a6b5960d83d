/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that memory does not hold: sorted runs in a spill, merged when they are read
 * (Knuth, The Art of Computer Programming 3, 5.4.1).
 */
#ifndef ERG_TRACE_EVENTS_ASIDE_H
#define ERG_TRACE_EVENTS_ASIDE_H

#include "erg/trace.h"
#include "trace/spill.h"

typedef struct erg_events_aside {
    erg_spill runs;     /* erg_trace_event: each full run in order, one behind the other */
    erg_rows last;      /* the run that is being filled */
    size_t sorted;      /* of it, from its begin on */
} erg_events_aside;

erg_events_aside *erg_events_aside_new(erg_error *err);
void erg_events_aside_free(erg_events_aside *aside);
/* In any order. */
bool erg_events_aside_add(erg_events_aside *aside, const erg_trace_event events[],
                          size_t count, erg_error *err);
size_t erg_events_aside_count(const erg_events_aside *aside);
/* In the order of erg_trace_events; of equal ones the one added first. */
bool erg_events_aside_each(erg_events_aside *aside, erg_trace_visit_events *visit,
                           void *self, erg_error *err);

/* ---- events_sort.c ------------------------------------------------------------------ */

/* Stable; the first ones are in order already. May give rows other items. */
bool erg_events_sort(erg_rows *rows, size_t sorted, erg_error *err);
bool erg_event_is_after(const erg_trace_event *a, const erg_trace_event *b);

#endif
