/* SPDX-License-Identifier: Apache-2.0 */
/* xoshiro256**, seeded by splitmix64 as its authors advise. */
#include "math/random.h"
#include "math/xoshiro.h"

static uint64_t rotate(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

erg_xoshiro erg_xoshiro_of(uint64_t key, uint64_t entity)
{
    erg_random seed = { erg_random_mix(key) + erg_random_mix(~entity) };
    erg_xoshiro random;

    for (int i = 0; i < 4; i++)
        random.state[i] = erg_random_next(&seed);
    return random;
}

uint64_t erg_xoshiro_next(erg_xoshiro *random)
{
    uint64_t *s = random->state, out = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return out;
}

double erg_xoshiro_uniform(erg_xoshiro *random)
{
    return (double)(erg_xoshiro_next(random) >> 11) * 0x1p-53;
}
