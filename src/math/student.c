/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incomplete beta function and what hangs on it: Student's t.
 *
 * Source: Abramowitz and Stegun 26.5.8 (continued fraction), 26.7.1 (Student);
 * the fraction is summed by the modified method of Lentz (1976).
 */
#include <math.h>
#include "math/stats.h"

static double log_gamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);      /* lgamma writes a global */
}

/* Keeps a partial quotient away from a division by zero. */
static double not_zero(double x) { return fabs(x) < 1e-300 ? 1e-300 : x; }

static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), value = d;

    for (int m = 1; m < 10000; m++) {
        double k = m, step;
        double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));

        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        value *= d * c;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        step = d * c;
        value *= step;
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return value;
}

double erg_incomplete_beta(double a, double b, double x)
{
    if (!(a > 0) || !(b > 0) || isnan(x))
        return NAN;
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;

    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x)
                       + b * log1p(-x));
    /* The fraction is quick only below the mean of the distribution. */
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(T > t) for t > 0: from the side that keeps its digits. */
static double tail(double t, double df)
{
    double square = t * t;

    if (square < 1)
        return 0.5 - 0.5 * erg_incomplete_beta(0.5, 0.5 * df, square / (df + square));
    return 0.5 * erg_incomplete_beta(0.5 * df, 0.5, df / (df + square));
}

double erg_student_p(double t, double df)
{
    return t > 0 ? 1 - tail(t, df) : t < 0 ? tail(-t, df) : 0.5;
}

double erg_student_t(double p, double df)
{
    if (!(p > 0) || !(p < 1) || !(df > 0))
        return NAN;
    if (fabs(p - 0.5) < 1e-16)
        return 0;

    double q = p > 0.5 ? 1 - p : p;
    double u = 0.5 * log(-2 * log(2 * q));      /* above the normal's quantile */
    double scale = exp(log_gamma(0.5 * df + 0.5) - log_gamma(0.5 * df))
                 / sqrt(df * 3.14159265358979323846);

    /* Newton on log tail against u = log t. The curve is concave and falls, so
     * one step lands beyond the root and the rest come back without a swing; near
     * the normal's quantile to begin with, or that first step underflows the tail. */
    for (int i = 0; i < 200; i++) {
        double t = exp(u), above = tail(t, df);
        double density = scale * pow(1 + t * t / df, -0.5 * (df + 1));
        double step = log(above / q) * above / (t * density);

        u += step;
        if (fabs(step) < 1e-13)
            break;
    }
    return p > 0.5 ? exp(u) : -exp(u);
}
