/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense linear algebra by LAPACKE, row by row. The library is opened when it is first
 * needed: linked, it and its BLAS would add milliseconds and megabytes to every start of
 * erg (docs/adr/0007). ERG_UNSUPPORTED names the package where it is missing.
 */
#ifndef ERG_MATH_LINEAR_H
#define ERG_MATH_LINEAR_H

#include "base/base.h"

/* out = scale a b, or with a or b turned: rows x inner times inner x columns, each as it
 * is multiplied; a turned one lies in memory as inner x rows, columns x inner. */
typedef struct erg_product {
    const double *a, *b;
    size_t rows, inner, columns;
    bool a_turned, b_turned;
    double scale;
} erg_product;
bool erg_multiply(const erg_product *product, double *out, erg_error *err);

/* min |a x - y| by QR for rows >= columns. a is overwritten; y[0..columns) becomes x.
 * ERG_NO_DATA where the columns are not independent. */
bool erg_least_squares(double *a, double *y, size_t rows, size_t columns, erg_error *err);

/* a = L L^T with L in the lower triangle of a. ERG_BAD_INPUT if a is not positive
 * definite. */
bool erg_cholesky(double *a, size_t n, erg_error *err);
/* L L^T x = b for `count` right sides: b is n rows of count columns and becomes x. */
bool erg_cholesky_solve(const double *factor, size_t n, double *b, size_t count,
                        erg_error *err);

/* Eigenvalues from the least up; column j of a becomes the vector of values[j]. */
bool erg_eigen_symmetric(double *a, double values[], size_t n, erg_error *err);

#endif
