/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Split conformal prediction: with n exchangeable residuals the
 * ceil(0.95 (n + 1))-th smallest covers the next one in 95 % of cases, whatever
 * their distribution. Source: Lei et al., Distribution-free predictive inference
 * for regression, JASA 113 (2018).
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "estimate/interval.h"

/* Beyond what was fitted the residuals of the folds are only a lower bound. */
#define INTERPOLATED_WIDER 1.5
enum { FEWEST = 19 };       /* below it the order statistic asked for is none */

/* The largest of a few says little of the next: t(0.975) sqrt(1 + 1 / groups), which
 * covers it in 95 % of cases where errors are normal, over the mean of the largest of so
 * many |z|. Rows of one network are near copies, so networks count. */
static const double few_wider[] = { [2] = 13.8, 3.75, 2.43, 1.94, 1.68, 1.52, 1.41, 1.33,
                                    1.25 };

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

/* Not wider for being few than what nobody measured. */
static double width_of_few(double largest, size_t groups)
{
    size_t last = ERG_COUNT(few_wider) - 1;

    if (groups < 2)
        return NAN;
    double wider = few_wider[groups < last ? groups : last] * largest;
    return fmax(largest, fmin(wider, ERG_THEORETICAL_TIME));
}

double erg_half_width(double r[], size_t n, size_t groups)
{
    if (!n)
        return NAN;
    qsort(r, n, sizeof(r[0]), by_size);
    if (n < FEWEST)
        return width_of_few(fabs(r[n - 1]), groups);

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
