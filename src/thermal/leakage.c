/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power that heat adds. Power makes heat, so a plain regression of power on temperature
 * finds mostly 1/R. Where load and clock stand still after a step, both approach their end
 * as exp(-t/tau) of the part; the ratio of the two approaches is the leakage: an instrument
 * that depends on time alone (Wald 1940).
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "thermal/network.h"

#define USE_STILL 0.02
#define CLOCK_STILL 0.01        /* share */
#define RISE_LEAST_K 3.0
enum { ROWS_LEAST = 60 };

typedef struct stretch { size_t begin, end; } stretch;

static bool is_like(const erg_monitor_row *a, const erg_monitor_row *b)
{
    double clock = a->value[ERG_MONITOR_CLOCK_HZ];

    return fabs(a->value[ERG_MONITOR_USE] - b->value[ERG_MONITOR_USE]) <= USE_STILL
        && fabs(clock - b->value[ERG_MONITOR_CLOCK_HZ]) <= CLOCK_STILL * clock;
}

/* The longest run of rows that are like their first. Clock unknown: none is. */
static stretch stillest(const erg_monitor_device *device, const erg_thermal *model)
{
    stretch best = { 0, 0 }, now = { 0, 0 };

    for (size_t i = 0; i < device->count; i++) {
        double t_s = erg_since_s(device, i);
        bool is_in = t_s >= model->begin_s && t_s <= model->end_s;
        if (!is_in || !is_like(&device->rows[now.begin], &device->rows[i]))
            now.begin = i;
        now.end = is_in ? i + 1 : i;
        if (is_in && now.end - now.begin > best.end - best.begin)
            best = now;
    }
    return best;
}

/* Of each against exp(-t/tau): how much it had still to go at the start. */
static bool to_go(const double fade[], const double y[], size_t n, erg_line *out)
{
    return erg_line_fit(fade, y, n, out) && isfinite(out->slope_se);
}

static erg_leakage leakage_of(const erg_monitor_device *device, stretch at, double tau_s,
                              double *scratch)
{
    size_t n = at.end - at.begin, used = 0;
    double *fade = scratch, *power_w = scratch + n, *temp_k = scratch + 2 * n;
    const erg_leakage unknown = { NAN, NAN, NAN };
    erg_line power, temp;

    for (size_t i = at.begin; i < at.end; i++) {
        const double *value = device->rows[i].value;
        double t_s = erg_s_from_ns(device->rows[i].t_ns - device->rows[at.begin].t_ns);
        if (!isfinite(value[ERG_MONITOR_POWER_W]) || !isfinite(value[ERG_MONITOR_TEMP_K]))
            continue;
        fade[used] = exp(-t_s / tau_s);
        power_w[used] = value[ERG_MONITOR_POWER_W];
        temp_k[used++] = value[ERG_MONITOR_TEMP_K];
    }
    if (used < ROWS_LEAST || !to_go(fade, power_w, used, &power)
        || !to_go(fade, temp_k, used, &temp) || !(fabs(temp.slope) >= RISE_LEAST_K))
        return unknown;
    /* Residuals of power that hang together are worth fewer rows. */
    for (size_t i = 0; i < used; i++)
        power_w[i] -= power.intercept + power.slope * fade[i];
    double wider = sqrt((double)used / erg_n_eff(power_w, used));
    double value = power.slope / temp.slope;
    double half = 1.96 * wider * hypot(power.slope_se, value * temp.slope_se)
        / fabs(temp.slope);
    return (erg_leakage){ value, value - half, value + half };
}

erg_leakage erg_thermal_leakage(const erg_monitor_device *device, const erg_thermal *model)
{
    stretch at = stillest(device, model);
    erg_leakage out = { NAN, NAN, NAN };
    double *scratch = at.end - at.begin >= ROWS_LEAST
        ? calloc(3 * (at.end - at.begin), sizeof(*scratch)) : NULL;

    if (scratch && model->pole_count)
        out = leakage_of(device, at, model->poles[model->pole_count - 1].tau_s, scratch);
    free(scratch);
    return out;
}

double erg_thermal_steady(const erg_thermal *model, const erg_thermal_power *power)
{
    double r = model->r_fast_k_per_w;
    double leak = isfinite(model->leakage_w_per_k) && model->leakage_w_per_k > 0
        ? model->leakage_w_per_k : 0;

    for (int i = 0; i < model->pole_count; i++)
        r += model->poles[i].r_k_per_w;
    if (r * leak >= 1)
        return INFINITY;
    double cold_w = power->power_w - (leak > 0 ? leak * power->at_k : 0);
    return (model->ambient_k + r * cold_w) / (1 - r * leak);
}
