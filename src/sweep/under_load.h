/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device was at while it worked. A clock that was set is no proof: at rest a GPU
 * parks it, at its power cap it falls below, and some boards accept and do not take it.
 */
#ifndef ERG_SWEEP_UNDER_LOAD_H
#define ERG_SWEEP_UNDER_LOAD_H

#include "erg/trace.h"
#include "fit/activity.h"

typedef struct erg_under_load {
    double sm_clock_hz;     /* median over samples with use > 0; NAN: none, or never in
                             * use */
    double throttled;       /* share of those whose clock was taken away; NAN: not told */
    double temp_c;          /* mean of all samples; NAN: none */
    double pipes[ERG_ACTIVITY_PARTS];   /* means of the channels of activities, and of
                                         * the */
    double dram_active;                 /* memory's, under load; NAN: none told */
    size_t samples;         /* of the clock, under load */
    bool never_used;        /* its use was read, and was 0 throughout */
} erg_under_load;

/* Over the spans; device as in the trace. Where a device does not tell its use every
 * sample counts. */
bool erg_under_load_read(const erg_trace *trace, const char *device, const erg_span spans[],
                         size_t span_count, erg_under_load *out, erg_error *err);

#endif
