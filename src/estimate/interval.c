/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Split conformal prediction: with n exchangeable residuals the
 * ceil(0.95 (n + 1))-th smallest covers the next one in 95 % of cases, whatever
 * their distribution. Source: Lei et al., Distribution-free predictive inference
 * for regression, JASA 113 (2018).
 */
#include <math.h>
#include <stdlib.h>
#include "estimate/interval.h"

/* Beyond what was fitted the residuals of the folds are only a lower bound. */
#define INTERPOLATED_WIDER 1.5
#define FEW_WIDER 1.25
enum { FEWEST = 19 };       /* below it the order statistic asked for is none */

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

double erg_half_width(double r[], size_t n)
{
    if (!n)
        return NAN;
    qsort(r, n, sizeof(r[0]), by_size);
    if (n < FEWEST)
        return FEW_WIDER * fabs(r[n - 1]);

    size_t rank = (size_t)ceil(0.95 * (double)(n + 1));
    return fabs(r[rank - 1]);
}

double erg_graded_half_width(double q, erg_grade grade, double least_theoretical)
{
    switch (grade) {
    case ERG_CALIBRATED:
        return isnan(q) ? least_theoretical : q;
    case ERG_INTERPOLATED:
        return isnan(q) ? least_theoretical : INTERPOLATED_WIDER * q;
    case ERG_THEORETICAL:
        return isnan(q) ? least_theoretical : fmax(q, least_theoretical);
    case ERG_GRADE_UNKNOWN:
    case ERG_GRADES:
        break;
    }
    return NAN;
}
