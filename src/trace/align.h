/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of other meters: t_host = alpha t_meter + beta. */
#ifndef ERG_TRACE_ALIGN_H
#define ERG_TRACE_ALIGN_H

#include "trace/boxcar.h"

typedef struct erg_offset {
    double offset_s;        /* add to meter stamps; exact at the middle of the record */
    double offset_u_s;      /* standard uncertainty */
    double drift;           /* alpha - 1; 0: too short to tell */
    double peak, second;    /* correlation at the best and at the rival offset */
    double unmoved;         /* and at none; NAN: not known, -1: they do not overlap */
} erg_offset;

/* reference: activity 0..1 or a fast sensor, straight between samples (an edge is two
 * at one stamp); meter: its samples with averaging window_s (0, NAN: none); most_s: how
 * far off the clock may be, 5 s is usual. ERG_REFUSED with the reason when the answer
 * would be a guess. */
bool erg_align(erg_samples reference, erg_samples meter, double window_s, double most_s,
               erg_offset *out, erg_error *err);
/* 0/1 activity of the regions of a trace, as samples; free() it. */
erg_sample *erg_align_activity(const erg_trace *trace, size_t *count, erg_error *err);
/* A sensor's power as samples; free() it. Of more than `most` readings so many means in
 * equal bins stand for them: at ERG_ALIGN_READINGS 18 hours in bins as fine as half a
 * second, which is half a reading of a meter at 1 Hz. */
enum { ERG_ALIGN_READINGS = 1 << 17 };
struct erg_stream;
erg_sample *erg_align_sensor(const struct erg_stream *stream, size_t most, size_t *count,
                             erg_error *err);
/* As erg_align of one stretch of load, by the readings near its two edges: what else ran
 * farther off, and the middle of a long one, say nothing of them. within: the stretch and
 * the rest around it. */
bool erg_align_edges(erg_span load, erg_span within, erg_samples meter, double window_s,
                     double most_s, erg_offset *out, erg_error *err);
/* within, cut where other work than load begins or ends; what overlaps it does not
 * count. */
erg_span erg_align_apart(erg_span within, erg_span load, erg_span other);

/* Work that events tell, by the bin: 0..1 of it, whatever overlaps. All zero is none. */
typedef struct erg_align_work {
    erg_span span;          /* first begin to last end */
    int64_t bin_ns;
    double *busy_ns;
    size_t bins;
    bool on_device;         /* operators count only where no device worked */
    int64_t told_ns;
} erg_align_work;
/* Bins of an eighth of the meter's period: nothing finer is seen. */
bool erg_align_work_take(const erg_trace *trace, double period_s, erg_align_work *out,
                         erg_error *err);
void erg_align_work_free(erg_align_work *work);
/* As erg_align of the work moved by shift_ns. What ran outside of it is not known; only
 * where the work itself does not tell, rest is assumed around it. */
bool erg_align_work_match(const erg_align_work *work, int64_t shift_ns, erg_samples meter,
                          double window_s, double most_s, erg_offset *out, erg_error *err);
/* The offset is told from none: farther than its 95 % interval reaches, and it fits better
 * by 0.1. */
bool erg_offset_is_off(const erg_offset *offset);

/* The marker load of `erg run --marker`: a 31-chip m-sequence. */
extern const unsigned char erg_marker_chips[31];

#endif
