/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics in one place: sums that keep their digits, robust levels, intervals. */
#ifndef ERG_MATH_STATS_H
#define ERG_MATH_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* Neumaier's compensated sum; start from { 0 }. */
typedef struct erg_sum { double sum, rest; } erg_sum;
void erg_sum_add(erg_sum *sum, double value);
double erg_sum_value(const erg_sum *sum);

double erg_mean(const double x[], size_t n);        /* NAN for n = 0 */
double erg_sd(const double x[], size_t n);          /* n - 1; NAN for n < 2 */
/* Both reorder x. NAN for n = 0. q in 0..1, linear between order statistics. */
double erg_median(double x[], size_t n);
double erg_quantile(double x[], size_t n, double q);
#define ERG_SIGMAS_OF_MAD 1.4826
/* 1.4826 times the median distance from the median: sigma of a normal. Reorders x. */
double erg_mad_sigma(double x[], size_t n);
double erg_correlation(const double x[], const double y[], size_t n);

/* Regularised incomplete beta I_x(a, b), and Student's t quantile for 0 < p < 1. */
double erg_incomplete_beta(double a, double b, double x);
double erg_student_t(double p, double df);
double erg_student_p(double t, double df);          /* P(T <= t) */

/* Lag-1 autocorrelation with the small-sample correction, in [0, 0.95], and
 * n_eff = max(2, n (1-rho)/(1+rho)). */
double erg_lag1(const double x[], size_t n);
double erg_n_eff(const double x[], size_t n);

/* y = intercept + slope x by least squares, centred. False for fewer than 2 x. */
typedef struct erg_line { double slope, intercept, slope_se, residual_sd; } erg_line;
bool erg_line_fit(const double x[], const double y[], size_t n, erg_line *out);

/* MSER-5: how many leading values are warm-up, at most n/2. */
size_t erg_warmup_length(const double x[], size_t n);
/* That many if they are unlike the rest beyond doubt, else 0: a cut made on noise alone
 * would leave an interval that is too narrow. */
size_t erg_warmup_sure(const double x[], size_t n);

/* The stopping rule: a mean is looked at after so many values, and no other count. */
typedef struct erg_interval { double mean, half_width, sd, n_eff, median; } erg_interval;
enum { ERG_LOOKS = 10 };
extern const int erg_looks[ERG_LOOKS];      /* 5 8 12 18 27 40 60 90 135 200 */
/* looks 10: Bonferroni over ten looks; 1: a plain 95 % interval. */
bool erg_interval_of(const double x[], size_t n, int looks, erg_interval *out);
bool erg_is_look(size_t n);

#endif
