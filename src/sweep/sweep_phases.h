/* SPDX-License-Identifier: Apache-2.0 */
/* The visits of a sweep taken apart by the regions that its command marked. */
#ifndef ERG_SWEEP_SWEEP_PHASES_H
#define ERG_SWEEP_SWEEP_PHASES_H

#include "base/base.h"
#include "erg/points.h"
#include "erg/trace.h"

/* Adds to `to` a visit for each phase of each visit of `whole`, under an application of
 * the phase's name, after its own where there are several. Times and energies of one name
 * add up. *found: how many were added; 0: the command marks no phases. */
bool erg_sweep_split(erg_points *to, const erg_points *whole, const erg_trace *trace,
                     size_t *found, erg_error *err);

#endif
