/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/heat_guard.h"

#define HOUR_S 3600.0
#define AHEAD_S 60.0
#define HOT_K 358.15
#define MARGIN_K 2.0
#define BETTER 0.05     /* of the score: equal nodes stay as they are */

static double or_else(double value, double usual)
{
    return value > 0 ? value : usual;
}

double erg_heat_ahead(const erg_heat_node *node, double power_w, double ahead_s)
{
    double end_k = node->inlet_k + power_w * node->r_k_per_w;

    return end_k + (node->temp_k - end_k) * exp(-ahead_s / node->tau_s);
}

static bool may_move(const erg_heat_guard *guard)
{
    int most = guard->moves_per_hour > 0 ? guard->moves_per_hour : 2;

    if (guard->moves > 0 && guard->since_s[0] < or_else(guard->cooldown_s, 600))
        return false;
    return guard->moves < most || guard->since_s[most - 1] >= HOUR_S;
}

erg_heat_verdict erg_heat_guard_step(erg_heat_guard *guard, const erg_heat_node *node,
                                     double dt_s)
{
    double hot_k = or_else(guard->hot_k, HOT_K), cold_k = or_else(guard->cold_k, 353.15);
    double ahead_k = erg_heat_ahead(node, node->power_w, or_else(guard->ahead_s, AHEAD_S));
    double worst_k = fmax(node->temp_k, ahead_k);
    erg_heat_verdict verdict = { .cap_w = INFINITY };

    for (int i = 0; i < guard->moves; i++)
        guard->since_s[i] += dt_s;
    guard->is_hot = guard->is_hot ? worst_k >= cold_k : worst_k >= hot_k;
    guard->hot_s = guard->is_hot ? guard->hot_s + dt_s : 0;
    if (!guard->is_hot)
        return verdict;
    verdict.cap_w = fmax(0, (hot_k - or_else(guard->margin_k, MARGIN_K) - node->inlet_k)
                            / node->r_k_per_w);
    verdict.refuses_work = true;
    verdict.asks_to_move = guard->hot_s >= or_else(guard->after_s, 60) && may_move(guard);
    return verdict;
}

void erg_heat_guard_moved(erg_heat_guard *guard)
{
    if (guard->moves < ERG_HEAT_MOVES)
        guard->moves++;
    for (int i = guard->moves - 1; i > 0; i--)
        guard->since_s[i] = guard->since_s[i - 1];
    guard->since_s[0] = 0;
    guard->hot_s = 0;
}

/* Heat, load and the rack's load, each of what is allowed. */
static double score_of(const erg_heat_place *place, double more_w)
{
    const erg_heat_node *node = &place->node;

    return erg_heat_ahead(node, node->power_w + more_w, AHEAD_S) / HOT_K
         + (node->power_w + more_w) / place->cap_w
        + (place->rack_w + more_w) / place->rack_cap_w;
}

size_t erg_heat_best_place(const erg_heat_place places[], size_t n, size_t from,
                           double job_w)
{
    double best = score_of(&places[from], 0) - BETTER;
    size_t chosen = from;

    for (size_t i = 0; i < n; i++) {
        const erg_heat_place *place = &places[i];
        double then_k = erg_heat_ahead(&place->node, place->node.power_w + job_w, AHEAD_S);
        bool has_room = place->cap_w - place->node.power_w >= job_w
                     && place->rack_cap_w - place->rack_w >= job_w;
        if (i == from || !has_room || place->node.temp_k >= places[from].node.temp_k
            || then_k >= HOT_K - MARGIN_K)
            continue;
        if (score_of(place, job_w) < best)
            best = score_of(place, job_w), chosen = i;
    }
    return chosen;
}
