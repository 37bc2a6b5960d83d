/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoch counts only if all its steps began under the caps of the last share: those of a
 * grant that has been read back, and the step that was under way then is left out.
 */
#include <math.h>
#include <string.h>
#include "shape/lease_balance.h"

#define NEAR_W 10.0     /* of what it shall have, or NEAR of it: it has that */
#define NEAR 0.02
#define AS_MUCH 0.9

/* ---- what nodes say ------------------------------------------------------------------ */

void erg_lease_balance_hear(erg_lease_rack *rack, erg_lease_member *member,
                            const erg_lease_status *status)
{
    const erg_lease_status *last = &member->last;
    bool is_same = member->heard && last->boot == status->boot
        && strcmp(last->job, status->job) == 0;

    if (!is_same) {
        rack->is_grouped = false;
        member->balance_w = NAN;
    }
    if (!is_same || status->steps < last->steps)
        member->is_settled = false;
    if (member->is_settled || status->epoch != rack->epoch
        || status->sequence <= member->shared_sequence)
        return;
    member->is_settled = true;
    member->settled_steps = status->steps;
}

/* cap_w: what it shall have now. */
static bool is_ready(const erg_lease_member *member, double cap_w)
{
    return member->is_settled && member->last.epoch_s > 0
        && member->last.steps > member->settled_steps + ERG_BALANCE_EPOCHS
        && fabs(member->granted_w - cap_w) <= fmax(NEAR_W, NEAR * cap_w);
}

/* ---- who belongs together ------------------------------------------------------------ */

static int compare(const erg_lease_room *room, size_t a, size_t b)
{
    int order = strcmp(room->members[a].last.job, room->members[b].last.job);

    return order ? order : a < b ? -1 : 1;
}

static void sift(const erg_lease_room *room, size_t at, size_t n)
{
    size_t *by = room->by_job;

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && compare(room, by[child], by[child + 1]) < 0)
            child++;
        if (compare(room, by[at], by[child]) >= 0)
            return;
        size_t keep = by[at];
        by[at] = by[child];
        by[child] = keep;
    }
}

/* Heap sort: no memory, the same on every machine. Jobs change seldom. */
static size_t sort_by_job(const erg_lease_room *room)
{
    size_t *by = room->by_job, n = 0;

    for (size_t i = 0; i < room->count; i++)
        if (room->members[i].last.job[0])
            by[n++] = i;
    for (size_t i = n / 2; i-- > 0;)
        sift(room, i, n);
    for (size_t i = n; i-- > 1;) {
        size_t keep = by[0];
        by[0] = by[i];
        by[i] = keep;
        sift(room, 0, i);
    }
    return n;
}

static void group(erg_lease_rack *rack)
{
    const erg_lease_room *room = &rack->room;

    rack->job_nodes = sort_by_job(room);
    for (size_t k = 0, first = 0; k < rack->job_nodes; k++) {
        erg_lease_member *member = &room->members[room->by_job[k]];
        if (strcmp(member->last.job, room->members[room->by_job[first]].last.job) != 0)
            first = k;
        member->group = first;
    }
    rack->is_grouped = true;
}

/* ---- one job ------------------------------------------------------------------------- */

/* What a coordinator before this one has found is not lost: where nodes have together what
 * they would get, they begin with what each has. */
static void begin(erg_lease_room *room, const size_t nodes[], size_t n, double budget_w)
{
    double sum_w = 0;
    bool has_none = true;

    for (size_t k = 0; k < n; k++) {
        sum_w += room->members[nodes[k]].last.enforced_w;
        has_none = has_none && isnan(room->members[nodes[k]].balance_w);
    }
    bool as_it_is = has_none && sum_w >= AS_MUCH * budget_w;    /* unknown: it is not */
    for (size_t k = 0; k < n; k++) {
        erg_lease_member *member = &room->members[nodes[k]];
        if (isnan(member->balance_w))
            member->balance_w =
                as_it_is ? member->last.enforced_w : room->grants_w[member->claim];
    }
}

/* What the bands have cut they have cut of the whole job: it may be shared otherwise. */
static double budget_of(const erg_lease_room *room, const size_t nodes[], size_t n)
{
    double fair_w = 0, ceiling_w = 0;

    for (size_t k = 0; k < n; k++) {
        const erg_lease_member *member = &room->members[nodes[k]];
        double its_w = room->grants_w[member->claim];
        fair_w += its_w;
        ceiling_w += isfinite(member->ceiling_w) ? member->ceiling_w : its_w;
    }
    return fmin(fair_w, ceiling_w);
}

static void share(erg_lease_rack *rack, const size_t nodes[], size_t n, double budget_w)
{
    erg_lease_room *room = &rack->room;

    erg_balance_share(room->ranks, n, budget_w);
    for (size_t k = 0; k < n; k++) {
        erg_lease_member *member = &room->members[nodes[k]];
        member->balance_w = room->ranks[k].cap_w;
        member->shared_sequence = rack->sequence;
        member->is_settled = false;
    }
    rack->shares++;
}

/* What each draws at work is not told: its cap stands for that, and falls in steps until
 * it binds. */
static void balance(erg_lease_rack *rack, const size_t nodes[], size_t n)
{
    erg_lease_room *room = &rack->room;
    double budget_w = budget_of(room, nodes, n);
    bool is_full = true;

    begin(room, nodes, n, budget_w);
    for (size_t k = 0; k < n; k++) {
        const erg_lease_member *member = &room->members[nodes[k]];
        const erg_claim *claim = &room->claims[member->claim];
        room->ranks[k] =
            (erg_balance_rank){ member->last.epoch_s, INFINITY, claim->least_w,
                                claim->most_w, member->balance_w };
    }
    erg_balance_fit(room->ranks, n, budget_w);
    for (size_t k = 0; k < n; k++)
        is_full = is_full && is_ready(&room->members[nodes[k]], room->ranks[k].cap_w);
    if (is_full)
        share(rack, nodes, n, budget_w);
    for (size_t k = 0; k < n; k++)
        room->grants_w[room->members[nodes[k]].claim] = room->ranks[k].cap_w;
}

/* ---- all jobs ------------------------------------------------------------------------ */

/* The live nodes of the job at *k of by_job, into nodes; *k moves behind it. */
static size_t next_job(const erg_lease_rack *rack, size_t *k, size_t nodes[])
{
    const erg_lease_room *room = &rack->room;
    size_t group = room->members[room->by_job[*k]].group, n = 0;

    for (; *k < rack->job_nodes && room->members[room->by_job[*k]].group == group; ++*k)
        if (room->members[room->by_job[*k]].claim != SIZE_MAX)
            nodes[n++] = room->by_job[*k];
    return n;
}

void erg_lease_balance_claims(erg_lease_rack *rack)
{
    erg_lease_room *room = &rack->room;

    if (!rack->is_grouped)
        group(rack);
    for (size_t k = 0; k < rack->job_nodes;) {
        size_t n = next_job(rack, &k, room->order);
        double demand_w = 0, weights = 0;
        for (size_t i = 0; i < n; i++) {
            const erg_claim *claim = &room->claims[room->members[room->order[i]].claim];
            demand_w += claim->demand_w;
            weights += claim->weight;
        }
        for (size_t i = 0; i < n; i++) {
            erg_claim *claim = &room->claims[room->members[room->order[i]].claim];
            double its_w = demand_w * claim->weight / weights;
            claim->demand_w = fmin(claim->most_w, fmax(claim->least_w, its_w));
        }
    }
}

void erg_lease_balance(erg_lease_rack *rack)
{
    erg_lease_room *room = &rack->room;

    for (size_t k = 0; k < rack->job_nodes;) {
        size_t n = next_job(rack, &k, room->order);
        if (n > 1)
            balance(rack, room->order, n);
        else if (n)
            room->members[room->order[0]].balance_w = NAN;
    }
}
