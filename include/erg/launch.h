/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules of what a program launches on a GPU: a launch takes its own out of a bucket or
 * waits, so that the program keeps a power budget that no driver holds; a semaphore of
 * watts besides bounds what runs at once.
 *
 * What a launch takes is learned: its time from the GPU's own stamps, its power from an
 * energy counter, and what the counter says in the end is what is taken from the bucket.
 *
 *   Units    SI; time is int64_t nanoseconds, CLOCK_MONOTONIC.
 *   Owning   erg_launch_gate * is yours: erg_launch_gate_free it.
 *   Failing  A budget that cannot be kept is ERG_BAD_INPUT; a gate that there is never
 *            fails.
 *   Threads  One at a time for each gate. It reads no clock and never waits itself.
 *   Source   docs/hooks.md, "Launch gate".
 */
#ifndef ERG_LAUNCH_H
#define ERG_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* 0: not asked for, not known. */
typedef struct erg_launch_budget {
    double power_w;             /* R: at most, over any time much longer than window_s */
    double window_s;            /* the bucket holds R window_s */
    double slot_w;              /* at most at once */
    double idle_w;              /* drawn while nothing that was launched runs */
    double busy_w;              /* of a kind that was never seen; 0: power_w, else slot_w */
    double fallback_w;          /* kept once a grant has run out; 0: power_w */
} erg_launch_budget;

/* One launch that was admitted: kept by the caller until it is over. */
typedef struct erg_launch_item {
    uint64_t kind;
    double energy_j, power_w;   /* as taken, with what the counter has corrected */
    double model_w;             /* of its kind alone */
} erg_launch_item;

typedef struct erg_launch_gate erg_launch_gate;

/* ERG_BAD_INPUT: a figure below 0, or neither power_w nor slot_w. */
erg_launch_gate *erg_launch_gate_new(const erg_launch_budget *budget, erg_error *err);
void erg_launch_gate_free(erg_launch_gate *gate);

/* kind: launches of one kind are taken to be alike (the kernel and its sizes). 0: it is
 * admitted, and *item is filled. Else so many seconds until it could be; INFINITY: once
 * another is over. must: it is admitted whatever that means, and pays all the same. */
double erg_launch_gate_admit(erg_launch_gate *gate, int64_t now_ns, uint64_t kind,
                             bool must, erg_launch_item *item);
/* It ran for so long; NAN: as long as such do, 0: it was not launched after all. */
void erg_launch_gate_done(erg_launch_gate *gate, int64_t now_ns,
                          const erg_launch_item *item, double took_s);
/* From now_ns on its power is this one, above 0, and from until_ns on the fallback, unless
 * another grant comes first. What was admitted stays paid for; a rise brings no joules but
 * those that flow in from now on. Without effect on a gate that began without a power. */
void erg_launch_gate_grant(erg_launch_gate *gate, int64_t now_ns, double power_w,
                           int64_t until_ns);
/* A reading of the energy counter of the GPU; NAN is none. */
void erg_launch_gate_counted(erg_launch_gate *gate, int64_t now_ns, double energy_j);
/* What the GPU was seen to draw at least, beside a counter: once that has told nothing for
 * a second, so much is taken for all the time in which nothing runs. The least that was
 * told counts; 0 and NAN are none. at_rest: it was seen while nothing ran on it. Where it
 * never was, the least may be far above what idling takes: no more than half of what the
 * gate may then spend is taken, so that half is left to launches. */
void erg_launch_gate_rests(erg_launch_gate *gate, int64_t now_ns, double idle_w,
                           bool at_rest);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
