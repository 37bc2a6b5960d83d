/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many draws of one statistic under chance, on several threads. Draw i has a random state
 * of its own, made from the key and i: the values do not depend on the count of threads.
 */
#ifndef ERG_MATH_DRAWS_H
#define ERG_MATH_DRAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "math/random.h"

typedef struct erg_draws {
    /* scratch: room doubles, zero before a thread's first draw. */
    double (*draw)(const void *what, erg_random *random, double *scratch);
    const void *what;
    size_t room, count;
    uint64_t key;
    double cost;            /* of a draw, in products or so: small ones need no threads */
    int threads;            /* 0: as many as help */
} erg_draws;

/* False: no memory. */
bool erg_draws_run(const erg_draws *draws, double values[]);
/* (1 + how many are at least `seen`)/(count + 1), equal but for rounding included. Draws
 * that are NAN say nothing and do not count. */
double erg_draws_p(const double values[], size_t count, double seen);

/* A key of its own for each use of one key. */
uint64_t erg_key(uint64_t key, uint64_t use);

#endif
