/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/breaker.h"

double erg_trip_curve_time(const erg_trip_curve *curve, double load)
{
    const erg_trip_point *points = curve->points;
    size_t k = 1;

    if (load < points[0].load)
        return INFINITY;
    if (load >= points[curve->count - 1].load)
        return points[curve->count - 1].time_s;
    while (load >= points[k].load)
        k++;
    double share = log(load / points[k - 1].load)
                 / log(points[k].load / points[k - 1].load);
    return points[k - 1].time_s * pow(points[k].time_s / points[k - 1].time_s, share);
}

erg_breaker erg_breaker_of_curve(double rating_w, double tau_s, const erg_trip_curve *curve)
{
    erg_breaker made = erg_breaker_of(rating_w, tau_s, 1, 0);

    made.curve = curve;
    return made;
}
