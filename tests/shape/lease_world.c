/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "plant/network.h"
#include "shape/lease_world.h"

enum { NODES = 5, WRITES = 16, COORDINATORS = 2 };
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
} node_place;

typedef struct rack_place {
    erg_lease_rack core;
    erg_lease_member members[NODES];
    erg_claim claims[NODES];
    size_t order[NODES], who[NODES];
    double grants_w[NODES], bounds_w[NODES];
    erg_cut_node cuts[NODES];
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
    erg_xoshiro random;
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

/* ---- time and chance --------------------------------------------------------------------- */

static double uniform(world *w, double low, double high)
{
    return low + (high - low) * erg_xoshiro_uniform(&w->random);
}

static bool chance(world *w, double share)
{
    return erg_xoshiro_uniform(&w->random) < share;
}

static int64_t local_ns(const world *w, const local_clock *clock)
{
    return clock->origin_ns + (int64_t)((double)w->agenda.now_ns * clock->rate);
}

/* A true time, the first or next to it, at which the clock shows at_ns or more. */
static int64_t true_ns(const local_clock *clock, int64_t at_ns)
{
    return (int64_t)ceil((double)(at_ns - clock->origin_ns) / clock->rate) + 1;
}

static void plan_at(world *w, int64_t at_ns, uint32_t who, uint32_t serial)
{
    if (!erg_agenda_plan(&w->agenda, at_ns, who, serial, NULL))
        abort();
}

static void plan_in(world *w, double in_s, uint32_t who)
{
    plan_at(w, w->agenda.now_ns + erg_ns_from_s(in_s), who, 0);
}

static local_clock some_clock(world *w)
{
    /* Often at the ends of what is allowed: there the bound must hold, too. */
    double off = chance(w, 0.5) ? (chance(w, 0.5) ? -0.5 : 0.5) : uniform(w, -0.5, 0.5);
    return (local_clock){ erg_ns_from_s(uniform(w, 0, 1000)), 1 + off * w->terms.rho };
}

/* ---- what is watched --------------------------------------------------------------------- */

static double sum_w(const world *w)
{
    double sum = 0;

    for (size_t i = 0; i < w->count; i++)
        sum += w->nodes[i].enforced_w;
    return sum;
}

static bool is_reached(const world *w, size_t node)
{
    return w->racks[w->active].runs && !w->broker_down && w->nodes[node].runs
        && !erg_network_is_cut(w->network, node);
}

static void watch(world *w)
{
    double sum = sum_w(w);

    w->used_j += sum * erg_s_from_ns(w->agenda.now_ns - w->used_ns);
    w->used_ns = w->agenda.now_ns;
    w->seen.checks++;
    w->seen.worst_w = fmax(w->seen.worst_w, sum - w->limit_w);
    for (size_t i = 0; i < w->count; i++) {
        node_place *node = &w->nodes[i];
        double since_s = erg_s_from_ns(w->agenda.now_ns - node->reached_ns);
        if (is_reached(w, i))
            node->reached_ns = w->agenda.now_ns;
        else if (node->enforced_w > node->fallback_w + 1e-6)
            w->seen.late_s = fmax(w->seen.late_s,
                                  since_s - erg_s_from_ns(erg_lease_believed_ns(&w->terms)));
    }
}

/* ---- hardware ---------------------------------------------------------------------------- */

/* The highest that may be enforced until the writes under way are done. */
static double at_most_w(const node_place *node)
{
    double most_w = node->enforced_w;

    for (size_t i = 0; i < node->write_count; i++)
        most_w = fmax(most_w, node->writes[i].cap_w);
    return most_w;
}

static double asked_w(const node_place *node)
{
    return node->write_count ? node->writes[node->write_count - 1].cap_w : node->enforced_w;
}

static void turn(world *w, size_t i, double cap_w, bool calls_off)
{
    node_place *node = &w->nodes[i];
    int64_t now_ns = w->agenda.now_ns;
    int64_t due_ns = now_ns + (int64_t)(uniform(w, 0, 1) * (double)w->truly_act_ns);

    if (asked_w(node) == cap_w)
        return;
    if (calls_off)
        node->write_count = 0;
    if (node->write_count && due_ns < node->writes[node->write_count - 1].due_ns)
        due_ns = node->writes[node->write_count - 1].due_ns;
    if (node->write_count == WRITES)
        abort();
    node->writes[node->write_count++] = (write_under_way){ cap_w, due_ns };
    plan_at(w, due_ns, HARDWARE + (uint32_t)i, 0);
}

static void step_node(world *w, size_t i);

static void obey(world *w, size_t i)
{
    node_place *node = &w->nodes[i];

    while (node->write_count && node->writes[0].due_ns <= w->agenda.now_ns) {
        node->enforced_w = node->writes[0].cap_w;
        memmove(node->writes, node->writes + 1, --node->write_count * sizeof(*node->writes));
    }
    if (node->runs)
        step_node(w, i);
}

/* ---- nodes ------------------------------------------------------------------------------- */

static void step_node(world *w, size_t i)
{
    node_place *node = &w->nodes[i];
    double most_w = at_most_w(node);
    const erg_lease_node_in in = { local_ns(w, &node->clock), most_w,
                                   fmin(node->demand_w, node->enforced_w), node->demand_w };
    erg_lease_node_out out;

    erg_lease_node_step(&node->core, &in, &out);
    turn(w, i, out.want_w, node->supersedes);
    if (out.send) {
        message sent = { .status = out.status };
        if (!erg_network_send(w->network, i, w->count, &sent, NULL))
            abort();
    }
    plan_at(w, true_ns(&node->clock, out.again_ns), NODE + (uint32_t)i, ++node->serial);
}

static void take(world *w, size_t i, erg_lease_grant grant)
{
    node_place *node = &w->nodes[i];
    int64_t now_ns = local_ns(w, &node->clock);

    if (!node->runs)
        return;
    if (w->plan->mutation == LEASE_FROM_RECEIPT && grant.boot == node->core.boot)
        node->core.asked_ns[grant.request % ERG_LEASE_ASKED] = now_ns;
    if (w->plan->mutation == LEASE_NO_HOLD)
        grant.hold = false;
    w->seen.grants_taken += !erg_lease_node_take(&node->core, &grant, now_ns);
    step_node(w, i);
}

static void boot(world *w, size_t i)
{
    node_place *node = &w->nodes[i];
    erg_lease_node_setup setup = { w->terms, node->fallback_w, 0.5 * node->fallback_w,
                                   node->most_w, (int)(i % 2), ++w->boots };

    if (w->plan->mutation == LEASE_NO_ACTUATION_GUARD)
        setup.terms.actuation_ns = 0;
    node->clock = some_clock(w);
    node->runs = true;
    erg_lease_node_start(&node->core, &setup, local_ns(w, &node->clock));
    step_node(w, i);
}

/* Its watchdog lowers what it left behind; writes under way are not called off. */
static void crash(world *w, size_t i)
{
    w->nodes[i].runs = false;
    w->nodes[i].serial++;
    turn(w, i, w->nodes[i].fallback_w, false);
}

/* ---- coordinator ------------------------------------------------------------------------- */

static void start_rack(world *w, size_t which)
{
    rack_place *rack = &w->racks[which];
    /* What the broker retained or a file kept is there, or is lost. */
    uint64_t epoch = chance(w, 0.7) ? w->epoch : 0;

    for (size_t i = 0; i < w->count; i++)
        rack->members[i] = (erg_lease_member){ .fallback_w = w->nodes[i].fallback_w,
                                               .weight = 1 + (double)i };
    rack->core = (erg_lease_rack){
        .terms = w->terms,
        .room = { rack->members, w->count, rack->claims, rack->order, rack->who,
                  rack->grants_w, rack->bounds_w, rack->cuts },
        .limit_w = w->limit_w,
        .raise_w_per_s = chance(w, 0.3) ? 300 : 0,
    };
    rack->clock = some_clock(w);
    if (!erg_lease_rack_start(&rack->core, epoch, local_ns(w, &rack->clock), NULL))
        abort();
    if (w->plan->mutation == LEASE_NO_START_WAIT)
        rack->core.wait_ns = INT64_MIN;
    rack->runs = true;
    plan_at(w, w->agenda.now_ns, RACK + (uint32_t)which, ++rack->serial);
}

/* As if sending a lower cap were as good as its being enforced. */
static void forget_older(rack_place *rack, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        erg_lease_member *member = &rack->members[i];
        if (member->held_count > 1) {
            member->held[0] = member->held[member->held_count - 1];
            member->held_count = 1;
        }
    }
}

static void step_rack(world *w, size_t which)
{
    rack_place *rack = &w->racks[which];
    const erg_lease_rack_in in = { local_ns(w, &rack->clock), NAN, NAN };
    erg_lease_answer answers[NODES];
    erg_lease_rack_out out;

    erg_lease_rack_step(&rack->core, &in, answers, &out);
    if (rack->core.epoch > w->epoch)
        w->epoch = rack->core.epoch;
    for (size_t k = 0; k < out.count; k++) {
        message sent = { .is_grant = true, .grant = answers[k].grant };
        if (!erg_network_send(w->network, w->count, answers[k].node, &sent, NULL))
            abort();
    }
    if (w->plan->mutation == LEASE_RAISE_BEFORE_LOWER)
        forget_older(rack, w->count);
    if (w->plan->mutation == LEASE_NO_RHO)
        for (size_t i = 0; i < w->count; i++)
            for (size_t k = 0; k < rack->members[i].held_count; k++) {
                erg_lease_held *held = &rack->members[i].held[k];
                if (held->sequence + out.count > rack->core.sequence)
                    held->expires_ns = in.now_ns + w->terms.lease_ns;
            }
    plan_at(w, true_ns(&rack->clock, in.now_ns + w->terms.period_ns / 2),
            RACK + (uint32_t)which, ++rack->serial);
}

/* A second one comes up: the broker drops the session of the first, which stands by. */
static void replace_rack(world *w)
{
    size_t other = 1 - w->active;

    if (w->plan->mutation != LEASE_NO_SINGLE_COORDINATOR) {
        w->racks[w->active].core.stands_by = true;
        w->racks[w->active].runs = false;
        w->racks[w->active].serial++;
    }
    w->active = other;
    start_rack(w, other);
}

/* ---- faults ------------------------------------------------------------------------------ */

static void some_habits(world *w, bool calm)
{
    erg_network_habits habits = { .delay_least_ns = ERG_NS_PER_MS,
                                  .delay_most_ns = 50 * ERG_NS_PER_MS, .in_order = true };

    if (!calm) {
        habits.delay_most_ns = erg_ns_from_s(chance(w, 0.6) ? 0.05 : uniform(w, 0.05, 1));
        habits.late_share = chance(w, 0.5) ? uniform(w, 0, 0.4) : 0;
        habits.late_ns = erg_ns_from_s(uniform(w, 0, 3 * erg_s_from_ns(w->terms.lease_ns)));
        habits.loss = chance(w, 0.5) ? uniform(w, 0, 0.5) : 0;
        habits.repeat = chance(w, 0.3) ? uniform(w, 0, 0.3) : 0;
        habits.in_order = chance(w, 0.3);
    }
    erg_network_set(w->network, &habits, erg_xoshiro_next(&w->random));
}

static void break_broker(world *w)
{
    w->broker_down = !w->broker_down;
    if (w->broker_down && chance(w, 0.7))
        erg_network_drop(w->network);
    for (size_t i = 0; i <= w->count; i++)
        erg_network_cut(w->network, i, w->broker_down);
    /* A coordinator that comes back to a broker cannot know who was there meanwhile. */
    rack_place *rack = &w->racks[w->active];
    if (!w->broker_down && rack->runs)
        erg_lease_rack_again(&rack->core, 0, local_ns(w, &rack->clock));
}

static void break_rack(world *w)
{
    rack_place *rack = &w->racks[w->active];

    if (rack->runs && chance(w, 0.4)) {
        replace_rack(w);
    } else if (rack->runs) {
        rack->runs = false;
        rack->serial++;
        if (chance(w, 0.5))
            start_rack(w, w->active);
    } else {
        start_rack(w, w->active);
    }
}

static void fault(world *w)
{
    size_t i = (size_t)uniform(w, 0, (double)w->count);
    double kind = uniform(w, 0, 1);

    if (w->broker_down || kind < 0.1)
        break_broker(w);
    else if (kind < 0.4)
        erg_network_cut(w->network, i, !erg_network_is_cut(w->network, i));
    else if (kind < 0.6)
        break_rack(w);
    else if (kind < 0.8 && w->nodes[i].runs)
        crash(w, i);
    else if (kind < 0.8)
        boot(w, i);
    else
        some_habits(w, false);
    plan_in(w, uniform(w, 0.1, 0.5 * erg_s_from_ns(w->terms.lease_ns)), FAULT);
}

static void change_demand(world *w)
{
    size_t i = (size_t)uniform(w, 0, (double)w->count);

    w->nodes[i].demand_w = uniform(w, 0.5 * w->nodes[i].fallback_w, w->nodes[i].most_w);
    plan_in(w, uniform(w, 0.05, 0.6) * erg_s_from_ns(w->terms.lease_ns), DEMAND);
}

/* ---- a run ------------------------------------------------------------------------------- */

static void set_up(world *w)
{
    double fallbacks_w = 0;

    w->count = 2 + (size_t)uniform(w, 0, NODES - 1);
    w->terms = (erg_lease_terms){ 4 * ERG_NS_PER_S, ERG_NS_PER_S / 2, ERG_NS_PER_S,
                                  chance(w, 0.5) ? 1e-3 : 0.05 };
    /* By the slowest node's clock. */
    w->truly_act_ns = (int64_t)((double)w->terms.actuation_ns / (1 + w->terms.rho));
    w->network = erg_network_new(&w->agenda, NETWORK, w->count + 1, sizeof(message), NULL);
    if (!w->network)
        abort();
    for (size_t i = 0; i < w->count; i++) {
        node_place *node = &w->nodes[i];
        node->fallback_w = uniform(w, 200, 500);
        node->most_w = uniform(w, 800, 1500);
        node->demand_w = node->most_w;
        node->enforced_w = node->fallback_w;
        node->supersedes = chance(w, 0.5);
        fallbacks_w += node->fallback_w;
    }
    w->limit_w = fallbacks_w * uniform(w, 1, 2.5);
    some_habits(w, w->plan->calm);
    start_rack(w, 0);
    for (size_t i = 0; i < w->count; i++)
        boot(w, i);
    plan_in(w, 0.5, DEMAND);
    if (!w->plan->calm)
        plan_in(w, uniform(w, 0, 8), FAULT);
}

static void deliver(world *w, const erg_event *event)
{
    size_t from, to;
    message got;

    if (!erg_network_deliver(w->network, event, &from, &to, &got))
        return;
    if (got.is_grant) {
        take(w, to, got.grant);
        return;
    }
    for (size_t k = 0; k < COORDINATORS; k++)
        if (w->racks[k].runs)
            erg_lease_rack_hear(&w->racks[k].core, from, &got.status,
                                local_ns(w, &w->racks[k].clock));
}

static void dispatch(world *w, const erg_event *event)
{
    if (event->who == NETWORK)
        deliver(w, event);
    else if (event->who == FAULT)
        fault(w);
    else if (event->who == DEMAND)
        change_demand(w);
    else if (event->who >= RACK) {
        size_t which = event->who - RACK;
        if (w->racks[which].runs && event->serial == w->racks[which].serial)
            step_rack(w, which);
    } else if (event->who >= HARDWARE) {
        obey(w, event->who - HARDWARE);
    } else if (w->nodes[event->who].runs && event->serial == w->nodes[event->who].serial) {
        step_node(w, event->who);
    }
}

lease_world_seen lease_world_run(const lease_world_plan *plan)
{
    world *w = calloc(1, sizeof(*w));
    int64_t until_ns = erg_ns_from_s(plan->duration_s);
    erg_event event;

    if (!w)
        abort();
    w->plan = plan;
    w->random = erg_xoshiro_of(plan->key, 1);
    w->seen.worst_w = -INFINITY;
    set_up(w);
    while (erg_agenda_take(&w->agenda, until_ns, &event)) {
        dispatch(w, &event);
        watch(w);
    }
    w->seen.use = w->used_j / (w->limit_w * plan->duration_s);
    lease_world_seen seen = w->seen;
    erg_network_free(w->network);
    erg_agenda_free(&w->agenda);
    free(w);
    return seen;
}
