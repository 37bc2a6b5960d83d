/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why did the power fall? Each lasting fall of power or clock has the cause that sets in
 * first, within one interval of it: a thermal flag, a power-limit flag, less load, a fan
 * or pump. A fan that stays as it was causes nothing.
 */
#ifndef ERG_COUPLE_POWER_DROP_H
#define ERG_COUPLE_POWER_DROP_H

#include "base/base.h"

/* Where the mean of x changes for good: binary segmentation by least squares with a
 * penalty of 3 ln n noise variances a change, as told by first differences; steps of less
 * than `least` are none, nor are levels of fewer than three bins. Gaps are passed over.
 * Returns the count: places[i] is the first bin of the new level, in order. At most `most`,
 * the greatest first. */
size_t erg_change_points(const double x[], size_t n, double least, size_t places[],
                         size_t most);

typedef enum erg_drop_cause {
    ERG_DROP_UNKNOWN,
    ERG_DROP_HEAT,          /* a thermal flag */
    ERG_DROP_LIMIT,         /* a power-limit flag */
    ERG_DROP_LOAD,          /* utilisation falls by more than 0.2 */
    ERG_DROP_COOLING        /* fan or pump goes on or off, or moves by more than 0.15 */
} erg_drop_cause;

const char *erg_drop_cause_name(erg_drop_cause cause);

/* Bins; NULL where there is no such channel. Flags are above 0 where set; load and fan
 * in 0..1. */
typedef struct erg_drop_channels {
    size_t n;
    const double *power_w, *clock_hz, *heat, *limit, *load, *fan;
    double least_w;         /* of power; 0: 10 W or 5 % of its median, the larger */
} erg_drop_channels;

typedef struct erg_power_drop {
    size_t place;           /* first bin of the lower level */
    double before, after;   /* W, or Hz for a fall of the clock alone */
    bool is_clock;
    erg_drop_cause cause;
} erg_power_drop;

/* Falls in the order of time, at most `most`. */
size_t erg_power_drops(const erg_drop_channels *channels, erg_power_drop drops[],
                       size_t most);

#endif
