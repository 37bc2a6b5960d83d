/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "launch/offset.h"

static const double timeout_share = 0.01;

uint64_t offset_key(const void *id, size_t size)
{
    const unsigned char *bytes = id;
    uint64_t key = chance_mix(size);

    for (size_t i = 0; i < size; i++)
        key = chance_mix(key ^ bytes[i]);
    return key;
}

uint64_t offset_key_split(uint64_t parent, uint64_t number, int colour)
{
    return chance_mix(chance_mix(parent ^ number) ^ (uint64_t)(unsigned)colour);
}

double offset_s(const offset_config *config, uint64_t key, uint64_t sequence)
{
    const chance_jitter *jitter = &config->jitter;
    uint64_t every = jitter->every >= 1 ? (uint64_t)jitter->every : 1;
    double wish_s = config->stagger_s * chance_uniform(key)
        + chance_jitter_s(jitter, key, sequence);

    if (sequence % every != 0)
        return 0;
    return fmax(0, fmin(wish_s,
                        fmin(config->slack_s, timeout_share * config->timeout_s)));
}
