/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each figure of a fit may be off: profiles of time constants, conditional
 * intervals of what is linear, and what each half of the record says alone.
 */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/fit_inside.h"

#define CHI2_95 3.84            /* of one degree of freedom */

static double profile(const erg_fitting *f, int pole, double tau_s)
{
    erg_network net = f->net;

    net.tau_s[pole] = tau_s;
    return erg_network_solve(&f->window, &net) ? net.sse : INFINITY;
}

/* Where the profile crosses the limit between `inside` and `edge`, in the logarithm. */
static double crossing(erg_fitting *f, int pole, double edge_s)
{
    double limit = f->net.sse * (1 + CHI2_95 / f->n_eff);
    double inside = log(f->net.tau_s[pole]), outside = log(edge_s);

    if (profile(f, pole, edge_s) <= limit) {
        f->at_the_edge = true;
        return edge_s;
    }
    for (int i = 0; i < 24; i++) {
        double middle = (inside + outside) / 2;
        if (profile(f, pole, exp(middle)) <= limit)
            inside = middle;
        else
            outside = middle;
    }
    return exp(inside);
}

void erg_fitting_intervals(erg_fitting *f)
{
    double low_s, high_s;

    erg_network_grid(&f->window, &low_s, &high_s);
    for (int i = 0; i < f->net.poles; i++) {
        f->tau_low_s[i] = crossing(f, i, low_s);
        f->tau_high_s[i] = crossing(f, i, high_s);
    }
}

/* The delay was found in the same record: where squares are a (u - s v)^2 + b v^2 in ln tau
 * and the delay, the interval of u over all v has the half-width sqrt(c/a + s^2 c/b). */
double erg_fitting_delay_half_s(const erg_fitting *f)
{
    return f->delay_bend > 0
        ? sqrt(2 * CHI2_95 / f->n_eff * f->delay_sse / f->delay_bend) : NAN;
}

void erg_fitting_let_delay_vary(erg_fitting *f)
{
    double low_s, high_s, half_s = erg_fitting_delay_half_s(f);

    erg_network_grid(&f->window, &low_s, &high_s);
    for (int i = 0; i < f->net.poles && isfinite(half_s); i++) {
        double tau_s = f->net.tau_s[i], more = f->log_tau_per_delay[i] * half_s;
        double down = hypot(log(tau_s / f->tau_low_s[i]), more);
        double up = hypot(log(f->tau_high_s[i] / tau_s), more);
        f->tau_low_s[i] = fmax(low_s, tau_s * exp(-down));
        f->tau_high_s[i] = fmin(high_s, tau_s * exp(up));
    }
}

static void widen(double *low, double *high, double value, double half)
{
    *low = fmin(*low, value - half);
    *high = fmax(*high, value + half);
}

/* Conditional intervals at the ends of tau's interval, and in the middle, joined. */
void erg_fitting_linear_intervals(const erg_fitting *f, erg_thermal *out)
{
    double wider = 1.96 * sqrt((double)f->window.n / f->n_eff);
    const double *tau_s[] = { f->net.tau_s, f->tau_low_s, f->tau_high_s };

    for (size_t v = 0; v < ERG_COUNT(tau_s); v++) {
        erg_network net = f->net;
        memcpy(net.tau_s, tau_s[v], sizeof(net.tau_s));
        if (!erg_network_solve(&f->window, &net))
            continue;
        widen(&out->ambient_low_k, &out->ambient_high_k, net.ambient_k,
              wider * net.se_ambient);
        widen(&out->r_fast_low_k_per_w, &out->r_fast_high_k_per_w, net.r_fast,
              wider * net.se_r_fast);
        for (int i = 0; i < net.poles; i++)
            widen(&out->poles[i].r_low_k_per_w, &out->poles[i].r_high_k_per_w, net.r[i],
                  wider * net.se_r[i]);
    }
    erg_fitting_let_edges_lie(f, out);
    /* A sensor that cuts off instead of rounding reads half a step low. */
    if (isnan(f->window.ambient_k)) {
        out->ambient_low_k -= f->window.step_k / 2;
        out->ambient_high_k += f->window.step_k / 2;
    }
}

/* Each half alone: what it says belongs inside the interval, where it says something. */
void erg_fitting_cover_halves(erg_fitting *f, erg_thermal *out)
{
    size_t half = f->window.n / 2;

    for (size_t part = 0; part < 2; part++) {
        erg_fitting one = { .window = erg_window_part(&f->window, part * half, half),
                        .residual = f->residual, .slope = f->slope };
        if (f->net.poles != 1 || half < 60 || !erg_network_search(&one.window, 1, &one.net))
            continue;
        erg_fitting_look(&one);
        one.n_eff = one.n_first;
        erg_fitting_intervals(&one);
        if (one.at_the_edge || one.tau_high_s[0] > RATIO_MOST * one.tau_low_s[0])
            continue;
        out->poles[0].tau_low_s = fmin(out->poles[0].tau_low_s, one.net.tau_s[0]);
        out->poles[0].tau_high_s = fmax(out->poles[0].tau_high_s, one.net.tau_s[0]);
    }
}
