/* SPDX-License-Identifier: Apache-2.0 */
/* One effect over several studies, and over pairs of blocks in an order by chance. */
#ifndef ERG_MATH_META_H
#define ERG_MATH_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Random effects: DerSimonian and Laird, Controlled Clinical Trials 7 (1986), with the
 * 95 % interval of Hartung and Knapp, Statistics in Medicine 20 (2001). */
typedef struct erg_meta {
    double mean, low, high;
    double tau2;            /* variance between studies */
    double q, i2;           /* heterogeneity, and its share beyond chance, 0..1 */
} erg_meta;

/* False for fewer than two effects, or a variance that is not above 0. */
bool erg_random_effects(const double effects[], const double variances[], size_t n,
                        erg_meta *out);

/* Mean of differences within pairs whose order was drawn: flipping signs says how often
 * chance alone gives as much. All 2^n flips up to n = 14, else 10,000 draws. */
typedef struct erg_flip {
    double mean, low, high;     /* 95 %, Student over pairs; NAN for one pair */
    double p_value;             /* two-sided */
    bool is_exact;
} erg_flip;

/* False for no pair. */
bool erg_sign_flip(const double differences[], size_t n, uint64_t key, erg_flip *out);

#endif
