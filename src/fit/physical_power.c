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
    size_t clock = index / ERG_KNEE_VOLTAGES, voltage = index % ERG_KNEE_VOLTAGES;

    return (erg_knee){ .xk = 0.50 + 0.02 * (double)clock,
                       .vm = 0.50 + 0.02 * (double)voltage };
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
    return fmax(0, squares(s, *p0, *c)) / fmax(1, s->n);
}

/* ---- all knees at once --------------------------------------------------- */

/* Sums that hold for every voltage at one xk. Above it, with d = x - xk, g is a
 * polynomial in d, so that moments of d say all: u sum of u d^k, uu sum of u^2 d^k. */
typedef struct moments {
    double n, u_all, uu_all;
    double low_u, low_uu, low_uux;      /* sums of u x, u^2 x and (u x)^2 for x <= xk */
    double u[4], uu[7];
} moments;

static moments moments_at(const erg_anchor anchors[], size_t count, double xk)
{
    moments m = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (anchors[i].is_capped)
            continue;
        double x = anchors[i].x, d = x - xk, u = 1 / anchors[i].power_w, power = 1;
        m.n++;
        m.u_all += u;
        m.uu_all += u * u;
        if (d <= 0) {
            m.low_u += u * x;
            m.low_uu += u * u * x;
            m.low_uux += u * u * x * x;
            continue;
        }
        for (size_t k = 0; k < 7; k++, power *= d) {
            m.uu[k] += u * u * power;
            if (k < 4)
                m.u[k] += u * power;
        }
    }
    return m;
}

/* g(d) = (xk + d)(vm + rise d)^2 above the knee, x vm^2 below. */
static sums sums_from(const moments *m, erg_knee knee)
{
    double vm = knee.vm, rise = (1 - vm) / (1 - knee.xk), low = vm * vm;
    double g[4] = { knee.xk * low, low + 2 * vm * rise * knee.xk,
                    2 * vm * rise + knee.xk * rise * rise, rise * rise };
    sums s = { .n = m->n, .u = m->u_all, .uu = m->uu_all, .w = low * m->low_u,
               .uw = low * m->low_uu, .ww = low * low * m->low_uux };

    for (size_t i = 0; i < 4; i++) {
        s.w += g[i] * m->u[i];
        s.uw += g[i] * m->uu[i];
        for (size_t j = 0; j < 4; j++)
            s.ww += g[i] * g[j] * m->uu[i + j];
    }
    return s;
}

void erg_knee_costs(const erg_anchor anchors[], size_t count, double costs[ERG_KNEES])
{
    for (size_t i = 0; i < ERG_KNEE_CLOCKS; i++) {
        moments m = moments_at(anchors, count, erg_knee_at(i * ERG_KNEE_VOLTAGES).xk);
        for (size_t j = 0; j < ERG_KNEE_VOLTAGES; j++) {
            size_t index = i * ERG_KNEE_VOLTAGES + j;
            sums s = sums_from(&m, erg_knee_at(index));
            double p0, c;
            costs[index] = solve(&s, &p0, &c);
        }
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
