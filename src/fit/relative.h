/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fit of relative error: minimise sum (1 - c.x / target)^2 over c >= 0, so that
 * a small job counts as much as a big one; and what it does to groups left out.
 */
#ifndef ERG_FIT_RELATIVE_H
#define ERG_FIT_RELATIVE_H

#include "fit/nnls.h"

typedef struct erg_fit_row {
    double x[ERG_NNLS_MOST];
    double target;
    int group;                  /* rows of a group are left out together */
} erg_fit_row;

/* Holds coefficient j near prior[j] with the weight of L rows in a row: NAN: free. */
typedef struct erg_fit_form {
    size_t columns;
    double prior[ERG_NNLS_MOST];
    double weight;              /* L: share of the rows' own weight */
} erg_fit_form;

bool erg_fit_relative(const erg_fit_row *rows, size_t count, const erg_fit_form *form,
                      erg_nnls *out, erg_error *err);

double erg_fit_predict(const erg_nnls *fit, const erg_fit_row *row);

/* For each row of `judged` predicted / target - 1 of a fit to `rows` without its
 * group; NAN where the group holds nearly all (> 95 %) of a column that the row
 * needs: nothing was left to learn it from. judged: rows, or the same rows with what
 * would be known of them beforehand. */
bool erg_fit_folds(const erg_fit_row *rows, const erg_fit_row *judged, size_t count,
                   const erg_fit_form *form, double error[], erg_error *err);

#endif
