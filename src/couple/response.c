/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/draws.h"
#include "math/regression.h"
#include "math/series.h"
#include "math/spectrum.h"
#include "math/stats.h"
#include "couple/response.h"

/* Mean and population SD of what is no gap. */
typedef struct level { double mean, sd; size_t count; } level;

static level level_of(const double x[], size_t n)
{
    erg_sum sum = { 0 }, squares = { 0 };
    level out = { NAN, NAN, 0 };

    for (size_t t = 0; t < n; t++)
        if (isfinite(x[t])) {
            erg_sum_add(&sum, x[t]);
            out.count++;
        }
    if (out.count == 0)
        return out;
    out.mean = erg_sum_value(&sum) / (double)out.count;
    for (size_t t = 0; t < n; t++)
        if (isfinite(x[t]))
            erg_sum_add(&squares, (x[t] - out.mean) * (x[t] - out.mean));
    out.sd = sqrt(erg_sum_value(&squares) / (double)out.count);
    return out;
}

double erg_sigma_opt(const double x[], size_t n)
{
    level of = level_of(x, n);

    return fabs(of.mean) > 0 ? of.sd / of.mean : NAN;
}

/* ---- coupling coefficient --------------------------------------------------- */

enum { ROWS_LEAST = 10 };

/* The rate from t to t + 1, explained by what was known at t. Both in their own SD, for the
 * sake of digits. */
static size_t set_rows(const double x[], const double y[], size_t n, size_t lag,
                       const level levels[2], double *rows)
{
    size_t count = 0;

    for (size_t t = lag; t + 1 < n; t++) {
        double rate = (y[t + 1] - y[t]) / levels[1].sd;
        double here = (x[t - lag] - levels[0].mean) / levels[0].sd;
        if (!isfinite(rate) || !isfinite(here))
            continue;
        rows[count] = rate;
        rows[n + count] = here;
        rows[2 * n + count++] = (y[t] - levels[1].mean) / levels[1].sd;
    }
    return count;
}

static bool fit_rates(double *rows, size_t n, const level levels[2],
                      const erg_coefficient_options *options, erg_coupling_coefficient *out)
{
    size_t count = out->rows, width = options->is_free ? 2 : 3;
    double *columns = calloc(width * count + 1, sizeof(*columns));
    double unit = levels[1].sd / levels[0].sd / options->dt_s;
    erg_regression fit;
    bool ok = columns != NULL;

    for (size_t i = 0; ok && i < count; i++)
        columns[i] = 1;
    for (size_t j = 1; ok && j < width; j++)
        memcpy(columns + j * count, rows + j * n, count * sizeof(*rows));
    out->error_lags = erg_newey_west_lags(count);
    ok = ok && erg_regress_newey_west(columns, rows, count, width, out->error_lags, &fit);
    if (ok) {
        double t = erg_student_t(0.975, (double)(count - width));
        out->k_scaled = -fit.b[1] / options->dt_s;
        out->k = -fit.b[1] * unit;
        out->low = out->k - t * fit.se[1] * unit;
        out->high = out->k + t * fit.se[1] * unit;
        out->holds_zero = out->low <= 0 && out->high >= 0;
        double lambda_half = width > 2 ? t * fit.se[2] / options->dt_s : NAN;
        out->lambda = width > 2 ? -fit.b[2] / options->dt_s : NAN;
        out->lambda_low = out->lambda - lambda_half;
        out->lambda_high = out->lambda + lambda_half;
    }
    free(columns);
    return ok;
}

bool erg_coupling_coefficient_fit(const double x[], const double y[], size_t n,
                                  const erg_coefficient_options *options,
                                  erg_coupling_coefficient *out, erg_error *err)
{
    level levels[] = { level_of(x, n), level_of(y, n) };
    double *rows = calloc(3 * n + 1, sizeof(*rows));
    bool ok = false;

    *out = (erg_coupling_coefficient){ 0 };
    if (!rows)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bins", n);
    if (levels[0].sd > 0 && levels[1].sd > 0)
        out->rows = set_rows(x, y, n, options->lag, levels, rows);
    if (out->rows >= ROWS_LEAST)
        ok = fit_rates(rows, n, levels, options, out);
    free(rows);
    return ok || erg_fail(err, ERG_NO_DATA, "%zu rows do not determine a rate", out->rows);
}

/* ---- spikes ----------------------------------------------------------------- */

enum { KNOWN_LEAST = 10 };      /* values before a mean and an SD say something */

/* 1 at spikes that have a whole window, else 0. */
static size_t find_spikes(const double x[], size_t n, size_t before, size_t after,
                          double train[])
{
    double mean = 0, squares = 0, known = 0;
    size_t count = 0;

    for (size_t t = 0; t < n; t++) {
        double sd = sqrt(squares / known);
        bool is_spike = known >= KNOWN_LEAST && x[t] > mean + sd;
        train[t] = is_spike && t >= before && t + after < n ? 1 : 0;
        count += train[t] > 0;
        if (!isfinite(x[t]))
            continue;
        /* Welford, Technometrics 4 (1962) */
        double step = x[t] - mean;
        mean += step / ++known;
        squares += step * (x[t] - mean);
    }
    return count;
}

bool erg_spike_response(const double x[], const double y[], size_t n, size_t before,
                        size_t after, double response[], erg_spikes *out)
{
    double *room = calloc(5 * n + 1, sizeof(*room));
    double *train = room, *centred = room + n, *line = room + 2 * n, *circle = room + 4 * n;
    level of = level_of(y, n);

    *out = (erg_spikes){ .low = NAN, .high = NAN };
    if (!room)
        return false;
    out->count = find_spikes(x, n, before, after, train);
    for (size_t t = 0; t < n; t++)
        centred[t] = isfinite(y[t]) ? y[t] - of.mean : 0;
    bool ok = n > 0 && erg_all_lag_products(train, centred, n, n - 1, line);
    for (size_t s = 0; ok && s < n; s++)
        circle[s] = (line[n - 1 + s] + (s ? line[s - 1] : 0)) / (double)out->count;
    for (size_t j = 0; ok && j <= before + after; j++)
        response[j] = out->count ? circle[(n + j - before) % n] : NAN;
    if (ok && out->count) {
        out->low = erg_quantile(circle, n, 0.025);
        out->high = erg_quantile(circle, n, 0.975);
    }
    free(room);
    return ok;
}

/* ---- throttling ------------------------------------------------------------- */

enum { DRAWS = 1000, BLOCKS_LEAST = 4 };

typedef struct bins { const double *step_s, *is_throttled; size_t n, block; } bins;
typedef struct sums { double free_s, throttled_s, free, throttled; } sums;

static void add_bin(const bins *of, size_t t, sums *add)
{
    if (!isfinite(of->step_s[t]) || !isfinite(of->is_throttled[t]))
        return;
    bool is_throttled = of->is_throttled[t] > 0;
    add->free += !is_throttled;
    add->throttled += is_throttled;
    *(is_throttled ? &add->throttled_s : &add->free_s) += of->step_s[t];
}

static double ratio_of(const sums *of)
{
    return of->throttled > 0 && of->free > 0
         ? of->throttled_s / of->throttled / (of->free_s / of->free) : NAN;
}

static double drawn_ratio(const void *what, erg_random *random, double *scratch)
{
    const bins *of = what;
    sums drawn = { 0 };

    (void)scratch;
    for (size_t t = 0; t < of->n; t += of->block) {
        size_t at = erg_random_below(random, of->n);
        for (size_t i = 0; i < of->block && t + i < of->n; i++)
            add_bin(of, (at + i) % of->n, &drawn);
    }
    return ratio_of(&drawn);
}

bool erg_throttle_ratio_of(const double step_s[], const double is_throttled[], size_t n,
                           size_t block, uint64_t key, erg_throttle_ratio *out)
{
    bins of = { step_s, is_throttled, n, block ? block : 1 };
    double values[DRAWS];
    erg_draws draws = { .draw = drawn_ratio, .what = &of, .count = DRAWS,
                        .key = erg_key(key, 4), .cost = (double)n };
    sums all = { 0 };
    size_t count = 0;

    for (size_t t = 0; t < n; t++)
        add_bin(&of, t, &all);
    *out = (erg_throttle_ratio){
        .share = all.throttled / (all.free + all.throttled),
        .step_s = all.free > 0 ? all.free_s / all.free : NAN,
        .step_throttled_s = all.throttled > 0 ? all.throttled_s / all.throttled : NAN,
        .ratio = ratio_of(&all), .low = NAN, .high = NAN,
    };
    if (n / of.block < BLOCKS_LEAST || isnan(out->ratio))
        return true;
    if (!erg_draws_run(&draws, values))
        return false;
    /* A draw may hold one kind of bin only. */
    for (size_t i = 0; i < DRAWS; i++)
        if (!isnan(values[i]))
            values[count++] = values[i];
    out->low = erg_quantile(values, count, 0.025);
    out->high = erg_quantile(values, count, 0.975);
    return true;
}
