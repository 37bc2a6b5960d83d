/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least squares with coefficients that cannot be negative, for any number of columns.
 *
 *   Source   Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
 */
#ifndef ERG_MATH_NNLS_H
#define ERG_MATH_NNLS_H

#include "base/base.h"

/* Minimises |x c - y|^2 over c >= 0; x is row by row. */
typedef struct erg_nonnegative_rows {
    const double *x, *y;
    size_t rows, columns;
} erg_nonnegative_rows;

typedef struct erg_nonnegative {
    double *value;              /* of each column; yours, as are the others */
    double *low, *high;         /* 95 %, Student; NULL: not wanted. NAN: rows do not tell */
    double squares;             /* sum of squared residuals */
    double condition;           /* of the columns scaled to length 1 */
} erg_nonnegative;

/* ERG_NO_DATA without rows, or when all columns are zero. */
bool erg_nonnegative_fit(const erg_nonnegative_rows *in, erg_nonnegative *out,
                         erg_error *err);
/* Of the columns scaled to length 1; INFINITY: they depend on each other. */
bool erg_columns_condition(const erg_nonnegative_rows *in, double *condition,
                           erg_error *err);

#endif
