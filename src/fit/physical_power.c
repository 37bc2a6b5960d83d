/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power of the physical model: p0 + c g(x) with g = x v(x)^2, least squares of relative
 * error over p0, c >= 0. Two unknowns, so the optimum is the free one if both are
 * positive, else the better of the two edges.
 */
#include <math.h>
#include "fit/physical.h"

const erg_knee erg_knee_default = { .xk = 0.80, .vm = 0.85 };

erg_knee erg_knee_at(size_t index)
{
    return (erg_knee){ .xk = 0.50 + 0.02 * (double)(index / ERG_KNEE_VOLTAGES),
                       .vm = 0.50 + 0.02 * (double)(index % ERG_KNEE_VOLTAGES) };
}

/* Sums over points of products of u = 1/P, w = g/P and the target 1. */
typedef struct sums { double uu, uw, ww, u, w, n; } sums;

static sums sums_of(const erg_anchor anchors[], size_t count, erg_knee knee)
{
    sums s = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (anchors[i].is_capped)
            continue;
        double v = erg_clock_law_voltage(knee.xk, knee.vm, anchors[i].x);
        double u = 1 / anchors[i].power_w, w = anchors[i].x * v * v * u;
        s.uu += u * u;
        s.uw += u * w;
        s.ww += w * w;
        s.u += u;
        s.w += w;
        s.n++;
    }
    return s;
}

static double squares(const sums *s, double p0, double c)
{
    return s->n - 2 * (p0 * s->u + c * s->w) + p0 * p0 * s->uu + 2 * p0 * c * s->uw
         + c * c * s->ww;
}

static double solve(const sums *s, double *p0, double *c)
{
    double det = s->uu * s->ww - s->uw * s->uw;

    *p0 = (s->u * s->ww - s->w * s->uw) / det;
    *c = (s->w * s->uu - s->u * s->uw) / det;
    if (!(det > 1e-12 * s->uu * s->ww) || *p0 < 0 || *c < 0) {
        double flat = s->u / s->uu, moving = s->w / s->ww;
        bool is_flat = squares(s, flat, 0) <= squares(s, 0, moving);
        *p0 = is_flat ? flat : 0;
        *c = is_flat ? 0 : moving;
    }
    return fmax(0, squares(s, *p0, *c)) / s->n;
}

void erg_knee_costs(const erg_anchor anchors[], size_t count, double costs[ERG_KNEES])
{
    for (size_t i = 0; i < ERG_KNEES; i++) {
        sums s = sums_of(anchors, count, erg_knee_at(i));
        double p0, c;
        costs[i] = solve(&s, &p0, &c);
    }
}

erg_knee erg_knee_least(const double costs[ERG_KNEES])
{
    size_t best = 0;

    for (size_t i = 1; i < ERG_KNEES; i++)
        if (costs[i] < costs[best])
            best = i;
    return erg_knee_at(best);
}

double erg_physical_power(const erg_anchor anchors[], size_t count, erg_clock_law *law)
{
    sums s = sums_of(anchors, count, (erg_knee){ law->xk, law->vm });

    return solve(&s, &law->p0_w, &law->c_w);
}
