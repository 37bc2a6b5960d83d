/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of an imported meter against the run that it joins. */
#ifndef ERG_IMPORT_FORMATS_METER_CLOCK_H
#define ERG_IMPORT_FORMATS_METER_CLOCK_H

#include "trace/align.h"
#include "import/formats/copy.h"

typedef struct erg_meter_clock {
    bool asked;             /* the file has a meter, and its clock was looked for */
    erg_turn turn;          /* for erg_trace_copy */
    erg_offset offset;
    char by[80];            /* what found it: "marker", "regions", "longest region",
                             * "events", a sensor; "": nothing */
    erg_error why;          /* of the first that did not */
} erg_meter_clock;

/* A channel in watts, on another's clock as far as that is known. */
typedef struct erg_meter {
    erg_sample *samples;    /* of very many every n-th, and the last; free() them */
    size_t count;
    double window_s, period_s;      /* of all of them */
} erg_meter;

bool erg_meter_take(const erg_trace *own, int channel, int64_t shift_ns, erg_meter *to,
                    erg_error *err);
/* Into the meta as key:of; of NULL: as key. */
bool erg_meter_put_number(erg_trace *into, const char *key, const char *of, double value,
                          erg_error *err);
/* How to turn own's stamps so that its meter follows the load that into knows. A clock
 * that cannot be told is no failure: the turn is none, and why says the reason. */
bool erg_meter_clock_find(const erg_trace *into, const erg_trace *own, double most_s,
                          erg_meter_clock *clock, erg_error *err);
/* Into the meta of the meters from first_channel on; CLOCK_OFFSET_UNKNOWN if it could
 * not be told. name is the file's. */
bool erg_meter_clock_keep(erg_trace *into, int first_channel, const char *name,
                          const erg_meter_clock *clock, erg_error *err);

#endif
