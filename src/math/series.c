/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/series.h"
#include "math/spectrum.h"
#include "math/stats.h"

/* ---- trends ----------------------------------------------------------------- */

static double mean_of_finite(const double x[], size_t n, size_t *count)
{
    erg_sum sum = { 0 };

    *count = 0;
    for (size_t t = 0; t < n; t++)
        if (isfinite(x[t])) {
            erg_sum_add(&sum, x[t]);
            ++*count;
        }
    return *count ? erg_sum_value(&sum) / (double)*count : NAN;
}

/* Against t itself: centred on the places that have values. */
static double slope_of(const double x[], size_t n, double mean, double t_mean)
{
    double tt = 0, tx = 0;

    for (size_t t = 0; t < n; t++)
        if (isfinite(x[t])) {
            double from = (double)t - t_mean;
            tt += from * from;
            tx += from * (x[t] - mean);
        }
    return tt > 0 ? tx / tt : 0;
}

static double mean_place(const double x[], size_t n, size_t count)
{
    double sum = 0;

    for (size_t t = 0; t < n; t++)
        if (isfinite(x[t]))
            sum += (double)t;
    return sum / (double)count;
}

void erg_detrend_series(const double x[], size_t n, erg_detrend how, double out[])
{
    size_t count;
    double mean = mean_of_finite(x, n, &count), middle = 0, slope = 0;

    if (how == ERG_DETREND_DIFF) {
        for (size_t t = n; t-- > 1;)
            out[t] = isfinite(x[t]) && isfinite(x[t - 1]) ? x[t] - x[t - 1] : NAN;
        if (n)
            out[0] = NAN;
        return;
    }
    if (how == ERG_DETREND_LINEAR && count) {
        middle = mean_place(x, n, count);
        slope = slope_of(x, n, mean, middle);
    }
    for (size_t t = 0; t < n; t++)
        out[t] = isfinite(x[t]) ? x[t] - mean - slope * ((double)t - middle) : NAN;
}

size_t erg_standardise(const double x[], size_t n, double out[])
{
    size_t count;
    double mean = mean_of_finite(x, n, &count), squares = 0, most = 0;

    for (size_t t = 0; t < n; t++) {
        out[t] = isfinite(x[t]) ? x[t] - mean : 0;
        squares += out[t] * out[t];
        most = fmax(most, fabs(isfinite(x[t]) ? x[t] : 0));
    }
    double sd = count ? sqrt(squares / (double)count) : 0;
    bool moves = sd > 1e-14 * most;     /* below: the rounding of one constant */

    for (size_t t = 0; t < n; t++)
        out[t] = moves ? out[t] / sd : 0;
    return moves ? count : 0;
}

size_t erg_both_finite(const double x[], const double y[], size_t n)
{
    size_t count = 0;

    for (size_t t = 0; t < n; t++)
        count += isfinite(x[t]) && isfinite(y[t]);
    return count;
}

/* ---- correlations over lags ------------------------------------------------- */

enum { DIRECT_MOST = 100 };         /* lags up to which the direct sum is quicker */

static bool sums(const double x[], const double y[], size_t n, size_t lags, double out[])
{
    if (lags > DIRECT_MOST)
        return erg_all_lag_products(x, y, n, lags, out);
    erg_lag_products(x, y, n, lags, out);
    return true;
}

/* Sums over pairs become means; gaps have put zeros into the sums and must not count. */
static bool to_means(const double x[], const double y[], size_t n, size_t lags,
                     double out[])
{
    double *room = calloc(2 * n + 4 * lags + 2, sizeof(*room));
    double *has_x = room, *has_y = room + n + lags, *pairs = has_y + n + lags;
    double both = (double)erg_both_finite(x, y, n);

    if (!room)
        return false;
    for (size_t t = 0; t < n; t++) {
        has_x[t] = isfinite(x[t]) ? 1 : 0;
        has_y[t] = isfinite(y[t]) ? 1 : 0;
    }
    bool ok = both >= (double)n || sums(has_x, has_y, n, lags, pairs);
    for (size_t k = 0; k <= 2 * lags; k++) {
        double distance = fabs((double)k - (double)lags);
        double taper = fmax(0, 1 - distance / both);
        out[k] = both >= (double)n ? out[k] / both
               : pairs[k] > 0.5 ? out[k] / pairs[k] * taper : 0;
    }
    free(room);
    return ok;
}

bool erg_ccf(const double x[], const double y[], size_t n, size_t lags, double out[])
{
    double *room = calloc(2 * n + 2 * lags + 1, sizeof(*room));
    double *x_hat = room, *y_hat = room + n + lags;

    if (!room)
        return false;
    bool moves = erg_standardise(x, n, x_hat) && erg_standardise(y, n, y_hat)
              && erg_both_finite(x, y, n);
    bool ok = sums(x_hat, y_hat, n, lags, out) && to_means(x, y, n, lags, out);
    for (size_t k = 0; !moves && k <= 2 * lags; k++)
        out[k] = NAN;
    free(room);
    return ok;
}

enum { BRIDGE_MOST = 5 };

/* Centred, short gaps on a straight line, 0 in long ones. Returns how many have a value. */
static size_t bridge(const double x[], size_t n, double mean, double out[])
{
    size_t count = 0, last = n;

    for (size_t t = 0; t < n; t++) {
        out[t] = isfinite(x[t]) ? x[t] - mean : 0;
        if (!isfinite(x[t]))
            continue;
        size_t gap = last < t ? t - last - 1 : 0;
        for (size_t i = 1; gap <= BRIDGE_MOST && i <= gap; i++)
            out[last + i] = out[last] + (out[t] - out[last]) * (double)i
                                      / (double)(gap + 1);
        count += 1 + (gap <= BRIDGE_MOST ? gap : 0);
        last = t;
    }
    return count;
}

bool erg_autocovariance(const double x[], size_t n, size_t lags, double out[], double *mean)
{
    double *room = calloc(n + 4 * lags + 2, sizeof(*room)), *centred = room + lags;
    double *sums = centred + n + lags;
    size_t count;

    *mean = mean_of_finite(x, n, &count);
    if (!room)
        return false;
    count = bridge(x, n, *mean, centred);
    erg_lag_products(centred, centred, n, lags, sums);
    for (size_t k = 0; k <= lags; k++)
        out[k] = count ? sums[lags + k] / (double)count : NAN;
    free(room);
    return count > 0;
}

bool erg_acf(const double x[], size_t n, size_t lags, double out[])
{
    double *both_sides = calloc(2 * lags + 1, sizeof(*both_sides));
    bool ok = both_sides && erg_ccf(x, x, n, lags, both_sides);

    for (size_t k = 0; ok && k <= lags; k++)
        out[k] = both_sides[lags + k];
    free(both_sides);
    return ok;
}

double erg_bartlett_n_eff(const double x[], const double y[], size_t n)
{
    size_t lags = n / 4;
    double *room = calloc(2 * lags + 2, sizeof(*room));
    double *of_x = room, *of_y = room + lags + 1, sum = 0, n_eff = NAN;
    double count = (double)erg_both_finite(x, y, n);

    if (room && erg_acf(x, n, lags, of_x) && erg_acf(y, n, lags, of_y)) {
        for (size_t k = 1; k <= lags; k++)
            sum += (1 - (double)k / (double)n) * of_x[k] * of_y[k];
        /* A sum below -1/2 has no meaning as a count: the floor is for it, too. */
        n_eff = isnan(sum) ? NAN : 1 + 2 * sum > 0 ? fmax(3, count / (1 + 2 * sum)) : count;
    }
    free(room);
    return n_eff;
}
