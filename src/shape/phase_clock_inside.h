/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the policy phase_clock: what may be used, and what is gathered. */
#ifndef ERG_SHAPE_PHASE_CLOCK_INSIDE_H
#define ERG_SHAPE_PHASE_CLOCK_INSIDE_H

#include "shape/phase_clock.h"

/* One step's interval: what has been done and drawn in it. */
typedef struct phase_interval {
    double dt_s;
    double work;            /* units; 0: none ended, or not told */
    double energy_j;        /* NAN: not known */
    bool work_went_back;
} phase_interval;

/* The place of the clock nearest to it. */
size_t phase_clock_nearest(const erg_phase_clock_setup *setup, double clock_hz);
/* The places that floor, caps and heat leave, low <= high: a cap goes before a floor. */
void phase_clock_limits(erg_phase_clock *state, const erg_phase_clock_in *in, size_t *low,
                        size_t *high);
/* The most that heat allows, looked at each 10 s or dwell. */
void phase_clock_heat(erg_phase_clock *state, const erg_phase_clock_in *in,
                      const phase_interval *was);

/* Where a slot wants to be. */
size_t phase_slot_clock(const erg_phase_slot *slot);
/* The interval joins the slot's dwell, and the dwell its search when it is whole. */
void phase_slot_gather(erg_phase_clock *state, erg_phase_slot *slot,
                       const erg_phase_clock_in *in, const phase_interval *was);
/* The interval teaches nothing: it was at a clock that the slot did not want. */
void phase_slot_break(erg_phase_slot *slot);

#endif
