/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoch counts only if all its steps began under the caps of the last share: those of a
 * grant that has been read back, and the step that was under way then is left out.
 *
 * Members are large and the nodes of a job lie apart, so they are passed in their order,
 * and what is of a job is kept side by side: the order of a sum stays that of the nodes.
 */
#include <math.h>
#include <string.h>
#include "math/larger.h"
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

/* ---- who belongs together ------------------------------------------------------------ */

#define NO_JOB SIZE_MAX

/* FNV-1a, mixed: the place in a table is taken from its high bits. */
static uint64_t key_of(const char *job)
{
    uint64_t key = 0xcbf29ce484222325;

    for (; *job; job++)
        key = (key ^ (unsigned char)*job) * 0x100000001b3;
    key = (key ^ key >> 32) * 0xd6e8feb86659fd93;
    return key ^ key >> 32;
}

/* By the first node that has the job, in a table of as many places as nodes: `order` holds
 * that node + 1, and 0 where a place is free. There are no more jobs than nodes. */
static size_t number_of(erg_lease_rack *rack, size_t node)
{
    erg_lease_room *room = &rack->room;
    const char *job = room->members[node].last.job;
    size_t at = (size_t)((key_of(job) & UINT32_MAX) * room->count >> 32);

    for (; room->order[at]; at = at + 1 < room->count ? at + 1 : 0) {
        size_t first = room->order[at] - 1;
        if (strcmp(room->members[first].last.job, job) == 0)
            return room->job_of[first];
    }
    room->order[at] = node + 1;
    return rack->job_count++;
}

static void group(erg_lease_rack *rack)
{
    erg_lease_room *room = &rack->room;

    memset(room->order, 0, room->count * sizeof(*room->order));
    rack->job_count = 0;
    for (size_t i = 0; i < room->count; i++)
        room->job_of[i] = room->members[i].last.job[0] ? number_of(rack, i) : NO_JOB;
    rack->is_grouped = true;
}

/* NULL: the live node number k has none. */
static erg_lease_job *job_at(const erg_lease_room *room, size_t k)
{
    size_t number = room->job_of[room->who[k]];
    return number == NO_JOB ? NULL : &room->jobs[number];
}

/* Of a job's nodes in order each has the next place. */
static size_t next_place(erg_lease_job *job) { return job->first + job->passed++; }

static void pass_again(erg_lease_rack *rack)
{
    for (size_t j = 0; j < rack->job_count; j++)
        rack->room.jobs[j].passed = 0;
}

/* ---- what a job has together --------------------------------------------------------- */

/* What the bands have cut they have cut of the whole job: it may be shared otherwise. */
static void add_up(erg_lease_rack *rack, size_t live)
{
    erg_lease_room *room = &rack->room;

    for (size_t k = 0; k < live; k++) {
        erg_lease_job *job = job_at(room, k);
        erg_lease_member *member = &room->members[room->who[k]];
        if (!job)
            continue;
        if (job->count < 2) {
            member->balance_w = NAN;
            continue;
        }
        double its_w = room->grants_w[k];
        job->fair_w += its_w;
        job->ceiling_w += isfinite(member->ceiling_w) ? member->ceiling_w : its_w;
        job->enforced_w += member->last.enforced_w;
        job->is_known = job->is_known || !isnan(member->balance_w);
    }
}

/* What a coordinator before this one has found is not lost: where nodes have together what
 * they would get, they begin with what each has. */
static void find_budgets(erg_lease_rack *rack)
{
    for (size_t j = 0; j < rack->job_count; j++) {
        erg_lease_job *job = &rack->room.jobs[j];
        job->budget_w = erg_smaller(job->fair_w, job->ceiling_w);
        job->stays = !job->is_known         /* unknown watts: it does not */
            && job->enforced_w >= AS_MUCH * job->budget_w;
    }
}

/* ---- its nodes side by side ---------------------------------------------------------- */

/* The cap that an epoch was of, NAN: of more than one. */
static double settled_w(const erg_lease_member *member)
{
    bool is = member->is_settled && member->last.epoch_s > 0
        && member->last.steps > member->settled_steps + ERG_BALANCE_EPOCHS;
    return is ? member->granted_w : NAN;
}

/* What each draws at work is not told: its cap stands for that, and falls in steps until
 * it binds. */
static void take_places(erg_lease_rack *rack, size_t live)
{
    erg_lease_room *room = &rack->room;

    pass_again(rack);
    for (size_t k = 0; k < live; k++) {
        erg_lease_job *job = job_at(room, k);
        erg_lease_member *member = &room->members[room->who[k]];
        const erg_claim *claim = &room->claims[k];
        if (!job || job->count < 2)
            continue;
        if (isnan(member->balance_w))
            member->balance_w = job->stays ? member->last.enforced_w : room->grants_w[k];
        size_t at = next_place(job);
        room->settled_w[at] = settled_w(member);
        room->ranks[at] =
            (erg_balance_rank){ member->last.epoch_s, INFINITY, claim->least_w,
                                claim->most_w, member->balance_w };
    }
}

static bool is_ready(const erg_lease_room *room, const erg_lease_job *job)
{
    for (size_t at = job->first; at < job->first + job->count; at++) {
        double cap_w = room->ranks[at].cap_w;
        if (!(fabs(room->settled_w[at] - cap_w) <= erg_larger(NEAR_W, NEAR * cap_w)))
            return false;
    }
    return true;
}

static void share_each(erg_lease_rack *rack)
{
    erg_lease_room *room = &rack->room;

    for (size_t j = 0; j < rack->job_count; j++) {
        erg_lease_job *job = &room->jobs[j];
        if (job->count < 2)
            continue;
        erg_balance_rank *ranks = room->ranks + job->first;
        erg_balance_fit(ranks, job->count, job->budget_w);
        job->is_shared = is_ready(room, job);
        if (!job->is_shared)
            continue;
        erg_balance_share(ranks, job->count, job->budget_w);
        rack->shares++;
    }
}

static void give(erg_lease_rack *rack, size_t live)
{
    erg_lease_room *room = &rack->room;

    pass_again(rack);
    for (size_t k = 0; k < live; k++) {
        erg_lease_job *job = job_at(room, k);
        if (!job || job->count < 2)
            continue;
        room->grants_w[k] = room->ranks[next_place(job)].cap_w;
        if (!job->is_shared)
            continue;
        erg_lease_member *member = &room->members[room->who[k]];
        member->balance_w = room->grants_w[k];
        member->shared_sequence = rack->sequence;
        member->is_settled = false;
    }
}

/* ---- all jobs ------------------------------------------------------------------------ */

static void add_up_claims(erg_lease_rack *rack, size_t live)
{
    const erg_lease_room *room = &rack->room;
    size_t first = 0;

    for (size_t j = 0; j < rack->job_count; j++)
        room->jobs[j] = (erg_lease_job){ 0 };
    for (size_t k = 0; k < live; k++) {
        erg_lease_job *job = job_at(room, k);
        if (!job)
            continue;
        job->demand_w += room->claims[k].demand_w;
        job->weights += room->claims[k].weight;
        job->count++;
    }
    for (size_t j = 0; j < rack->job_count; j++) {
        room->jobs[j].first = first;
        first += room->jobs[j].count;
    }
}

void erg_lease_balance_claims(erg_lease_rack *rack, size_t live)
{
    erg_lease_room *room = &rack->room;

    if (!rack->is_grouped)
        group(rack);
    add_up_claims(rack, live);
    for (size_t k = 0; k < live; k++) {
        const erg_lease_job *job = job_at(room, k);
        erg_claim *claim = &room->claims[k];
        if (!job)
            continue;
        double its_w = job->demand_w * claim->weight / job->weights;
        claim->demand_w = erg_smaller(claim->most_w, erg_larger(claim->least_w, its_w));
    }
}

void erg_lease_balance(erg_lease_rack *rack, size_t live)
{
    add_up(rack, live);
    find_budgets(rack);
    take_places(rack, live);
    share_each(rack);
    give(rack, live);
}
