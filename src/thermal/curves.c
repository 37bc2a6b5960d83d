/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page draws of a window: the record beside the network, fitted to all of it and to
 * its first half; the profile of each time constant; Z_th over time; how residuals hang
 * together. One long table: curve, x, y.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/curves.h"
#include "thermal/structure.h"

enum { POINTS_MOST = 600, PROFILE = 41, DECADES = 12, LAGS = 40 };

static const erg_column curve_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "window", ERG_TEXT, "seconds from the first row" },
    { "curve", ERG_TEXT, "temp_c, model_c, held_out_c, power_w over seconds; "
                         "profile_k over tau_s; zth_k_per_w over seconds; residual_r, "
                         "residual_band over lags; structure_k_per_w over J/K" },
    { "x", ERG_REAL, "seconds, lags or J/K" },
    { "y", ERG_REAL, "in the unit that the curve's name ends in" },
};

typedef struct sink {
    erg_table *table;
    const char *device, *window;
    const erg_thermal *model;
    erg_window *w;
    double *residual;
    erg_error *err;
} sink;

erg_table *erg_curves_add(erg_result *result, erg_error *err)
{
    return erg_result_add(result, "curves", curve_columns, ERG_COUNT(curve_columns), err);
}

static bool put(const sink *to, const char *curve, double x, double y)
{
    return erg_table_row(to->table, to->err)
        && erg_table_text(to->table, "device", to->device, to->err)
        && erg_table_text(to->table, "window", to->window, to->err)
        && erg_table_text(to->table, "curve", curve, to->err)
        && erg_table_real(to->table, "x", x, to->err)
        && erg_table_real(to->table, "y", y, to->err);
}

static erg_network of_model(const erg_thermal *model)
{
    erg_network net = { .poles = model->pole_count };

    for (int i = 0; i < net.poles; i++)
        net.tau_s[i] = model->poles[i].tau_s;
    return net;
}

/* The model's value is the measured one less what it misses. */
static bool put_fit(const sink *to, const char *curve, const erg_network *net,
                    erg_held_out rows)
{
    const erg_window *w = to->w;
    size_t stride = w->n / POINTS_MOST + 1;
    bool ok = true;

    erg_network_residuals(w, net, to->residual);
    for (size_t k = rows.begin; ok && k < rows.end; k += stride)
        ok = put(to, curve, w->begin_s + w->t_s[k],
                 erg_c_from_k(w->temp_k[k] - to->residual[k]));
    return ok;
}

static bool put_record(const sink *to)
{
    const erg_window *w = to->w;
    size_t stride = w->n / POINTS_MOST + 1;
    const erg_held_out all = { 0, w->n }, held = erg_held_out_rows(w);
    erg_network net = of_model(to->model), first = net;
    erg_window part = erg_window_part(w, 0, held.begin);
    bool ok = true;

    for (size_t k = 0; ok && k < w->n; k += stride)
        ok = put(to, "temp_c", w->begin_s + w->t_s[k], erg_c_from_k(w->temp_k[k]))
          && put(to, "power_w", w->begin_s + w->t_s[k], w->power_w[k]);
    ok = ok && (!erg_network_solve(w, &net) || put_fit(to, "model_c", &net, all));
    if (ok && held.begin >= 30 && erg_network_search(&part, net.poles, &first))
        ok = put_fit(to, "held_out_c", &first, held);
    return ok;
}

/* Root mean square of the residuals with tau held, over what the grid spans. */
static bool put_profile(const sink *to)
{
    erg_network net = of_model(to->model);
    double low_s, high_s;
    bool ok = true;

    erg_network_grid(to->w, &low_s, &high_s);
    for (int pole = 0; pole < net.poles; pole++)
        for (size_t i = 0; ok && i < PROFILE; i++) {
            erg_network one = net;
            one.tau_s[pole] = low_s * pow(high_s / low_s, (double)i / (PROFILE - 1));
            if (erg_network_solve(to->w, &one))
                ok = put(to, "profile_k", one.tau_s[pole],
                         sqrt(one.sse / (double)to->w->n));
        }
    return ok;
}

double erg_thermal_zth(const erg_thermal *model, double t_s)
{
    double sum = model->r_fast_k_per_w;

    for (int i = 0; i < model->pole_count; i++)
        sum -= model->poles[i].r_k_per_w * expm1(-t_s / model->poles[i].tau_s);
    return sum;
}

/* Eight points a decade, from half an interval of the record to ten
 * times its slowest pole. */
static bool put_zth(const sink *to)
{
    double begin_s = to->w->dt_s / 2;
    double end_s = 10 * to->model->poles[to->model->pole_count - 1].tau_s;
    bool ok = to->model->verdict == ERG_THERMAL_IDENTIFIED;

    for (int i = 0; ok && i <= 8 * DECADES; i++) {
        double t_s = begin_s * pow(10, i / 8.0);
        if (t_s > end_s)
            return true;
        ok = put(to, "zth_k_per_w", t_s, erg_thermal_zth(to->model, t_s));
    }
    return ok || to->model->verdict != ERG_THERMAL_IDENTIFIED;
}

static bool put_residuals(const sink *to)
{
    erg_network net = of_model(to->model);
    size_t n = to->w->n;
    double band = 1.96 / sqrt((double)n);
    bool ok = true;

    if (!erg_network_solve(to->w, &net))
        return true;
    erg_network_residuals(to->w, &net, to->residual);
    for (size_t lag = 1; ok && lag <= LAGS && lag + 10 < n; lag++)
        ok = put(to, "residual_r", (double)lag,
                 erg_correlation(to->residual, to->residual + lag, n - lag))
          && put(to, "residual_band", (double)lag, band)
          && put(to, "residual_band_low", (double)lag, -band);
    return ok;
}

/* Resistance over the capacity before it: flat parts are paths, steps up interfaces. */
static bool put_structure(const sink *to)
{
    erg_rc_spectrum spectrum;
    erg_structure ladder;

    erg_window_delay(to->w, 0);
    if (!erg_structure_can(to->w) || !erg_structure_spectrum(to->w, &spectrum, NULL)
        || !erg_structure_of(&spectrum, &ladder, NULL))
        return true;
    double r = ladder.r_fast_k_per_w, c = 0;
    bool ok = true;
    for (size_t k = 0; ok && k < ladder.count; k++) {
        c += ladder.c_j_per_k[k];
        ok = put(to, "structure_k_per_w", c, r);
        r += ladder.r_k_per_w[k];
        ok = ok && put(to, "structure_k_per_w", c, r);
    }
    return ok;
}

bool erg_curves_put(erg_table *table, const erg_monitor_device *device,
                    const erg_thermal_options *options, const erg_curves_of *of,
                    erg_error *err)
{
    erg_window w;
    sink to = { .table = table, .device = device->name, .window = of->window,
                .model = of->model, .w = &w, .err = err };

    if (!erg_window_open(device, options, &w, err))
        return false;
    erg_window_delay(&w, of->model->delay_s);
    erg_window_weigh(&w, of->model->r_fast_k_per_w, of->model->noise_k);
    to.residual = calloc(w.n, sizeof(*to.residual));
    bool ok = to.residual || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    ok = ok && put_record(&to) && put_profile(&to) && put_zth(&to) && put_residuals(&to)
        && put_structure(&to);
    free(to.residual);
    erg_window_close(&w);
    return ok;
}
