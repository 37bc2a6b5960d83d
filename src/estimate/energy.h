/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three terms of energy:
 *   E = s (sum e_op[c] matrix_flop[c] + e_byte bytes + e_far far_bytes) + P_static t.
 */
#ifndef ERG_ESTIMATE_ENERGY_H
#define ERG_ESTIMATE_ENERGY_H

#include "erg/estimate.h"
#include "estimate/unit.h"

/* What a launch asks for, whatever it costs. */
typedef struct erg_work {
    double flop[ERG_UNIT_CLASSES][ERG_PRECISIONS];      /* of matrix work */
    double bytes;                                       /* algorithmic, unfused rule */
    double far_bytes;           /* those of launches that the last cache cannot hold */
    double threads;                                     /* most output elements at once */
} erg_work;

void erg_work_add_operator(erg_work *work, const erg_operator *op,
                           const erg_hardware *hardware);
/* Bytes are the subgraph's own: what fusion keeps on chip is not counted. */
erg_work erg_work_of_subgraph(const erg_graph *graph, const erg_subgraph *subgraph,
                              const erg_hardware *hardware);

/* At the reference voltage. */
double erg_compute_j(const erg_work *work, const erg_energy_terms *terms);
double erg_memory_j(const erg_work *work, const erg_energy_terms *terms);

/* Ends an estimate whose compute_j, memory_j and static_j are set. utilization
 * decides what of static_j is wasted. */
void erg_estimate_finish(erg_estimate *estimate, double utilization);

#endif
