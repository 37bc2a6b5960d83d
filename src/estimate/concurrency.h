/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a partition could run at once: stages, the critical path, and
 * whether the graph, the batch or the device sets the limit.
 */
#ifndef ERG_ESTIMATE_CONCURRENCY_H
#define ERG_ESTIMATE_CONCURRENCY_H

#include "base/base.h"
#include "erg/estimate.h"

typedef enum erg_limit { ERG_LIMIT_GRAPH, ERG_LIMIT_BATCH, ERG_LIMIT_DEVICE } erg_limit;

typedef struct erg_concurrency {
    int32_t subgraphs, stages, widest_stage;
    int32_t independent, sequential;    /* members of stages wider than 1; the others */
    int32_t critical_operators;         /* longest path by count */
    int64_t critical_flop;              /* by FLOP */
    double critical_s;                  /* by latency; NAN without latencies */
    double parallelism;                 /* sum of latencies / critical path */
    double speedup_bound;               /* times the batch as far as units are free */
    int64_t threads_least, threads_largest;
    double threads_mean;
    int units;
    double units_wanted, efficiency;    /* means: blocks of 256 threads; share of full
                                         * waves */
    erg_limit limit;
} erg_concurrency;

/* latency_s: one a subgraph, or NULL. units 0: not known. */
bool erg_concurrency_of(const erg_partition *partition, const double *latency_s, int units,
                        erg_concurrency *out, erg_error *err);
const char *erg_limit_name(erg_limit limit);

/* Of its largest operator. */
int64_t erg_subgraph_threads(const erg_partition *partition, int32_t s);
/* Units a subgraph would fill, 1 to units, and the share of its waves that work. */
double erg_units_wanted(int64_t threads, int units);
double erg_wave_efficiency(int64_t threads, int units);

#endif
