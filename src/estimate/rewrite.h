/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs with one thing changed, for the hints that change the work itself. They live
 * in the arena and hang on the graph they were made of.
 */
#ifndef ERG_ESTIMATE_REWRITE_H
#define ERG_ESTIMATE_REWRITE_H

#include "base/base.h"
#include "erg/workload.h"

/* Weights of products in 8 bits, a scale of 16 bits a row, converted where they are
 * read: activations and arithmetic stay. NULL without an error: there are none. */
erg_graph *erg_rewrite_narrow(erg_arena *arena, const erg_graph *graph, erg_error *err);

/* A training step whose forward pass is cut in so many segments: what lies within one is
 * dropped and computed again before the way back needs it (Chen et al., 2016,
 * arXiv 1604.06174). NULL without an error: nothing can be dropped. */
erg_graph *erg_rewrite_recompute(erg_arena *arena, const erg_graph *graph, int32_t segments,
                                 erg_error *err);

#endif
