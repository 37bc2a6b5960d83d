/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of the physical model by Levenberg-Marquardt on ln tm, ln tc and u = ln(q - 1),
 * with ln t0 beside them where there are anchors enough. Residuals are ln(model/measured)
 * over 2 %, and u itself: a prior, since two or three clocks say little of how sharply
 * memory and cores hand over to each other.
 *
 * Source: Levenberg 1944, Marquardt 1963; soft L1: rho(z) = 2 (sqrt(1 + z) - 1).
 */
#include <math.h>
#include <string.h>
#include "fit/physical.h"

enum { TM, TC, U, T0, UNKNOWNS };

static const double error_sd = 0.02;
static const double robust_sds = 2;     /* beyond it an anchor pulls ever less */
static const double u_low = -6, u_high = 4;

typedef struct problem {
    const erg_anchor *anchors;
    size_t count;
    size_t unknowns;            /* 3, or 4 with t0 */
    bool is_robust;
} problem;

typedef struct normal {
    double gram[UNKNOWNS][UNKNOWNS], right[UNKNOWNS];
    double cost;
} normal;

static erg_clock_law law_of(const problem *p, const double at[UNKNOWNS])
{
    return (erg_clock_law){ .tm_s = exp(at[TM]), .tc_s = exp(at[TC]), .q = 1 + exp(at[U]),
                            .t0_s = p->unknowns > T0 ? exp(at[T0]) : 0 };
}

/* ln T of the model at x, and what it gains by each unknown. */
static double log_time(const problem *p, const double at[UNKNOWNS], double log_x,
                       double by[UNKNOWNS])
{
    double a = at[TM], b = at[TC] - log_x, q = 1 + exp(at[U]);
    double gap = fabs(a - b), low = exp(-q * gap), rest = log1p(low);
    double part = fmax(a, b) + rest / q, lesser = low / (1 + low);

    by[TM] = a < b ? lesser : 1 - lesser;
    by[TC] = 1 - by[TM];
    by[U] = -(q - 1) * (rest / (q * q) + lesser * gap / q);
    if (p->unknowns <= T0)
        return part;
    double t0 = exp(at[T0]), moving = exp(part), share = moving / (moving + t0);
    for (size_t i = 0; i < T0; i++)
        by[i] *= share;
    by[T0] = 1 - share;
    return log(moving + t0);
}

static void add_row(normal *n, size_t unknowns, const double by[], double residual, double weight)
{
    for (size_t i = 0; i < unknowns; i++) {
        n->right[i] += weight * by[i] * residual;
        for (size_t j = 0; j <= i; j++)
            n->gram[i][j] += weight * by[i] * by[j];
    }
}

static normal build(const problem *p, const double at[UNKNOWNS])
{
    normal n = { .cost = at[U] * at[U] };
    double prior[UNKNOWNS] = { [U] = 1 };

    add_row(&n, p->unknowns, prior, at[U], 1);
    for (size_t i = 0; i < p->count; i++) {
        if (p->anchors[i].is_capped)
            continue;
        double by[UNKNOWNS], c2 = robust_sds * robust_sds;
        double r = log_time(p, at, log(p->anchors[i].x), by) - log(p->anchors[i].time_s);
        r /= error_sd;
        for (size_t k = 0; k < p->unknowns; k++)
            by[k] /= error_sd;
        double root = sqrt(1 + r * r / c2);
        n.cost += p->is_robust ? 2 * c2 * (root - 1) : r * r;
        add_row(&n, p->unknowns, by, r, p->is_robust ? 1 / root : 1);
    }
    return n;
}

/* (gram + damping diag) step = right, by Cholesky in place. */
static bool solve(const normal *n, size_t unknowns, double damping, double step[])
{
    double l[UNKNOWNS][UNKNOWNS];

    for (size_t i = 0; i < unknowns; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = n->gram[i][j] + (i == j ? damping * (n->gram[i][i] + 1e-9) : 0);
            for (size_t k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            if (i == j && !(sum > 0))
                return false;
            l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
        }
    for (size_t i = 0; i < unknowns; i++) {
        step[i] = n->right[i];
        for (size_t k = 0; k < i; k++)
            step[i] -= l[i][k] * step[k];
        step[i] /= l[i][i];
    }
    for (size_t i = unknowns; i-- > 0;) {
        for (size_t k = i + 1; k < unknowns; k++)
            step[i] -= l[k][i] * step[k];
        step[i] /= l[i][i];
    }
    return true;
}

/* Moves `at` to a better place; false when there is none, or hardly any. */
static bool improve(const problem *p, normal *n, double at[], double *damping)
{
    for (int attempt = 0; attempt < 12; attempt++, *damping *= 8) {
        double step[UNKNOWNS] = { 0 }, next[UNKNOWNS];
        if (!solve(n, p->unknowns, *damping, step))
            continue;
        for (size_t i = 0; i < UNKNOWNS; i++)
            next[i] = at[i] - step[i];
        next[U] = fmin(fmax(next[U], u_low), u_high);
        normal there = build(p, next);
        if (!(there.cost < n->cost))
            continue;
        bool goes_on = n->cost - there.cost > 1e-10 * (1 + n->cost);
        memcpy(at, next, sizeof(next));
        *n = there;
        *damping = fmax(*damping / 10, 1e-12);
        return goes_on;
    }
    return false;
}

static double descend(const problem *p, double at[])
{
    normal n = build(p, at);
    double damping = 1e-3;

    for (int round = 0; round < 200 && improve(p, &n, at, &damping); round++) {
    }
    return n.cost;
}

/* Time at the highest clock of the anchors, as if it were x = 1. */
static double top_time(const problem *p)
{
    double x = 0, time = NAN;

    for (size_t i = 0; i < p->count; i++)
        if (!p->anchors[i].is_capped && p->anchors[i].x > x) {
            x = p->anchors[i].x;
            time = p->anchors[i].time_s;
        }
    return time;
}

static double best_start(const problem *p, double best[UNKNOWNS])
{
    static const double shares[] = { 0.2, 0.5, 0.8 }, sharpness[] = { 0.2, 1, 5 };
    double top = top_time(p), least = INFINITY;

    for (size_t i = 0; i < ERG_COUNT(shares) * ERG_COUNT(sharpness); i++) {
        double share = shares[i / 3], at[UNKNOWNS] = {
            [TM] = log((1 - share) * top), [TC] = log(share * top),
            [U] = log(sharpness[i % 3]), [T0] = log(0.02 * top),
        };
        double cost = descend(p, at);
        if (cost < least) {
            least = cost;
            memcpy(best, at, sizeof(at));
        }
    }
    return least;
}

double erg_physical_time(const erg_anchor anchors[], size_t count, bool is_started,
                         erg_clock_law *law)
{
    problem p = { .anchors = anchors, .count = count };
    size_t used = 0;

    for (size_t i = 0; i < count; i++)
        used += !anchors[i].is_capped;
    p.is_robust = used >= ERG_PHYSICAL_ROBUST;
    p.unknowns = p.is_robust ? 4 : 3;

    double at[UNKNOWNS] = { log(law->tm_s), log(law->tc_s), log(law->q - 1), log(law->t0_s) };
    double cost = is_started ? descend(&p, at) : best_start(&p, at);
    erg_clock_law found = law_of(&p, at);
    law->tm_s = found.tm_s;
    law->tc_s = found.tc_s;
    law->q = found.q;
    law->t0_s = found.t0_s;
    return cost;
}
