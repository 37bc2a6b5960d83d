/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load behind a board's power smoothing. What is drawn rises and falls no faster than was
 * said; a load that has been at the floor and dips below it is filled up to it, until it
 * has been low for so long. Straight lines between events, so that energy is exact. What
 * was drawn stays drawn, and the clock never goes back. The board's limit stands over all.
 *
 *   Source   sections 4.1 and 5.4 of the shaping specification.
 */
#ifndef ERG_PLANT_SMOOTHED_H
#define ERG_PLANT_SMOOTHED_H

#include "plant/capped.h"

typedef struct erg_smoothing {
    bool is_on;
    double floor_w, up_w_per_s, down_w_per_s;
    double hold_s;              /* the load may be low for so long */
} erg_smoothing;

/* So many lines are remembered: windows of sensors reach no further back. */
enum { ERG_SMOOTHED_MOST = 2048 };

typedef struct erg_smoothed_line {
    double at_s, begin_w, slope_w_per_s;
    double sum_j;               /* drawn before it, since the first */
} erg_smoothed_line;

typedef struct erg_smoothed {
    const erg_capped *load;
    erg_smoothing now;
    double at_s, at_w;          /* what is known goes so far */
    double low_s;               /* the load is below the floor since; NAN: it is not */
    bool is_held;
    double first_s, sum_j;
    erg_smoothed_line lines[ERG_SMOOTHED_MOST];     /* a ring */
    size_t begin, count;        /* 0: it was never turned, and the load is what is drawn */
} erg_smoothed;

/* From at_s on. load must stay where it is. */
void erg_smoothed_turn(erg_smoothed *of, const erg_capped *load, double at_s,
                       const erg_smoothing *to);
/* Before the load is turned, and before anything is asked about what is not known yet. */
void erg_smoothed_run(erg_smoothed *of, double to_s);
erg_plant_view erg_smoothed_view(const erg_smoothed *of);

#endif
