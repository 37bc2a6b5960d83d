/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Greedy: the frequency that explains most of what is left is added, then all frequencies
 * are refined together by Gauss and Newton, the linear part by QR at each step. Series that
 * lose too little by a sinusoid are given up early: they are not made of three.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/closed_form.h"
#include "math/linear.h"
#include "math/stats.h"

enum { SEARCHED = 512, POLYNOMIAL = 3, COLUMNS = POLYNOMIAL + 3 * ERG_SINUSOIDS_MOST,
       REFINEMENTS = 60, SLOW_TURNS = 24 };
#define EXACT 1e-9
#define FINE_STEPS 1000
/* Rounding noise of half a step, and what the least squares lose by it. */
#define ROUNDED 0.6

/* Share of the squares that may be left after 1, 2 and 3 sinusoids to go on. */
static const double may_be_left[ERG_SINUSOIDS_MOST] = { 0.9, 0.6, 0.1 };

double erg_noise_floor(const double x[], size_t n)
{
    erg_sum sum = { 0 };

    for (size_t i = 4; i < n; i++) {
        double fourth = x[i] - 4 * x[i - 1] + 6 * x[i - 2] - 4 * x[i - 3] + x[i - 4];
        erg_sum_add(&sum, fourth * fourth);
    }
    return n > 4 ? sqrt(erg_sum_value(&sum) / (double)(n - 4) / 70) : NAN;
}

double erg_printed_step(const double x[], size_t n)
{
    for (int digits = -3; digits <= 12; digits++) {
        double scale = pow(10, digits);
        bool all = true;
        for (size_t i = 0; all && i < n; i++) {
            double units = x[i] * scale;
            all = fabs(units) < 1e12 && fabs(units - round(units)) <= 1e-3 + 8 * DBL_EPSILON
                                                                            * fabs(units);
        }
        if (all)
            return 1 / scale;
    }
    return 0;
}

/* ---- the fit ------------------------------------------------------------------------- */

typedef struct work {
    const double *u, *x;
    size_t n;
    double *design, *solved, *rest;
    double *wheel;              /* 4 n: where each value's wave stands, and its next step */
    erg_error *err;
} work;

static double model_at(const erg_closed_form *form, double u)
{
    double sum = form->polynomial[0] + u * (form->polynomial[1] + u * form->polynomial[2]);

    for (int j = 0; j < form->sinusoids; j++) {
        double angle = M_PI * form->turns[j] * u;
        sum += form->cosine[j] * cos(angle) + form->sine[j] * sin(angle);
    }
    return sum;
}

static double squares_left(const work *at, const erg_closed_form *form)
{
    erg_sum sum = { 0 };

    for (size_t i = 0; i < at->n; i++) {
        at->rest[i] = at->x[i] - model_at(form, at->u[i]);
        erg_sum_add(&sum, at->rest[i] * at->rest[i]);
    }
    return erg_sum_value(&sum);
}

/* The linear part at the frequencies of form and, with slopes, how they should move. */
static bool solve(const work *at, erg_closed_form *form, double moves[], bool slopes)
{
    size_t m = (size_t)form->sinusoids;
    size_t columns = POLYNOMIAL + (slopes ? 3 : 2) * m;

    for (size_t i = 0; i < at->n; i++) {
        double *row = at->design + i * columns, u = at->u[i];
        row[0] = 1;
        row[1] = u;
        row[2] = u * u;
        for (size_t j = 0; j < m; j++) {
            double angle = M_PI * form->turns[j] * u, c = cos(angle), s = sin(angle);
            row[POLYNOMIAL + 2 * j] = c;
            row[POLYNOMIAL + 2 * j + 1] = s;
            if (slopes)
                row[POLYNOMIAL + 2 * m + j] =
                    M_PI * u * (form->sine[j] * c - form->cosine[j] * s);
        }
        at->solved[i] = at->x[i];
    }
    if (!erg_least_squares(at->design, at->solved, at->n, columns, at->err))
        return false;
    memcpy(form->polynomial, at->solved, sizeof(form->polynomial));
    for (size_t j = 0; j < m; j++) {
        form->cosine[j] = at->solved[POLYNOMIAL + 2 * j];
        form->sine[j] = at->solved[POLYNOMIAL + 2 * j + 1];
        if (slopes)
            moves[j] = at->solved[POLYNOMIAL + 2 * m + j];
    }
    return true;
}

/* Steps that do not help are halved; the frequencies stay above a twentieth of a turn. */
static bool refine(const work *at, erg_closed_form *form)
{
    double left = squares_left(at, form);

    for (int round = 0; round < REFINEMENTS && left > 0; round++) {
        erg_closed_form probe = *form;
        double moves[ERG_SINUSOIDS_MOST], size = 1, now = INFINITY;
        if (!solve(at, &probe, moves, true))
            return true;        /* columns that depend: it stays as it is */
        for (int half = 0; half < 8 && !(now < left); half++, size /= 2) {
            erg_closed_form next = *form;
            for (int j = 0; j < form->sinusoids; j++)
                next.turns[j] = fmax(0.05, form->turns[j] + size * moves[j]);
            if (!solve(at, &next, NULL, false))
                continue;
            now = squares_left(at, &next);
            if (now < left)
                probe = next;
        }
        if (!(now < left))
            break;
        bool is_last = now > left * (1 - 1e-6);
        *form = probe;
        left = now;
        if (is_last)
            break;
    }
    squares_left(at, form);
    return true;
}

/* Turns of the wave that explains most of what is left: what it projects on, which holds
 * from one turn or so on. Each value's wave goes on by a product, not by a new sine. */
static double strongest(const work *at)
{
    const double first = 0.75, apart = 0.25;
    double *c = at->wheel, *s = c + at->n, *step_c = s + at->n, *step_s = step_c + at->n;
    double best = 0, turns = 1;

    for (size_t i = 0; i < at->n; i++) {
        c[i] = cos(M_PI * first * at->u[i]);
        s[i] = sin(M_PI * first * at->u[i]);
        step_c[i] = cos(M_PI * apart * at->u[i]);
        step_s[i] = sin(M_PI * apart * at->u[i]);
    }
    for (size_t k = 0; first + apart * (double)k < (double)at->n / 2; k++) {
        double even = 0, odd = 0;
        for (size_t i = 0; i < at->n; i++) {
            double was = c[i];
            even += at->rest[i] * was;
            odd += at->rest[i] * s[i];
            c[i] = was * step_c[i] - s[i] * step_s[i];
            s[i] = was * step_s[i] + s[i] * step_c[i];
        }
        if (even * even + odd * odd > best) {
            best = even * even + odd * odd;
            turns = first + apart * (double)k;
        }
    }
    return turns;
}

/* The next sinusoid: the strongest, or a slow one that a polynomial nearly is. */
static bool add_sinusoid(const work *at, erg_closed_form *form)
{
    erg_closed_form best = *form;
    double least = INFINITY, fast = strongest(at);

    for (int i = 0; i <= SLOW_TURNS; i++) {
        erg_closed_form probe = *form;
        probe.turns[probe.sinusoids++] = i ? 0.1 * i : fast;
        if (!solve(at, &probe, NULL, false))
            continue;
        double left = squares_left(at, &probe);
        if (left < least) {
            least = left;
            best = probe;
        }
    }
    *form = best;
    return isfinite(least) && refine(at, form);
}

static double largest_left(const double u[], const double x[], size_t n,
                           const erg_closed_form *form)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i] - model_at(form, u[i])));
    return most;
}

/* ---- the whole ----------------------------------------------------------------------- */

typedef struct bounds { double range, allowed; } bounds;

static bounds bounds_of(const double x[], size_t n, double step)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    double range = high - low;
    bool is_fine = step > 0 && range >= FINE_STEPS * step;
    return (bounds){ range, fmax(EXACT * range, is_fine ? ROUNDED * step : 0) };
}

static void search(const work *at, double allowed, erg_closed_form *form)
{
    if (!solve(at, form, NULL, false))
        return;
    double before = squares_left(at, form);
    for (int k = 0; k < ERG_SINUSOIDS_MOST; k++) {
        if (largest_left(at->u, at->x, at->n, form) <= allowed || !add_sinusoid(at, form))
            return;
        if (squares_left(at, form) > may_be_left[k] * before)
            return;
    }
}

/* The part that was searched says where the frequencies are; all values judge. */
static bool judge(const work *part, const double u[], const double x[], size_t n,
                  erg_closed_form *form)
{
    work all = *part;

    all.u = u;
    all.x = x;
    all.n = n;
    all.design = calloc(n * COLUMNS, sizeof(double));
    all.solved = calloc(n, sizeof(double));
    all.rest = calloc(n, sizeof(double));
    bool ok = all.design && all.solved && all.rest;
    if (ok && solve(&all, form, NULL, false))
        refine(&all, form);
    if (ok)
        form->residual = largest_left(u, x, n, form);
    free(all.design);
    free(all.solved);
    free(all.rest);
    return ok || erg_fail(part->err, ERG_NO_MEMORY, "out of memory");
}

static bool find(const double u[], const double x[], size_t n, double step,
                 erg_closed_form *out, erg_error *err)
{
    size_t count = n < SEARCHED ? n : SEARCHED;
    const bounds whole = bounds_of(x, n, step);
    work part = { .n = count, .x = x, .err = err };
    double *room = calloc(count * (COLUMNS + 7), sizeof(double));

    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    part.u = room;
    part.solved = room + count;
    part.rest = room + 2 * count;
    part.wheel = room + 3 * count;
    part.design = room + 7 * count;
    for (size_t i = 0; i < count; i++)
        room[i] = -1 + 2 * (u[i] - u[0]) / (u[count - 1] - u[0]);
    search(&part, whole.allowed, out);
    bool ok = true;
    double fits = largest_left(part.u, x, count, out);
    if (count < n && fits <= 10 * whole.allowed) {
        /* The same waves turn more often in the longer record. */
        double longer = 2 / (u[count - 1] - u[0]);
        for (int j = 0; j < out->sinusoids; j++)
            out->turns[j] *= longer;
        ok = judge(&part, u, x, n, out);
    } else
        out->residual = fits;
    out->is_closed = ok && out->residual <= whole.allowed;
    free(room);
    return ok;
}

bool erg_closed_form_find(const double t[], const double x[], size_t n, double step,
                          erg_closed_form *out, erg_error *err)
{
    *out = (erg_closed_form){ .residual = NAN };
    if (n < ERG_CLOSED_LEAST || bounds_of(x, n, step).range == 0)
        return true;
    double *u = calloc(n, sizeof(*u));
    if (!u)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++)
        u[i] = t ? -1 + 2 * (t[i] - t[0]) / (t[n - 1] - t[0])
                 : -1 + 2 * (double)i / (double)(n - 1);
    bool ok = find(u, x, n, step, out, err);
    free(u);
    return ok;
}
