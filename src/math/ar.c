/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series as models of their own past.
 *
 * Sources: Levinson (1947) and Durbin (1960) for the recursion; Hurvich and Tsai,
 * Biometrika 76 (1989), for AICc; Ljung and Box, Biometrika 65 (1978).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/contrast.h"
#include "math/series.h"
#include "math/stats.h"

/* One step of the recursion: a of order p becomes that of p + 1. Returns the reflection. */
static double raise_order(const double cov[], size_t p, double a[], double variance)
{
    double before[ERG_AR_MOST], reflection = cov[p + 1];

    memcpy(before, a, sizeof(before));
    for (size_t j = 0; j < p; j++)
        reflection -= a[j] * cov[p - j];
    reflection /= variance;
    for (size_t j = 0; j < p; j++)
        a[j] = before[j] - reflection * before[p - 1 - j];
    a[p] = reflection;
    return reflection;
}

static double aicc(double n, double variance, size_t order)
{
    double m = (double)order + 1;

    return n * log(variance) + 2 * m + 2 * m * (m + 1) / (n - m - 1);
}

typedef struct choice { size_t least, most; } choice;

static bool fit(const double x[], size_t n, choice orders, erg_ar *out)
{
    double cov[ERG_AR_MOST + 1], a[ERG_AR_MOST] = { 0 }, best = INFINITY, count = 0;
    double mean, reflection;

    *out = (erg_ar){ 0 };
    for (size_t t = 0; t < n; t++)
        count += isfinite(x[t]);
    if (count < 3 || !erg_autocovariance(x, n, orders.most, cov, &mean))
        return false;
    double variance = cov[0];
    for (size_t p = 0; p <= orders.most; p++) {
        if (p > 0) {
            reflection = raise_order(cov, p - 1, a, variance);
            /* Nothing is left to explain. */
            if (!(fabs(reflection) < 1))
                break;
            variance *= 1 - reflection * reflection;
        }
        double score = aicc(count, variance, p);
        if (p > 0 && (p < orders.least || (p > orders.least && !(score < best))))
            continue;
        best = score;
        *out = (erg_ar){ .order = p, .mean = mean, .variance = variance };
        memcpy(out->a, a, p * sizeof(*a));
    }
    return true;
}

bool erg_ar_fit(const double x[], size_t n, size_t most, erg_ar *out)
{
    size_t limit = n / 5 < most ? n / 5 : most;

    return fit(x, n, (choice){ 0, limit < ERG_AR_MOST ? limit : ERG_AR_MOST }, out);
}

bool erg_ar_fit_order(const double x[], size_t n, size_t order, erg_ar *out)
{
    return order <= ERG_AR_MOST && fit(x, n, (choice){ order, order }, out);
}

bool erg_ar_residuals(const erg_ar *ar, const double x[], size_t n, double e[])
{
    /* A gap is bridged by what the model expects there. */
    double *past = calloc(n + 1, sizeof(*past));

    if (!past)
        return false;
    for (size_t t = 0; t < n; t++) {
        double expected = 0;
        for (size_t j = 0; j < ar->order && j < t; j++)
            expected += ar->a[j] * past[t - 1 - j];
        bool is_known = t >= ar->order && (ar->order == 0 || isfinite(x[t - 1]));
        double here = x[t] - ar->mean;
        past[t] = isfinite(here) ? here : expected;
        e[t] = is_known && isfinite(here) ? here - expected : NAN;
    }
    free(past);
    return true;
}

double erg_ljung_box(const double e[], size_t n, size_t lags)
{
    double *rho = calloc(lags + 1, sizeof(*rho)), q = 0, count = 0, p = NAN;

    for (size_t t = 0; t < n; t++)
        count += isfinite(e[t]);
    if (rho && erg_acf(e, n, lags, rho) && count > (double)lags) {
        for (size_t k = 1; k <= lags; k++)
            q += rho[k] * rho[k] / (count - (double)k);
        p = erg_gamma_q(0.5 * (double)lags, 0.5 * count * (count + 2) * q);
    }
    free(rho);
    return p;
}
