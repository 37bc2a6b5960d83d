/* SPDX-License-Identifier: Apache-2.0 */
/* What a world of leases is made of: lease_world_parts.c moves it,
 * lease_world.c breaks it. */
#ifndef TEST_LEASE_WORLD_INSIDE_H
#define TEST_LEASE_WORLD_INSIDE_H

#include "plant/network.h"
#include "shape/lease_memory.h"
#include "shape/lease_world.h"

enum { NODES = LEASE_NODES, WRITES = 16, COORDINATORS = 2 };
enum { NODE = 0, HARDWARE = 100, RACK = 200, NETWORK = 300, FAULT = 301, DEMAND = 302 };

typedef struct write { double cap_w; int64_t due_ns; } write_under_way;

/* Runs by rate and from an origin of its own. */
typedef struct local_clock { int64_t origin_ns; double rate; } local_clock;

typedef struct node_place {
    erg_lease_node core;
    local_clock clock;
    bool runs;
    uint32_t serial;
    double fallback_w, most_w, demand_w;
    double enforced_w;
    write_under_way writes[WRITES];
    size_t write_count;
    bool supersedes;        /* a new write calls the older ones off */
    int64_t reached_ns;     /* last time it was joined to a coordinator */
    const char *job;        /* NULL: none */
    uint64_t steps;
} node_place;

typedef struct rack_place {
    erg_lease_rack core;
    lease_memory memory;
    local_clock clock;
    bool runs;
    uint32_t serial;
} rack_place;

typedef struct message {
    bool is_grant;
    erg_lease_status status;
    erg_lease_grant grant;
} message;

typedef struct world {
    const lease_world_plan *plan;
    erg_agenda agenda;
    erg_network *network;
    erg_xoshiro random, jobs;
    erg_lease_terms terms;
    int64_t truly_act_ns;
    double limit_w;
    size_t count;
    node_place nodes[NODES];
    rack_place racks[COORDINATORS];
    size_t active;          /* the coordinator whose session the broker keeps */
    uint64_t boots, epoch;
    bool broker_down;
    lease_world_seen seen;
    double used_j;
    int64_t used_ns;
} world;

void lease_boot(world *w, size_t i);
bool lease_chance(world *w, double share);
void lease_crash(world *w, size_t i);
int64_t lease_local_ns(const world *w, const local_clock *clock);
void lease_obey(world *w, size_t i);
void lease_plan_in(world *w, double in_s, uint32_t who);
void lease_replace_rack(world *w);
void lease_start_rack(world *w, size_t which);
void lease_step_node(world *w, size_t i);
void lease_step_rack(world *w, size_t which);
void lease_take(world *w, size_t i, erg_lease_grant grant);
double lease_uniform(world *w, double low, double high);

#endif
