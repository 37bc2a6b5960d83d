/* SPDX-License-Identifier: Apache-2.0 */
/* The partition of an eager run. It lives in the arena that is its `inside`. */
#ifndef ERG_ESTIMATE_LAUNCHES_H
#define ERG_ESTIMATE_LAUNCHES_H

#include "erg/workload.h"

erg_partition *erg_launches_of(const erg_graph *graph, erg_error *err);

#endif
