/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording says over time: spikes and what starts them, who limited the clock,
 * and the joules of every kernel, operator or region.
 *
 *   Units    SI; times are seconds from the begin of the recording.
 *   Owning   The result is yours: erg_result_free. The trace is only read.
 *   Failing  ERG_NO_DATA without a channel of power or energy, ERG_BAD_INPUT: a prior, with
 *            its line.
 *   Missing  What is in no kernel is a row of its own, `unattributed`: parts and remainder
 *            add up to the total.
 *   Threads  Pure functions of a trace that nobody writes.
 *   Source   docs/timeline.md.
 */
#ifndef ERG_TIMELINE_H
#define ERG_TIMELINE_H

#include "erg/energy.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_timeline_options {
    const char *channel;    /* "nvml:0/power", or a device; NULL: the first that counts */
    const char *by;         /* "kernel" "operator" "region"; NULL: the finest there is */
    double ramp_w_per_s;    /* a faster rise over 10 ms is a spike too; 0: not asked */
    double lag_most_s;      /* a cause begins at most so long before; 0: 0.1 s */
    uint64_t key;           /* another draw of the shifts */
    const char *prior;      /* CSV of expected watts by name, as of erg estimate; NULL:
                             * none */
    size_t top;             /* rows of attribution; the rest is one row. 0: all */
    double byte_j;          /* of a byte from memory: with the column bytes of prior it
                             * takes memory's part out of compute, a model. 0: none */
} erg_timeline_options;

/* Tables spikes, attribution, split, causes, throttling, limiters, labels, summary. */
erg_result *erg_timeline(const erg_trace *trace, const erg_timeline_options *options,
                         erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
