/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, hardware, nodes and coordinators of a world of leases. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "shape/lease_world_inside.h"

/* ---- time and chance ---------------------------------------------------------------- */

double lease_uniform(world *w, double low, double high)
{
    return low + (high - low) * erg_xoshiro_uniform(&w->random);
}

bool lease_chance(world *w, double share)
{
    return erg_xoshiro_uniform(&w->random) < share;
}

int64_t lease_local_ns(const world *w, const local_clock *clock)
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

void lease_plan_in(world *w, double in_s, uint32_t who)
{
    plan_at(w, w->agenda.now_ns + erg_ns_from_s(in_s), who, 0);
}

static local_clock some_clock(world *w)
{
    /* Often at the ends of what is allowed: there the bound must hold, too. */
    double off = lease_chance(w, 0.5)
        ? (lease_chance(w, 0.5) ? -0.5 : 0.5) : lease_uniform(w, -0.5, 0.5);
    return (local_clock){ erg_ns_from_s(lease_uniform(w, 0, 1000)),
                          1 + off * w->terms.rho };
}

/* ---- hardware ----------------------------------------------------------------------- */

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
    int64_t due_ns = now_ns + (int64_t)(lease_uniform(w, 0, 1) * (double)w->truly_act_ns);

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

void lease_obey(world *w, size_t i)
{
    node_place *node = &w->nodes[i];

    while (node->write_count && node->writes[0].due_ns <= w->agenda.now_ns) {
        node->enforced_w = node->writes[0].cap_w;
        memmove(node->writes, node->writes + 1,
                --node->write_count * sizeof(*node->writes));
    }
    if (node->runs)
        lease_step_node(w, i);
}

/* ---- nodes -------------------------------------------------------------------------- */

/* A node of a job says how late it is, or now and then anything. By chance of its own, so
 * that worlds are the same without it. */
static void tell_rank(world *w, size_t i, erg_lease_status *status)
{
    static const char *const jobs[] = { "7/a", "7/a", "7/a", "7/b", NULL };
    node_place *node = &w->nodes[i];
    double u = erg_xoshiro_uniform(&w->jobs);

    if (u < 0.02)
        node->job = jobs[(size_t)(u * 250)];
    if (!node->job)
        return;
    node->steps += u < 0.99 ? (uint64_t)(1 + 8 * u) : 0;
    if (u > 0.995)
        node->steps = 0;
    erg_text_put(status->job, sizeof(status->job), node->job);
    status->steps = node->steps;
    status->epoch_s = (1 + (double)i) / pow(1 + node->enforced_w, 0.4);
    if (u > 0.9)
        status->epoch_s = u > 0.99 ? NAN : pow(10, 600 * (u - 0.95));
}

void lease_step_node(world *w, size_t i)
{
    node_place *node = &w->nodes[i];
    double most_w = at_most_w(node);
    const erg_lease_node_in in = { lease_local_ns(w, &node->clock), most_w,
                                   fmin(node->demand_w, node->enforced_w), node->demand_w };
    erg_lease_node_out out;

    erg_lease_node_step(&node->core, &in, &out);
    turn(w, i, out.want_w, node->supersedes);
    if (out.send) {
        if (w->plan->balances)
            tell_rank(w, i, &out.status);
        message sent = { .status = out.status };
        if (!erg_network_send(w->network, i, w->count, &sent, NULL))
            abort();
    }
    plan_at(w, true_ns(&node->clock, out.again_ns), NODE + (uint32_t)i, ++node->serial);
}

void lease_take(world *w, size_t i, erg_lease_grant grant)
{
    node_place *node = &w->nodes[i];
    int64_t now_ns = lease_local_ns(w, &node->clock);

    if (!node->runs)
        return;
    if (w->plan->mutation == LEASE_FROM_RECEIPT && grant.boot == node->core.boot)
        node->core.asked_ns[grant.request % ERG_LEASE_ASKED] = now_ns;
    if (w->plan->mutation == LEASE_NO_HOLD)
        grant.hold = false;
    w->seen.grants_taken += !erg_lease_node_take(&node->core, &grant, now_ns);
    lease_step_node(w, i);
}

void lease_boot(world *w, size_t i)
{
    node_place *node = &w->nodes[i];
    erg_lease_node_setup setup = { w->terms, node->fallback_w, 0.5 * node->fallback_w,
                                   node->most_w, (int)(i % 2), ++w->boots };

    if (w->plan->mutation == LEASE_NO_ACTUATION_GUARD)
        setup.terms.actuation_ns = 0;
    node->clock = some_clock(w);
    node->runs = true;
    erg_lease_node_start(&node->core, &setup, lease_local_ns(w, &node->clock));
    lease_step_node(w, i);
}

/* Its watchdog lowers what it left behind; writes under way are not called off. */
void lease_crash(world *w, size_t i)
{
    w->nodes[i].runs = false;
    w->nodes[i].serial++;
    turn(w, i, w->nodes[i].fallback_w, false);
}

/* ---- coordinator -------------------------------------------------------------------- */

void lease_start_rack(world *w, size_t which)
{
    rack_place *rack = &w->racks[which];
    /* What the broker retained or a file kept is there, or is lost. */
    uint64_t epoch = lease_chance(w, 0.7) ? w->epoch : 0;

    for (size_t i = 0; i < w->count; i++)
        rack->memory.members[i] = (erg_lease_member){ .fallback_w = w->nodes[i].fallback_w,
                                               .weight = 1 + (double)i };
    rack->core = (erg_lease_rack){
        .terms = w->terms,
        .room = lease_room_of(&rack->memory, w->count),
        .limit_w = w->limit_w,
        .raise_w_per_s = lease_chance(w, 0.3) ? 300 : 0,
        .balances = w->plan->balances,
    };
    rack->clock = some_clock(w);
    if (!erg_lease_rack_start(&rack->core, epoch, lease_local_ns(w, &rack->clock), NULL))
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
        erg_lease_member *member = &rack->memory.members[i];
        if (member->held_count > 1) {
            member->held[0] = member->held[member->held_count - 1];
            member->held_count = 1;
        }
    }
}

void lease_step_rack(world *w, size_t which)
{
    rack_place *rack = &w->racks[which];
    const erg_lease_rack_in in = { lease_local_ns(w, &rack->clock), NAN, NAN };
    erg_lease_answer answers[NODES];
    erg_lease_rack_out out;

    uint64_t shares = rack->core.shares;
    erg_lease_rack_step(&rack->core, &in, answers, &out);
    w->seen.shares += rack->core.shares - shares;
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
            for (size_t k = 0; k < rack->memory.members[i].held_count; k++) {
                erg_lease_held *held = &rack->memory.members[i].held[k];
                if (held->sequence + out.count > rack->core.sequence)
                    held->expires_ns = in.now_ns + w->terms.lease_ns;
            }
    plan_at(w, true_ns(&rack->clock, in.now_ns + w->terms.period_ns / 2),
            RACK + (uint32_t)which, ++rack->serial);
}

/* A second one comes up: the broker drops the session of the first, which stands by. */
void lease_replace_rack(world *w)
{
    size_t other = 1 - w->active;

    if (w->plan->mutation != LEASE_NO_SINGLE_COORDINATOR) {
        w->racks[w->active].core.stands_by = true;
        w->racks[w->active].runs = false;
        w->racks[w->active].serial++;
    }
    w->active = other;
    lease_start_rack(w, other);
}
