/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's side. One rule carries the rest: while the hardware has not been seen to be
 * as low as it was last told, nothing higher is asked of it; so a lowering that must be
 * done by some time is never called off.
 */
#include <math.h>
#include "shape/lease.h"

#define NEAR_W 1e-6     /* a read-back this close is what was asked */

erg_lease_terms erg_lease_terms_usual(void)
{
    return (erg_lease_terms){ 10 * ERG_NS_PER_S, ERG_NS_PER_S, ERG_NS_PER_S, 1e-3 };
}

bool erg_lease_terms_check(const erg_lease_terms *terms, erg_error *err)
{
    const int64_t most_ns = 86400 * ERG_NS_PER_S;

    if (terms->period_ns <= 0 || terms->actuation_ns <= 0 || terms->lease_ns > most_ns
        || !(terms->rho >= 0 && terms->rho <= 0.1))
        return erg_fail(err, ERG_BAD_INPUT,
                        "a lease needs a period and an actuation time above "
                        "0, at most a day, and clocks within 10 %% of each other");
    if (terms->period_ns > most_ns || terms->actuation_ns > most_ns
        || terms->lease_ns <= 3 * terms->period_ns + terms->actuation_ns)
        return erg_fail(err, ERG_BAD_INPUT,
                        "a lease of %g s is too short: it must be longer "
                        "than three status periods and the actuation time, %g s",
                        erg_s_from_ns(terms->lease_ns),
                        erg_s_from_ns(3 * terms->period_ns + terms->actuation_ns));
    return true;
}

void erg_lease_node_start(erg_lease_node *node, const erg_lease_node_setup *setup,
                          int64_t now_ns)
{
    *node = (erg_lease_node){
        .terms = setup->terms,
        .fallback_w = setup->fallback_w,
        .least_w = setup->least_w,
        .most_w = setup->most_w,
        .rank = setup->rank,
        .boot = setup->boot,
        .next_ns = now_ns,
        .want_w = setup->fallback_w,
        .brake_ns = INT64_MIN,
    };
}

/* Of the lease that is held now, or the fallback once it is time to lower. */
static double lease_w(erg_lease_node *node, int64_t now_ns)
{
    if (node->leased && now_ns >= node->expires_ns - node->terms.actuation_ns)
        node->leased = false;
    return node->leased ? node->cap_w : node->fallback_w;
}

static bool is_newer(const erg_lease_grant *grant, const erg_lease_node *node)
{
    return grant->epoch > node->epoch
        || (grant->epoch == node->epoch && grant->sequence > node->sequence);
}

const char *erg_lease_node_take(erg_lease_node *node, const erg_lease_grant *grant,
                                int64_t now_ns)
{
    if (grant->boot != node->boot)
        return "it answers another start of this node";
    if (grant->request == 0 || grant->request > node->request
        || node->request - grant->request >= ERG_LEASE_ASKED)
        return "it answers no request that is remembered";
    if (!is_newer(grant, node))
        return "a newer one has been taken";
    if (!(grant->cap_w >= 0 && grant->cap_w <= 1e12) || grant->lease_ns <= 0)
        return "its cap or its time is none";

    /* What the coordinator counts is never longer than what it says;
     * ours may be shorter. */
    int64_t lease_ns = grant->lease_ns < node->terms.lease_ns ? grant->lease_ns
                                                              : node->terms.lease_ns;
    int64_t expires_ns = node->asked_ns[grant->request % ERG_LEASE_ASKED] + lease_ns;
    if (expires_ns - node->terms.actuation_ns <= now_ns)
        return "it came too late";

    double cap_w = fmin(grant->cap_w, fmax(node->most_w, node->fallback_w));
    node->cap_w = grant->hold ? fmin(cap_w, lease_w(node, now_ns)) : cap_w;
    node->expires_ns = expires_ns;
    node->epoch = grant->epoch;
    node->sequence = grant->sequence;
    node->leased = true;
    return NULL;
}

void erg_lease_node_brake(erg_lease_node *node, bool is_on, int64_t now_ns)
{
    node->brake_ns = is_on ? now_ns + node->terms.lease_ns : INT64_MIN;
}

static void fill_status(erg_lease_node *node, const erg_lease_node_in *in,
                        erg_lease_status *status)
{
    node->request++;
    node->asked_ns[node->request % ERG_LEASE_ASKED] = in->now_ns;
    *status = (erg_lease_status){
        .boot = node->boot,
        .request = node->request,
        .epoch = node->read_epoch,
        .sequence = node->read_sequence,
        .epoch_seen = node->epoch,
        .enforced_w = in->enforced_w,
        .power_w = in->power_w,
        .demand_w = in->demand_w,
        .least_w = node->least_w,
        .most_w = node->most_w,
        .fallback_w = node->fallback_w,
        .rank = node->rank,
    };
}

void erg_lease_node_step(erg_lease_node *node, const erg_lease_node_in *in,
                         erg_lease_node_out *out)
{
    double goal_w = lease_w(node, in->now_ns);
    /* Below its least no hardware goes, and nobody counts with less than the fallback. */
    double least_w = fmin(node->least_w, node->fallback_w);
    bool is_there = in->enforced_w <= fmax(node->want_w, least_w) + NEAR_W;

    if (in->now_ns < node->brake_ns)
        goal_w = fmin(goal_w, node->least_w);
    /* An unknown read-back is not there. */
    if (goal_w < node->want_w || is_there)
        node->want_w = goal_w;
    /* At or below this lease's cap, and no wish above it stands: older ones are history. */
    if (in->enforced_w <= node->cap_w + NEAR_W && node->want_w <= node->cap_w
        && node->sequence > 0) {
        node->read_epoch = node->epoch;
        node->read_sequence = node->sequence;
    }
    *out = (erg_lease_node_out){ .want_w = node->want_w };
    if (in->now_ns >= node->next_ns) {
        out->send = true;
        fill_status(node, in, &out->status);
        node->next_ns += node->terms.period_ns;
        if (node->next_ns <= in->now_ns)
            node->next_ns = in->now_ns + node->terms.period_ns;
    }
    out->again_ns = node->next_ns;
    if (node->leased && node->expires_ns - node->terms.actuation_ns < out->again_ns)
        out->again_ns = node->expires_ns - node->terms.actuation_ns;
    if (node->brake_ns > in->now_ns && node->brake_ns < out->again_ns)
        out->again_ns = node->brake_ns;
}
