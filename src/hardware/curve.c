/* SPDX-License-Identifier: Apache-2.0 */
/* Curves over the clock: straight between points, flat outside. */
#include <math.h>
#include "hardware/record.h"

double erg_curve_at(const erg_curve *curve, double x)
{
    const erg_knot *points = curve->points;
    size_t low = 0, high = curve->count;

    if (curve->count == 0 || isnan(x))
        return NAN;
    if (x <= points[0].x)
        return points[0].y;
    if (x >= points[high - 1].x)
        return points[high - 1].y;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (points[middle].x <= x)
            low = middle;
        else
            high = middle;
    }
    double share = (x - points[low].x) / (points[low + 1].x - points[low].x);
    return points[low].y + share * (points[low + 1].y - points[low].y);
}

static double median_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

void erg_curve_settle(erg_knot *points, size_t count)
{
    if (count < 3)
        return;
    double before = points[0].y, first = fmin(points[0].y, points[1].y);

    for (size_t i = 1; i + 1 < count; i++) {
        double here = points[i].y;
        points[i].y = median_of(before, here, points[i + 1].y);
        before = here;
    }
    points[0].y = fmin(first, points[1].y);
    for (size_t i = 1; i < count; i++)
        points[i].y = fmax(points[i].y, points[i - 1].y);
}
