/* SPDX-License-Identifier: Apache-2.0 */
/* Time of one launch and of a whole partition at a clock. */
#ifndef ERG_ESTIMATE_TIME_H
#define ERG_ESTIMATE_TIME_H

#include "erg/estimate.h"

typedef struct erg_plain_timing {
    const erg_graph *graph;
    const erg_hardware *hardware;
    const erg_profile *profile;
    erg_runtime runtime;
    double clock_hz;
} erg_plain_timing;

erg_latency erg_time_subgraph(const erg_plain_timing *timing, const erg_subgraph *subgraph);

/* Fills latency[] (one a subgraph) and gives the time of all: the sum, or the
 * host's if launching takes longer (*host_bound). */
double erg_time_partition(const erg_plain_timing *timing, const erg_partition *partition,
                          erg_latency latency[], bool *host_bound);

#endif
