/* SPDX-License-Identifier: Apache-2.0 */
/* A replay whose truth is known: kernels of chosen time and power. */
#ifndef TESTS_REPLAY_MADE_H
#define TESTS_REPLAY_MADE_H

#include <math.h>
#include "replay/meter.h"
#include "replay/recompose.h"

enum { MADE_KERNELS_MOST = 16 };

typedef struct made_kernel { double time_s, power_w, count; } made_kernel;

static inline erg_kernel_timing made_timing(const made_kernel *of, double runs,
                                            int64_t begin_ns)
{
    erg_kernel_timing out = {
        .name = "kernel",
        .kernel = -1,
        .tier = ERG_TIER_OTHER,
        .count = of->count,
        .time_s = of->time_s,
        .low_s = NAN,
        .high_s = NAN,
        .median_s = of->time_s,
        .min_s = NAN,
        .max_s = NAN,
        .empty_s = NAN,
        .runs_requested = runs,
        .runs_executed = NAN,
        .runs_used = NAN,
        .clock_hz = NAN,
        .gross_j = NAN,
        .gross_u_j = NAN,
        .dynamic_j = NAN,
        .dynamic_u_j = NAN,
        .updates = NAN,
        .mean_w = NAN,
        .span = { begin_ns, begin_ns + erg_ns_from_s(runs * of->time_s) },
    };
    return out;
}

#endif
