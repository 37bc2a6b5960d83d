/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a run the events of a trace belong whose stamps count from no date. */
#ifndef ERG_IMPORT_FORMATS_EVENT_CLOCK_H
#define ERG_IMPORT_FORMATS_EVENT_CLOCK_H

#include "trace/align.h"
#include "import/formats/copy.h"

typedef struct erg_event_clock {
    erg_turn turn;          /* for erg_trace_copy */
    erg_offset offset;
    char by[80];            /* the channel that told */
    double begin_s;         /* of the first event, after the begin of the run */
} erg_event_clock;

/* The shift at which some meter of into follows the work of own best. ERG_REFUSED with the
 * reason where the answer would be a guess: there is no other place to put them. */
bool erg_event_clock_find(const erg_trace *into, const erg_trace *own, const char *name,
                          erg_event_clock *out, erg_error *err);
/* Into the meta of the run. */
bool erg_event_clock_keep(erg_trace *into, const char *name, const erg_event_clock *clock,
                          erg_error *err);

#endif
