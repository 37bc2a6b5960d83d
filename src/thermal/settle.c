/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sensor of whole degrees stands still for a minute while the part still cools by half a
 * degree: that it shows one value bounds the slope by a step over the window, no better. So
 * a part is settled where the slope of a line, and what noise and
 * steps leave open, is small.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "thermal/settle.h"

const double erg_settled_k_per_s = 0.1 / 60;

static const double least_window_s = 30, usual_step_k = 1;
enum { SAMPLES_LEAST = 10 };
static const double z_95 = 1.96;

/* The least change that was seen: the sensor's step, or what its noise shows. */
static double step_of(const erg_sample samples[], size_t count)
{
    double least = INFINITY;

    for (size_t i = 1; i < count; i++) {
        double by = fabs(samples[i].value - samples[i - 1].value);
        if (by > 0 && by < least)
            least = by;
    }
    return isfinite(least) ? least : usual_step_k;
}

typedef struct points {
    double *x, *y;
    size_t count;
} points;

static double slope_se(const points *of, const erg_line *line, double span_s)
{
    size_t n = of->count;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        of->y[i] -= line->intercept + line->slope * of->x[i];
        sum += of->y[i] * of->y[i];
    }
    double rho = fmin(fmax(erg_lag1(of->y, n), 0), 0.999);
    double n_eff = fmax((double)n * (1 - rho) / (1 + rho), 3);
    double sd = sqrt(sum / (double)(n - 2));
    return sd / (span_s / sqrt(12) * sqrt(n_eff)); /* x is even over its span */
}

static erg_settling window(const points *room, const erg_sample samples[], size_t count,
                           double step_k)
{
    points of = *room;
    erg_line line;

    of.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(samples[i].value))
            continue;
        of.x[of.count] = erg_s_from_ns(samples[i].t_ns - samples[0].t_ns);
        of.y[of.count++] = samples[i].value;
    }
    erg_settling out = { NAN, INFINITY, of.count ? of.x[of.count - 1] - of.x[0] : 0 };
    if (of.count < SAMPLES_LEAST || out.window_s < least_window_s
        || !erg_line_fit(of.x, of.y, of.count, &line))
        return out;
    out.slope_k_per_s = line.slope;
    out.bound_k_per_s = fabs(line.slope)
                        + fmax(z_95 * slope_se(&of, &line, out.window_s),
                               step_k / out.window_s);
    return out;
}

erg_settling erg_settling_of(const erg_sample samples[], size_t count, double step_k)
{
    points room = { calloc(count + 1, sizeof(double)), calloc(count + 1, sizeof(double)),
                    0 };
    erg_settling best = { NAN, INFINITY, 0 };
    double step = step_k > 0 ? step_k : step_of(samples, count);

    for (size_t from = 0; room.x && room.y && count - from >= SAMPLES_LEAST;
         from += (count - from + 1) / 2) {
        erg_settling now = window(&room, samples + from, count - from, step);
        if (now.bound_k_per_s < best.bound_k_per_s)
            best = now;
    }
    free(room.x);
    free(room.y);
    return best;
}

bool erg_is_settled(const erg_settling *settling)
{
    return settling->bound_k_per_s < erg_settled_k_per_s;
}
