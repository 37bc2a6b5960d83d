/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thermal-magnetic breaker: theta follows the square of the load m = I/I_n with tau and
 * trips at theta_t; far above the rating the magnetic part trips within milliseconds.
 *
 *   theta += (m^2 - theta)(1 - exp(-dt/tau)) time to trip: tau ln((m^2-m0^2)/(m^2-theta_t))
 *
 *   Source   IEC 60898-1, 8.6 (holds 1.13 x, trips at 1.45 x); defaults hold 1.10 x.
 */
#ifndef ERG_SHAPE_BREAKER_H
#define ERG_SHAPE_BREAKER_H

#include <stdbool.h>

typedef struct erg_breaker {
    double rating_w, tau_s, trip, magnetic, magnetic_s;     /* trip: theta_t */
    double theta, most, above_s;    /* most: greatest theta; above_s: seconds over 80 % */
    double magnetic_over_s;
    bool tripped;
} erg_breaker;

/* tau_s and trip 0: 666 s and 1.21. Begins warm from load_w. */
erg_breaker erg_breaker_of(double rating_w, double tau_s, double trip, double load_w);
/* load_w during the dt_s that is over; exact for constant load, whatever dt_s is. */
void erg_breaker_step(erg_breaker *breaker, double load_w, double dt_s);
/* At this load from now on; INFINITY: never. */
double erg_breaker_time_to_trip(const erg_breaker *breaker, double load_w);
/* 1 - greatest theta/theta_t: 0 or less has tripped. */
double erg_breaker_margin(const erg_breaker *breaker);

#endif
