/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least squares with few columns and many rows, in plain C: bootstraps run thousands of
 * them, on several threads, and must give the same bytes. For larger ones: math/linear.h.
 */
#ifndef ERG_MATH_REGRESSION_H
#define ERG_MATH_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

enum { ERG_COLUMNS_MOST = 64 };

typedef struct erg_regression {
    size_t n, count;                        /* rows, columns */
    double b[ERG_COLUMNS_MOST];
    double se[ERG_COLUMNS_MOST];            /* for white residuals */
    double rss;
} erg_regression;

/* y = sum of b[j] column j + e. columns: one after the other, n each; they are overwritten,
 * and so is y, by the residuals. False: fewer rows than columns, or columns that depend on
 * each other. */
bool erg_regress(double *columns, double *y, size_t n, size_t count, erg_regression *out);

/* The same with errors that hold for residuals that vary and remember: Newey and West,
 * Econometrica 55 (1987), weights 1 - l/(lags+1). False: no memory, too. */
bool erg_regress_newey_west(double *columns, double *y, size_t n, size_t count, size_t lags,
                            erg_regression *out);
/* floor(4 (n/100)^(2/9)), their rule. */
size_t erg_newey_west_lags(size_t n);

/* x less what `count` drivers at lags 0..lags explain, all of n places, gaps as NAN; out
 * is NAN where a past is not known. Drivers that do not move, or say again what others do,
 * are left out. False: no memory, or too few places. */
bool erg_regress_out(const double x[], const double *const drivers[], size_t count,
                     size_t n, size_t lags, double out[]);

#endif
