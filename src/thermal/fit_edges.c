/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load did between two readings of its power. The straight line between them has
 * the right energy on average; where power went from one to the other at once, at any
 * place of the interval, it is off by a rectangle whose width has the variance h^2/12. The
 * network keeps that error for a time constant: no noise of single rows, and nothing that
 * more rows of the same edge would mend.
 */
#include <math.h>
#include "thermal/fit_inside.h"

/* Of the interval before row k, the seconds that no reading saw: a sensor that is d late
 * tells the mean of 2 d. */
static double unseen_s(const erg_window *w, size_t k)
{
    return fmax(0, w->t_s[k] - w->t_s[k - 1] - 2 * fmax(0, w->delay_s));
}

/* The variance of joules that the straight line misses in the interval before row k. */
static double variance_at(const erg_window *w, size_t k)
{
    double step_w = w->power_w[k] - w->power_w[k - 1], gap_s = unseen_s(w, k);

    return step_w * step_w * gap_s * gap_s * gap_s / (12 * (w->t_s[k] - w->t_s[k - 1]));
}

/* One joule too many before row k heats by R/tau at k, and fades. From the last row back,
 * what follows it of the slope is summed for all k at once. */
double erg_fitting_rows_for_edges(const erg_fitting *f, const double slope[])
{
    const erg_window *w = &f->window;
    double follows[ERG_POLES_MOST] = { 0 }, squares = 0, edges = 0;

    for (size_t k = w->n; k-- > 1;) {
        double gain = 0, h = w->t_s[k] - w->t_s[k - 1];
        double row = slope[k] * (w->is_weighed ? w->weight[k] : 1);
        bool is_head = w->segment[k] != w->segment[k - 1];
        squares += slope[k] * slope[k];
        for (int i = 0; i < f->net.poles; i++) {
            follows[i] += row;
            gain += f->net.r[i] / f->net.tau_s[i] * follows[i];
            follows[i] *= is_head ? 0 : exp(-h / f->net.tau_s[i]);
        }
        if (!is_head)
            edges += variance_at(w, k) * gain * gain;
    }
    double noise = f->net.sse / (double)w->n * squares;
    return noise > 0 ? 1 + edges / noise : 1;
}

/* Edges that all lie at the same place of their intervals, because the load counts as the
 * log does, shift every x by up to half a row. What follows x is told from R_0 by that
 * place alone: R/tau of half a row goes from the one to the other. */
void erg_fitting_let_edges_lie(const erg_fitting *f, erg_thermal *out)
{
    double all = 0;

    for (int i = 0; i < f->net.poles; i++) {
        double moved = f->net.r[i] / f->net.tau_s[i] * f->window.dt_s / 2;
        out->poles[i].r_low_k_per_w = fmax(0, out->poles[i].r_low_k_per_w - moved);
        out->poles[i].r_high_k_per_w += moved;
        all += moved;
    }
    out->r_fast_low_k_per_w = fmax(0, out->r_fast_low_k_per_w - all);
    out->r_fast_high_k_per_w += all;
}
