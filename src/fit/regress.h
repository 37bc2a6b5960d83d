/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a linear fit, collected and solved. */
#ifndef ERG_FIT_REGRESS_H
#define ERG_FIT_REGRESS_H

#include "fit/fit.h"

typedef struct erg_regress {
    double *a, *b;
    size_t rows, columns;
} erg_regress;

/* Room for every row of in, and for a prior a column. */
bool erg_regress_begin(erg_regress *system, const erg_train *in, size_t columns,
                       erg_error *err);
void erg_regress_row(erg_regress *system, const double x[], double y);
/* Pulls coefficient j towards value with the weight of so many rows of x = 1. */
void erg_regress_prior(erg_regress *system, size_t j, double value, double weight);
/* Solves and frees. */
bool erg_regress_end(erg_regress *system, double x[], erg_error *err);

#endif
