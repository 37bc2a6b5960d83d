/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Means of a recorded signal over any stretch, one lookup each. Between samples the
 * signal is a straight line, so an edge is two samples at one stamp.
 */
#ifndef ERG_TRACE_BOXCAR_H
#define ERG_TRACE_BOXCAR_H

#include "base/base.h"
#include "erg/trace.h"

typedef struct erg_boxcar {
    double *at_s; /* after origin_ns */
    double *value;
    double *sum; /* integral from at_s[0] */
    size_t count;
    /* Samples lie in as many cells of time as there are samples: the last one before each
     * cell, so that a segment is looked for in one cell and not walked to. */
    uint32_t *before;
    double cells_per_s;
    int64_t origin_ns;
} erg_boxcar;

/* Borrowed; in time order. */
typedef struct erg_samples { const erg_sample *at; size_t count; } erg_samples;

/* NAN samples are left out. ERG_NO_DATA under two samples. */
bool erg_boxcar_make(erg_samples samples, erg_boxcar *out, erg_error *err);
void erg_boxcar_free(erg_boxcar *boxcar);
/* Seconds after origin_ns; begin = end: the value there. NAN outside the record. */
double erg_boxcar_mean(const erg_boxcar *boxcar, double begin_s, double end_s);

#endif
