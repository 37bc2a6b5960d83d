/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "chance.h"

uint64_t chance_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

double chance_uniform(uint64_t key) { return ldexp((double)(key >> 11), -53); }

double chance_job_key(double key, const char *job)
{
    uint64_t mixed = (uint64_t)key;

    for (const char *at = job ? job : ""; *at; at++)
        mixed = chance_mix(mixed ^ (unsigned char)*at);
    return job ? (double)(mixed >> 11) : key;   /* a double holds 53 bits of it */
}

bool chance_jitter_check(const chance_jitter *config, const char *variable, erg_error *err)
{
    return config->from_s <= config->to_s
        || erg_fail(err, ERG_BAD_INPUT, "%s: jitter_from=%gs is above jitter=%gs: delays "
                    "lie between them", variable, config->from_s, config->to_s);
}

double chance_jitter_s(const chance_jitter *config, uint64_t group, uint64_t sequence)
{
    uint64_t every = config->every >= 1 ? (uint64_t)config->every : 1;

    if (!(config->to_s > 0) || sequence % every != 0)
        return 0;
    uint64_t key = chance_mix(chance_mix((uint64_t)config->key ^ group) ^ sequence / every);
    double width_s = fmax(0, config->to_s - config->from_s);
    return fmin(config->from_s, config->to_s) + width_s * chance_uniform(key);
}
