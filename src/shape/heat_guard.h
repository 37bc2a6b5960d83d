/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do about a node that grows hot, in this order: cap it below its limit, give it no
 * new work, and where it stays hot ask for the job to be moved to a cooler node.
 *
 *   dT/dt = (P R - (T - T_in)) / (R C)       cap = (T_hot - margin - T_in)/R
 *
 * A request to move is only a request: the job itself must be able to checkpoint.
 */
#ifndef ERG_SHAPE_HEAT_GUARD_H
#define ERG_SHAPE_HEAT_GUARD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct erg_heat_node {
    double r_k_per_w, tau_s;        /* tau = R C */
    double inlet_k, temp_k, power_w;
} erg_heat_node;

/* Temperature after ahead_s at constant power. */
double erg_heat_ahead(const erg_heat_node *node, double power_w, double ahead_s);

enum { ERG_HEAT_MOVES = 8 };        /* an hour, at most */

typedef struct erg_heat_guard {
    double hot_k, cold_k, margin_k; /* 0: 358.15 353.15 2 */
    double ahead_s;                 /* 0: 60 */
    double after_s, cooldown_s;     /* hot for so long: move; then never for so long. 0: 60
                                     * 600 */
    int moves_per_hour;             /* at most, to ERG_HEAT_MOVES. 0: 2 */
    bool is_hot;
    double hot_s;                   /* for so long */
    double since_s[ERG_HEAT_MOVES]; /* the last moves, ago, the latest first (see moves) */
    int moves;                      /* counted up to ERG_HEAT_MOVES */
} erg_heat_guard;

typedef struct erg_heat_verdict {
    double cap_w;                   /* INFINITY: none */
    bool refuses_work, asks_to_move;
} erg_heat_verdict;

erg_heat_verdict erg_heat_guard_step(erg_heat_guard *guard, const erg_heat_node *node,
                                     double dt_s);
/* The move was made: it counts. */
void erg_heat_guard_moved(erg_heat_guard *guard);

typedef struct erg_heat_place {
    erg_heat_node node;
    double cap_w, rack_w, rack_cap_w;
} erg_heat_place;

/* Where a job of job_w, now on node `from`, should go; `from` if nowhere is better: the
 * least score among those with room, cooler than from, and not hot with the job. */
size_t erg_heat_best_place(const erg_heat_place places[], size_t n, size_t from,
                           double job_w);

#endif
