/* SPDX-License-Identifier: Apache-2.0 */
/* Has a temperature come to rest? */
#ifndef ERG_THERMAL_SETTLE_H
#define ERG_THERMAL_SETTLE_H

#include "base/base.h"
#include "erg/trace.h"

/* The spec's: 0.1 K/min. */
extern const double erg_settled_k_per_s;

typedef struct erg_settling {
    double slope_k_per_s;   /* of a line through the last window_s; NAN: too short */
    double bound_k_per_s;   /* |slope| and what noise and steps leave open */
    double window_s;
} erg_settling;

/* The window, of all and its halves, that bounds the slope best. step_k: of the sensor;
 * 0: as the samples show. */
erg_settling erg_settling_of(const erg_sample samples[], size_t count, double step_k);
bool erg_is_settled(const erg_settling *settling);

#endif
