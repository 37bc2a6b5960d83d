/* SPDX-License-Identifier: Apache-2.0 */
/* The two levels of a record: of work, and of what it waits out. */
#ifndef ERG_GOVERN_SCENARIO_LEVELS_H
#define ERG_GOVERN_SCENARIO_LEVELS_H

#include <stddef.h>

typedef struct erg_levels {
    double low_w, high_w;       /* the extremes */
    double threshold_w;         /* between the levels: high_w, or Otsu's where that is 0 */
    double quiet_w;             /* mean below it */
} erg_levels;

erg_levels erg_levels_of(const double power_w[], size_t count, double high_w);

#endif
