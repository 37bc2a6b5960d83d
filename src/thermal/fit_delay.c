/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How late the power sensor is, and which rows to believe: those between two powers know
 * neither well.
 */
#include <math.h>
#include "math/stats.h"
#include "thermal/fit_inside.h"

enum { DELAYS = 17, MEANS_LEAST = 1000 };       /* -1 to 3 s */
static const double delay_low_s = -1, delay_step_s = 0.25, delay_close_s = 0.25 / 8;

typedef struct delay_try { double delay_s, sse, tau_s; } delay_try;

static delay_try try_delay(erg_fitting *f, double delay_s)
{
    erg_window_delay(&f->window, delay_s);
    erg_network net = erg_network_glance(&f->window);
    return (delay_try){ .delay_s = delay_s, .sse = net.sse, .tau_s = net.tau_s[0] };
}

/* The vertex of the parabola through three evenly spaced tries. How far tau follows the
 * delay, and how sharply the squares rise with it, is kept for tau's interval. */
static double vertex(erg_fitting *f, const delay_try at[3])
{
    double bend = at[0].sse - 2 * at[1].sse + at[2].sse,
           step_s = at[2].delay_s - at[1].delay_s;

    if (!(bend > 0) || !isfinite(bend))
        return at[1].delay_s;
    f->delay_bend = bend / (step_s * step_s);
    f->delay_sse = at[1].sse;
    f->log_tau_per_delay[0] = log(at[2].tau_s / at[0].tau_s) / (2 * step_s);
    double off = 0.5 * (at[0].sse - at[2].sse) / bend;
    return at[1].delay_s + step_s * fmax(-1, fmin(off, 1));
}

/* A coarse grid and the parabola through the best three; then once more close to its
 * vertex: where samples were taken at the edge of power, the squares rise unlike to both
 * sides, and the wide parabola is off by a hundredth of a second, which tau would feel. */
static double find_delay(erg_fitting *f)
{
    delay_try tries[DELAYS];
    size_t best = 0;

    for (size_t i = 0; i < DELAYS; i++) {
        tries[i] = try_delay(f, delay_low_s + delay_step_s * (double)i);
        if (tries[i].sse < tries[best].sse)
            best = i;
    }
    if (best == 0 || best == DELAYS - 1 || !isfinite(tries[best].sse))
        return tries[best].delay_s;
    double near_s = vertex(f, &tries[best - 1]);
    const delay_try close[] = { try_delay(f, near_s - delay_close_s),
                                try_delay(f, near_s),
                                try_delay(f, near_s + delay_close_s) };
    return vertex(f, close);
}

static double squares_at(erg_fitting *f, double delay_s, double tau_s)
{
    erg_network net = { .poles = 1, .tau_s = { tau_s } };

    erg_window_delay(&f->window, delay_s);
    return erg_network_solve(&f->window, &net) ? net.sse : INFINITY;
}

/* Golden sections down to a fraction of a row, tau held. */
static double refine(erg_fitting *f, double delay_s, double wide_s, double tau_s)
{
    const double golden = 0.6180339887498949;
    double low = delay_s - wide_s, high = delay_s + wide_s;

    while (high - low > f->window.dt_s / 8) {
        double left = high - golden * (high - low), right = low + golden * (high - low);
        if (squares_at(f, left, tau_s) < squares_at(f, right, tau_s))
            high = right;
        else
            low = left;
    }
    return (low + high) / 2;
}

/* The steps of the search are far apart beside rows of a millisecond, and a network of one
 * pole is as well seen in the means of so many rows as last half of the smallest step; a
 * mean's squares stand for its rows. From there on delay and tau are found in turn, and at
 * last the delay among the rows themselves: an edge of power that is off by two rows costs
 * both, which a pole as fast would take for its own. */
bool erg_fitting_find_delay(erg_fitting *f, double *delay_s, erg_error *err)
{
    static const double wide_s[] = { 0.25, 0.25 / 4 };
    size_t rows = (size_t)(delay_close_s / 2 / f->window.dt_s);
    erg_fitting means = { .residual = NULL };

    if (rows < 2 || f->window.n / rows < MEANS_LEAST) {
        *delay_s = find_delay(f);
        return true;
    }
    if (!erg_window_means(&f->window, rows, &means.window, err))
        return false;
    delay_try at = try_delay(&means, find_delay(&means));
    for (size_t i = 0; i < ERG_COUNT(wide_s); i++)
        at = try_delay(&means, refine(&means, at.delay_s, wide_s[i], at.tau_s));
    *delay_s = refine(f, at.delay_s, delay_close_s / 2, at.tau_s);
    f->delay_bend = means.delay_bend * (double)rows;
    f->delay_sse = means.delay_sse * (double)rows;
    f->log_tau_per_delay[0] = means.log_tau_per_delay[0];
    erg_window_close(&means.window);
    return true;
}

/* ---- weights ------------------------------------------------------------------------- */

/* The delay once more, by the rows that count. */
static double closer(erg_fitting *f, double delay_s)
{
    static const double wide_s[] = { 0.25, 0.25 / 4 };

    for (size_t i = 0; i < ERG_COUNT(wide_s); i++) {
        const delay_try at[] = { try_delay(f, delay_s - wide_s[i]), try_delay(f, delay_s),
                                 try_delay(f, delay_s + wide_s[i]) };
        delay_s = vertex(f, at);
    }
    return delay_s;
}

/* R_0 of a fit to all rows alike is good enough to say which of them to doubt, and the
 * noise is that of most rows, whatever a few of them miss. Where the delay was found among
 * rows of milliseconds it is close enough. */
bool erg_fitting_weigh(erg_fitting *f, double *delay_s)
{
    erg_network net;

    if (!erg_network_search(&f->window, 1, &net))
        return false;
    erg_network_residuals(&f->window, &net, f->residual);
    f->noise_k = erg_mad_sigma(f->residual, f->window.n);
    erg_window_weigh(&f->window, net.r_fast, f->noise_k);
    if (f->window.is_weighed && f->window.dt_s > delay_close_s)
        *delay_s = closer(f, *delay_s);
    erg_window_delay(&f->window, *delay_s);
    return true;
}

void erg_fitting_weigh_again(erg_fitting *f)
{
    erg_network_residuals(&f->window, &f->net, f->residual);
    f->noise_k = erg_mad_sigma(f->residual, f->window.n);
    erg_window_weigh(&f->window, f->net.r_fast, f->noise_k);
}

/* ---- several poles ------------------------------------------------------------------- */

/* How each time constant follows the delay, for its interval. */
static bool follow(erg_fitting *f, double delay_s)
{
    erg_network at[2];

    for (size_t i = 0; i < 2; i++) {
        at[i] = f->net;
        erg_window_delay(&f->window, delay_s + delay_step_s * (i ? 1 : -1));
        if (!erg_network_search(&f->window, f->net.poles, &at[i]))
            return false;
    }
    for (int p = 0; p < f->net.poles; p++)
        f->log_tau_per_delay[p] = log(at[1].tau_s[p] / at[0].tau_s[p]) / (2 * delay_step_s);
    erg_window_delay(&f->window, delay_s);
    return true;
}

/* A network of one pole finds the delay that makes up for its missing ones. */
bool erg_fitting_delay_of_several(erg_fitting *f, double *delay_s)
{
    double best_s = *delay_s;

    for (int turn = 0; turn < 2 && f->net.poles > 1; turn++) {
        delay_try at[3];
        for (size_t i = 0; i < 3; i++) {
            erg_network net = f->net;
            double try_s = best_s + delay_step_s * ((double)i - 1);
            erg_window_delay(&f->window, try_s);
            if (!erg_network_solve(&f->window, &net))
                return false;
            at[i] = (delay_try){ try_s, net.sse, net.tau_s[0] };
        }
        best_s = vertex(f, at);
        erg_window_delay(&f->window, best_s);
        if (!erg_network_search(&f->window, f->net.poles, &f->net))
            return false;
        erg_fitting_look(f);
    }
    *delay_s = best_s;
    return f->net.poles == 1 || follow(f, best_s);
}
