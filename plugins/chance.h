/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance that all ranks share: a number that follows from what they all know, and looks
 * like none that follows from something else.
 */
#ifndef ERG_PLUGIN_CHANCE_H
#define ERG_PLUGIN_CHANCE_H

#include <stdint.h>
#include <erg/error.h>

/* splitmix64, which has no fixed pattern between keys that differ by one. */
uint64_t chance_mix(uint64_t key);
/* Of a key: in [0, 1). */
double chance_uniform(uint64_t key);

/* A delay by chance at the begin of a step. */
typedef struct chance_jitter {
    double from_s, to_s;        /* even between them; to_s 0: none */
    double key;                 /* the user's: another one, other delays */
    double every;               /* collectives of a step: the first of so many waits */
} chance_jitter;

/* The user's key beside the job's name (NULL: unknown): jobs that run side by side must not
 * be delayed alike. */
double chance_job_key(double key, const char *job);
/* ERG_BAD_INPUT: it ends before it begins. variable: for the sentence. */
bool chance_jitter_check(const chance_jitter *config, const char *variable, erg_error *err);
/* group: what all of its ranks know; sequence: collectives that it has had. */
double chance_jitter_s(const chance_jitter *config, uint64_t group, uint64_t sequence);

#endif
