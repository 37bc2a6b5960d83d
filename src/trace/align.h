/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of other meters: t_host = alpha t_meter + beta (measure.md section 10). */
#ifndef ERG_TRACE_ALIGN_H
#define ERG_TRACE_ALIGN_H

#include "trace/boxcar.h"

typedef struct erg_offset {
    double offset_s;        /* add to meter stamps; exact at the middle of the record */
    double offset_u_s;      /* standard uncertainty */
    double drift;           /* alpha - 1; 0: too short to tell */
    double peak, second;    /* correlation at the best and at the rival offset */
} erg_offset;

/* reference: activity 0..1 or a fast sensor, straight between samples (an edge is two
 * at one stamp); meter: its samples with averaging window_s (0, NAN: none); most_s: how
 * far off the clock may be, 5 s is usual. ERG_REFUSED with the reason when the answer
 * would be a guess. */
bool erg_align(erg_samples reference, erg_samples meter, double window_s, double most_s,
               erg_offset *out, erg_error *err);
/* 0/1 activity of the regions of a trace, as samples; free() it. */
erg_sample *erg_align_activity(const erg_trace *trace, size_t *count, erg_error *err);
/* The marker load of `erg run --marker`: a 31-chip m-sequence. */
extern const unsigned char erg_marker_chips[31];

#endif
