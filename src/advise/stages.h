/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages of one job and what each costs at each of its times: how slow may each be?
 *
 *   Units    Time is whole quanta; joules.
 */
#ifndef ERG_ADVISE_STAGES_H
#define ERG_ADVISE_STAGES_H

#include "base/base.h"

/* energies_j[t - least] at time t, least to most: convex, and falling. */
typedef struct erg_stage { int64_t least, most; const double *energies_j; } erg_stage;

/* `from` must be over before `to` begins; from < to, sorted by `to`. */
typedef struct erg_stage_edge { size_t from, to; } erg_stage_edge;

typedef struct erg_stage_problem {
    const erg_stage *stages;
    size_t count;
    const erg_stage_edge *edges;
    size_t edge_count;
} erg_stage_problem;

/* From the least energy to the shortest time, a point each; times: those of the last. */
bool erg_stages_solve(const erg_stage_problem *is, int64_t times[],
                      bool (*point)(void *self, int64_t length, const int64_t times[],
                                    erg_error *err),
                      void *self, erg_error *err);
double erg_stages_energy_j(const erg_stage_problem *is, const int64_t times[]);
/* Of the whole, each stage at its least time; -1: no memory. */
int64_t erg_stages_shortest(const erg_stage_problem *is, erg_error *err);

#endif
