/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incomplete gamma function, for chi-squared, and the normal distribution.
 *
 * Source: Abramowitz and Stegun 6.5.29 (series), 6.5.31 (continued fraction, summed
 * by the modified method of Lentz 1976), 26.4.19 (chi-squared).
 */
#include <math.h>
#include "math/contrast.h"

static double front(double a, double x)
{
    int sign;

    return exp(a * log(x) - x - lgamma_r(a, &sign));
}

static double lower_series(double a, double x)
{
    double term = 1 / a, sum = term;

    for (int k = 1; k < 10000 && term > sum * 1e-17; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return front(a, x) * sum;
}

static double upper_fraction(double a, double x)
{
    double b = x + 1 - a, c = 1e300, d = 1 / b, value = d;

    for (int k = 1; k < 10000; k++) {
        double an = -k * (k - a), step;
        b += 2;
        d = an * d + b;
        c = b + an / c;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        step = d * c;
        value *= step;
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return front(a, x) * value;
}

double erg_gamma_q(double a, double x)
{
    if (!(a > 0) || isnan(x))
        return NAN;
    if (x <= 0)
        return 1;
    return x < a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

double erg_normal_p(double z) { return 0.5 * erfc(-z * M_SQRT1_2); }
