/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How warm it gets: ambient + R x power, where leakage makes power rise with the
 * temperature that it causes.
 *
 * The difference between what heats and what the temperature needs is convex in the
 * temperature: it has its least where R dP/dtheta = 1, and the steady temperature is
 * the first root, on the way down to there. No root: runaway.
 */
#include <math.h>
#include "decide/decide.h"

static const double hottest_c = 400;

static double leakage_w(const erg_heat *heat, double temp_c)
{
    return heat->leak_w > 0
        ? heat->leak_w * exp(heat->leak_per_k * (temp_c - heat->leak_at_c)) : 0;
}

static double surplus_k(const erg_heat *heat, double power_w, double temp_c)
{
    return heat->ambient_c + heat->k_per_w * (power_w + leakage_w(heat, temp_c)) - temp_c;
}

/* Where the surplus is least, or as hot as we look. */
static double turning_c(const erg_heat *heat)
{
    double slope = heat->k_per_w * heat->leak_w * heat->leak_per_k;

    return slope > 0 ? fmin(hottest_c, heat->leak_at_c - log(slope) / heat->leak_per_k)
                     : hottest_c;
}

bool erg_heat_steady(const erg_heat *heat, double power_w, double *temp_c, double *total_w)
{
    double low = heat->ambient_c, high = turning_c(heat);

    *temp_c = *total_w = NAN;
    if (!(high > low) || !(surplus_k(heat, power_w, high) <= 0))
        return false;
    for (int i = 0; i < 200 && high - low > 1e-9; i++) {
        double middle = low + (high - low) / 2;
        if (surplus_k(heat, power_w, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    *temp_c = high;
    *total_w = power_w + leakage_w(heat, high);
    return true;
}
