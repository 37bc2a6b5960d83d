/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares with coefficients that cannot be negative (math/nnls.h), of so few columns
 * that a fit is a plain value. */
#ifndef ERG_FIT_NNLS_H
#define ERG_FIT_NNLS_H

#include "base/base.h"

enum { ERG_NNLS_MOST = 8 };

typedef struct erg_nnls {
    double value[ERG_NNLS_MOST];
    double low[ERG_NNLS_MOST], high[ERG_NNLS_MOST];     /* 95 %, Student */
    double squares;             /* sum of squared residuals */
    double condition;           /* of the columns scaled to length 1 */
} erg_nnls;

/* Minimises |x c - y|^2 over c >= 0. x is row by row, 1 <= columns <= 8.
 * ERG_NO_DATA without rows, or when all columns are zero. */
bool erg_nnls_solve(const double *x, const double *y, size_t rows, size_t columns,
                    erg_nnls *out, erg_error *err);

#endif
