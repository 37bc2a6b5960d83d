/* SPDX-License-Identifier: Apache-2.0 */
/* All powers are taken of logarithms: (tc/x)^q overflows long before q is unusual. */
#include <math.h>
#include "math/clock_law.h"

double erg_clock_law_voltage(double xk, double vm, double x)
{
    return x <= xk ? vm : vm + (1 - vm) * (x - xk) / (1 - xk);
}

double erg_clock_law_w(const erg_clock_law *law, double x)
{
    double v = erg_clock_law_voltage(law->xk, law->vm, x);

    return law->p0_w + law->c_w * x * v * v;
}

double erg_smooth_max(double a, double b, double q)
{
    double high = fmax(a, b), low = fmin(a, b);

    if (!(high > -INFINITY))
        return high;
    return high + log1p(exp(q * (low - high))) / q;
}

double erg_clock_law_s(const erg_clock_law *law, double x)
{
    return exp(erg_smooth_max(log(law->tm_s), log(law->tc_s / x), law->q)) + law->t0_s;
}

double erg_clock_law_beta(const erg_clock_law *law, double x)
{
    return 1 / (1 + exp(law->q * (log(law->tm_s) - log(law->tc_s / x))));
}

double erg_clock_law_power_slope(const erg_clock_law *law, double x)
{
    double v = erg_clock_law_voltage(law->xk, law->vm, x);
    double rise = x < law->xk || law->xk >= 1 ? 0 : (1 - law->vm) / (1 - law->xk);
    double moving = law->c_w * x * v * v;

    return moving * (1 + 2 * x * rise / v) / (law->p0_w + moving);
}

double erg_clock_law_slope(const erg_clock_law *law, double x, double weight)
{
    double time = erg_clock_law_s(law, x);
    double follows = erg_clock_law_beta(law, x) * (time - law->t0_s) / time;

    return erg_clock_law_power_slope(law, x) - weight * follows;
}
