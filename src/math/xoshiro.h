/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xoshiro256** (Blackman and Vigna, ACM TOMS 2021): a generator for each entity of a
 * simulation. Its key is mixed from one number of the user and the entity's own, so that
 * one entity more changes nothing for the others. A plain value: copy it, and both go on
 * alike.
 */
#ifndef ERG_MATH_XOSHIRO_H
#define ERG_MATH_XOSHIRO_H

#include <stdint.h>

typedef struct erg_xoshiro { uint64_t state[4]; } erg_xoshiro;

erg_xoshiro erg_xoshiro_of(uint64_t key, uint64_t entity);
uint64_t erg_xoshiro_next(erg_xoshiro *random);
double erg_xoshiro_uniform(erg_xoshiro *random);    /* 0 <= x < 1 */

#endif
