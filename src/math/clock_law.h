/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power and time of a workload against the clock: the truth behind a simulated sweep
 * and the form that the physical model fits.
 *
 *   v(x) = vm for x <= xk, else vm + (1 - vm)(x - xk)/(1 - xk)      supply voltage
 *   P(x) = p0 + c x v(x)^2                                          watts
 *   T(x) = (tm^q + (tc/x)^q)^(1/q) + t0                             seconds
 *   beta = (tc/x)^q / (tm^q + (tc/x)^q)       share of time that follows the clock
 *
 * x: clock over the highest clock. p0, c: power that does not and that does switch
 * with the clock. tm, tc: time of the memory, and of the cores at x = 1. q joins them:
 * 1 is a sum, infinity the greater. t0: what neither shortens.
 */
#ifndef ERG_MATH_CLOCK_LAW_H
#define ERG_MATH_CLOCK_LAW_H

typedef struct erg_clock_law {
    double p0_w, c_w;
    double xk, vm;              /* knee of the clock, and the voltage below it */
    double tm_s, tc_s, t0_s;
    double q;                   /* >= 1 */
} erg_clock_law;

double erg_clock_law_voltage(double xk, double vm, double x);
double erg_clock_law_w(const erg_clock_law *law, double x);
double erg_clock_law_s(const erg_clock_law *law, double x);
double erg_clock_law_beta(const erg_clock_law *law, double x);

/* dlnP/dlnx; at the knee that of the clocks above. */
double erg_clock_law_power_slope(const erg_clock_law *law, double x);
/* dln(P T^weight)/dlnx = dlnP/dlnx - weight beta (T - t0)/T. Zero, or a change of sign
 * at the knee, where energy (weight 1), EDP (2) or ED2P (3) is least. */
double erg_clock_law_slope(const erg_clock_law *law, double x, double weight);

/* ln of (e^(q a) + e^(q b))^(1/q), without overflow at any q; a or b may be -INFINITY. */
double erg_smooth_max(double a, double b, double q);

#endif
