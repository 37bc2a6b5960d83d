/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rack in which everything fails that may: nodes and their coordinator over a bad
 * network, clocks that run apart, hardware that takes its time, crashes, cuts, and a broker
 * that dies. The caps that hardware enforces are summed at every change.
 */
#ifndef TEST_LEASE_WORLD_H
#define TEST_LEASE_WORLD_H

#include "shape/lease.h"

/* What goes wrong if one rule is left out. */
typedef enum lease_mutation {
    LEASE_RIGHT,
    LEASE_FROM_RECEIPT,
    LEASE_NO_START_WAIT,
    LEASE_RAISE_BEFORE_LOWER,
    LEASE_NO_ACTUATION_GUARD,
    LEASE_NO_HOLD,          /* the literal rule of the specification for the start */
    LEASE_NO_RHO,
    LEASE_NO_SINGLE_COORDINATOR     /* the one that was replaced goes on */
} lease_mutation;

typedef struct lease_world_plan {
    uint64_t key;
    lease_mutation mutation;
    double duration_s;
    bool calm;              /* no faults at all */
    bool balances;          /* nodes have jobs, true and false epochs, and are balanced */
} lease_world_plan;

typedef struct lease_world_seen {
    size_t checks, grants_taken, shares;
    double worst_w;         /* sum of enforced caps above the limit; at most 0 is right */
    double late_s;          /* longest that a node was above its fallback when cut off,
                             * beyond one lease */
    double use;             /* mean of the sum, of the limit */
} lease_world_seen;

lease_world_seen lease_world_run(const lease_world_plan *plan);

#endif
