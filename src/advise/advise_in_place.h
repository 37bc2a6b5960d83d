/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that may take the place of a dead input. */
#ifndef ERG_ADVISE_ADVISE_IN_PLACE_H
#define ERG_ADVISE_ADVISE_IN_PLACE_H

#include "base/base.h"
#include "erg/table.h"
#include "erg/workload.h"

/* Adds table in_place, the largest top, and a note of all. */
bool erg_advise_in_place(const erg_graph *graph, size_t top, erg_result *result,
                         erg_error *err);

#endif
