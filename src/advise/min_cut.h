/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cut of least cost between two nodes of a small network: what crosses it forwards
 * costs its capacity, what crosses it backwards gives its lower bound back.
 *
 *   Source   Ford and Fulkerson 1962, flows with lower bounds; Dinic 1970.
 */
#ifndef ERG_ADVISE_MIN_CUT_H
#define ERG_ADVISE_MIN_CUT_H

#include "base/base.h"

/* INFINITY: must not be crossed forwards. lower <= capacity. */
typedef struct erg_cut_arc { size_t from, to; double lower, capacity; } erg_cut_arc;

/* Nodes 0..nodes-1. is_near[node]: on the side of `source`. *cost: INFINITY where every cut
 * crosses an arc that must not be. False: no memory. */
bool erg_min_cut(const erg_cut_arc arcs[], size_t count, size_t nodes, size_t source,
                 size_t sink, bool is_near[], double *cost, erg_error *err);

#endif
