/* SPDX-License-Identifier: Apache-2.0 */
/* Series that remember. */
#ifndef TEST_COUPLE_SERIES_H
#define TEST_COUPLE_SERIES_H

#include "math/random.h"
#include "test.h"

/* x = past x1 + e, from where it has forgotten its start. */
static inline void draw(double x[], size_t n, double past, erg_random *random)
{
    double value = 0;

    for (size_t t = 0; t < n + 50; t++) {
        value = past * value + erg_random_normal(random);
        if (t >= 50)
            x[t - 50] = value;
    }
}

#endif
