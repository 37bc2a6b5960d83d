/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fmax and fmin without a call: the larger and the smaller of two, and of a number and NAN
 * the number. A coordinator's step takes 150,000 of them.
 *
 *   Differs  Of 0 and -0 either may come.
 */
#ifndef ERG_MATH_LARGER_H
#define ERG_MATH_LARGER_H

#include <math.h>

static inline double erg_larger(double a, double b) { return a > b || isnan(b) ? a : b; }
static inline double erg_smaller(double a, double b) { return a < b || isnan(b) ? a : b; }

#endif
