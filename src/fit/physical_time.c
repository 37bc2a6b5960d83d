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

enum { CLOCKS_MOST = 512 };

/* Anchors that are not capped, as logarithms. */
typedef struct problem {
    double log_x[CLOCKS_MOST], log_time[CLOCKS_MOST];
    size_t count;
    size_t unknowns;            /* 3, or 4 with t0 */
    bool is_robust;
    double damping;             /* of the first step */
    double enough;              /* stop when a step gains less than this share */
} problem;

typedef struct normal {
    double gram[UNKNOWNS][UNKNOWNS], right[UNKNOWNS];
    double cost;
} normal;

static void set_law(const problem *p, const double at[UNKNOWNS], erg_clock_law *law)
{
    law->tm_s = exp(at[TM]);
    law->tc_s = exp(at[TC]);
    law->q = 1 + exp(at[U]);
    law->t0_s = p->unknowns > T0 ? exp(at[T0]) : 0;
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

static void add_row(normal *n, size_t unknowns, const double by[], double residual,
                    double weight)
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
        double by[UNKNOWNS], c2 = robust_sds * robust_sds;
        double r = log_time(p, at, p->log_x[i], by) - p->log_time[i];
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

/* What a step should gain if the model were linear. */
static double promise(const normal *n, size_t unknowns, const double step[])
{
    double sum = 0;

    for (size_t i = 0; i < unknowns; i++)
        sum += n->right[i] * step[i];
    return sum;
}

/* Moves `at` to a better place; false when there is none, or hardly any. */
static bool improve(const problem *p, normal *n, double at[], double *damping)
{
    for (int attempt = 0; attempt < 12; attempt++, *damping *= 8) {
        double step[UNKNOWNS] = { 0 }, next[UNKNOWNS];
        if (!solve(n, p->unknowns, *damping, step))
            continue;
        if (promise(n, p->unknowns, step) < p->enough * (1 + n->cost))
            return false;
        for (size_t i = 0; i < UNKNOWNS; i++)
            next[i] = at[i] - step[i];
        next[U] = fmin(fmax(next[U], u_low), u_high);
        normal there = build(p, next);
        if (!(there.cost < n->cost))
            continue;
        bool goes_on = n->cost - there.cost > p->enough * (1 + n->cost);
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
    double damping = p->damping;

    for (int round = 0; round < 200 && improve(p, &n, at, &damping); round++) {
    }
    return n.cost;
}

static double best_start(const problem *p, double best[UNKNOWNS])
{
    static const double shares[] = { 0.2, 0.5, 0.8 }, sharpness[] = { 0.2, 1, 5 };
    double least = INFINITY;
    size_t top = 0;

    for (size_t i = 1; i < p->count; i++)
        if (p->log_x[i] > p->log_x[top])
            top = i;
    for (size_t i = 0; i < ERG_COUNT(shares) * ERG_COUNT(sharpness); i++) {
        double share = shares[i / 3], time = p->log_time[top], at[UNKNOWNS] = {
            [TM] = log(1 - share) + time, [TC] = log(share) + time,
            [U] = log(sharpness[i % 3]), [T0] = log(0.02) + time,
        };
        double cost = descend(p, at);
        if (cost < least) {
            least = cost;
            memcpy(best, at, sizeof(at));
        }
    }
    return least;
}

/* Of more anchors than there is room for an even choice is taken. */
static problem problem_of(const erg_anchor anchors[], size_t count, bool is_near)
{
    problem p = { .damping = is_near ? 1e-3 : 1e-3, .enough = is_near ? 1e-3 : 1e-10 };
    size_t every = (count + CLOCKS_MOST - 1) / CLOCKS_MOST;

    for (size_t i = 0; i < count; i += every ? every : 1) {
        if (anchors[i].is_capped)
            continue;
        p.log_x[p.count] = log(anchors[i].x);
        p.log_time[p.count++] = log(anchors[i].time_s);
    }
    p.is_robust = p.count >= ERG_PHYSICAL_ROBUST;
    p.unknowns = p.is_robust ? 4 : 3;
    return p;
}

double erg_physical_time(const erg_anchor anchors[], size_t count, erg_clock_law *law)
{
    problem p = problem_of(anchors, count, false);
    double at[UNKNOWNS] = { 0 }, cost = best_start(&p, at);

    set_law(&p, at, law);
    return cost;
}

double erg_physical_time_near(const erg_anchor anchors[], size_t count, erg_clock_law *law)
{
    problem p = problem_of(anchors, count, true);
    double at[UNKNOWNS] = { [TM] = log(law->tm_s), [TC] = log(law->tc_s),
                            [U] = log(law->q - 1), [T0] = log(law->t0_s) };
    double cost = descend(&p, at);

    set_law(&p, at, law);
    return cost;
}
