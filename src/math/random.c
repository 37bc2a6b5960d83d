/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "math/random.h"

static const uint64_t gamma_step = 0x9e3779b97f4a7c15u;

uint64_t erg_random_mix(uint64_t value)
{
    value += gamma_step;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

uint64_t erg_random_next(erg_random *random)
{
    uint64_t drawn = erg_random_mix(random->state);

    random->state += gamma_step;
    return drawn;
}

double erg_random_uniform(erg_random *random)
{
    return (double)(erg_random_next(random) >> 11) * 0x1p-53;
}

double erg_random_normal(erg_random *random)
{
    /* Box and Muller (1958). */
    double radius = sqrt(-2 * log1p(-erg_random_uniform(random)));

    return radius * cos(2 * M_PI * erg_random_uniform(random));
}

uint64_t erg_random_below(erg_random *random, uint64_t n)
{
    uint64_t drawn, surplus = n ? (UINT64_MAX % n + 1) % n : 0;

    if (n < 2)
        return 0;
    do
        drawn = erg_random_next(random);
    while (drawn > UINT64_MAX - surplus);
    return drawn % n;
}

void erg_random_order(erg_random *random, size_t order[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i-- > 1;) {
        size_t j = (size_t)erg_random_below(random, i + 1), keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
}
