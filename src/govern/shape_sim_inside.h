/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation on its way: shape_sim_start.c sets it up, shape_sim.c plays it. */
#ifndef ERG_GOVERN_SHAPE_SIM_INSIDE_H
#define ERG_GOVERN_SHAPE_SIM_INSIDE_H

#include "math/stats.h"
#include "govern/shape_sim.h"
#include "shape/breaker.h"
#include "shape/psu.h"

typedef struct erg_sim_balance erg_sim_balance;     /* shape_sim_balance.c */

/* Of a job, as a policy that plans found it. */
typedef struct erg_sim_phase { double shift_s, slower_s; } erg_sim_phase;

typedef struct erg_sim {
    erg_cluster cluster;
    const erg_scenario *scenario;
    const erg_policy_chain *chain;
    erg_policy_state *states;       /* chain.count of each rank */
    erg_sim_phase *plans;           /* of each job; NULL: nobody plans */
    size_t supply;                  /* which of the chain acts on supplies; count: none */
    erg_policy_state *supplies;     /* of each rack */
    double *supply_w;
    size_t over;                    /* which of the chain governs racks; count: none */
    erg_policy_state *governors;    /* of each rack */
    double *rack_j;                 /* of each, since its governor's last look */
    double *unit_cap_w;             /* what the governors grant each unit */
    size_t over_job;                /* which of the chain governs jobs; count: none */
    erg_sim_balance *balance;       /* NULL: none does */
    double look_s;                  /* their period */
    int64_t look_ns;                /* their next look */
    erg_breaker *breakers;
    erg_psu *psus;                  /* of each rack; NULL: none are stated */
    double *psu_rings, *psu_j;      /* psu_j: given since the last sample */
    int64_t *rack_at_ns;
    int64_t at_ns;
    double lagged_w, before_w;      /* of all; supply at the sample before */
    erg_sum energy_j, burned_j;
    erg_sum first_j, last_j;        /* energy when job 0 began its first step, and its
                                     * last */
    double *rack_w2s;               /* of each breaker, square of its load over time */
    double *steps_s;                /* of each whole step of the first job */
    size_t steps, steps_capacity;
    int64_t stepped_ns;             /* when its last one began */
    double *collected_s;            /* of each collective */
    size_t collected, collected_capacity;
    bool is_stuck, was_split, is_out_of_memory;
} erg_sim;

/* shape_sim_setup.c: how many groups the chain wants, as many as jobs where it does not
 * say; 1: none asks. */
int erg_sim_groups(const erg_sim *it);
/* What a policy of this chain is told at its start; entity is its own number. */
erg_policy_setup erg_sim_setup(const erg_sim *it, size_t which, uint64_t key,
                               uint64_t entity);
/* shape_sim_plan.c: the phases of so many jobs, if the chain has who plans. */
bool erg_sim_plan(erg_sim *it, size_t jobs, erg_error *err);
/* shape_sim_settle.c: what rack drew until now is settled: energy, supply, breaker. */
void erg_sim_settle_rack(erg_sim *it, uint32_t rack, int64_t now_ns);
/* shape_sim_psu.c: room for the supplies of racks, if any are stated. */
bool erg_sim_psu_start(erg_sim *it, erg_error *err);
/* A sample ends at now; of the first, which has no beginning, nothing is counted. */
void erg_sim_psu_step(erg_sim *it, int64_t now_ns, bool is_counted);
void erg_sim_psu_sum(const erg_sim *it, erg_shaped *out);
/* shape_sim_rack.c: room for the governors of racks, if the chain has one. */
bool erg_sim_govern(erg_sim *it, uint64_t key, erg_error *err);
/* The cluster on its way to until_ns, governors looking as often as they want. */
bool erg_sim_advance(erg_sim *it, int64_t until_ns, erg_error *err);
/* shape_sim_balance.c: room for the epochs of units, if the chain has who needs them. */
bool erg_sim_balance_start(erg_sim *it, erg_error *err);
void erg_sim_balance_end(erg_sim *it);
/* What it grants a rank; INFINITY: nobody balances. */
double erg_sim_balance_cap(const erg_sim *it, uint32_t rank);
/* A rank has worked so long in a step that is over. */
bool erg_sim_balance_worked(erg_sim *it, uint32_t rank, double time_s, erg_error *err);
/* shape_sim_bounds.c: it can be played for so long, warm-up included, or a sentence. */
bool erg_sim_check(const erg_sim *it, double total_s, erg_error *err);
/* shape_sim_start.c: scenario and chain are set; the cluster is ready for its hooks. */
bool erg_sim_start(erg_sim *it, uint64_t key, erg_error *err);

#endif
