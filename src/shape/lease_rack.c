/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coordinator's side. What a node may hold is bounded by the grants that it may still
 * have; a grant goes out only if all bounds together stay within the limit, so caps are
 * lowered first and raised once the lowering is acknowledged or has run out.
 */
#include <math.h>
#include "math/larger.h"
#include "shape/lease_balance.h"

#define SILENT_PERIODS 3
#define SMALL_W 5.0     /* changes below this, or below SMALL of the cap, are not made */
#define SMALL 0.01
#define BUCKET_W 20.0   /* by which the bands take from the heaviest */

int64_t erg_lease_believed_ns(const erg_lease_terms *terms)
{
    /* A node's clock may be slow by rho/2 and ours fast by as much: 1 + rho
     * would be short of that quotient by rho^2/2. */
    double factor = (1 + terms->rho / 2) / (1 - terms->rho / 2);

    return (int64_t)ceil((double)terms->lease_ns * factor);
}

/* ---- what a node may hold ------------------------------------------------------------ */

double erg_lease_rack_bound(const erg_lease_rack *rack, size_t node, int64_t now_ns)
{
    const erg_lease_member *member = &rack->room.members[node];
    double bound_w = member->fallback_w;

    for (size_t i = 0; i < member->held_count; i++)
        if (member->held[i].expires_ns > now_ns)
            bound_w = erg_larger(bound_w, member->held[i].cap_w);
    return bound_w;
}

typedef struct ending { int64_t now_ns; uint64_t boot, sequence; } ending;

static bool is_over(const erg_lease_held *held, const ending *by)
{
    return held->expires_ns <= by->now_ns
        || (held->boot == by->boot && held->sequence < by->sequence);
}

static void drop(erg_lease_member *member, const ending *by)
{
    size_t kept = 0;

    for (size_t i = 0; i < member->held_count; i++)
        if (!is_over(&member->held[i], by))
            member->held[kept++] = member->held[i];
    member->held_count = kept;
}

static void remember(erg_lease_member *member, const erg_lease_held *given)
{
    erg_lease_held *held = member->held;
    size_t kept = 0;

    /* The new one lasts longer; where it is as high and of the same start, it covers. */
    for (size_t i = 0; i < member->held_count; i++)
        if (held[i].boot != given->boot || held[i].cap_w > given->cap_w)
            held[kept++] = held[i];
    if (kept == ERG_LEASE_OUT) {    /* too many: two become one that is worse than both */
        held[1].boot = 0;
        held[1].cap_w = erg_larger(held[0].cap_w, held[1].cap_w);
        for (size_t i = 1; i < kept; i++)
            held[i - 1] = held[i];
        kept--;
    }
    held[kept++] = *given;
    member->held_count = kept;
}

/* ---- start, and what nodes say ------------------------------------------------------- */

void erg_lease_rack_again(erg_lease_rack *rack, uint64_t epoch, int64_t now_ns)
{
    rack->epoch = (epoch > rack->epoch ? epoch : rack->epoch) + 1;
    rack->wait_ns = now_ns + rack->believed_ns;
}

bool erg_lease_rack_start(erg_lease_rack *rack, uint64_t epoch, int64_t now_ns,
                          erg_error *err)
{
    double least_w = 0;

    if (!erg_lease_terms_check(&rack->terms, err))
        return false;
    for (size_t i = 0; i < rack->room.count; i++) {
        erg_lease_member *member = &rack->room.members[i];
        *member = (erg_lease_member){ .fallback_w = member->fallback_w,
                                      .weight = member->weight > 0 ? member->weight : 1,
                                      .granted_w = NAN, .ceiling_w = INFINITY,
                                      .balance_w = NAN };
        if (!(member->fallback_w >= 0 && isfinite(member->fallback_w)))
            return erg_fail(err, ERG_BAD_INPUT,
                            "the fallback of a node is not a number of watts");
        least_w += member->fallback_w;
    }
    if (!(least_w <= rack->limit_w))
        return erg_fail(err, ERG_BAD_INPUT,
                        "the fallbacks of %zu nodes sum to %g W, above the "
                        "cap of the rack, %g W: lower fallbacks or take nodes away",
                        rack->room.count, least_w, rack->limit_w);
    rack->believed_ns = erg_lease_believed_ns(&rack->terms);
    rack->stepped_ns = now_ns;
    rack->stands_by = rack->is_grouped = false;
    erg_lease_rack_again(rack, epoch, now_ns);
    return true;
}

void erg_lease_rack_hear(erg_lease_rack *rack, size_t node, const erg_lease_status *status,
                         int64_t now_ns)
{
    erg_lease_member *member = &rack->room.members[node];
    bool same_boot = member->heard && member->last.boot == status->boot;

    if (status->boot == 0 || status->request == 0)
        return;
    if (status->epoch_seen > rack->epoch)
        erg_lease_rack_again(rack, status->epoch_seen, now_ns);
    if (status->epoch == rack->epoch)
        drop(member, &(ending){ now_ns, status->boot, status->sequence });
    if (same_boot && status->request <= member->last.request)
        return;
    if (!same_boot) {
        double u = erg_xoshiro_uniform(&rack->random);
        member->answered = 0;
        member->granted_w = NAN;    /* that was another start of it */
        member->up_ns = now_ns;
        member->late_s = rack->late_s[0] + u * (rack->late_s[1] - rack->late_s[0]);
    }
    erg_lease_balance_hear(rack, member, status);
    member->heard = true;
    member->heard_ns = now_ns;
    member->last = *status;
    /* Believed over the configuration where it is worse. */
    if (status->fallback_w > member->fallback_w)
        member->fallback_w = status->fallback_w;
}

static bool is_live(const erg_lease_rack *rack, const erg_lease_member *member,
                    int64_t now_ns)
{
    return member->heard
        && now_ns - member->heard_ns <= SILENT_PERIODS * rack->terms.period_ns;
}

/* ---- one look at everyone ------------------------------------------------------------ */

typedef struct survey {
    size_t count;                   /* of live ones: their numbers in who, claims beside */
    double bound_w, silent_w;       /* of all; of those that are not live */
    double least_w;                 /* of the live ones' claims */
    double power_w;                 /* said, or what may be held where nothing was */
} survey;

static erg_claim claim_of(const erg_lease_member *member)
{
    const erg_lease_status *last = &member->last;
    /* A node may fall back at any time, so less than its fallback frees nothing. */
    double said_w = isnan(last->least_w) ? 0 : last->least_w;
    double least_w = erg_larger(member->fallback_w, said_w);
    double most_w = erg_larger(least_w, isnan(last->most_w) ? least_w : last->most_w);
    double demand_w = isnan(last->demand_w) ? most_w : last->demand_w;

    return (erg_claim){ least_w, erg_smaller(most_w, erg_larger(least_w, demand_w)), most_w,
                        member->weight, last->rank };
}

static survey look(erg_lease_rack *rack, int64_t now_ns)
{
    erg_lease_room *room = &rack->room;
    survey seen = { 0 };

    for (size_t i = 0; i < room->count; i++) {
        erg_lease_member *member = &room->members[i];
        drop(member, &(ending){ now_ns, 0, 0 });
        double bound_w = room->bounds_w[i] = erg_lease_rack_bound(rack, i, now_ns);
        bool live = member->is_live = is_live(rack, member, now_ns);
        seen.bound_w += bound_w;
        seen.power_w += live && !isnan(member->last.power_w)
            ? member->last.power_w : bound_w;
        if (!live) {
            seen.silent_w += bound_w;
            continue;
        }
        room->who[seen.count] = i;
        room->claims[seen.count] = claim_of(member);
        seen.least_w += room->claims[seen.count++].least_w;
    }
    return seen;
}

/* ---- bands: what the rack draws, not what it may ------------------------------------- */

/* Of what they draw: what is above their most, or unknown, is not theirs to give. */
static void cut(erg_lease_rack *rack, double cut_w, int64_t now_ns)
{
    erg_cut_node *cuts = rack->room.cuts;
    size_t *who = rack->room.order, count = 0;

    for (size_t i = 0; i < rack->room.count; i++) {
        const erg_lease_member *member = &rack->room.members[i];
        if (!is_live(rack, member, now_ns) || isnan(member->last.power_w))
            continue;
        who[count] = i;
        cuts[count++] = (erg_cut_node){ member->last.power_w, member->last.least_w,
                                        member->last.rank };
    }
    erg_bands_cut(cuts, count, cut_w, BUCKET_W);
    for (size_t k = 0; k < count; k++) {
        erg_lease_member *member = &rack->room.members[who[k]];
        double now_w = cuts[k].cap_w < member->last.power_w
            ? cuts[k].cap_w : member->granted_w;
        member->ceiling_w = erg_smaller(member->ceiling_w, isnan(now_w) ? INFINITY : now_w);
    }
}

static void lift(erg_lease_rack *rack, double raise_w)
{
    double weights = 0;

    for (size_t i = 0; i < rack->room.count; i++)
        if (isfinite(rack->room.members[i].ceiling_w))
            weights += rack->room.members[i].weight;
    for (size_t i = 0; i < rack->room.count; i++) {
        erg_lease_member *member = &rack->room.members[i];
        member->ceiling_w += raise_w * member->weight / weights;
        if (member->ceiling_w >= member->last.most_w)
            member->ceiling_w = INFINITY;
    }
}

static bool run_bands(erg_lease_rack *rack, const erg_lease_rack_in *in, double power_w,
                      double dt_s)
{
    double heat = isnan(in->heat) ? 0 : in->heat;

    if (rack->bands.limit_w <= 0)
        return false;
    erg_bands_out out = erg_bands_step(&rack->bands, power_w, heat, dt_s);
    if (out.change_w < 0)
        cut(rack, -out.change_w, in->now_ns);
    else if (out.change_w > 0)
        lift(rack, out.change_w);
    return out.brake;
}

/* ---- caps ---------------------------------------------------------------------------- */

/* The caps that would be fair, into grants_w beside claims; silent ones keep theirs. */
static void share(erg_lease_rack *rack, const survey *seen, bool balances)
{
    erg_lease_room *room = &rack->room;
    double target = rack->bands.target > 0 ? rack->bands.target : 0.95;
    double budget_w = rack->limit_w;

    if (rack->bands.limit_w > 0)
        budget_w = erg_smaller(budget_w, erg_larger(target * rack->bands.limit_w,
                                       seen->silent_w + seen->least_w));
    if (balances)
        erg_lease_balance_claims(rack, seen->count);
    erg_water_fill(room->claims, seen->count, budget_w - seen->silent_w, room->order,
                   room->grants_w);
    if (balances)
        erg_lease_balance(rack, seen->count);
}

/* A rack that has its power again: caps come up from the fallback one after the other. */
static double softly(const erg_lease_rack *rack, const erg_lease_member *member,
                     double fair_w, int64_t now_ns)
{
    const erg_soft_start plan = {
        .idle_w = erg_smaller(member->fallback_w, fair_w), .cap_w = fair_w,
        .ramp_s = rack->soft_start_s, .node = (size_t)(member - rack->room.members),
        .nodes = rack->room.count, .jitter_s = member->late_s,
    };
    int64_t begin_ns = member->up_ns > rack->wait_ns ? member->up_ns : rack->wait_ns;

    return rack->soft_start_s > 0
        ? erg_soft_start_at(&plan, erg_s_from_ns(now_ns - begin_ns)) : fair_w;
}

static double wish_of(const erg_lease_rack *rack, const erg_lease_member *member,
                      double fair_w, int64_t now_ns)
{
    double before_w = isnan(member->granted_w)
        ? member->last.enforced_w : member->granted_w;
    double dt_s = erg_s_from_ns(now_ns - rack->stepped_ns), wish_w = fair_w;

    /* Only what rises is delayed: a coordinator that comes back takes nothing away. */
    if (!(wish_w <= before_w))
        wish_w = erg_larger(softly(rack, member, fair_w, now_ns), before_w);
    if (fabs(wish_w - before_w) < erg_larger(SMALL_W, SMALL * before_w))
        wish_w = before_w;
    if (rack->raise_w_per_s > 0 && !isnan(before_w))
        wish_w = erg_smaller(wish_w, before_w + rack->raise_w_per_s * dt_s);
    /* In a balanced job ceilings are of all its nodes together. */
    return isnan(member->balance_w) ? erg_smaller(wish_w, member->ceiling_w) : wish_w;
}

static erg_lease_answer answer_to(erg_lease_rack *rack, size_t node, double cap_w,
                                  int64_t now_ns)
{
    erg_lease_member *member = &rack->room.members[node];
    erg_lease_grant grant = {
        .boot = member->last.boot,
        .request = member->last.request,
        .epoch = rack->epoch,
        .sequence = ++rack->sequence,
        .cap_w = cap_w,
        .lease_ns = rack->terms.lease_ns,
        .hold = now_ns < rack->wait_ns,
    };

    remember(member, &(erg_lease_held){ grant.boot, grant.sequence, cap_w,
                                        now_ns + rack->believed_ns });
    member->answered = grant.request;
    member->granted_w = cap_w;
    return (erg_lease_answer){ node, grant };
}

static double wish_at(const erg_lease_rack *rack, size_t k, int64_t now_ns)
{
    const erg_lease_member *member = &rack->room.members[rack->room.who[k]];

    if (now_ns >= rack->wait_ns)
        return wish_of(rack, member, rack->room.grants_w[k], now_ns);
    return isnan(member->last.enforced_w) ? member->fallback_w : member->last.enforced_w;
}

/* Lower and renew what needs no room, then raise as far as there is some. */
static size_t answer(erg_lease_rack *rack, survey *seen, int64_t now_ns,
                     erg_lease_answer answers[])
{
    erg_lease_room *room = &rack->room;
    double room_w = erg_larger(0, rack->limit_w - seen->bound_w);
    size_t sent = 0, raised = 0;

    for (size_t k = 0; k < seen->count; k++) {
        size_t node = room->who[k];
        double wish_w = wish_at(rack, k, now_ns);
        if (room->members[node].last.request <= room->members[node].answered)
            continue;
        if (wish_w <= room->bounds_w[node]) {
            answers[sent++] = answer_to(rack, node, wish_w, now_ns);
            continue;
        }
        room->who[raised] = node;       /* never ahead of k */
        room->grants_w[raised++] = wish_w;
    }
    for (size_t k = 0; k < raised; k++) {
        size_t node = room->who[k];
        double bound_w = room->bounds_w[node];
        double cap_w = erg_smaller(room->grants_w[k], bound_w + room_w);
        room_w -= cap_w - bound_w;
        seen->bound_w += cap_w - bound_w;
        answers[sent++] = answer_to(rack, node, cap_w, now_ns);
    }
    return sent;
}

void erg_lease_rack_step(erg_lease_rack *rack, const erg_lease_rack_in *in,
                         erg_lease_answer answers[], erg_lease_rack_out *out)
{
    double dt_s = erg_s_from_ns(in->now_ns - rack->stepped_ns);
    survey seen = look(rack, in->now_ns);

    *out = (erg_lease_rack_out){ .power_w = isnan(in->power_w)
                                     ? seen.power_w : in->power_w };
    if (!rack->stands_by) {
        out->brake = run_bands(rack, in, out->power_w, dt_s);
        share(rack, &seen, rack->balances && in->now_ns >= rack->wait_ns);
        out->count = answer(rack, &seen, in->now_ns, answers);
    }
    out->bound_w = seen.bound_w;
    rack->stepped_ns = in->now_ns;
}
