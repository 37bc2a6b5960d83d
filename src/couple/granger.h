/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the past of one series help to foretell the other? Secondary: it never decides.
 * Its naive p value finds 8 to 15 % of what is not there, so that of a sieve bootstrap
 * stands beside it, which still finds 7 to 12 %.
 *
 * Filters of the sensors turn directions around (Barnett and Seth): smoothed series are
 * not for this test. Common drivers are taken out before, with erg_regress_out.
 */
#ifndef ERG_COUPLE_GRANGER_H
#define ERG_COUPLE_GRANGER_H

#include "base/base.h"
#include "math/series.h"

typedef struct erg_granger_options {
    erg_detrend detrend;        /* linear */
    size_t order_most;          /* of the vector model; 0: 5 */
    size_t draws;               /* 0: 1000 */
    uint64_t key;
    int threads;                /* 0: as many as help */
} erg_granger_options;

/* Sizes: the share below 0.05 in pairs without a tie, simulated from the models of these
 * two; that of p_value by the fast double bootstrap (Davidson and MacKinnon, 2007). */
typedef struct erg_granger_way {
    double f, p_naive, p_value;
    double size_naive, size;
} erg_granger_way;

typedef struct erg_granger {
    size_t order;               /* by BIC, at least 1 */
    size_t rows;                /* n less the order, less those with a gap in their past */
    erg_granger_way x_to_y, y_to_x;
} erg_granger;

/* ERG_NO_DATA: too few rows, or a series that does not move. */
bool erg_granger_test(const double x[], const double y[], size_t n,
                      const erg_granger_options *options, erg_granger *out, erg_error *err);

#endif
