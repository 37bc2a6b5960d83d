/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "shape/lease_world_inside.h"

/* ---- what is watched ---------------------------------------------------------------- */

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
                                  since_s
                                  - erg_s_from_ns(erg_lease_believed_ns(&w->terms)));
    }
}

/* ---- faults ------------------------------------------------------------------------- */

static void some_habits(world *w, bool calm)
{
    erg_network_habits habits = { .delay_least_ns = ERG_NS_PER_MS,
                                  .delay_most_ns = 50 * ERG_NS_PER_MS, .in_order = true };

    if (!calm) {
        habits.delay_most_ns =
            erg_ns_from_s(lease_chance(w, 0.6) ? 0.05 : lease_uniform(w, 0.05, 1));
        habits.late_share = lease_chance(w, 0.5) ? lease_uniform(w, 0, 0.4) : 0;
        habits.late_ns =
            erg_ns_from_s(lease_uniform(w, 0, 3 * erg_s_from_ns(w->terms.lease_ns)));
        habits.loss = lease_chance(w, 0.5) ? lease_uniform(w, 0, 0.5) : 0;
        habits.repeat = lease_chance(w, 0.3) ? lease_uniform(w, 0, 0.3) : 0;
        habits.in_order = lease_chance(w, 0.3);
    }
    erg_network_set(w->network, &habits, erg_xoshiro_next(&w->random));
}

static void break_broker(world *w)
{
    w->broker_down = !w->broker_down;
    if (w->broker_down && lease_chance(w, 0.7))
        erg_network_drop(w->network);
    for (size_t i = 0; i <= w->count; i++)
        erg_network_cut(w->network, i, w->broker_down);
    /* A coordinator that comes back to a broker cannot know who was there meanwhile. */
    rack_place *rack = &w->racks[w->active];
    if (!w->broker_down && rack->runs)
        erg_lease_rack_again(&rack->core, 0, lease_local_ns(w, &rack->clock));
}

static void break_rack(world *w)
{
    rack_place *rack = &w->racks[w->active];

    if (rack->runs && lease_chance(w, 0.4)) {
        lease_replace_rack(w);
    } else if (rack->runs) {
        rack->runs = false;
        rack->serial++;
        if (lease_chance(w, 0.5))
            lease_start_rack(w, w->active);
    } else {
        lease_start_rack(w, w->active);
    }
}

static void fault(world *w)
{
    size_t i = (size_t)lease_uniform(w, 0, (double)w->count);
    double kind = lease_uniform(w, 0, 1);

    if (w->broker_down || kind < 0.1)
        break_broker(w);
    else if (kind < 0.4)
        erg_network_cut(w->network, i, !erg_network_is_cut(w->network, i));
    else if (kind < 0.6)
        break_rack(w);
    else if (kind < 0.8 && w->nodes[i].runs)
        lease_crash(w, i);
    else if (kind < 0.8)
        lease_boot(w, i);
    else
        some_habits(w, false);
    lease_plan_in(w, lease_uniform(w, 0.1, 0.5 * erg_s_from_ns(w->terms.lease_ns)), FAULT);
}

static void change_demand(world *w)
{
    size_t i = (size_t)lease_uniform(w, 0, (double)w->count);

    w->nodes[i].demand_w = lease_uniform(w, 0.5 * w->nodes[i].fallback_w,
                                         w->nodes[i].most_w);
    lease_plan_in(w, lease_uniform(w, 0.05, 0.6) * erg_s_from_ns(w->terms.lease_ns),
                  DEMAND);
}

/* ---- a run -------------------------------------------------------------------------- */

static void set_up(world *w)
{
    double fallbacks_w = 0;

    w->count = 2 + (size_t)lease_uniform(w, 0, NODES - 1);
    w->terms = (erg_lease_terms){ 4 * ERG_NS_PER_S, ERG_NS_PER_S / 2, ERG_NS_PER_S,
                                  lease_chance(w, 0.5) ? 1e-3 : 0.05 };
    /* By the slowest node's clock. */
    w->truly_act_ns = (int64_t)((double)w->terms.actuation_ns / (1 + w->terms.rho));
    w->network = erg_network_new(&w->agenda, NETWORK, w->count + 1, sizeof(message), NULL);
    if (!w->network)
        abort();
    for (size_t i = 0; i < w->count; i++) {
        node_place *node = &w->nodes[i];
        node->fallback_w = lease_uniform(w, 200, 500);
        node->most_w = lease_uniform(w, 800, 1500);
        node->demand_w = node->most_w;
        node->enforced_w = node->fallback_w;
        node->supersedes = lease_chance(w, 0.5);
        node->job = "7/a";
        fallbacks_w += node->fallback_w;
    }
    w->limit_w = fallbacks_w * lease_uniform(w, 1, 2.5);
    some_habits(w, w->plan->calm);
    lease_start_rack(w, 0);
    for (size_t i = 0; i < w->count; i++)
        lease_boot(w, i);
    lease_plan_in(w, 0.5, DEMAND);
    if (!w->plan->calm)
        lease_plan_in(w, lease_uniform(w, 0, 8), FAULT);
}

static void deliver(world *w, const erg_event *event)
{
    size_t from, to;
    message got;

    if (!erg_network_deliver(w->network, event, &from, &to, &got))
        return;
    if (got.is_grant) {
        lease_take(w, to, got.grant);
        return;
    }
    for (size_t k = 0; k < COORDINATORS; k++)
        if (w->racks[k].runs)
            erg_lease_rack_hear(&w->racks[k].core, from, &got.status,
                                lease_local_ns(w, &w->racks[k].clock));
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
            lease_step_rack(w, which);
    } else if (event->who >= HARDWARE) {
        lease_obey(w, event->who - HARDWARE);
    } else if (w->nodes[event->who].runs && event->serial == w->nodes[event->who].serial) {
        lease_step_node(w, event->who);
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
    w->jobs = erg_xoshiro_of(plan->key, 2);
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
