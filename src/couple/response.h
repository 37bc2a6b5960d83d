/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How strongly one series moves the other, once they are coupled: rates, spikes, and what
 * throttling does to the length of a step. Descriptions with intervals, not verdicts. A
 * NAN is a gap.
 */
#ifndef ERG_COUPLE_RESPONSE_H
#define ERG_COUPLE_RESPONSE_H

#include "base/base.h"

/* ---- coupling coefficient --------------------------------------------------- */

/* dy/dt = -k (x(t - lag) - mean x) - lambda (y - mean y) + e. It depends on batch, clipping
 * and scaling of the run: not to be carried to another. */
typedef struct erg_coupling_coefficient {
    size_t rows, error_lags;
    double k, low, high;        /* per second and unit of x; 95 %, Newey and West */
    double k_scaled;            /* k SD(x)/SD(y), per second */
    bool holds_zero;            /* 0 lies within the interval */
    double lambda, lambda_low, lambda_high;     /* per second; NAN without that term */
} erg_coupling_coefficient;

typedef struct erg_coefficient_options {
    double dt_s;
    size_t lag;                 /* of x, in bins: x leads y, or 0 */
    bool is_free;               /* no term that brings y back */
} erg_coefficient_options;

/* ERG_NO_DATA: fewer than 10 rows, or a series that does not move. */
bool erg_coupling_coefficient_fit(const double x[], const double y[], size_t n,
                                  const erg_coefficient_options *options,
                                  erg_coupling_coefficient *out, erg_error *err);

/* SD(x)/mean(x), of the population; NAN where the mean is 0. */
double erg_sigma_opt(const double x[], size_t n);

/* ---- spikes ----------------------------------------------------------------- */

/* Mean of y around the places where x is above its mean so far by one SD so far. The band
 * holds 95 % of what the same spikes give at every shift in a circle; it is the same at
 * every distance. */
typedef struct erg_spikes {
    size_t count;               /* with a whole window around them */
    double low, high;           /* of the band, in y's unit less its mean */
} erg_spikes;

/* response[j], j in 0..before+after: mean of y - mean y at distance j - before. False: no
 * memory. No spike: NAN everywhere. */
bool erg_spike_response(const double x[], const double y[], size_t n, size_t before,
                        size_t after, double response[], erg_spikes *out);

/* ---- throttling ------------------------------------------------------------- */

typedef struct erg_throttle_ratio {
    double share;               /* of the bins that are throttled */
    double step_s, step_throttled_s;            /* means, free and throttled */
    double ratio, low, high;    /* 95 % by blocks; NAN for fewer than 4 blocks */
} erg_throttle_ratio;

/* is_throttled: above 0 where it is. block: bins, as long as heat remembers. False: no
 * memory. */
bool erg_throttle_ratio_of(const double step_s[], const double is_throttled[], size_t n,
                           size_t block, uint64_t key, erg_throttle_ratio *out);

#endif
