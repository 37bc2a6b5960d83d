/* SPDX-License-Identifier: Apache-2.0 */
/* What memory.c, memory_order.c and memory_parts.c share. */
#ifndef ERG_ESTIMATE_MEMORY_INSIDE_H
#define ERG_ESTIMATE_MEMORY_INSIDE_H

#include "estimate/memory.h"

typedef struct erg_storage_list { int32_t *items, count; } erg_storage_list;

typedef struct erg_planner {
    const erg_partition *partition;
    erg_memory_options options;
    erg_arena *arena;
    erg_storage_list *reads, *makes;    /* of each subgraph, weights apart */
    int32_t *maker;                     /* of each tensor: subgraph, -1: fed */
    int32_t *readers;                   /* of each tensor: still to come */
    int32_t *read_by;                   /* of each tensor: the last subgraph listed */
    int32_t *order;                     /* subgraphs as they are run */
    int64_t resident_bytes, live_bytes;
    int32_t live;
} erg_planner;

/* Bytes that step s needs beside its inputs and outputs. */
int64_t erg_memory_workspace(const erg_planner *planner, int32_t s);
/* Weights, caches, gradients, optimizer state. */
void erg_memory_residents(const erg_planner *planner, erg_memory *memory);
/* Greedy: of the ready subgraphs the one that grows least, the first on a tie. */
bool erg_memory_order(erg_planner *planner, erg_error *err);

#endif
