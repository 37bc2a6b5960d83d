/* SPDX-License-Identifier: Apache-2.0 */
/* What is assumed of a device that nobody measured: graded theoretical. */
#ifndef ERG_ESTIMATE_FALLBACK_H
#define ERG_ESTIMATE_FALLBACK_H

#include "erg/estimate.h"

/* Fills each coefficient that is NAN: from the fitted ones of other precisions,
 * else from the record, else from the process node. Fitted ones stay. */
void erg_energy_fill(erg_energy_terms *terms, const erg_hardware *hardware);

/* Shared constants of time for a unit class of a device never measured. */
erg_time_terms erg_plain_time_terms(const erg_hardware *hardware, erg_unit_class class);

#endif
