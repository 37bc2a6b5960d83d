/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"
#include "govern/rack.h"

/* Taken off what is lent to the governor: knobs round to a milliwatt or so, and many of
 * them must not read back above the lease. */
#define ROUNDING_W 0.05

bool erg_rack_node_begin(erg_rack *rack, erg_error *err)
{
    const erg_govern_config *config = rack->config;
    const erg_lease_node_setup setup = {
        .terms = rack->terms, .fallback_w = config->node.fallback_w,
        .most_w = INFINITY, .rank = (int)config->node.priority, .boot = rack->boot,
    };

    if (!(config->node.fallback_w >= 0))
        return erg_fail(err, ERG_BAD_INPUT, "a node of a rack needs node.fallback");
    erg_lease_node_start(&rack->node, &setup, erg_env_boot_ns(&rack->env));
    rack->state = "fallback";
    return true;
}

static bool take_grant(erg_rack *rack, const char *bytes, size_t size, erg_error *err)
{
    erg_lease_grant grant;

    if (!erg_rack_grant_read(bytes, size, &grant, err))
        return false;
    const char *why = erg_lease_node_take(&rack->node, &grant, erg_env_boot_ns(&rack->env));
    if (!why && grant.cap_w >= rack->node.most_w && !grant.hold)
        rack->full = grant.request;
    return !why || erg_fail(err, ERG_REFUSED, "a grant is not taken: %s", why);
}

static bool take_brake(erg_rack *rack, const char *bytes, size_t size, erg_error *err)
{
    erg_rack_brake brake;

    if (!erg_rack_brake_read(bytes, size, &brake, err))
        return false;
    if (brake.epoch < rack->node.epoch)
        return erg_fail(err, ERG_REFUSED, "a brake of an older coordinator");
    erg_lease_node_brake(&rack->node, brake.is_on, erg_env_boot_ns(&rack->env));
    return true;
}

bool erg_rack_node_take(erg_rack *rack, const char *topic, const char *bytes, size_t size,
                        erg_error *err)
{
    return strcmp(topic, "brake") == 0 ? take_brake(rack, bytes, size, err)
                                       : take_grant(rack, bytes, size, err);
}

static const char *state_of(const erg_lease_node *node, int64_t now_ns)
{
    if (now_ns < node->brake_ns)
        return "braked";
    return node->leased ? "leased" : "fallback";
}

/* The governor's own rule ends the lease by itself, should nobody step this any more. */
static void lend(const erg_rack *rack, erg_governor *governor,
                 const erg_govern_claim *claim, double want_w)
{
    const erg_lease_node *node = &rack->node;
    double cap_w = fmax(want_w - ROUNDING_W, fmin(want_w, claim->least_w));
    const erg_govern_lease lease = {
        .cap_w = cap_w,
        .until_ns = node->leased ? node->expires_ns - node->terms.actuation_ns : INT64_MAX,
        .epoch = (int64_t)node->epoch,
        .number = (int64_t)node->sequence,
        .state = rack->state,
    };

    erg_governor_lease(governor, &lease);
}

/* Its user wants back what limits were at: no lease will end that. So the rack must first
 * lend all that the node can draw, then hear that this is now its fallback,
 * and lend it again. */
static void release(erg_rack *rack, erg_governor *governor)
{
    const erg_lease_node *node = &rack->node;
    bool is_full = node->leased && node->cap_w >= node->most_w && rack->full > 0;

    if (!erg_governor_wants_release(governor))
        return;
    if (is_full && !rack->has_told) {
        rack->has_told = true;
        rack->told = node->request + 1;
    } else if (is_full && rack->full >= rack->told
               && !erg_governor_give_back(governor, NULL)) {
        rack->full = 0;     /* again, with the next grant */
    }
}

/* How late its job is, for a coordinator that balances. */
static void put_rank(const erg_governor *governor, erg_lease_status *status)
{
    const erg_govern_rank rank = erg_govern_rank_of(governor);

    erg_text_put(status->job, sizeof(status->job), rank.job);
    status->steps = rank.job[0] ? rank.steps : 0;
    status->epoch_s = rank.epoch_s;
}

void erg_rack_node_step(erg_rack *rack, erg_governor *governor, const erg_rack_line *line)
{
    erg_govern_claim claim = erg_governor_claim(governor);
    erg_lease_node_in in = { erg_env_boot_ns(&rack->env), claim.enforced_w, claim.power_w,
                             claim.demand_w };
    char topic[80];
    erg_lease_node_out out;

    rack->node.least_w = claim.least_w;
    /* Below its least it cannot fall: the coordinator must count with that. */
    rack->node.fallback_w = fmax(rack->config->node.fallback_w, claim.least_w);
    if (erg_governor_wants_release(governor))
        in.demand_w = claim.most_w;
    rack->node.most_w = fmax(claim.most_w, claim.least_w);
    /* What was taken off for rounding is not given back: a hold would creep down by it. */
    if (in.enforced_w < rack->node.want_w
        && in.enforced_w >= rack->node.want_w - 2 * ROUNDING_W)
        in.enforced_w = rack->node.want_w;
    erg_lease_node_step(&rack->node, &in, &out);
    rack->state = state_of(&rack->node, in.now_ns);
    lend(rack, governor, &claim, out.want_w);
    release(rack, governor);
    if (!out.send)
        return;
    /* What turns nothing, or soon no more, may draw all it can. */
    if (rack->config->mode == ERG_OBSERVE || rack->has_told)
        out.status.fallback_w = fmax(out.status.fallback_w, out.status.most_w);
    put_rank(governor, &out.status);
    snprintf(topic, sizeof(topic), "node/%s/status", rack->config->node.id);
    erg_rack_post_to(rack, line, topic,
                     &(erg_rack_post){
                         .size = erg_rack_status_write(&out.status, rack->state,
                                                       rack->text),
                         .expiry_s = 1 + (unsigned)(2 * rack->config->mqtt.status_s) });
}
