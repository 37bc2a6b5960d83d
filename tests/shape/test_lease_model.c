/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases as a model check: three nodes and a coordinator, whole seconds, and from the start
 * every order of what may happen next, breadth first: time passes, any message arrives or
 * waits on, hardware obeys now or later, the coordinator or a node starts anew. No state
 * that can be reached within the depth has caps above the limit.
 */
#include <stdlib.h>
#include "base/base.h"
#include "shape/lease.h"
#include "test.h"

enum { NODES = 3, MESSAGES = 4, STATES_MOST = 24000, TABLE = 1 << 16 };

static const double fallback_w = 100, limit_w = 450;    /* room for one and a half raises */
/* A second is the unit; L > 3 periods + t_act. */
static const erg_lease_terms terms = { 5 * ERG_NS_PER_S, ERG_NS_PER_S, ERG_NS_PER_S, 0 };

typedef struct message {
    bool is_grant;
    size_t node;
    erg_lease_status status;
    erg_lease_grant grant;
} message;

typedef struct state {
    int64_t now_s;
    erg_lease_node nodes[NODES];
    double enforced_w[NODES], asked_w[NODES];
    bool is_due[NODES]; /* asked a second ago: it must obey before time goes on */
    erg_lease_rack rack;
    erg_lease_member members[NODES];
    message messages[MESSAGES];
    size_t message_count, starts, boots;
} state;

typedef struct search {
    state *states;
    size_t count, begin;
    uint64_t *seen;                 /* hashes; 0: free */
    bool without_wait, is_full;
    double worst_w;
    size_t checks;
} search;

/* ---- a state, and whether it is new ------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static uint64_t of_real(double value)
{
    return (uint64_t)(int64_t)llround(isnan(value) ? -1 : 10 * value);
}

static uint64_t of_node(const state *at, size_t i, uint64_t hash)
{
    const erg_lease_node *node = &at->nodes[i];
    const erg_lease_member *member = &at->members[i];

    hash = mix(mix(mix(hash, node->boot), node->request),
               node->epoch * 1000 + node->sequence);
    hash = mix(mix(hash, node->read_epoch * 1000 + node->read_sequence), node->leased);
    hash = mix(mix(hash, of_real(node->cap_w)), (uint64_t)node->expires_ns);
    hash = mix(mix(hash, of_real(node->want_w)), of_real(at->enforced_w[i]));
    hash = mix(mix(hash, of_real(at->asked_w[i])), at->is_due[i]);
    hash = mix(mix(hash, member->last.boot * 1000 + member->last.request),
               member->answered);
    for (size_t k = 0; k < member->held_count; k++)
        hash = mix(mix(hash, member->held[k].sequence),
                   (uint64_t)member->held[k].expires_ns);
    return hash;
}

static uint64_t hash_of(const state *at)
{
    uint64_t sum = 0, hash = mix(mix(1, (uint64_t)at->now_s), at->rack.epoch);

    hash = mix(mix(hash, at->rack.sequence), (uint64_t)at->rack.wait_ns);
    for (size_t i = 0; i < NODES; i++)
        hash = of_node(at, i, hash);
    for (size_t k = 0; k < at->message_count; k++) {    /* in any order */
        const message *is = &at->messages[k];
        sum += mix(mix(mix(is->is_grant, is->node),
                       is->status.boot * 1000 + is->status.request),
                   is->grant.epoch * 1000 + is->grant.sequence);
    }
    hash = mix(hash, sum);
    return hash ? hash : 1;
}

static void keep(search *s, const state *at)
{
    uint64_t hash = hash_of(at);
    size_t slot = hash % TABLE;
    double sum_w = 0;

    while (s->seen[slot] && s->seen[slot] != hash)
        slot = (slot + 1) % TABLE;
    if (s->seen[slot])
        return;
    for (size_t i = 0; i < NODES; i++)
        sum_w += at->enforced_w[i];
    s->worst_w = fmax(s->worst_w, sum_w);
    s->checks++;
    if (s->count == STATES_MOST) {
        s->is_full = true;
        return;
    }
    s->seen[slot] = hash;
    s->states[s->count++] = *at;
}

/* ---- what may happen ---------------------------------------------------------------- */

static int64_t now_ns(const state *at)
{
    return at->now_s * ERG_NS_PER_S;
}

/* A full network loses what is sent. */
static void send(state *at, const message *sent)
{
    if (at->message_count < MESSAGES)
        at->messages[at->message_count++] = *sent;
}

static void step_node(state *at, size_t i)
{
    const erg_lease_node_in in = { now_ns(at), fmax(at->enforced_w[i], at->asked_w[i]),
                                   NAN, NAN };
    erg_lease_node_out out;

    erg_lease_node_step(&at->nodes[i], &in, &out);
    if (out.want_w != at->asked_w[i]) {
        at->asked_w[i] = out.want_w;
        at->is_due[i] = false;
    }
    if (out.send)
        send(at, &(message){ .node = i, .status = out.status });
}

static void boot(state *at, size_t i)
{
    const erg_lease_node_setup setup = { terms, fallback_w, 50, 300, 0, ++at->boots };

    erg_lease_node_start(&at->nodes[i], &setup, now_ns(at));
    step_node(at, i);
}

static void start_rack(const search *s, state *at)
{
    uint64_t epoch = at->rack.epoch;

    for (size_t i = 0; i < NODES; i++)
        at->members[i] = (erg_lease_member){ .fallback_w = fallback_w };
    at->rack = (erg_lease_rack){ .terms = terms, .limit_w = limit_w,
                                 .room = { .members = at->members, .count = NODES } };
    if (!erg_lease_rack_start(&at->rack, epoch, now_ns(at), NULL))
        abort();
    if (s->without_wait)
        at->rack.wait_ns = INT64_MIN;
    at->starts++;
}

/* Room of its own: only members are a part of the state. */
static void step_rack(state *at)
{
    erg_claim claims[NODES];
    size_t order[NODES], who[NODES];
    double grants_w[NODES], bounds_w[NODES];
    erg_cut_node cuts[NODES];
    erg_lease_answer answers[NODES];
    const erg_lease_rack_in in = { now_ns(at), NAN, NAN };
    erg_lease_rack_out out;

    at->rack.room = (erg_lease_room){ at->members, NODES, claims, order, who, grants_w,
                                      bounds_w, cuts, NULL, NULL, NULL, NULL };
    erg_lease_rack_step(&at->rack, &in, answers, &out);
    for (size_t k = 0; k < out.count; k++)
        send(at, &(message){ .is_grant = true, .node = answers[k].node,
                             .grant = answers[k].grant });
}

static void deliver(state *at, size_t k)
{
    message got = at->messages[k];

    at->messages[k] = at->messages[--at->message_count];
    at->rack.room.members = at->members;
    if (!got.is_grant) {
        erg_lease_rack_hear(&at->rack, got.node, &got.status, now_ns(at));
        return;
    }
    erg_lease_node_take(&at->nodes[got.node], &got.grant, now_ns(at));
    step_node(at, got.node);
}

static void obey(state *at, size_t i)
{
    at->enforced_w[i] = at->asked_w[i];
    step_node(at, i);
}

/* Hardware has a second at most. */
static bool can_pass(const state *at)
{
    for (size_t i = 0; i < NODES; i++)
        if (at->is_due[i] && at->enforced_w[i] != at->asked_w[i])
            return false;
    return true;
}

static void pass(state *at)
{
    for (size_t i = 0; i < NODES; i++)
        at->is_due[i] = at->enforced_w[i] != at->asked_w[i];
    at->now_s++;
    for (size_t i = 0; i < NODES; i++)
        step_node(at, i);
}

static void expand(search *s, const state *from)
{
    state next;

    for (size_t k = 0; k < from->message_count; k++)
        next = *from, deliver(&next, k), keep(s, &next);
    for (size_t i = 0; i < NODES; i++)
        if (from->enforced_w[i] != from->asked_w[i])
            next = *from, obey(&next, i), keep(s, &next);
    next = *from, step_rack(&next), keep(s, &next);
    if (can_pass(from))
        next = *from, pass(&next), keep(s, &next);
    if (from->starts < 2)
        next = *from, start_rack(s, &next), keep(s, &next);
    if (from->boots < NODES + 1)
        next = *from, boot(&next, 0), keep(s, &next);
}

/* One node holds 250 W by a coordinator that has waited; another asks. */
static void begin(search *s, state *at)
{
    *at = (state){ 0 };
    for (size_t i = 0; i < NODES; i++)
        at->enforced_w[i] = at->asked_w[i] = fallback_w;
    start_rack(s, at);
    at->rack.wait_ns = INT64_MIN;
    boot(at, 0);
    deliver(at, 0);
    step_rack(at);
    deliver(at, 0);
    obey(at, 0);
    for (size_t i = 1; i < NODES; i++)
        boot(at, i);
}

static search explore(bool without_wait)
{
    state *states = calloc(STATES_MOST, sizeof(*states)), first;
    uint64_t *seen = calloc(TABLE, sizeof(*seen));
    search s = { .states = states, .seen = seen, .without_wait = without_wait };

    if (!states || !seen)
        abort();
    begin(&s, &first);
    keep(&s, &first);
    while (s.begin < s.count && !s.is_full)
        expand(&s, &states[s.begin++]);
    free(states);
    free(seen);
    return s;
}

static void every_order_keeps_to_the_limit(void)
{
    search s = explore(false);

    print_message("# %zu states, all orders of %zu of them, at most %g of %g W\n", s.count,
                  s.begin, s.worst_w, limit_w);
    CHECK(s.worst_w <= limit_w + 1e-6);
    CHECK(s.begin > 1000 && s.worst_w > 3 * fallback_w);
}

static void some_order_finds_a_start_without_its_wait(void)
{
    search s = explore(true);

    CHECK(s.worst_w > limit_w + 1);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_order_keeps_to_the_limit),
        TEST(some_order_finds_a_start_without_its_wait),
    };
    return test_run(tests, ERG_COUNT(tests));
}
