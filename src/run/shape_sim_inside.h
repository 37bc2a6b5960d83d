/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation on its way: shape_sim_start.c sets it up, shape_sim.c plays it. */
#ifndef ERG_RUN_SHAPE_SIM_INSIDE_H
#define ERG_RUN_SHAPE_SIM_INSIDE_H

#include "math/stats.h"
#include "run/shape_sim.h"
#include "shape/breaker.h"

typedef struct erg_sim {
    erg_cluster cluster;
    const erg_scenario *scenario;
    const erg_policy_chain *chain;
    erg_policy_state *states;       /* chain.count of each rank */
    size_t supply;                  /* which of the chain acts on supplies; count: none */
    erg_policy_state *supplies;     /* of each rack */
    double *supply_w;
    erg_breaker *breakers;
    int64_t *rack_at_ns;
    int64_t at_ns;
    double lagged_w, before_w;      /* of all; supply at the sample before */
    erg_sum energy_j, burned_j;
    erg_sum first_j, last_j;        /* energy when job 0 began its first step, and its last */
    bool is_stuck, was_split;
} erg_sim;

/* How many groups the chain wants; 1: none asks. */
int erg_sim_groups(const erg_policy_chain *chain);
/* scenario and chain are set; the cluster is ready for its hooks. */
bool erg_sim_start(erg_sim *it, uint64_t key, erg_error *err);

#endif
