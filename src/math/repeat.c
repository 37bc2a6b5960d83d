/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often is enough: intervals of autocorrelated series, and when to stop.
 *
 * Looking ten times costs: each look tests at 0.05/10 (Bonferroni), else coverage
 * falls to 0.93. A series that drifts is worth fewer values than it has: n_eff.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"

const int erg_looks[ERG_LOOKS] = { 5, 8, 12, 18, 27, 40, 60, 90, 135, 200 };

bool erg_is_look(size_t n)
{
    for (size_t i = 0; i < ERG_LOOKS; i++)
        if ((size_t)erg_looks[i] == n)
            return true;
    return false;
}

double erg_lag1(const double x[], size_t n)
{
    double mean = erg_mean(x, n), squares = 0, products = 0;

    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        if (i + 1 < n)
            products += d * (x[i + 1] - mean);
    }
    if (!(squares > 0))
        return 0;

    /* The estimate is low by about (1 + 3 rho)/n: Marriott and Pope (1954). */
    double rho = products / squares;
    rho += (1 + 3 * rho) / (double)n;
    return fmin(fmax(rho, 0), 0.95);
}

double erg_n_eff(const double x[], size_t n)
{
    double rho = erg_lag1(x, n);

    return fmax(2, (double)n * (1 - rho) / (1 + rho));
}

bool erg_interval_of(const double x[], size_t n, int looks, erg_interval *out)
{
    if (n < 2 || looks < 1)
        return false;

    double *copy = malloc(n * sizeof(*copy));
    if (!copy)
        return false;
    memcpy(copy, x, n * sizeof(*copy));

    *out = (erg_interval){
        .mean = erg_mean(x, n),
        .sd = erg_sd(x, n),
        .n_eff = erg_n_eff(x, n),
        .median = erg_median(copy, n),
    };
    out->half_width = erg_student_t(1 - 0.025 / looks, out->n_eff - 1) * out->sd
                    / sqrt(out->n_eff);
    free(copy);
    return true;
}

/* Mean of the k-th batch of five, counted from the end of the series, so that
 * what does not fill a batch is at the doubtful beginning. */
static double batch_mean(const double x[], size_t n, size_t k)
{
    return erg_mean(&x[n - 5 * (k + 1)], 5);
}

size_t erg_warmup_length(const double x[], size_t n)
{
    size_t batches = n / 5, kept = batches;
    double best = INFINITY, mean = 0, squares = 0;

    /* Welford from the last batch backwards: every truncation in one pass. */
    for (size_t k = 0; k < batches; k++) {
        double value = batch_mean(x, n, k), step = value - mean, count = (double)(k + 1);

        mean += step / count;
        squares += step * (value - mean);
        /* White (1997): the variance of the mean of what is left. <=: keep more. */
        if (2 * 5 * (k + 1) >= n && squares / (count * count) <= best) {
            best = squares / (count * count);
            kept = k + 1;
        }
    }
    /* Nothing dropped means nothing, not the odd ones at the front. */
    return kept == batches ? 0 : n - 5 * kept;
}

/* Six standard errors: of series without warm-up and a lag-1 correlation of 0.5, 1 in 100
 * loses a value, and the stopping rule keeps its coverage. */
size_t erg_warmup_sure(const double x[], size_t n)
{
    static const double errors = 6;
    size_t length = erg_warmup_length(x, n), kept = n - length;
    erg_interval rest;

    if (length == 0 || !erg_interval_of(&x[length], kept, 1, &rest))
        return 0;
    double sd = rest.sd * sqrt((double)kept / rest.n_eff);
    double apart = fabs(erg_mean(x, length) - rest.mean);
    return apart > errors * sd * sqrt(1.0 / (double)length + 1.0 / (double)kept) ? length
                                                                                 : 0;
}
