/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two kinds of runs that took turns, A B A B ..: a smooth drift, the
 * effect of the second kind, and noise, by least squares.
 *
 * Each B is later than its A, so that differences within pairs keep the drift of one turn:
 * under a steady drift their t test is wrong in most cases. Here a drift is fitted beside
 * the effect: a line with 6 and 7 runs, a parabola with 8 and 9, a cubic from 10 on. What
 * is rougher stays in the residuals and widens the interval (tests/math/test_turns.c).
 */
#ifndef ERG_MATH_TURNS_H
#define ERG_MATH_TURNS_H

#include <stdbool.h>
#include <stddef.h>

enum { ERG_TURNS_LEAST = 6, ERG_TURNS_MOST = 128 };

typedef struct erg_turns {
    double effect, error, df;   /* of the second kind, its standard error, Student's df */
    double drift;               /* of the first kind from the first run to the last */
    int degree;                 /* of the drift */
} erg_turns;

/* y of n runs at their times (any unit, rising), second: of the second kind. False: fewer
 * than LEAST or more than MOST, a value or time that is no number, or an order that cannot
 * tell the effect from a drift. */
bool erg_turns_fit(const double y[], const double at[], const bool second[], size_t n,
                   erg_turns *out);

#endif
