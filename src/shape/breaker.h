/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a breaker trips, by one of two models.
 *
 * Thermal-magnetic: theta follows the square of the load m = I/I_n with tau and trips at
 * theta_t; far above the rating the magnetic part trips within milliseconds.
 *
 *   theta += (m^2 - theta)(1 - exp(-dt/tau)) time to trip: tau ln((m^2-m0^2)/(m^2-theta_t))
 *
 * By a datasheet's curve of time over load: theta is Miner's sum of dt/t_trip(m) and trips
 * at 1. Between two points both logarithms are straight; below the first nothing is worn,
 * and what was worn cools off with tau; above the last its time holds. The curve has the
 * magnetic part in it.
 *
 *   Source   IEC 60898-1, 8.6 (holds 1.13 x, trips at 1.45 x); defaults hold 1.10 x.
 */
#ifndef ERG_SHAPE_BREAKER_H
#define ERG_SHAPE_BREAKER_H

#include <stdbool.h>
#include <stddef.h>

enum { ERG_TRIP_POINTS_MOST = 32 };

/* load: of the rating, rising; time_s at a constant load from cold, never rising. */
typedef struct erg_trip_point { double load, time_s; } erg_trip_point;
typedef struct erg_trip_curve {
    erg_trip_point points[ERG_TRIP_POINTS_MOST];
    size_t count;                   /* 2 or more */
} erg_trip_curve;

typedef struct erg_breaker {
    double rating_w, tau_s, trip, magnetic, magnetic_s;     /* trip: theta_t */
    double theta, most, above_s;    /* most: greatest theta; above_s: seconds over 80 % */
    double magnetic_over_s;
    const erg_trip_curve *curve;    /* borrowed; NULL: thermal-magnetic */
    bool tripped;
} erg_breaker;

/* tau_s and trip 0: 666 s and 1.21. Begins warm from load_w. */
erg_breaker erg_breaker_of(double rating_w, double tau_s, double trip, double load_w);
/* Begins unworn; tau_s 0: 666 s. The curve outlives the breaker. */
erg_breaker erg_breaker_of_curve(double rating_w, double tau_s,
                                 const erg_trip_curve *curve);
/* Of a constant load, of the rating, from cold; INFINITY: never. */
double erg_trip_curve_time(const erg_trip_curve *curve, double load);
/* load_w during the dt_s that is over; exact for constant load, whatever dt_s is. */
void erg_breaker_step(erg_breaker *breaker, double load_w, double dt_s);
/* At this load from now on; INFINITY: never. */
double erg_breaker_time_to_trip(const erg_breaker *breaker, double load_w);
/* 1 - greatest theta/theta_t: 0 or less has tripped. */
double erg_breaker_margin(const erg_breaker *breaker);

#endif
