/* SPDX-License-Identifier: Apache-2.0 */
/* One scenario under one chain of policies: the wave and what it cost. */
#ifndef ERG_GOVERN_SHAPE_SIM_H
#define ERG_GOVERN_SHAPE_SIM_H

#include "govern/scenario.h"
#include "shape/metrics.h"
#include "shape/policy.h"

typedef struct erg_shaped {
    double *wave_w;                 /* one value every dt_s, from the end of the warm-up */
    size_t count;
    double dt_s;
    double window_s;                /* each value is the mean of so long; 0: an instant */
    erg_metrics metrics;
    double load_w;                  /* mean of what the units drew, exact, with what storage
                                     * lost */
    double steps_per_s, energy_per_step_j;      /* of a unit; NAN: no steps */
    double work_s;                  /* open loop: until the first record was over */
    double burned_j;
    double collective_p99_s;        /* from the first rank that comes to its end; NAN:
                                     * none */
    size_t steps;                   /* whole ones of the first job */
    double step_p50_s, step_p95_s, step_p99_s;  /* NAN: none */
    double breaker_margin;          /* NAN: no breaker */
    double trip_s;                  /* until the first breaker trips if the load goes on as
                                     * its rms was; INFINITY: never; NAN: no breaker */
    double above_80_s;              /* most of any breaker, over 80 % of what trips it */
    int64_t psu_violations;         /* of all racks' supplies; -1: none are stated */
    int psu_unseen;                 /* their limits that are shorter than a sample */
    bool has_tripped;
    bool was_split;                 /* one job was taken for as many as there are groups */
} erg_shaped;

bool erg_shape_simulate(const erg_scenario *scenario, const erg_policy_chain *chain,
                        uint64_t key, erg_shaped *out, erg_error *err);
void erg_shaped_free(erg_shaped *shaped);

#endif
