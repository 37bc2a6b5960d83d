/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals in logarithms: value * exp(-+ q), q from |ln(measured / predicted)|
 * of rows that were held out.
 */
#ifndef ERG_ESTIMATE_INTERVAL_H
#define ERG_ESTIMATE_INTERVAL_H

#include "erg/estimate.h"

/* The ceil(0.95 (n + 1))-th smallest |r| of n held-out residuals; below 19 the largest,
 * wider by how few groups (networks) they are of: 1.25 times for ten, 3.75 for three;
 * NAN for none, and for few of one group. Reorders r. */
double erg_half_width(double r[], size_t n, size_t groups);

/* q as it stands for an estimate of this grade; q NAN: not known. */
double erg_graded_half_width(double q, erg_grade grade, double least_theoretical);

#define ERG_THEORETICAL_ENERGY 0.5
#define ERG_THEORETICAL_TIME 0.4

#endif
