/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers by chance that are the same on every machine: splitmix64 (Steele, Lea and
 * Flood, OOPSLA 2014). The state is the seed; draws with one seed repeat to the bit.
 */
#ifndef ERG_MATH_RANDOM_H
#define ERG_MATH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct erg_random { uint64_t state; } erg_random;

/* The mixing step alone: a well stirred function of value. */
uint64_t erg_random_mix(uint64_t value);
uint64_t erg_random_next(erg_random *random);
double erg_random_uniform(erg_random *random);          /* 0 <= x < 1 */
double erg_random_normal(erg_random *random);           /* mean 0, sd 1 */
/* 0..n-1, each as likely as the next: draws above the last multiple of n are dropped. */
uint64_t erg_random_below(erg_random *random, uint64_t n);
/* 0..n-1 in an order by chance: Fisher and Yates, from the end. */
/* Into another order: one draw feeds two places, so that long series go fast. */
void erg_random_shuffle(erg_random *random, double x[], size_t n);
void erg_random_order(erg_random *random, size_t order[], size_t n);

#endif
