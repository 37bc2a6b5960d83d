/* SPDX-License-Identifier: Apache-2.0 */
/* The 95 % intervals of all that an erg_energy says, joules and watts. */
#ifndef ERG_TRACE_ENDS_H
#define ERG_TRACE_ENDS_H

#include "erg/energy.h"

typedef struct erg_energy_ends {
    erg_bounds gross_j, net_j, mean_w, peak_w, min_w, idle_w;
} erg_energy_ends;

erg_energy_ends erg_energy_ends_of(const erg_energy *energy);

#endif
