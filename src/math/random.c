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

/* 0..n-1 from 32 bits: the high half of a product, draws that would tilt it dropped.
 * Source: Lemire, ACM Transactions on Modeling and Computer Simulation 29 (2019). */
static uint32_t below(erg_random *random, uint32_t drawn, uint32_t n)
{
    uint64_t product = (uint64_t)drawn * n;

    if ((uint32_t)product < n)
        while ((uint32_t)product < -n % n)
            product = (erg_random_next(random) >> 32) * n;
    return (uint32_t)(product >> 32);
}

static void swap_places(double x[], size_t i, size_t j)
{
    double keep = x[i];

    x[i] = x[j];
    x[j] = keep;
}

void erg_random_shuffle(erg_random *random, double x[], size_t n)
{
    size_t i = n;

    for (; i > UINT32_MAX; i--)
        swap_places(x, i - 1, (size_t)erg_random_below(random, i));
    for (; i > 1; i -= i > 2 ? 2 : 1) {
        uint64_t drawn = erg_random_next(random);
        swap_places(x, i - 1, below(random, (uint32_t)drawn, (uint32_t)i));
        if (i > 2)
            swap_places(x, i - 2,
                        below(random, (uint32_t)(drawn >> 32), (uint32_t)(i - 1)));
    }
}
