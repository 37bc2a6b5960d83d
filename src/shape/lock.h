/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phases kept apart by delays alone: a group whose step begins too early in the period of
 * the slowest one is held back a little each step, until it is where it belongs.
 *
 *   phi = (t_mark - t_ref - o) mod T         err = (T - phi) mod T
 *   delay = 0 if phi < 0.02 T, else min(0.2 err, d_max)
 */
#ifndef ERG_SHAPE_LOCK_H
#define ERG_SHAPE_LOCK_H

#include <stdbool.h>

enum { ERG_LOCK_TIMES = 9 };

/* Of the step that begins at mark_s; ref_s: any begin of the slowest group. >= 0. */
double erg_lock_delay(double mark_s, double ref_s, double offset_s, double period_s,
                      double most_s);
/* A group that is faster by this share of the period settles at an error below 0.02 of it;
 * a slower one, below 0, never does. */
bool erg_lock_holds(double drift, double most_s, double period_s);
/* Steps until an error of that share of the period is below 0.02 of it. */
double erg_lock_steps(double error, double most_s, double period_s);
/* Of the last ERG_LOCK_TIMES steps; count of them, at least 1. */
double erg_lock_period(const double times_s[], int count);

#endif
