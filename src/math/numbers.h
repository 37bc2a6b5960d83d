/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantiles of more numbers than memory holds: exactly those of erg_quantile, found in a
 * few passes over them.
 *
 *   Memory   Less than 1 MiB, however many there are.
 */
#ifndef ERG_MATH_NUMBERS_H
#define ERG_MATH_NUMBERS_H

#include "base/base.h"

typedef void erg_numbers_take(void *to, const double x[], size_t n);

typedef struct erg_numbers {
    /* Shows all, some at a time, each time the same; false: it could not. */
    bool (*each)(void *self, erg_numbers_take *take, void *to, erg_error *err);
    void *self;
    size_t count;       /* of all; no NAN is among them */
} erg_numbers;

/* NAN for none. q in 0..1, linear between order statistics. */
bool erg_quantile_of(const erg_numbers *of, double q, double *out, erg_error *err);

#endif
