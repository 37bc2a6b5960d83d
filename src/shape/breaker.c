/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/breaker.h"

erg_breaker erg_breaker_of(double rating_w, double tau_s, double trip, double load_w)
{
    double m = load_w / rating_w;

    return (erg_breaker){ .rating_w = rating_w, .tau_s = tau_s > 0 ? tau_s : 666,
                          .trip = trip > 0 ? trip : 1.21, .magnetic = 5,
                          .magnetic_s = 0.015,
                          .theta = m * m, .most = m * m };
}

erg_breaker erg_breaker_of_curve(double rating_w, double tau_s, const erg_trip_curve *curve)
{
    erg_breaker made = erg_breaker_of(rating_w, tau_s, 1, 0);

    made.curve = curve;
    return made;
}

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

double erg_breaker_time_to_trip(const erg_breaker *breaker, double load_w)
{
    double m2 = load_w / breaker->rating_w * (load_w / breaker->rating_w);

    if (breaker->theta >= breaker->trip)
        return 0;
    if (breaker->curve)
        return (breaker->trip - breaker->theta)
             * erg_trip_curve_time(breaker->curve, load_w / breaker->rating_w);
    if (load_w >= breaker->magnetic * breaker->rating_w)
        return fmax(0, breaker->magnetic_s - breaker->magnetic_over_s);
    return m2 > breaker->trip
         ? breaker->tau_s * log((m2 - breaker->theta) / (m2 - breaker->trip)) : INFINITY;
}

static void wear(erg_breaker *breaker, double m, double dt_s)
{
    double trips_s = erg_trip_curve_time(breaker->curve, m);

    if (isinf(trips_s))
        breaker->theta *= exp(-dt_s / breaker->tau_s);
    else
        breaker->theta += dt_s / trips_s;
}

static void warm(erg_breaker *breaker, double m, double dt_s)
{
    breaker->theta += (m * m - breaker->theta) * -expm1(-dt_s / breaker->tau_s);
    breaker->magnetic_over_s = m >= breaker->magnetic ? breaker->magnetic_over_s + dt_s : 0;
}

/* How long theta takes from `begin` to the limit that it passes: it is straight or one
 * exponential. */
static double crosses_after_s(const erg_breaker *breaker, double m, double begin,
                              double limit)
{
    double trips_s = breaker->curve ? erg_trip_curve_time(breaker->curve, m) : INFINITY;
    double end = breaker->curve ? 0 : m * m;

    return isfinite(trips_s) ? (limit - begin) * trips_s
                             : breaker->tau_s * log((end - begin) / (end - limit));
}

void erg_breaker_step(erg_breaker *breaker, double load_w, double dt_s)
{
    double m = load_w / breaker->rating_w, limit = 0.8 * breaker->trip;
    double begin = breaker->theta, crosses_s = 0;

    if (breaker->curve)
        wear(breaker, m, dt_s);
    else
        warm(breaker, m, dt_s);
    if ((begin - limit) * (breaker->theta - limit) < 0)
        crosses_s = crosses_after_s(breaker, m, begin, limit);
    if (breaker->theta > limit)
        breaker->above_s += dt_s - crosses_s;
    else if (begin > limit)
        breaker->above_s += crosses_s;
    breaker->most = fmax(breaker->most, breaker->theta);
    breaker->tripped = breaker->tripped || breaker->theta >= breaker->trip
                    || breaker->magnetic_over_s >= breaker->magnetic_s;
}

double erg_breaker_margin(const erg_breaker *breaker)
{
    return 1 - breaker->most / breaker->trip;
}
