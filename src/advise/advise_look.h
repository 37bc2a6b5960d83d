/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run under the eyes of erg advise: rows of erg show in, findings out.
 */
#ifndef ERG_ADVISE_ADVISE_LOOK_H
#define ERG_ADVISE_ADVISE_LOOK_H

#include "base/base.h"
#include "erg/energy.h"

enum { ERG_FINDINGS_MOST = 256, ERG_ADVISE_SPANS_MOST = 4096 };

typedef struct erg_finding {
    char text[200];
    const char *advice;
    double energy_j, low_j, high_j, share;
    char source[80];
    const char *method;
} erg_finding;

typedef struct erg_look {
    const erg_trace *trace;
    erg_result *figures;            /* as erg show gives them */
    erg_span spans[ERG_ADVISE_SPANS_MOST];      /* of the run */
    size_t span_count;
    erg_finding list[ERG_FINDINGS_MOST + 1];    /* the last: what found no place */
    size_t count;
} erg_look;

typedef struct erg_look_row { const erg_table *table; size_t at; } erg_look_row;

double erg_look_real(erg_look_row of, const char *column);
const char *erg_look_text(erg_look_row of, const char *column);     /* "": none */

/* A new finding with a share of the joules of a row. 1: all, and by the row's own method;
 * NAN: no joules. The text comes with erg_look_say. */
erg_finding *erg_look_tell(erg_look *to, erg_look_row of, double share, const char *advice);
void erg_look_say(erg_finding *one, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* advise_devices.c: idle power, low use, throttling, peaks of one row of table devices. */
void erg_look_at_device(erg_look *to, erg_look_row of);
/* advise_regions.c: where the joules are, waits, what was too short for its sensor. */
void erg_look_at_regions(erg_look *to);

#endif
