/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a run the events of a trace belong: without a date, or of another clock. */
#ifndef ERG_IMPORT_FORMATS_EVENT_CLOCK_H
#define ERG_IMPORT_FORMATS_EVENT_CLOCK_H

#include "trace/align.h"
#include "import/formats/copy.h"

typedef struct erg_event_clock {
    erg_turn turn;          /* for erg_trace_copy */
    erg_offset offset;
    char by[80];            /* the channel that told */
    double begin_s;         /* of the first event, after the begin of the run */
    bool has_date;          /* turn is then from where its date puts it */
} erg_event_clock;

/* The shift at which some meter of into follows the work of own best. ERG_REFUSED with the
 * reason where the answer would be a guess: there is no other place to put them. */
bool erg_event_clock_find(const erg_trace *into, const erg_trace *own, const char *name,
                          erg_event_clock *out, erg_error *err);
/* The same for events that have a date, of a clock that is at most most_s off (0: 5 s). A
 * turn of 0: they are where the power follows them; found->by "": no power tells, and why
 * says the reason. */
bool erg_event_clock_check(const erg_trace *into, const erg_trace *own, double most_s,
                           erg_event_clock *out, erg_error *why, erg_error *err);
/* Into the meta of the run. */
bool erg_event_clock_keep(erg_trace *into, const char *name, const erg_event_clock *clock,
                          erg_error *err);
/* Why the clock of its stamps could not be told. */
bool erg_event_clock_keep_doubt(erg_trace *into, const char *name, const erg_error *why,
                                erg_error *err);

#endif
