/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a window to a network that can be defended: delay, order, intervals, a part of the
 * record that the fit did not see, and a verdict that may be "not identifiable".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/fit_inside.h"

#define POLES_APART 3.0
#define AT_THE_GRID 1.01        /* of its least time constant: the search ended there */

const char *erg_thermal_verdict_name(erg_thermal_verdict verdict)
{
    static const char *const names[] = { "identified", "time constant only",
                                         "not identifiable" };
    return names[verdict];
}

/* ---- order --------------------------------------------------------------------------- */

static double aicc(const erg_fitting *f, const erg_network *net)
{
    double n = f->n_slowest, k = 3 + 3.0 * net->poles;

    return n * log(net->sse / (double)f->window.n) + 2 * k
        + 2 * k * (k + 1) / fmax(n - k - 1, 1);
}

/* A further pole must be well apart, slower than the sampling (what is as fast is R_0's),
 * and have a resistance that is not zero: by what f, that has it, leaves. What a pole too
 * few leaves is slow itself, and would call every further one chance. */
static bool is_worth(const erg_fitting *f, const erg_network *fewer)
{
    const erg_network *net = &f->net;
    double wider = sqrt((double)f->window.n / f->n_slowest), low_s, high_s;

    erg_network_grid(&f->window, &low_s, &high_s);
    if (net->tau_s[0] < AT_THE_GRID * low_s)
        return false;
    for (int i = 0; i < net->poles; i++) {
        if (i && net->tau_s[i] < POLES_APART * net->tau_s[i - 1])
            return false;
        if (!(net->r[i] > 1.96 * wider * net->se_r[i]))
            return false;
    }
    return aicc(f, net) < aicc(f, fewer);
}

/* From `least` poles on; that many and no more where `poles` says so. */
static bool find_order_from(erg_fitting *f, int least, int poles)
{
    if (!erg_network_search(&f->window, least, &f->net))
        return false;
    erg_fitting_look(f);
    for (int more = least + 1; poles == 0 && more <= ERG_POLES_MOST; more++) {
        erg_fitting next = *f;
        if (!erg_network_search(&f->window, more, &next.net))
            break;
        erg_fitting_look(&next);
        if (!is_worth(&next, &f->net))
            break;
        *f = next;
    }
    return true;
}

/* What one pole leaves where there are several is no noise, and would let rows between two
 * powers count for too much: then it is all done again with what the several leave. */
static bool find_order(erg_fitting *f, int poles)
{
    if (!find_order_from(f, poles > 0 ? poles : 1, poles))
        return false;
    if (f->net.poles == 1)
        return true;
    erg_fitting_weigh_again(f);
    return find_order_from(f, f->net.poles, poles);
}

/* ---- the part that the fit did not see ----------------------------------------------- */

/* Fits what lies before the middle of the longest stretch, then runs the rest of that
 * stretch on its measured power: a gap would leave what follows it without its start.
 * Without a gap these are the halves. */
static void hold_out(const erg_fitting *f, erg_thermal *out)
{
    erg_held_out held = erg_held_out_rows(&f->window);
    erg_window first = erg_window_part(&f->window, 0, held.begin);
    erg_network net = f->net;
    double *residual = f->residual, sum = 0, most = 0;

    out->held_out_rmse_k = out->held_out_max_k = NAN;
    if (held.begin < 30 || !erg_network_search(&first, net.poles, &net))
        return;
    erg_network_residuals(&f->window, &net, residual);
    for (size_t k = held.begin; k < held.end; k++) {
        sum += residual[k] * residual[k];
        most = fmax(most, fabs(residual[k]));
    }
    out->held_out_rmse_k = sqrt(sum / (double)(held.end - held.begin));
    out->held_out_max_k = most;
}

/* ---- verdict ------------------------------------------------------------------------- */

static void ranges(erg_fitting *f, erg_thermal *out)
{
    double *scratch = f->residual;

    memcpy(scratch, f->window.power_w, f->window.n * sizeof(*scratch));
    out->power_low_w = erg_quantile(scratch, f->window.n, 0.05);
    out->power_high_w = erg_quantile(scratch, f->window.n, 0.95);
    out->fan_low = out->fan_high = NAN;
    for (size_t k = 0; k < f->window.n; k++) {
        out->fan_low = fmin(out->fan_low, f->window.fan[k]);
        out->fan_high = fmax(out->fan_high, f->window.fan[k]);
    }
}

static void judge(erg_thermal *out, erg_thermal_verdict verdict, const char *reason)
{
    out->verdict = verdict;
    snprintf(out->reason, sizeof(out->reason), "%s", reason);
}

static bool is_mixed(const erg_thermal *out)
{
    return (out->fan_low == 0 && out->fan_high > 0) || out->fan_high - out->fan_low > 0.15;
}

static double most_of(const double x[], size_t n, double sign)
{
    double most = -INFINITY;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, sign * x[i]);
    return sign * most;
}

static void find_verdict(const erg_fitting *f, erg_thermal *out)
{
    const erg_thermal_pole *slow = &out->poles[out->pole_count - 1];
    double most_w = most_of(f->window.power_w, f->window.n, 1);
    double coolest_k = most_of(f->window.temp_k, f->window.n, -1);
    double half_k = (out->ambient_high_k - out->ambient_low_k) / 2;
    bool is_free = isnan(f->window.ambient_k);

    judge(out, ERG_THERMAL_IDENTIFIED, "");
    if (is_mixed(out))
        judge(out, ERG_THERMAL_NOT_IDENTIFIABLE, "MIXED_REGIME: the fan changes within it");
    else if (f->at_the_edge || slow->tau_high_s > RATIO_MOST * slow->tau_low_s)
        judge(out, ERG_THERMAL_NOT_IDENTIFIABLE,
              "the time constant may lie anywhere within a factor of 2.5");
    else if (is_free && out->power_high_w - out->power_low_w < 0.1 * most_w)
        judge(out, ERG_THERMAL_TIME_CONSTANT_ONLY,
              "power hardly changes: --ambient TEMP is needed for resistances");
    else if (is_free && (out->ambient_k < 273.15 || out->ambient_k > coolest_k + out->step_k
                         || half_k > 5))
        judge(out, ERG_THERMAL_NOT_IDENTIFIABLE, "no ambient temperature explains it");
    else if (out->held_out_rmse_k > 3 * out->rmse_k + out->step_k)
        judge(out, ERG_THERMAL_NOT_IDENTIFIABLE,
              "does not predict the half that it was not fitted to");
}

/* ---- the whole ----------------------------------------------------------------------- */

static void describe(erg_fitting *f, double delay_s, erg_thermal *out)
{
    size_t n = f->window.n;
    double sse = 0;     /* of all rows alike: what a user compares */

    erg_network_residuals(&f->window, &f->net, f->residual);
    for (size_t k = 0; k < n; k++)
        sse += f->residual[k] * f->residual[k];
    *out = (erg_thermal){
        .pole_count = f->net.poles, .rows = n,
        .delay_s = delay_s, .delay_half_s = erg_fitting_delay_half_s(f),
        .segments = f->window.segments, .n_eff = f->n_eff, .step_k = f->window.step_k,
        .rmse_k = sqrt(sse / (double)n), .noise_k = f->noise_k,
        .residual_sd_k = sqrt(sse / fmax((double)n - 4, 1)),
        .begin_s = f->window.begin_s, .end_s = f->window.begin_s + f->window.t_s[n - 1],
        .r_fast_k_per_w = f->net.r_fast, .r_fast_low_k_per_w = f->net.r_fast,
        .r_fast_high_k_per_w = f->net.r_fast, .ambient_k = f->net.ambient_k,
        .ambient_low_k = f->net.ambient_k, .ambient_high_k = f->net.ambient_k,
    };
    for (int i = 0; i < f->net.poles; i++)
        out->poles[i] = (erg_thermal_pole){
            .r_k_per_w = f->net.r[i], .r_low_k_per_w = f->net.r[i],
            .r_high_k_per_w = f->net.r[i], .tau_s = f->net.tau_s[i],
            .tau_low_s = f->tau_low_s[i], .tau_high_s = f->tau_high_s[i],
        };
}

/* A column that never changes is no thermometer: any network explains it. */
static bool is_still(const erg_window *window)
{
    for (size_t k = 1; k < window->n; k++)
        if (window->temp_k[k] != window->temp_k[0])
            return false;
    return true;
}

/* Intervals by so many independent rows. */
static void bound(erg_fitting *f, double n_eff, double delay_s, erg_thermal *out)
{
    double found = f->n_eff;

    f->n_eff = n_eff;
    f->at_the_edge = false;
    erg_fitting_intervals(f);
    erg_fitting_let_delay_vary(f);
    describe(f, delay_s, out);
    erg_fitting_linear_intervals(f, out);
    f->n_eff = found;
}

/* Whether the record holds the answer is asked of neighbours that agree (n_first); how far
 * off the answer may be, of all that does. */
static bool fit(erg_fitting *f, const erg_thermal_options *options, erg_thermal *out,
                erg_error *err)
{
    double delay_s;

    if (!erg_fitting_find_delay(f, &delay_s, err))
        return false;
    erg_window_delay(&f->window, delay_s);
    if (!erg_fitting_weigh(f, &delay_s) || !find_order(f, options->poles)
        || !erg_fitting_delay_of_several(f, &delay_s))
        return erg_fail(err, ERG_NO_DATA,
                        "power and temperature do not move: no network can be "
                        "found in them");
    bound(f, f->n_first, delay_s, out);
    erg_fitting_cover_halves(f, out);
    hold_out(f, out);
    ranges(f, out);
    find_verdict(f, out);
    erg_thermal judged = *out;
    bound(f, f->n_eff, delay_s, out);
    erg_fitting_cover_halves(f, out);
    out->verdict = judged.verdict;
    memcpy(out->reason, judged.reason, sizeof(out->reason));
    out->held_out_rmse_k = judged.held_out_rmse_k;
    out->held_out_max_k = judged.held_out_max_k;
    ranges(f, out);
    out->leakage_w_per_k = NAN;
    return true;
}

bool erg_thermal_fit(const erg_monitor_device *device, const erg_thermal_options *options,
                     erg_thermal *out, erg_error *err)
{
    erg_fitting f = { .residual = NULL };

    if (options->poles < 0 || options->poles > ERG_POLES_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "1 to %d poles, not %d", ERG_POLES_MOST,
                        options->poles);
    if (!erg_window_open(device, options, &f.window, err))
        return false;
    f.residual = calloc(2 * f.window.n, sizeof(*f.residual));
    f.slope = f.residual ? f.residual + f.window.n : NULL;
    bool good = !f.residual ? erg_fail(err, ERG_NO_MEMORY, "out of memory")
              : is_still(&f.window)
                  ? erg_fail(err, ERG_NO_DATA,
                             "%s: temperature is %.1f C in all %zu rows: no "
                             "sensor there, or nothing that heats", device->name,
                             f.window.temp_k[0] - 273.15, f.window.n)
                  : fit(&f, options, out, err);
    if (good) {
        /* Below zero, or not to be told from it, it is no leakage. */
        erg_leakage leakage = erg_thermal_leakage(device, out);
        out->leakage_w_per_k = leakage.low_w_per_k > 0 ? leakage.w_per_k : NAN;
    }
    free(f.residual);
    erg_window_close(&f.window);
    return good;
}

/* ---- relaxation ---------------------------------------------------------------------- */

/* The same machine with power left out: its free columns alone are T_inf and a fade. */
bool erg_thermal_relax(const erg_monitor_device *device, const erg_thermal_options *options,
                       erg_relaxation *out, erg_error *err)
{
    erg_window window;
    erg_network net;
    erg_thermal_options free_ambient = *options;

    free_ambient.ambient_k = 0;
    if (!erg_window_open(device, &free_ambient, &window, err))
        return false;
    memset(window.late_w, 0, window.n * sizeof(*window.late_w));
    bool good = window.segments == 1 && erg_network_search(&window, 1, &net);
    if (good)
        *out = (erg_relaxation){ .tau_s = net.tau_s[0], .end_k = net.ambient_k,
                                 .begin_k = net.ambient_k + net.start_k[0][0],
                                 .rmse_k = sqrt(net.sse / (double)window.n) };
    erg_window_close(&window);
    return good || erg_fail(err, ERG_NO_DATA, "no relaxation can be found in the window");
}
