/* SPDX-License-Identifier: Apache-2.0 */
/* Which pipes count as floating-point work. */
#ifndef ERG_FIT_ACTIVITY_H
#define ERG_FIT_ACTIVITY_H

#include "erg/points.h"

enum { ERG_ACTIVITY_PARTS = 4 };

/* A channel of shares of time, and its weight in each definition. */
typedef struct erg_activity_part {
    const char *channel;
    double weight[ERG_ACTIVITY_ALL + 1];
} erg_activity_part;

extern const erg_activity_part erg_activity_parts[ERG_ACTIVITY_PARTS];

/* Of the shares of those channels, in their order: 0 to 1. NAN where a pipe that counts was
 * never seen: it is not invented. */
double erg_activity_fp(erg_activity definition, const double shares[ERG_ACTIVITY_PARTS]);

#endif
