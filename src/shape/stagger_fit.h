/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phases of groups that share a period but not a profile: the shifts at which the sum of
 * all profiles peaks lowest, as far as placing one by one and moving single ones finds.
 *
 *   Source   docs/shape.md.
 */
#ifndef ERG_SHAPE_STAGGER_FIT_H
#define ERG_SHAPE_STAGGER_FIT_H

#include <stddef.h>

enum { ERG_PROFILE_BINS = 256, ERG_PROFILES_MOST = 256 };

/* Mean power of each 256th of the period. */
typedef struct erg_profile { double power_w[ERG_PROFILE_BINS]; } erg_profile;

/* shifts[g]: by how many bins profile g comes later, 0..255. n at most ERG_PROFILES_MOST.
 * Never worse than no shift, nor than all evenly apart. Returns the peak of the sum. */
double erg_stagger_fit(const erg_profile profiles[], size_t n, int shifts[]);
/* The greatest bin of the sum at these shifts. */
double erg_stagger_peak_w(const erg_profile profiles[], size_t n, const int shifts[]);

#endif
