/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "launch/offset.h"

static const double timeout_share = 0.01;

/* splitmix64, which has no fixed pattern between keys that differ by one. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

uint64_t offset_key(const void *id, size_t size)
{
    const unsigned char *bytes = id;
    uint64_t key = mix(size);

    for (size_t i = 0; i < size; i++)
        key = mix(key ^ bytes[i]);
    return key;
}

uint64_t offset_key_split(uint64_t parent, uint64_t number, int colour)
{
    return mix(mix(parent ^ number) ^ (uint64_t)(unsigned)colour);
}

double offset_s(const offset_config *config, uint64_t key, uint64_t sequence)
{
    uint64_t every = config->every >= 1 ? (uint64_t)config->every : 1;
    double share = ldexp((double)(key >> 11), -53);

    if (sequence % every != 0)
        return 0;
    return fmax(0, fmin(config->stagger_s * share,
                        fmin(config->slack_s, timeout_share * config->timeout_s)));
}
