/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incomplete gamma function, for chi-squared, and the normal distribution.
 *
 * Source: Abramowitz and Stegun 6.5.29 (series), 6.5.31 (continued fraction, summed
 * by the modified method of Lentz 1976), 26.4.19 (chi-squared), 26.2.23 (the normal's
 * quantile to begin with; Halley's method does the rest).
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

double erg_normal_z(double p)
{
    if (!(p > 0) || !(p < 1))
        return NAN;

    double q = p > 0.5 ? 1 - p : p;         /* the tail that keeps its digits */
    double u = sqrt(-2 * log(q));
    double z = u - (2.515517 + u * (0.802853 + u * 0.010328))
                 / (1 + u * (1.432788 + u * (0.189269 + u * 0.001308)));

    for (int i = 0; i < 3; i++) {
        double density = exp(-0.5 * z * z) / sqrt(2 * M_PI);
        double step = (erg_normal_p(-z) - q) / density;
        z += step / (1 + 0.5 * z * step);
    }
    return p > 0.5 ? z : -z;
}
