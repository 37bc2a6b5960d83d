/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least value of a function of few variables within bounds, without derivatives:
 * NLopt's Nelder-Mead. The library is opened when it is first needed (docs/adr/0007).
 */
#ifndef ERG_MATH_SIMPLEX_H
#define ERG_MATH_SIMPLEX_H

#include "base/base.h"

typedef struct erg_simplex {
    unsigned count;
    const double *low, *high;       /* count of each */
    const double *step;             /* the first one, along each axis */
    double near, share;             /* done where x moves by no more; 0: not looked at */
    int evaluations_most;
    /* gradient is NULL. */
    double (*value)(unsigned count, const double *x, double *gradient, void *self);
    void *self;
} erg_simplex;

/* From x, within the bounds, to where value is least. ERG_UNSUPPORTED names the package
 * where the library is missing, ERG_NO_DATA: nothing was found, x is what it was. */
bool erg_simplex_search(const erg_simplex *of, double *x, double *least, erg_error *err);

#endif
