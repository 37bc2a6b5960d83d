/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of erg thermal forecast: how long until the limit, and what power is safe. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/random.h"
#include "math/stats.h"
#include "thermal/outlook.h"

enum { DRAWS = 500 };
#define LIMIT_K (83 + 273.15)
#define MARGIN_K 2.0

static const erg_column forecast_columns[] = {
    { "device", ERG_TEXT, "as the log names it" },
    { "temp_c", ERG_REAL, "now: at the last row" },
    { "limit_c", ERG_REAL, "that must not be reached" },
    { "time_to_limit_s", ERG_REAL, "at the stated power; n/a: never, see steady_c" },
    { "safe_power_w", ERG_REAL, "stays a margin below the limit" },
    { "time_low_s", ERG_REAL, "95 % interval of the time" },
    { "time_high_s", ERG_REAL, "n/a: perhaps never" },
    { "steady_c", ERG_REAL, "where it ends at that power" },
    { "advice", ERG_TEXT, "one line; nothing acts on it" },
    { "power_w", ERG_REAL, "that is taken to go on" },
    { "window", ERG_TEXT, "that the network was fitted to" },
};

static const erg_column score_columns[] = {
    { "horizon_s", ERG_REAL, "so far ahead" },
    { "n", ERG_INTEGER, "forecasts made" },
    { "model_held_k", ERG_REAL, "root mean square error: the network, power held" },
    { "model_known_k", ERG_REAL, "the network, power known" },
    { "persistence_k", ERG_REAL, "nothing changes" },
    { "line_k", ERG_REAL, "the straight line through the last two samples" },
};

/* The last steady regime that is long enough, where no window is stated. */
static bool fit_model(erg_outlook *of, erg_error *err)
{
    erg_thermal_options fit = of->options->fit;
    erg_regime regimes[64];
    bool is_stated = fit.begin_s != 0 || fit.end_s != 0 || fit.fan_high > 0;
    size_t count = erg_thermal_regimes(of->device, regimes, ERG_COUNT(regimes));

    for (size_t i = 0; !is_stated && i < count && i < ERG_COUNT(regimes); i++)
        if (regimes[i].end_s - regimes[i].begin_s >= ERG_REGIME_LEAST_S) {
            fit.begin_s = regimes[i].begin_s > 0 ? regimes[i].begin_s : 1e-9;
            fit.end_s = regimes[i].end_s;
        }
    return erg_thermal_fit(of->device, &fit, &of->model, err);
}

/* A network holds for the fan that it saw. */
static bool is_outside(const erg_outlook *of)
{
    double fan = of->device->rows[of->device->count - 1].value[ERG_MONITOR_FAN];

    return isfinite(fan) && isfinite(of->model.fan_high)
        && ((fan > 0) != (of->model.fan_high > 0) || fan < of->model.fan_low - ERG_FAN_MOVED
            || fan > of->model.fan_high + ERG_FAN_MOVED);
}

static double recent_w(const erg_monitor_device *device)
{
    double sum = 0, end_s = erg_since_s(device, device->count - 1);
    size_t count = 0;

    for (size_t i = device->count;
         i-- > 0 && end_s - erg_since_s(device, i) <= ERG_RECENT_S;) {
        double power_w = device->rows[i].value[ERG_MONITOR_POWER_W];
        if (isfinite(power_w)) {
            sum += power_w;
            count++;
        }
    }
    return count ? sum / (double)count : NAN;
}

/* ---- intervals ----------------------------------------------------------------------- */

/* A network as likely as the fitted one: resistances and time constants move, the fast part
 * at the cost of the first pole, as a record can hardly part the two, and T_a so that the
 * mean of the record stays where it was. */
static erg_thermal drawn(const erg_thermal *model, erg_random *luck)
{
    erg_thermal one = *model;
    double mean_w = (model->power_low_w + model->power_high_w) / 2, moved = 0;
    double sd_fast = (model->r_fast_high_k_per_w - model->r_fast_low_k_per_w) / 3.92;

    one.r_fast_k_per_w = fmax(model->r_fast_k_per_w + sd_fast * erg_random_normal(luck), 0);
    double faster = one.r_fast_k_per_w - model->r_fast_k_per_w;
    for (int i = 0; i < model->pole_count; i++) {
        const erg_thermal_pole *pole = &model->poles[i];
        double sd_r = (pole->r_high_k_per_w - pole->r_low_k_per_w) / 3.92;
        double sd_tau = log(pole->tau_high_s / pole->tau_low_s) / 3.92;
        one.poles[i].r_k_per_w = fmax(pole->r_k_per_w + sd_r * erg_random_normal(luck)
                                      - (i == 0 ? faster : 0), 0);
        one.poles[i].tau_s = pole->tau_s * exp(sd_tau * erg_random_normal(luck));
        moved += one.poles[i].r_k_per_w - pole->r_k_per_w;
    }
    one.ambient_k -= (moved + faster) * mean_w;
    return one;
}

static bool find_interval(erg_outlook *of, erg_error *err)
{
    double times[DRAWS];
    erg_random luck = { .state = 1 };

    for (size_t i = 0; i < DRAWS; i++) {
        erg_thermal one = drawn(&of->model, &luck);
        erg_thermal_state state;
        if (!erg_thermal_state_at(&one, of->device, of->device->count - 1, &state, err))
            return false;
        state.bias_k += of->model.residual_sd_k * erg_random_normal(&luck);
        times[i] = fmin(erg_thermal_time_to_limit(&one, &state, of->power_w, of->limit_k),
                        1e12);
    }
    of->time_low_s = erg_quantile(times, DRAWS, 0.025);
    of->time_high_s = erg_quantile(times, DRAWS, 0.975);
    return true;
}

/* ---- one device ---------------------------------------------------------------------- */

static bool look_ahead(erg_outlook *of, erg_error *err)
{
    const erg_forecast_options *options = of->options;

    of->limit_k = options->limit_k > 0 ? options->limit_k : LIMIT_K;
    of->margin_k = options->margin_k > 0 ? options->margin_k : MARGIN_K;
    of->horizon_s = options->horizon_s > 0 ? options->horizon_s : INFINITY;
    of->power_w = options->power_w > 0 ? options->power_w : recent_w(of->device);
    of->temp_k = of->device->rows[of->device->count - 1].value[ERG_MONITOR_TEMP_K];
    of->time_s = of->safe_w = of->steady_k = of->time_low_s = of->time_high_s = NAN;
    if (!fit_model(of, err))
        return false;
    of->is_known = of->model.verdict == ERG_THERMAL_IDENTIFIED && !is_outside(of);
    if (!of->is_known)
        return true;
    if (!erg_thermal_state_at(&of->model, of->device, of->device->count - 1,
                              &of->state, err))
        return false;
    of->time_s = erg_thermal_time_to_limit(&of->model, &of->state, of->power_w,
                                           of->limit_k);
    of->safe_w = erg_thermal_safe_power(&of->model, &of->state, of->limit_k, of->margin_k,
                                        of->horizon_s);
    of->steady_k = erg_thermal_steady(&of->model, &(erg_thermal_power){
        of->power_w, of->temp_k });
    return find_interval(of, err);
}

static void advise_limit(const erg_outlook *of, char *to, size_t size)
{
    char range[64];

    snprintf(range, sizeof(range), of->time_high_s < 1e11 ? "%.0f..%.0f" : "%.0f..never",
             of->time_low_s, of->time_high_s);
    snprintf(to, size, "at %.0f W the limit %.0f C is reached in %.0f s (%s); "
             "%.0f W or less is safe: hold it within %.0f s, or shift or slow "
             "%.0f %% of the work", of->power_w,
             of->limit_k - 273.15, of->time_s, range, of->safe_w, of->time_low_s,
             100 * fmax(0, 1 - of->safe_w / of->power_w));
}

static void advise(const erg_outlook *of, char *to, size_t size)
{
    if (of->model.verdict != ERG_THERMAL_IDENTIFIED)
        snprintf(to, size, "no forecast: %s: %s",
                 erg_thermal_verdict_name(of->model.verdict), of->model.reason);
    else if (!of->is_known)
        snprintf(to, size, "no forecast: the fan has left the range of the window");
    else if (isinf(of->steady_k))
        snprintf(to, size,
                 "RUNAWAY: leakage of %.2g W/K feeds itself at this resistance: take "
                 "power or heat away now", of->model.leakage_w_per_k);
    else if (isinf(of->time_s))
        snprintf(to, size, "nothing to do: at %.0f W it ends at %.1f C; "
                 "up to %.0f W is safe", of->power_w, of->steady_k - 273.15, of->safe_w);
    else
        advise_limit(of, to, size);
}

static double or_never(double time_s) { return time_s < 1e11 ? time_s : NAN; }

static bool put_outlook(const erg_outlook *of, erg_table *table, erg_error *err)
{
    char advice[240], window[64];
    const erg_real cells[] = {
        { "temp_c", of->temp_k - 273.15 }, { "limit_c", of->limit_k - 273.15 },
        { "time_to_limit_s", or_never(of->time_s) }, { "safe_power_w", of->safe_w },
        { "time_low_s", or_never(of->time_low_s) },
        { "time_high_s", or_never(of->time_high_s) },
        { "steady_c", isinf(of->steady_k) ? NAN : of->steady_k - 273.15 },
        { "power_w", of->power_w },
    };

    advise(of, advice, sizeof(advice));
    snprintf(window, sizeof(window), "%.1fs:%.1fs", of->model.begin_s, of->model.end_s);
    return erg_table_row(table, err)
        && erg_table_text(table, "device", of->device->name, err)
        && erg_table_text(table, "advice", advice, err)
        && erg_table_text(table, "window", window, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}

/* ---- score --------------------------------------------------------------------------- */

typedef struct errors { double held, known, persistence, line; int64_t n; } errors;

static double temp_at(const erg_monitor_device *device, double t_s, size_t *from)
{
    while (*from + 2 < device->count && erg_since_s(device, *from + 1) < t_s)
        ++*from;
    return device->rows[*from + 1].value[ERG_MONITOR_TEMP_K];
}

/* The mean of what the network missed over the last ten seconds, as in a live forecast. */
static double missed_k(const erg_monitor_device *device, const double model_k[], size_t at)
{
    double sum = 0, count = 0;

    for (size_t i = at + 1;
         i-- > 0 && erg_since_s(device, at) - erg_since_s(device, i) <= ERG_RECENT_S;) {
        double missed = device->rows[i].value[ERG_MONITOR_TEMP_K] - model_k[i];
        if (isfinite(missed)) {
            sum += missed;
            count++;
        }
    }
    return count > 0 ? sum / count : 0;
}

/* Sums of squares over every row of the window from two time constants on. */
static bool score_at(const erg_outlook *of, double horizon_s, const double model_k[],
                     errors *out)
{
    const erg_monitor_device *device = of->device;
    double begin_s = of->model.begin_s
        + 2 * of->model.poles[of->model.pole_count - 1].tau_s;
    erg_thermal_state state = { .power_w = NAN };
    size_t ahead = 0;

    *out = (errors){ .n = 0 };
    for (size_t i = 1; i < device->count; i++) {
        double t_s = erg_since_s(device, i), dt_s = t_s - erg_since_s(device, i - 1);
        double power_w = device->rows[i].value[ERG_MONITOR_POWER_W];
        double temp_k = device->rows[i].value[ERG_MONITOR_TEMP_K];
        double before_k = device->rows[i - 1].value[ERG_MONITOR_TEMP_K];
        if (!isfinite(power_w) || !isfinite(temp_k) || !(dt_s > 0))
            continue;
        if (isnan(state.power_w))
            erg_thermal_settle(&of->model, power_w, &state);
        erg_thermal_step(&of->model, &state, power_w, dt_s);
        if (t_s < begin_s || t_s + horizon_s > of->model.end_s)
            continue;
        double then_k = temp_at(device, t_s + horizon_s, &ahead);
        erg_thermal_state now = state;
        now.bias_k = missed_k(device, model_k, i);
        double held_k = erg_thermal_ahead(&of->model, &now, power_w, horizon_s);
        out->held += pow(held_k - then_k, 2);
        out->known += pow(model_k[ahead + 1] - then_k, 2);
        out->persistence += pow(temp_k - then_k, 2);
        out->line += pow(temp_k + (temp_k - before_k) / dt_s * horizon_s - then_k, 2);
        out->n++;
    }
    return out->n > 0;
}

/* The network run over the whole log on its measured power. */
static double *run_open(const erg_outlook *of, erg_error *err)
{
    const erg_monitor_device *device = of->device;
    double *model_k = calloc(device->count, sizeof(*model_k));
    erg_thermal_state state = { .power_w = NAN };

    if (!model_k)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; model_k && i < device->count; i++) {
        double power_w = device->rows[i].value[ERG_MONITOR_POWER_W];
        double dt_s = i ? erg_since_s(device, i) - erg_since_s(device, i - 1) : 0;
        model_k[i] = NAN;
        if (!isfinite(power_w))
            continue;
        if (isnan(state.power_w))
            erg_thermal_settle(&of->model, power_w, &state);
        erg_thermal_step(&of->model, &state, power_w, fmax(dt_s, 0));
        model_k[i] = erg_thermal_ahead(&of->model, &state, power_w, 0);
    }
    return model_k;
}

static bool put_score(const erg_outlook *of, erg_table *table, erg_error *err)
{
    static const double horizons_s[] = { 5, 10, 30, 60 };
    double *model_k = run_open(of, err);
    bool ok = model_k != NULL;

    for (size_t i = 0; ok && i < ERG_COUNT(horizons_s); i++) {
        errors sum;
        if (!score_at(of, horizons_s[i], model_k, &sum))
            continue;
        double n = (double)sum.n;
        const erg_real cells[] = {
            { "horizon_s", horizons_s[i] }, { "model_held_k", sqrt(sum.held / n) },
            { "model_known_k", sqrt(sum.known / n) },
            { "persistence_k", sqrt(sum.persistence / n) },
            { "line_k", sqrt(sum.line / n) },
        };
        ok = erg_table_row(table, err) && erg_table_integer(table, "n", sum.n, err)
            && erg_put_reals(table, cells, ERG_COUNT(cells), err);
    }
    free(model_k);
    return ok;
}

/* ---- the whole ----------------------------------------------------------------------- */

/* With no name: the one device that has both power and temperature. */
static const erg_monitor_device *find_device(const erg_monitor *monitor, const char *name,
                                             erg_error *err)
{
    for (size_t i = 0; i < erg_monitor_devices(monitor); i++) {
        const erg_monitor_device *one = erg_monitor_device_at(monitor, i);
        const double *first = one->rows[0].value;
        if (name ? strcmp(name, one->name) == 0
                 : isfinite(first[ERG_MONITOR_TEMP_K])
            && isfinite(first[ERG_MONITOR_POWER_W]))
            return one;
    }
    erg_fail(err, ERG_NOT_FOUND, name ? "the log has no device '%s'"
             : "no device of the log has both power and temperature%s", name ? name : "");
    return NULL;
}

erg_result *erg_thermal_forecast_tables(const erg_monitor *monitor, const char *device,
                                        const erg_forecast_options *options, bool *reached,
                                        erg_error *err)
{
    erg_outlook of = { .device = find_device(monitor, device, err), .options = options };
    erg_result *result = of.device && erg_monitor_one_writer(of.device, 0, 0, err)
                      && look_ahead(&of, err)
        ? erg_result_new("thermal", err) : NULL;
    erg_table *table = result ? erg_result_add(result, "forecast", forecast_columns,
                                               ERG_COUNT(forecast_columns), err) : NULL;
    bool identified = table && of.model.verdict == ERG_THERMAL_IDENTIFIED;
    bool ok = table && put_outlook(&of, table, err)
        && erg_monitor_notes(monitor, result, err)
        && erg_result_note(result, err,
                           "holds while the fan and the room stay as they were in "
                           "the window");

    if (ok && options->score && identified) {
        erg_table *score = erg_result_add(result, "score", score_columns,
                                          ERG_COUNT(score_columns), err);
        ok = score && put_score(&of, score, err) && erg_put_alarms(&of, result, err);
    }
    *reached = of.is_known && isfinite(of.time_s);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}
