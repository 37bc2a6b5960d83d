/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the joules of a window went: in, out, stored.
 *
 * A Foster network from power to the die is a ladder seen from one end. At its other end
 * the heat that leaves is power through all its lags in a row: 1 / prod(1 + s tau_i), so
 *
 *   q_out = sum_i g_i x_i,   E = sum_i g_i tau_i x_i,
 *   g_i = prod_(j != i) tau_i/(tau_i - tau_j)
 *
 * with x_i the lagged power of pole i. That follows from Foster and Cauer being one network
 * (JESD51-14, annex) and dE/dt = P - q_out.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "thermal/balance_inside.h"
#include "thermal/network.h"

#define CLOSES_BELOW 0.05
#define IDLE_USE 0.05
enum { IDLE_ROWS = 10 };

static const double sd_of_uniform = ERG_SD_OF_UNIFORM;

const char *erg_balance_kind_name(erg_balance_kind kind)
{
    static const char *const names[] = { "fit residual", "independent" };
    return names[kind];
}

void erg_balance_combine(erg_balance *of, const double u[], size_t count)
{
    double squares = 0;

    for (size_t i = 0; i < count; i++)
        squares += isfinite(u[i]) ? u[i] * u[i] : 0;
    of->span_s = of->span_s > 0 ? of->span_s : of->end_s - of->begin_s;
    of->closure = (of->in_j - of->out_j - of->stored_j) / of->in_j;
    of->closure_low = of->closure - 2 * sqrt(squares);
    of->closure_high = of->closure + 2 * sqrt(squares);
    of->closes = fabs(of->closure) <= CLOSES_BELOW && of->closure_low <= 0
        && of->closure_high >= 0;
}

double erg_sensor_u_j(double energy_j, double span_s)
{
    return sd_of_uniform * fmax(ERG_SENSOR_SHARE * fabs(energy_j),
                                ERG_SENSOR_LEAST_W * span_s);
}

/* ---- out from the network ------------------------------------------------------------ */

typedef struct modal {
    double g[ERG_POLES_MOST], r, weight_j_per_k;    /* of the part the model misses */
} modal;

static modal modal_of(const erg_network *net)
{
    modal of = { .r = 0 };

    for (int i = 0; i < net->poles; i++) {
        of.g[i] = 1;
        for (int j = 0; j < net->poles; j++)
            of.g[i] *= j == i ? 1 : net->tau_s[i] / (net->tau_s[i] - net->tau_s[j]);
        of.r += net->r[i];
        of.weight_j_per_k += of.g[i] * net->tau_s[i];
    }
    of.weight_j_per_k /= of.r;
    return of;
}

/* From row first to row last of one segment. The integral of x is that of P less tau times
 * what x has gained: exact for the filter of erg_lag. What is left of the start, b, decays
 * on its own, and what the model misses leaves through all resistances together. */
static void add_segment(const erg_window *w, const erg_network *net,
                        const double missed_k[], size_t first, size_t last,
                        erg_balance *out)
{
    modal of = modal_of(net);
    double in_j = 0, missed_ks = 0, span_s = w->t_s[last] - w->t_s[first];

    for (size_t k = first + 1; k <= last; k++) {
        double h_s = w->t_s[k] - w->t_s[k - 1];
        in_j += h_s * (w->late_w[k] + w->late_w[k - 1]) / 2;
        missed_ks += h_s * (missed_k[k] + missed_k[k - 1]) / 2;
    }
    out->in_j += in_j;
    out->out_j += missed_ks / of.r;
    out->stored_j += of.weight_j_per_k * (missed_k[last] - missed_k[first]);
    for (int i = 0; i < net->poles; i++) {
        erg_lag(w, net->tau_s[i], w->columns);
        double gained_w = w->columns[last] - w->columns[first];
        double start_w = net->r[i] > 0 ? net->start_k[i][w->segment[first]] / net->r[i] : 0;
        gained_w += start_w * expm1(-span_s / net->tau_s[i]);
        out->stored_j += of.g[i] * net->tau_s[i] * gained_w;
        out->out_j += of.g[i] * (in_j - net->tau_s[i] * gained_w);
    }
}

/* The gain of the power sensor is in R and C as it is in P: it cancels here. */
static void bound_residual(const erg_thermal *model, const erg_window *w, erg_balance *out)
{
    double r = 0, spread = 0, stored_j_per_k = 0;

    for (int i = 0; i < model->pole_count; i++) {
        const erg_thermal_pole *pole = &model->poles[i];
        /* What edges between rows move from R_0 to a pole stays in the sum of both. */
        double moved = pole->r_k_per_w / pole->tau_s * w->dt_s;
        double wide = fmax(0, pole->r_high_k_per_w - pole->r_low_k_per_w - moved);
        r += pole->r_k_per_w;
        spread += pow(wide / 3.92, 2);
        stored_j_per_k += pole->tau_s / pole->r_k_per_w;
    }
    const double u[] = {
        sqrt(spread) / r * out->out_j / out->in_j,
        stored_j_per_k * model->step_k / 2 * sd_of_uniform * sqrt(2) / out->in_j,
        (model->ambient_high_k - model->ambient_low_k) / 3.92 / r
            * (w->t_s[w->n - 1] - w->t_s[0]) / out->in_j,
        w->dt_s / 2 * sd_of_uniform * (model->power_high_w - model->power_low_w)
            / out->in_j,
    };
    erg_balance_combine(out, u, ERG_COUNT(u));
}

bool erg_thermal_balance(const erg_monitor_device *device,
                         const erg_thermal_options *options, const erg_thermal *model,
                         erg_balance *out, erg_error *err)
{
    erg_window w;
    erg_network net = { .poles = model->pole_count };

    *out = (erg_balance){ .kind = ERG_BALANCE_FIT_RESIDUAL, .begin_s = model->begin_s,
                          .end_s = model->end_s, .eta_p = NAN };
    if (!erg_window_open(device, options, &w, err))
        return false;
    erg_window_delay(&w, model->delay_s);
    erg_window_weigh(&w, model->r_fast_k_per_w, model->noise_k);
    for (int i = 0; i < net.poles; i++)
        net.tau_s[i] = model->poles[i].tau_s;
    double *missed_k = calloc(w.n, sizeof(*missed_k));
    bool good = missed_k && erg_network_solve(&w, &net);
    if (good) {
        erg_network_residuals(&w, &net, missed_k);
        for (size_t first = 0, last; first < w.n; first = last + 1) {
            last = first;
            while (last + 1 < w.n && w.segment[last + 1] == w.segment[first])
                last++;
            add_segment(&w, &net, missed_k, first, last, out);
        }
        bound_residual(model, &w, out);
        out->eta_p = erg_eta_p(device, out->begin_s, out->end_s);
    }
    free(missed_k);
    erg_window_close(&w);
    return good || erg_fail(err, ERG_NO_DATA, "%s: no balance of the window", device->name);
}

/* ---- measured twice ------------------------------------------------------------------ */

/* Rows come faster than the board reads itself: its counter stands still in between, and
 * its power is held as long. Seconds from one change of the counter to the next. */
static double update_s(const erg_monitor_device *device)
{
    double last_j = NAN, begin_s = NAN, end_s = NAN;
    size_t changes = 0;

    for (size_t i = 0; i < device->count; i++) {
        double joules = device->rows[i].value[ERG_MONITOR_ENERGY_J];
        if (!isfinite(joules) || joules == last_j)
            continue;
        end_s = erg_since_s(device, i);
        begin_s = isnan(begin_s) ? end_s : begin_s;
        changes += !isnan(last_j);
        last_j = joules;
    }
    return changes ? (end_s - begin_s) / (double)changes : NAN;
}

/* One board, two ways to its joules: the integral of its power, and its counter. They share
 * their shunt, so a gain that is off moves both; only when they were read may differ. */
bool erg_counter_balance(const erg_monitor_device *device, erg_balance *out)
{
    const erg_monitor_row *before = NULL;
    double sampling_j = 0, usual_s = fmax(device->period_s, update_s(device));

    *out = (erg_balance){ .kind = ERG_BALANCE_INDEPENDENT, .begin_s = NAN, .eta_p = NAN };
    for (size_t i = 0; i < device->count; i++) {
        const erg_monitor_row *row = &device->rows[i];
        double power_w = row->value[ERG_MONITOR_POWER_W];
        if (!isfinite(power_w) || !isfinite(row->value[ERG_MONITOR_ENERGY_J]))
            continue;
        double h_s = before ? erg_s_from_ns(row->t_ns - before->t_ns) : 0;
        if (before && h_s > 0 && h_s <= ERG_BALANCE_GAP * device->period_s) {
            double was_w = before->value[ERG_MONITOR_POWER_W];
            out->in_j += h_s * (power_w + was_w) / 2;
            out->out_j += row->value[ERG_MONITOR_ENERGY_J]
                - before->value[ERG_MONITOR_ENERGY_J];
            sampling_j += pow(fmax(h_s, usual_s) * (power_w - was_w) / 2 * sd_of_uniform,
                              2);
        }
        out->begin_s = isnan(out->begin_s) ? erg_since_s(device, i) : out->begin_s;
        out->end_s = erg_since_s(device, i);
        before = row;
    }
    if (!(out->in_j > 0) || !(out->out_j > 0))
        return false;
    const double u[] = {
        sqrt(sampling_j) / out->in_j,
        /* The ends: half a period of the mean power each. */
        usual_s / 2 * sd_of_uniform * sqrt(2) / (out->end_s - out->begin_s),
    };
    erg_balance_combine(out, u, ERG_COUNT(u));
    out->eta_p = erg_eta_p(device, out->begin_s, out->end_s);
    return true;
}

/* ---- what work costs over idling ----------------------------------------------------- */

static double mean_power(const erg_monitor_device *device, double begin_s, double end_s)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < device->count; i++) {
        double t_s = erg_since_s(device, i),
               power_w = device->rows[i].value[ERG_MONITOR_POWER_W];
        if (t_s < begin_s || t_s > end_s || !isfinite(power_w))
            continue;
        sum += power_w;
        count++;
    }
    return count ? sum / (double)count : NAN;
}

/* (E_gross - E_idle)/E_gross; idle is the median of rows that are not in use. */
double erg_eta_p(const erg_monitor_device *device, double begin_s, double end_s)
{
    double *idle_w = calloc(device->count ? device->count : 1, sizeof(*idle_w));
    double gross_w = mean_power(device, begin_s, end_s), eta = NAN;
    size_t count = 0;

    for (size_t i = 0; idle_w && i < device->count; i++) {
        const double *value = device->rows[i].value;
        if (value[ERG_MONITOR_USE] <= IDLE_USE && isfinite(value[ERG_MONITOR_POWER_W]))
            idle_w[count++] = value[ERG_MONITOR_POWER_W];
    }
    if (count >= IDLE_ROWS && gross_w > 0) {
        double usual_w = erg_median(idle_w, count), noise_w = erg_mad_sigma(idle_w, count);
        double gain_w = fmin(ERG_SENSOR_LEAST_W, ERG_SENSOR_SHARE * usual_w);
        double off_w = fmax(noise_w, sd_of_uniform * gain_w);
        if (gross_w - usual_w > 2 * off_w)
            eta = (gross_w - usual_w) / gross_w;
    }
    free(idle_w);
    return eta;
}
