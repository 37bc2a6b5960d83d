/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series at equal distances, and pairs of them: trends, correlations over lags, models of
 * their own past.
 *
 * A NAN is a gap. It takes no part in any sum, and two series keep their places over it.
 * Lags have one sign everywhere: CCF(k) = corr(x[t], y[t+k]), so k > 0 means x leads.
 */
#ifndef ERG_MATH_SERIES_H
#define ERG_MATH_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include "math/random.h"

typedef enum erg_detrend {
    ERG_DETREND_LINEAR,
    ERG_DETREND_NONE,
    ERG_DETREND_DIFF
} erg_detrend;

/* out[0..n), which may be x, less the mean, the straight line, or the value before (out[0]
 * is NAN). */
void erg_detrend_series(const double x[], size_t n, erg_detrend how, double out[]);

/* (x - mean)/sd of the population, 0 in gaps. Returns how many are no gap; a series that
 * does not move gives 0 and zeros. */
size_t erg_standardise(const double x[], size_t n, double out[]);

/* How many places are no gap in either. */
size_t erg_both_finite(const double x[], const double y[], size_t n);

/* out[k + lags] = sum of xhat[t] yhat[t+k] over n, for k in -lags..lags; NAN where one does
 * not move. With gaps the mean over the pairs there are, times 1 - |k|/n for the same
 * taper. False: no memory. */
bool erg_ccf(const double x[], const double y[], size_t n, size_t lags, double out[]);
/* out[k], k in 0..lags, out[0] = 1. */
bool erg_acf(const double x[], size_t n, size_t lags, double out[]);

/* out[k + lags] = sum of x[t] y[t+k] over t in 0..n-1, without gaps. y must be readable
 * from y[-lags] to y[n+lags-1]: zeros there end the sums. */
void erg_lag_products(const double x[], const double y[], size_t n, size_t lags,
                      double out[]);

/* Autocovariances over n at lags 0..lags, and the mean. Short gaps are bridged: a mean over
 * the pairs there are need not belong to any series, and models of it may be unstable.
 * False: no memory, or no value. */
bool erg_autocovariance(const double x[], size_t n, size_t lags, double out[],
                        double *mean);

/* Bartlett (1935): n/(1 + 2 sum over k of (1-k/n) rho_x(k) rho_y(k)), k to n/4, at least 3;
 * may be above n. NAN where one does not move, or without memory. */
double erg_bartlett_n_eff(const double x[], const double y[], size_t n);

/* ---- models of a series by its own past ------------------------------------- */

enum { ERG_AR_MOST = 20 };

/* x[t] - mean = sum over j of a[j] (x[t-1-j] - mean) + e[t]. */
typedef struct erg_ar {
    size_t order;
    double a[ERG_AR_MOST];
    double mean, variance;      /* of e */
} erg_ar;

/* Levinson and Durbin on autocovariances over n, so that it is always stable; the order
 * from 0 to min(most, n/5) with the least AICc. False: no memory, or fewer than 3
 * values. */
bool erg_ar_fit(const double x[], size_t n, size_t most, erg_ar *out);
/* With this very order, or less where nothing is left to explain. */
bool erg_ar_fit_order(const double x[], size_t n, size_t order, erg_ar *out);
/* e[0..n), another array than x: NAN in gaps, right behind them, and in the first `order`
 * places. False: no memory. */
bool erg_ar_residuals(const erg_ar *ar, const double x[], size_t n, double e[]);

/* A series as its own model and the shocks it had: for histories without any tie to
 * another series (sieve bootstrap, Buehlmann, Bernoulli 3, 1997). */
typedef struct erg_sieve { erg_ar ar; double *shocks; size_t count; } erg_sieve;
/* Order by AICc to 10. False: no memory, or too few values. Close either way. */
bool erg_sieve_open(const double x[], size_t n, erg_sieve *out);
/* From rest, the first values dropped. */
void erg_sieve_draw(const erg_sieve *sieve, erg_random *random, double out[], size_t n);
void erg_sieve_close(erg_sieve *sieve);

/* P of as much autocorrelation at lags 1..lags in white noise: Ljung and Box (1978), with
 * `lags` degrees of freedom. NAN: no memory, or nothing moves. */
double erg_ljung_box(const double e[], size_t n, size_t lags);

#endif
