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

enum { DELAYS = 17, MEANS_LEAST = 1000 };       /* -1 to 3 s */
static const double delay_low_s = -1, delay_step_s = 0.25, delay_close_s = 0.25 / 8;
#define POLES_APART 3.0
#define AT_THE_GRID 1.01        /* of its least time constant: the search ended there */

const char *erg_thermal_verdict_name(erg_thermal_verdict verdict)
{
    static const char *const names[] = { "identified", "time constant only",
                                         "not identifiable" };
    return names[verdict];
}

/* ---- delay --------------------------------------------------------------------------- */

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
    f->log_tau_per_delay = log(at[2].tau_s / at[0].tau_s) / (2 * step_s);
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
static bool find_delay_quickly(erg_fitting *f, double *delay_s, erg_error *err)
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
    f->log_tau_per_delay = means.log_tau_per_delay;
    erg_window_close(&means.window);
    return true;
}

/* ---- order --------------------------------------------------------------------------- */

static double aicc(const erg_fitting *f, const erg_network *net)
{
    double n = f->n_eff, k = 3 + 3.0 * net->poles;

    return n * log(net->sse / (double)f->window.n) + 2 * k
        + 2 * k * (k + 1) / fmax(n - k - 1, 1);
}

/* A further pole must be well apart, slower than the sampling (what is as fast is R_0's),
 * and have a resistance that is not zero. */
static bool is_worth(const erg_fitting *f, const erg_network *more)
{
    double wider = sqrt((double)f->window.n / f->n_eff), low_s, high_s;

    erg_network_grid(&f->window, &low_s, &high_s);
    if (more->tau_s[0] < AT_THE_GRID * low_s)
        return false;
    for (int i = 0; i < more->poles; i++) {
        if (i && more->tau_s[i] < POLES_APART * more->tau_s[i - 1])
            return false;
        if (!(more->r[i] > 1.96 * wider * more->se_r[i]))
            return false;
    }
    return aicc(f, more) < aicc(f, &f->net);
}

static bool find_order(erg_fitting *f, int poles)
{
    if (!erg_network_search(&f->window, poles > 0 ? poles : 1, &f->net))
        return false;
    erg_fitting_look(f);
    for (int more = 2; poles == 0 && more <= ERG_POLES_MOST; more++) {
        erg_network next;
        if (!erg_network_search(&f->window, more, &next) || !is_worth(f, &next))
            break;
        f->net = next;
        erg_fitting_look(f);
    }
    return true;
}

/* ---- the part that the fit did not see ----------------------------------------------- */

/* Fits the first half, then runs the second on its measured power. */
static void hold_out(const erg_fitting *f, erg_thermal *out)
{
    size_t half = f->window.n / 2;
    erg_window first = erg_window_part(&f->window, 0, half);
    erg_network net = f->net;
    double *residual = f->residual, sum = 0, most = 0;

    out->held_out_rmse_k = out->held_out_max_k = NAN;
    /* A gap would leave the second half without its start. */
    if (f->window.segments > 1 || half < 30 || !erg_network_search(&first, net.poles, &net))
        return;
    erg_network_residuals(&f->window, &net, residual);
    for (size_t k = half; k < f->window.n; k++) {
        sum += residual[k] * residual[k];
        most = fmax(most, fabs(residual[k]));
    }
    out->held_out_rmse_k = sqrt(sum / (double)(f->window.n - half));
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

    *out = (erg_thermal){
        .pole_count = f->net.poles, .rows = n,
        .delay_s = delay_s, .delay_half_s = erg_fitting_delay_half_s(f),
        .segments = f->window.segments, .n_eff = f->n_eff, .step_k = f->window.step_k,
        .rmse_k = sqrt(f->net.sse / (double)n),
        .residual_sd_k = sqrt(f->net.sse / fmax((double)n - 4, 1)),
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

static bool fit(erg_fitting *f, const erg_thermal_options *options, erg_thermal *out,
                erg_error *err)
{
    double delay_s;

    if (!find_delay_quickly(f, &delay_s, err))
        return false;
    erg_window_delay(&f->window, delay_s);
    if (!find_order(f, options->poles))
        return erg_fail(err, ERG_NO_DATA,
                        "power and temperature do not move: no network can be "
                        "found in them");
    erg_fitting_intervals(f);
    erg_fitting_let_delay_vary(f);
    describe(f, delay_s, out);
    erg_fitting_linear_intervals(f, out);
    bool was_edge = f->at_the_edge;
    erg_fitting_cover_halves(f, out);
    f->at_the_edge = was_edge;
    hold_out(f, out);
    ranges(f, out);
    find_verdict(f, out);
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
    f.residual = calloc(f.window.n, sizeof(*f.residual));
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
