/* SPDX-License-Identifier: Apache-2.0 */
/* A coordinator's memory in tests: of a few nodes, and of fixed size. */
#ifndef TEST_LEASE_MEMORY_H
#define TEST_LEASE_MEMORY_H

#include "shape/lease.h"

enum { LEASE_NODES = 5 };

typedef struct lease_memory {
    erg_lease_member members[LEASE_NODES];
    erg_claim claims[LEASE_NODES];
    size_t order[LEASE_NODES], who[LEASE_NODES];
    double grants_w[LEASE_NODES], bounds_w[LEASE_NODES];
    erg_cut_node cuts[LEASE_NODES];
    size_t job_of[LEASE_NODES];
    erg_balance_rank ranks[LEASE_NODES];
    double settled_w[LEASE_NODES];
    erg_lease_job jobs[LEASE_NODES];
} lease_memory;

static inline erg_lease_room lease_room_of(lease_memory *memory, size_t count)
{
    return (erg_lease_room){ memory->members, count, memory->claims, memory->order,
                             memory->who, memory->grants_w, memory->bounds_w,
                             memory->cuts, memory->job_of, memory->ranks,
                             memory->settled_w, memory->jobs };
}

#endif
