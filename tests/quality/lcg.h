/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the oracles: specification of quality, section 7. */
#ifndef ERG_TEST_LCG_H
#define ERG_TEST_LCG_H

#include "quality/array.h"
#include "test.h"

static inline double lcg(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static inline erg_array *lcg_array(uint64_t *state, size_t a, size_t b, size_t c,
                                   double minus)
{
    erg_array *made = erg_array_new((size_t[]){ a, b, c }, c > 1 ? 3 : 2, NULL);
    for (size_t i = 0; i < a * b * c; i++)
        made->values[i] = lcg(state) - minus;
    return made;
}

#endif
