/* SPDX-License-Identifier: Apache-2.0 */
/* Small parts that the tests of leases share: a node, a grant, a coordinator's desk. */
#ifndef TEST_LEASE_DESK_H
#define TEST_LEASE_DESK_H

#include "shape/lease_memory.h"
#include "test.h"

static inline int64_t s(double seconds)
{
    return erg_ns_from_s(seconds);
}

static inline erg_lease_node some_node(double fallback_w, uint64_t boot)
{
    const erg_lease_node_setup setup = { erg_lease_terms_usual(), fallback_w, 100, 1000,
                                         0, boot };
    erg_lease_node node;

    erg_lease_node_start(&node, &setup, 0);
    return node;
}

static inline erg_lease_node_out step(erg_lease_node *node, double now_s, double enforced_w)
{
    const erg_lease_node_in in = { s(now_s), enforced_w, enforced_w, enforced_w };
    erg_lease_node_out out;

    erg_lease_node_step(node, &in, &out);
    return out;
}

static inline erg_lease_grant grant(uint64_t boot, uint64_t request, uint64_t sequence,
                                    double cap_w)
{
    return (erg_lease_grant){ boot, request, 1, sequence, cap_w, s(10), false };
}

typedef struct desk {
    erg_lease_rack rack;
    lease_memory memory;
    erg_lease_answer answers[LEASE_NODES];
    erg_lease_rack_out out;
} desk;

static inline void desk_start(desk *d, size_t count, double fallback_w, double limit_w)
{
    *d = (desk){ 0 };
    for (size_t i = 0; i < count; i++)
        d->memory.members[i].fallback_w = fallback_w;
    d->rack = (erg_lease_rack){
        .terms = erg_lease_terms_usual(),
        .room = lease_room_of(&d->memory, count),
        .limit_w = limit_w,
    };
}

static inline erg_lease_status said(const desk *d, uint64_t request, uint64_t sequence,
                                    double enforced_w, double demand_w)
{
    return (erg_lease_status){
        .boot = 5, .request = request, .epoch = sequence ? d->rack.epoch : 0,
        .sequence = sequence, .epoch_seen = sequence ? d->rack.epoch : 0,
        .enforced_w = enforced_w, .power_w = enforced_w, .demand_w = demand_w, .least_w = 0,
        .most_w = 700, .fallback_w = 0,
    };
}

static inline double answered_w(desk *d, size_t node)
{
    for (size_t k = 0; k < d->out.count; k++)
        if (d->answers[k].node == node)
            return d->answers[k].grant.cap_w;
    return NAN;
}

static inline void desk_step(desk *d, double now_s, double power_w)
{
    const erg_lease_rack_in in = { s(now_s), power_w, NAN };

    erg_lease_rack_step(&d->rack, &in, d->answers, &d->out);
    CHECK(d->out.bound_w <= d->rack.limit_w + 1e-9);
}

static inline void desk_hear(desk *d, size_t node, erg_lease_status status, double now_s)
{
    erg_lease_rack_hear(&d->rack, node, &status, s(now_s));
}

#endif
