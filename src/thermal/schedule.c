/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a resistance follows the fan: ln R linear in fan, over windows that were fitted one
 * by one. Heat capacity is metal and does not follow: where tau/R differs by more than a
 * factor of two between windows, one of the fits is not what it seems.
 */
#include <math.h>
#include "math/stats.h"
#include "thermal/network.h"

#define CAPACITY_RATIO_MOST 2.0
#define FANS_APART 0.05

bool erg_thermal_schedule(const erg_thermal models[], size_t count, erg_gain_schedule *out)
{
    double fan[ERG_SCHEDULE_MOST], log_r[ERG_SCHEDULE_MOST], c_low = INFINITY, c_high = 0;
    double log_c = 0;
    size_t n = 0;

    *out = (erg_gain_schedule){ .fan_low = INFINITY, .fan_high = -INFINITY };
    for (size_t i = 0; i < count && n < ERG_SCHEDULE_MOST; i++) {
        const erg_thermal_pole *slow = &models[i].poles[models[i].pole_count - 1];
        if (models[i].verdict != ERG_THERMAL_IDENTIFIED || !(slow->r_k_per_w > 0)
            || !isfinite(models[i].fan_low))
            continue;
        fan[n] = (models[i].fan_low + models[i].fan_high) / 2;
        log_r[n] = log(slow->r_k_per_w);
        out->fan_low = fmin(out->fan_low, fan[n]);
        out->fan_high = fmax(out->fan_high, fan[n]);
        double c = slow->tau_s / slow->r_k_per_w;
        c_low = fmin(c_low, c);
        c_high = fmax(c_high, c);
        log_c += log(c);
        n++;
    }
    erg_line line;
    if (n < 2 || out->fan_high - out->fan_low < FANS_APART
        || !erg_line_fit(fan, log_r, n, &line))
        return false;
    out->windows = n;
    out->r_still_k_per_w = exp(line.intercept);
    out->log_r_per_fan = line.slope;
    out->c_j_per_k = exp(log_c / (double)n);
    out->c_ratio = c_high / c_low;
    out->is_consistent = out->c_ratio <= CAPACITY_RATIO_MOST;
    return true;
}

double erg_scheduled_r(const erg_gain_schedule *schedule, double fan)
{
    return schedule->r_still_k_per_w * exp(schedule->log_r_per_fan * fan);
}
