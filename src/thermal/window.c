/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a device that a fit sees, as columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/network.h"

enum { ROWS_LEAST = 30 };
#define GAP_INTERVALS 2.5

double erg_since_s(const erg_monitor_device *device, size_t i)
{
    return erg_s_from_ns(device->rows[i].t_ns - device->rows[0].t_ns);
}

static bool is_in(const erg_monitor_device *device, size_t i,
                  const erg_thermal_options *options)
{
    const double *value = device->rows[i].value;
    double t_s = erg_since_s(device, i);
    bool any_time = options->begin_s == 0 && options->end_s == 0;
    bool any_fan = options->fan_low == 0 && options->fan_high == 0;

    return isfinite(value[ERG_MONITOR_TEMP_K]) && isfinite(value[ERG_MONITOR_POWER_W])
        && (any_time || (t_s >= options->begin_s && t_s <= options->end_s))
        && (any_fan || (value[ERG_MONITOR_FAN] >= options->fan_low
                        && value[ERG_MONITOR_FAN] <= options->fan_high));
}

static bool take(erg_window *out, size_t most, erg_error *err)
{
    size_t scratch = most > ERG_WINDOW_SCRATCH ? most : ERG_WINDOW_SCRATCH;
    double *all = calloc(most * 6 + scratch, sizeof(*all));

    out->segment = calloc(most, sizeof(*out->segment));
    out->t_s = all;
    if (!all || !out->segment)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu rows", most);
    out->temp_k = all + most;
    out->power_w = all + 2 * most;
    out->fan = all + 3 * most;
    out->late_w = all + 4 * most;
    out->weight = all + 5 * most;
    out->columns = all + 6 * most;
    return true;
}

static void copy(const erg_monitor_device *device, const erg_thermal_options *options,
                 erg_window *out)
{
    double last_s = -INFINITY;

    for (size_t i = 0; i < device->count; i++) {
        const double *value = device->rows[i].value;
        double t_s = erg_since_s(device, i);
        if (!is_in(device, i, options) || t_s <= last_s)
            continue;
        if (out->n == 0)
            out->begin_s = t_s;
        out->t_s[out->n] = t_s - out->begin_s;
        out->temp_k[out->n] = value[ERG_MONITOR_TEMP_K];
        out->power_w[out->n] = value[ERG_MONITOR_POWER_W];
        out->fan[out->n++] = value[ERG_MONITOR_FAN];
        last_s = t_s;
    }
}

/* The least difference of two readings: what the sensor can tell apart. */
static double sensor_step(const erg_window *of)
{
    double least = INFINITY;

    for (size_t i = 1; i < of->n; i++) {
        double step = fabs(of->temp_k[i] - of->temp_k[i - 1]);
        if (step > 1e-6)
            least = fmin(least, step);
    }
    return isfinite(least) ? least : 0;
}

static bool split(erg_window *of, erg_error *err)
{
    for (size_t i = 1; i < of->n; i++)
        of->columns[i - 1] = of->t_s[i] - of->t_s[i - 1];
    of->dt_s = erg_median(of->columns, of->n - 1);
    of->segments = 1;
    for (size_t i = 0; i < of->n; i++) {
        bool is_gap = i && of->t_s[i] - of->t_s[i - 1] > GAP_INTERVALS * of->dt_s;
        of->segments += is_gap;
        of->segment[i] = of->segments - 1;
    }
    of->step_k = sensor_step(of);
    if (of->segments > ERG_SEGMENTS_MOST)
        return erg_fail(err, ERG_NO_DATA,
                        "the window has %zu gaps: --window takes a steadier "
                        "part of the record", of->segments - 1);
    return true;
}

bool erg_window_open(const erg_monitor_device *device, const erg_thermal_options *options,
                     erg_window *out, erg_error *err)
{
    *out = (erg_window){ .ambient_k = options->ambient_k > 0 ? options->ambient_k : NAN };
    if (!take(out, device->count ? device->count : 1, err)) {
        erg_window_close(out);
        return false;
    }
    copy(device, options, out);
    bool good = out->n >= ROWS_LEAST
        || erg_fail(err, ERG_NO_DATA,
                    "%s: %zu rows of the window have power and temperature; a "
                    "fit needs %d", device->name, out->n, ROWS_LEAST);
    good = good && split(out, err);
    if (!good)
        erg_window_close(out);
    else
        erg_window_delay(out, 0);
    return good;
}

erg_window erg_window_part(const erg_window *whole, size_t first, size_t n)
{
    erg_window part = *whole;

    part.t_s += first;
    part.temp_k += first;
    part.power_w += first;
    part.late_w += first;
    part.weight += first;
    part.fan += first;
    part.segment += first;
    part.n = n;
    return part;
}

erg_held_out erg_held_out_rows(const erg_window *window)
{
    erg_held_out best = { 0, 0 };
    size_t most = 0;

    for (size_t begin = 0, end; begin < window->n; begin = end) {
        for (end = begin + 1; end < window->n
             && window->segment[end] == window->segment[begin]; end++)
            continue;
        if (end - begin > most) {
            most = end - begin;
            best = (erg_held_out){ begin + most / 2, end };
        }
    }
    return best;
}

void erg_window_close(erg_window *window)
{
    free(window->t_s);
    free(window->segment);
    *window = (erg_window){ .n = 0 };
}

/* Moves *at, from where it was, to the reading before t_s; how far t_s is to the next. */
static double share_of(const erg_window *window, double t_s, size_t *at)
{
    while (*at + 2 < window->n && window->t_s[*at + 1] <= t_s)
        (*at)++;
    while (*at > 0 && window->t_s[*at] > t_s)
        (*at)--;
    double span_s = window->t_s[*at + 1] - window->t_s[*at];
    return fmin(1, fmax(0, (t_s - window->t_s[*at]) / span_s));
}

/* P at t + delay, between the two readings around it; the ends are held. */
void erg_window_delay(erg_window *window, double delay_s)
{
    size_t at = 0;

    for (size_t i = 0; i < window->n; i++) {
        double share = share_of(window, window->t_s[i] + delay_s, &at);
        window->late_w[i] = window->power_w[at]
            + share * (window->power_w[at + 1] - window->power_w[at]);
    }
    window->delay_s = delay_s;
}

/* Where power went from a reading a to the next one b at once, at any time between them,
 * the straight line is what it was on average, and s (1 - s) (b - a)^2 its variance at
 * share s. Rows that are taken at their word all the same make R_0 too high, and tau with
 * it. */
void erg_window_weigh(erg_window *window, double r_fast, double noise_k)
{
    size_t at = 0;

    for (size_t i = 0; i < window->n && noise_k > 0; i++) {
        double share = share_of(window, window->t_s[i] + window->delay_s, &at);
        double step_w = window->power_w[at + 1] - window->power_w[at];
        double doubt_k = r_fast * sqrt(share * (1 - share)) * step_w;
        window->weight[i] = 1 / hypot(1, doubt_k / noise_k);
    }
    window->is_weighed = noise_k > 0;
}

bool erg_window_means(const erg_window *from, size_t rows, erg_window *out, erg_error *err)
{
    *out = *from;
    out->n = 0;
    if (!take(out, from->n / rows + 1, err)) {
        erg_window_close(out);
        return false;
    }
    for (size_t begin = 0; begin + rows <= from->n; begin += rows) {
        if (from->segment[begin] != from->segment[begin + rows - 1])
            continue;
        double sum[4] = { 0 };
        for (size_t k = begin; k < begin + rows; k++) {
            sum[0] += from->t_s[k];
            sum[1] += from->temp_k[k];
            sum[2] += from->power_w[k];
            sum[3] += from->fan[k];
        }
        out->t_s[out->n] = sum[0] / (double)rows;
        out->temp_k[out->n] = sum[1] / (double)rows;
        out->power_w[out->n] = sum[2] / (double)rows;
        out->fan[out->n] = sum[3] / (double)rows;
        out->segment[out->n++] = from->segment[begin];
    }
    out->dt_s = from->dt_s * (double)rows;
    out->is_weighed = false;
    return true;
}

/* ---- regimes ------------------------------------------------------------------------- */

static bool moved(const erg_regime *regime, double fan)
{
    bool was_on = regime->fan_high > 0, is_on = fan > 0;

    return was_on != is_on
        || fmax(fan, regime->fan_high) - fmin(fan, regime->fan_low) > ERG_FAN_MOVED;
}

size_t erg_thermal_regimes(const erg_monitor_device *device, erg_regime out[], size_t most)
{
    erg_regime now = { .begin_s = NAN };
    size_t count = 0;

    for (size_t i = 0; i < device->count; i++) {
        double fan = device->rows[i].value[ERG_MONITOR_FAN], t_s = erg_since_s(device, i);
        bool is_new = isnan(now.begin_s) || (isfinite(fan) && moved(&now, fan));
        if (is_new && !isnan(now.begin_s)) {
            if (count < most)
                out[count] = now;
            count++;
        }
        if (is_new)
            now = (erg_regime){ .begin_s = t_s, .fan_low = isfinite(fan) ? fan : 0,
                                .fan_high = isfinite(fan) ? fan : 0 };
        now.end_s = t_s;
        if (isfinite(fan)) {
            now.fan_low = fmin(now.fan_low, fan);
            now.fan_high = fmax(now.fan_high, fan);
        }
    }
    if (!isnan(now.begin_s)) {
        if (count < most)
            out[count] = now;
        count++;
    }
    return count;
}
