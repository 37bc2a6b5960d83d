/* SPDX-License-Identifier: Apache-2.0 */
/* Which applications of training a new one behaves like. */
#ifndef ERG_FIT_NEIGHBOURS_H
#define ERG_FIT_NEIGHBOURS_H

#include "fit/fit.h"

/* One weight a memory; they sum to 1. */
void erg_neighbours_weigh(const erg_trained *trained, const erg_clock_point *top,
                          double weights[]);

#endif
