/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are two series coupled? The primary test (docs/couple.md), and its description.
 *
 * Each series is prewhitened by its own model of its past; the statistic is the largest
 * correlation of the residuals over all lags, so no lag is picked by hand; its p value
 * comes from permuting the residuals of x. k > 0: x leads y. A NAN in x or y is a gap.
 * Same input, options and key: the same bytes, on any count of threads.
 */
#ifndef ERG_COUPLE_PAIR_TEST_H
#define ERG_COUPLE_PAIR_TEST_H

#include "base/base.h"
#include "math/series.h"

typedef struct erg_pair_options {
    size_t lags;            /* each side; 0: 3 */
    erg_detrend detrend;    /* linear */
    size_t order_most;      /* of the models, at most ERG_AR_MOST; 0: 10 */
    size_t draws;           /* 0: 2000 */
    uint64_t key;
    double alpha;           /* 0: 0.05 */
    int threads;            /* 0: as many as help */
} erg_pair_options;

typedef struct erg_pair {
    size_t n;               /* places given */
    size_t n_both;          /* places with both values */
    /* Description, never a verdict: r(0) of the series as they are. */
    double r_zero, n_eff, t, t_p_value;
    /* Detrended and prewhitened. */
    size_t order_x, order_y;
    size_t count;           /* residuals in common, m' */
    double ljung_box_x, ljung_box_y;    /* P at 10 lags */
    bool is_white;          /* neither below 0.01; orders to 20 were tried */
    double p_value;
    int lag;                /* of the greatest |r|, in bins */
    double r, low, high;    /* residuals at that lag; simultaneous over lags: an effect
                             * above max(-low, high) is excluded at every lag */
    double band;            /* |r| of one lag that noise leaves with alpha over all lags */
    double detectable_r;    /* least |r| with 80 % power; for two-sided alpha */
    size_t lags;
    double *ccf, *ccf_detrended, *ccf_differenced, *ccf_residual;   /* 2 lags + 1 each */
    double *residual_x, *residual_y;    /* n each, NAN outside of the stretch */
} erg_pair;

/* ERG_NO_DATA: fewer than 8 places in common, or a series that does not move. */
bool erg_pair_test(const double x[], const double y[], size_t n,
                   const erg_pair_options *options, erg_pair *out, erg_error *err);
void erg_pair_free(erg_pair *pair);

#endif
