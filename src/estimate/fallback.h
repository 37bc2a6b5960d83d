/* SPDX-License-Identifier: Apache-2.0 */
/* What is assumed of a device that nobody measured: graded theoretical. */
#ifndef ERG_ESTIMATE_FALLBACK_H
#define ERG_ESTIMATE_FALLBACK_H

#include "erg/estimate.h"

/* Fills each coefficient that is NAN: from the fitted ones of other precisions,
 * else from the record, else from the process node. Fitted ones stay. */
void erg_energy_fill(erg_energy_terms *terms, const erg_hardware *hardware);

#endif
