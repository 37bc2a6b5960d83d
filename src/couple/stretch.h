/* SPDX-License-Identifier: Apache-2.0 */
/* Residuals of a pair, packed for thousands of permutations. */
#ifndef ERG_COUPLE_STRETCH_H
#define ERG_COUPLE_STRETCH_H

#include "math/random.h"
#include "couple/pair_test.h"

typedef struct erg_stretch {
    double *values;         /* of x, standardised, without gaps */
    size_t *places;         /* of each value among the n */
    double *x, *y;          /* n each, 0 in gaps; y has `lags` zeros before and behind it */
    size_t count, n, lags;
    double *room;
} erg_stretch;

/* False: no memory. Close either way. */
bool erg_stretch_open(const erg_pair *pair, erg_stretch *out);
void erg_stretch_close(erg_stretch *of);

/* Lag products of x in another order. scratch: count + n, zeros where x has gaps. */
void erg_stretch_permute(const erg_stretch *of, erg_random *random, double *scratch,
                         double products[]);

/* Where |ccf| is greatest, from lag 0 outwards: of equals, the one that claims no
 * direction. */
size_t erg_greatest(const double ccf[], size_t lags);

#endif
