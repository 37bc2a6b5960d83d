/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy op_clock: a clock so much lower while a named region runs, where such regions
 * last long enough for a change of clock to be worth its time.
 *
 * step() is told how long the region before has gone on and which one goes on now, and
 * answers by how much the clock shall be below the base one. It reads no clock, allocates
 * nothing and keeps all in its state: a copy by memcpy goes on as the first would.
 *
 *   Lowered  only when a region begins, and only if the smoothed duration of those of its
 *            name (alpha 0.2) is at least max(min_region_s, 10 switch_s): never at a name's
 *            first one.
 *   Restored when it ends; one that ended early waits until min_region_s is over. Any two
 *            changes are that far apart; a region that comes too soon is left at the base
 *            clock.
 *   Units    SI. Threads: one at a time for each state.
 *   Source   docs/govern.md.
 */
#ifndef ERG_SHAPE_OP_CLOCK_H
#define ERG_SHAPE_OP_CLOCK_H

#include <stdbool.h>

enum { ERG_OPS_MOST = 16 };

typedef struct erg_op_clock {
    double mean_s[ERG_OPS_MOST];    /* smoothed duration of each name's; NAN: none ended */
    int op;                         /* now; -1: none that has a number */
    double region_s;                /* how long it has gone on */
    double delta_hz;                /* in force: 0 or below */
    bool is_wanted;                 /* by the region of now */
    double hold_s, held_s;          /* between changes; since the last one */
} erg_op_clock;

/* What the table says of the op of now. */
typedef struct erg_op_clock_in {
    int op;                         /* 0..ERG_OPS_MOST-1; else none (-1) */
    double delta_hz;                /* of it; 0 or above, NAN: no row of the table is its */
    double min_region_s;
    double switch_s;                /* that a change of clock takes; NAN: not known */
} erg_op_clock_in;

void erg_op_clock_begin(erg_op_clock *state);

/* dt_s: since the last call, all of it in the op that was told then; what is not finite or
 * below 0 is 0. The answer is in Hz, 0 or below. */
double erg_op_clock_step(erg_op_clock *state, const erg_op_clock_in *in, double dt_s);

/* Who told is silent or another: what was learnt of names is not theirs, and how long the
 * last region was is not known. The clock returns as after any region. */
void erg_op_clock_forget(erg_op_clock *state);

/* base_hz so much lower, and never below the least that the device has. */
double erg_op_clock_hz(double base_hz, double delta_hz, double least_hz);

#endif
