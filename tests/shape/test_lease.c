/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: each rule by itself, then all of them in worlds in which everything fails. */
#include "shape/lease.h"
#include "shape/lease_world.h"
#include "test.h"

enum { MOST = 4, SCHEDULES = 200, HUNT = 3000 };

static int64_t s(double seconds)
{
    return erg_ns_from_s(seconds);
}

/* ---- a node ------------------------------------------------------------------------------ */

static erg_lease_node some_node(double fallback_w, uint64_t boot)
{
    const erg_lease_node_setup setup = { erg_lease_terms_usual(), fallback_w, 100, 1000, 0, boot };
    erg_lease_node node;

    erg_lease_node_start(&node, &setup, 0);
    return node;
}

static erg_lease_node_out step(erg_lease_node *node, double now_s, double enforced_w)
{
    const erg_lease_node_in in = { s(now_s), enforced_w, enforced_w, enforced_w };
    erg_lease_node_out out;

    erg_lease_node_step(node, &in, &out);
    return out;
}

static erg_lease_grant grant(uint64_t boot, uint64_t request, uint64_t sequence, double cap_w)
{
    return (erg_lease_grant){ boot, request, 1, sequence, cap_w, s(10), false };
}

static void a_lease_runs_from_the_request_however_late_the_grant_is(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant first = grant(7, 1, 1, 800);

    CHECK(step(&node, 0, 300).send);
    CHECK(!erg_lease_node_take(&node, &first, s(6)));
    CHECK(step(&node, 6, 300).want_w == 800);
    CHECK(step(&node, 8.999, 800).want_w == 800);
    CHECK(step(&node, 9, 800).want_w == 300);       /* 10 s less t_act */
}

static void what_is_not_its_own_is_not_taken(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant good = grant(7, 1, 5, 800);
    erg_lease_grant bad = good;

    step(&node, 0, 300);
    bad.boot = 6;
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "another start"));
    bad = grant(7, 2, 5, 800);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "no request"));
    bad = grant(7, 0, 5, 800);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "no request"));
    CHECK(strstr(erg_lease_node_take(&node, &good, s(9)), "too late"));
    bad = good;
    bad.cap_w = NAN;
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "its cap"));
    CHECK(!erg_lease_node_take(&node, &good, s(1)));
    CHECK(strstr(erg_lease_node_take(&node, &good, s(1)), "newer"));
    bad = grant(7, 1, 4, 900);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "newer"));
    bad = grant(7, 1, 1, 900);
    bad.epoch = 2;                                  /* a newer coordinator counts anew */
    CHECK(!erg_lease_node_take(&node, &bad, s(1)));
    bad = grant(7, 1, 99, 900);
    CHECK(strstr(erg_lease_node_take(&node, &bad, s(1)), "newer"));
}

static void a_request_too_old_to_be_remembered_is_none(void)
{
    erg_lease_node node = some_node(300, 7);

    for (int i = 0; i < ERG_LEASE_ASKED + 1; i++)
        step(&node, i, 300);
    const erg_lease_grant old = grant(7, 1, 1, 800);
    CHECK(strstr(erg_lease_node_take(&node, &old, s(5)), "no request"));
}

static void nothing_is_raised_while_a_lowering_is_not_seen(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant high = grant(7, 1, 1, 800), low = grant(7, 2, 2, 400),
                          again = grant(7, 3, 3, 900);

    step(&node, 0, 300);
    CHECK(!erg_lease_node_take(&node, &high, s(0.1)));
    CHECK(step(&node, 0.1, 300).want_w == 800);
    CHECK(step(&node, 1, 800).want_w == 800);
    CHECK(!erg_lease_node_take(&node, &low, s(1.1)));
    CHECK(step(&node, 2, 800).want_w == 400);
    CHECK(!erg_lease_node_take(&node, &again, s(2.1)));
    CHECK(step(&node, 2.2, 800).want_w == 400);     /* it still stands at 800 */
    CHECK(step(&node, 2.3, NAN).want_w == 400);
    CHECK(step(&node, 2.4, 400).want_w == 900);
}

static void a_lower_cap_is_acknowledged_once_it_is_read_back(void)
{
    erg_lease_node node = some_node(300, 7);
    const erg_lease_grant high = grant(7, 1, 1, 800), low = grant(7, 2, 2, 400);

    step(&node, 0, 300);
    CHECK(!erg_lease_node_take(&node, &high, s(0.1)));
    CHECK(step(&node, 1, 300).status.sequence == 1);
    CHECK(!erg_lease_node_take(&node, &low, s(1.1)));
    erg_lease_node_out out = step(&node, 2, 800);
    CHECK(out.send && out.status.sequence == 1 && out.status.enforced_w == 800);
    CHECK(step(&node, 3, NAN).status.sequence == 1);
    CHECK(step(&node, 4, 400).status.sequence == 2);
}

static void a_brake_lowers_at_once_and_ends_with_one_lease(void)
{
    erg_lease_node node = some_node(300, 7);

    step(&node, 0, 300);
    erg_lease_node_brake(&node, true, s(0.5));
    CHECK(step(&node, 0.5, 300).want_w == 100);
    CHECK(step(&node, 10.4, 100).want_w == 100);
    CHECK(step(&node, 10.5, 100).want_w == 300);
    erg_lease_node_brake(&node, true, s(11));
    CHECK(step(&node, 11, 300).want_w == 100);
    erg_lease_node_brake(&node, false, s(12));
    CHECK(step(&node, 12, 100).want_w == 300);
}

static void terms_that_cannot_hold_are_refused(void)
{
    erg_lease_terms terms = erg_lease_terms_usual();
    erg_error err = { 0 };

    CHECK_OK(erg_lease_terms_check(&terms, &err), err);
    terms.lease_ns = s(4);
    CHECK(!erg_lease_terms_check(&terms, &err) && strstr(err.text, "4 s"));
    terms.lease_ns = INT64_MAX;
    CHECK(!erg_lease_terms_check(&terms, &err));
    terms = erg_lease_terms_usual();
    terms.rho = NAN;
    CHECK(!erg_lease_terms_check(&terms, &err));
    terms = erg_lease_terms_usual();
    terms.period_ns = 0;
    CHECK(!erg_lease_terms_check(&terms, &err));
}

/* ---- a coordinator ----------------------------------------------------------------------- */

typedef struct desk {
    erg_lease_rack rack;
    erg_lease_member members[MOST];
    erg_claim claims[MOST];
    size_t order[MOST], who[MOST];
    double grants_w[MOST], bounds_w[MOST];
    erg_cut_node cuts[MOST];
    erg_lease_answer answers[MOST];
    erg_lease_rack_out out;
} desk;

static void desk_start(desk *d, size_t count, double fallback_w, double limit_w)
{
    *d = (desk){ 0 };
    for (size_t i = 0; i < count; i++)
        d->members[i].fallback_w = fallback_w;
    d->rack = (erg_lease_rack){
        .terms = erg_lease_terms_usual(),
        .room = { d->members, count, d->claims, d->order, d->who, d->grants_w,
                  d->bounds_w, d->cuts },
        .limit_w = limit_w,
    };
}

static erg_lease_status said(const desk *d, uint64_t request, uint64_t sequence,
                             double enforced_w, double demand_w)
{
    return (erg_lease_status){
        .boot = 5, .request = request, .epoch = sequence ? d->rack.epoch : 0,
        .sequence = sequence, .epoch_seen = sequence ? d->rack.epoch : 0,
        .enforced_w = enforced_w, .power_w = enforced_w, .demand_w = demand_w, .least_w = 0,
        .most_w = 700, .fallback_w = 0,
    };
}

static double answered_w(desk *d, size_t node)
{
    for (size_t k = 0; k < d->out.count; k++)
        if (d->answers[k].node == node)
            return d->answers[k].grant.cap_w;
    return NAN;
}

static void desk_step(desk *d, double now_s, double power_w)
{
    const erg_lease_rack_in in = { s(now_s), power_w, NAN };

    erg_lease_rack_step(&d->rack, &in, d->answers, &d->out);
    CHECK(d->out.bound_w <= d->rack.limit_w + 1e-9);
}

static void desk_hear(desk *d, size_t node, erg_lease_status status, double now_s)
{
    erg_lease_rack_hear(&d->rack, node, &status, s(now_s));
}

static void fallbacks_that_pass_the_limit_are_refused(void)
{
    desk d;
    erg_error err = { 0 };

    desk_start(&d, 3, 300, 899);
    CHECK(!erg_lease_rack_start(&d.rack, 0, 0, &err));
    CHECK(strstr(err.text, "900") && strstr(err.text, "899"));
    desk_start(&d, 3, 300, 900);
    CHECK_OK(erg_lease_rack_start(&d.rack, 0, 0, &err), err);
    desk_start(&d, 3, NAN, 900);
    CHECK(!erg_lease_rack_start(&d.rack, 0, 0, &err));
}

static void the_known_budgets_are_granted_as_known(void)
{
    static const double demands_w[4] = { 700, 400, 600, 250 };
    static const struct { double limit_w, caps_w[4]; } known[] = {
        { 1500, { 425, 400, 425, 250 } },
        { 2000, { 700, 416.6667, 616.6667, 266.6667 } },
    };

    for (size_t k = 0; k < ERG_COUNT(known); k++) {
        desk d;
        desk_start(&d, 4, 0, known[k].limit_w);
        CHECK(erg_lease_rack_start(&d.rack, 0, 0, NULL));
        for (int round = 0; round < 40; round++) {
            for (size_t i = 0; i < 4; i++) {
                const erg_lease_member *member = &d.members[i];
                double now_w = isnan(member->granted_w) ? 0 : member->granted_w;
                desk_hear(&d, i, said(&d, (uint64_t)round + 1, d.rack.sequence, now_w,
                                      demands_w[i]), round);
            }
            desk_step(&d, round, NAN);
        }
        for (size_t i = 0; i < 4; i++)
            CHECK_NEAR(answered_w(&d, i), known[k].caps_w[i], 1e-3);
    }
}

static void at_the_start_nobody_gets_more_than_it_has(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 41, 0, NULL));
    CHECK(d.rack.epoch == 42);
    for (int t = 0; t <= 11; t++) {
        desk_hear(&d, 0, said(&d, (uint64_t)t + 1, 0, 250, 700), t);
        desk_step(&d, t, NAN);
        CHECK(d.out.count == 1 && d.answers[0].grant.hold == (t <= 10));
        CHECK(t > 10 || answered_w(&d, 0) == 250);
    }
    CHECK(answered_w(&d, 0) == 700);
}

static void who_was_lowered_keeps_the_others_waiting_until_it_says_so(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    desk_hear(&d, 0, said(&d, 1, 0, 100, 700), 0);
    desk_step(&d, 0, NAN);
    uint64_t first = d.answers[0].grant.sequence;
    CHECK(answered_w(&d, 0) == 700);
    desk_hear(&d, 0, said(&d, 2, first, 700, 200), 1);
    desk_hear(&d, 1, said(&d, 1, 0, 100, 700), 1);
    desk_step(&d, 1, NAN);
    CHECK(answered_w(&d, 0) < 400 && answered_w(&d, 1) == 300);     /* 1000 - 700 */
    double lowered_w = answered_w(&d, 0);
    uint64_t second = d.members[0].held[d.members[0].held_count - 1].sequence;

    /* Not read back: nothing changes. Read back: the room is there. */
    desk_hear(&d, 0, said(&d, 3, first, 700, 200), 2);
    desk_hear(&d, 1, said(&d, 2, 0, 300, 700), 2);
    desk_step(&d, 2, NAN);
    CHECK(answered_w(&d, 1) == 300);
    desk_hear(&d, 0, said(&d, 4, second, lowered_w, 200), 3);
    desk_hear(&d, 1, said(&d, 3, 0, 300, 700), 3);
    desk_step(&d, 3, NAN);
    CHECK_NEAR(answered_w(&d, 1), fmin(700, 1000 - lowered_w), 1e-9);
}

static void a_silent_node_counts_until_its_lease_has_run_out(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    desk_hear(&d, 0, said(&d, 1, 0, 100, 700), 0);
    desk_step(&d, 0, NAN);
    for (int t = 1; t <= 10; t++) {
        desk_hear(&d, 1, said(&d, (uint64_t)t, 0, 100, 700), t);
        desk_step(&d, t, NAN);
        CHECK(answered_w(&d, 1) == 300);
        CHECK(erg_lease_rack_bound(&d.rack, 0, s(t)) == 700);
    }
    desk_hear(&d, 1, said(&d, 11, 0, 300, 700), 10.02);
    desk_step(&d, 10.02, NAN);
    CHECK(answered_w(&d, 1) == 700 && erg_lease_rack_bound(&d.rack, 0, s(10.02)) == 100);
}

static void a_restarted_node_counts_with_what_its_older_start_may_hold(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    desk_hear(&d, 0, said(&d, 1, 0, 100, 700), 0);
    desk_step(&d, 0, NAN);
    erg_lease_status fresh = said(&d, 1, 0, 100, 100);
    fresh.boot = 6;
    fresh.most_w = 200;
    desk_hear(&d, 0, fresh, 1);
    desk_step(&d, 1, NAN);
    fresh.request = 2;
    fresh.epoch = d.rack.epoch;
    fresh.sequence = d.rack.sequence;
    desk_hear(&d, 0, fresh, 2);
    CHECK(erg_lease_rack_bound(&d.rack, 0, s(2)) == 700);
    CHECK(erg_lease_rack_bound(&d.rack, 0, s(10.02)) == 200);
}

static void many_grants_in_flight_are_still_bounded(void)
{
    desk d;
    double highest_w = 0;

    desk_start(&d, 2, 0, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    for (int t = 0; t < 20; t++) {      /* falling demands, nothing acknowledged */
        desk_hear(&d, 0, said(&d, (uint64_t)t + 1, 0, 100, 700 - 30 * t), 0.1 * t);
        desk_hear(&d, 1, said(&d, (uint64_t)t + 1, 0, 100, 700), 0.1 * t);
        desk_step(&d, 0.1 * t, NAN);
        highest_w = fmax(highest_w, answered_w(&d, 0));
        CHECK(erg_lease_rack_bound(&d.rack, 0, s(0.1 * t)) == highest_w);
        CHECK(d.members[0].held_count <= ERG_LEASE_OUT);
    }
}

static void a_coordinator_that_knew_too_little_jumps_above(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, 0, NULL));
    erg_lease_status status = said(&d, 1, 0, 100, 700);
    status.epoch_seen = 17;
    desk_hear(&d, 0, status, 30);
    CHECK(d.rack.epoch == 18);
    desk_step(&d, 30, NAN);
    CHECK(d.answers[0].grant.hold && d.answers[0].grant.epoch == 18);
}

static void one_that_stands_by_says_nothing(void)
{
    desk d;

    desk_start(&d, 2, 100, 1000);
    CHECK(erg_lease_rack_start(&d.rack, 0, 0, NULL));
    d.rack.stands_by = true;
    desk_hear(&d, 0, said(&d, 1, 0, 100, 700), 30);
    desk_step(&d, 30, NAN);
    CHECK(d.out.count == 0);
}

static void what_a_rack_draws_above_its_band_is_cut_and_stays_cut(void)
{
    desk d;

    desk_start(&d, 2, 50, 1200);
    d.rack.bands = (erg_bands){ .limit_w = 1000, .hold_s = 1000, .slew_w_per_s = 10,
                                .random = erg_xoshiro_of(1, 1) };
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    double caps_w[2] = { 520, 480 };
    for (int t = 0; t < 10; t++) {
        for (size_t i = 0; i < 2; i++)
            desk_hear(&d, i, said(&d, (uint64_t)t + 1, d.rack.sequence, caps_w[i], 700), t);
        desk_step(&d, t, NAN);
        for (size_t i = 0; i < 2; i++)
            caps_w[i] = fmin(answered_w(&d, i), 700);
    }
    CHECK_NEAR(caps_w[0] + caps_w[1], 950, 6);
    CHECK(!d.out.brake);
    desk_hear(&d, 0, said(&d, 11, 0, 600, 700), 10);
    desk_hear(&d, 1, said(&d, 11, 0, 600, 700), 10);
    desk_step(&d, 10, NAN);
    CHECK(d.out.brake && answered_w(&d, 0) + answered_w(&d, 1) <= 950 + 1e-9);
}

static void belief_outlasts_the_slowest_clock_by_the_fastest(void)
{
    erg_lease_terms terms = erg_lease_terms_usual();

    for (int k = 0; k < 3; k++) {
        terms.rho = (const double[]){ 1e-3, 1e-2, 0.1 }[k];
        double held_s = 10 / (1 - terms.rho / 2);
        double believed_s = erg_s_from_ns(erg_lease_believed_ns(&terms)) / (1 + terms.rho / 2);
        CHECK(believed_s >= held_s && believed_s <= held_s + 2e-9);
        /* The specification's factor is short, in the second order. */
        CHECK(10 * (1 + terms.rho) / (1 + terms.rho / 2) < held_s);
    }
}

/* ---- worlds ------------------------------------------------------------------------------ */

static void in_every_world_the_sum_of_caps_keeps_to_the_limit(void)
{
    size_t taken = 0;
    double use = 0;

    for (uint64_t key = 0; key < SCHEDULES; key++) {
        const lease_world_plan plan = { .key = key, .duration_s = 60 };
        lease_world_seen seen = lease_world_run(&plan);
        CHECK(seen.worst_w <= 1e-6);
        CHECK(seen.late_s <= 0);
        CHECK(seen.checks > 200);
        taken += seen.grants_taken;
        use += seen.use / SCHEDULES;
    }
    CHECK(taken > SCHEDULES * 20 && use > 0.5);
}

static void without_faults_the_limit_is_used(void)
{
    for (uint64_t key = 0; key < 10; key++) {
        const lease_world_plan plan = { .key = key, .duration_s = 60, .calm = true };
        lease_world_seen seen = lease_world_run(&plan);
        CHECK(seen.worst_w <= 1e-6 && seen.use > 0.85);
    }
}

static void one_key_is_one_world(void)
{
    const lease_world_plan plan = { .key = 11, .duration_s = 60 };
    lease_world_seen a = lease_world_run(&plan), b = lease_world_run(&plan);

    CHECK(a.checks == b.checks && a.use == b.use && a.worst_w == b.worst_w);
}

static bool is_caught(lease_mutation mutation, bool by_sum)
{
    for (uint64_t key = 0; key < HUNT; key++) {
        const lease_world_plan plan = { .key = key, .mutation = mutation, .duration_s = 60 };
        lease_world_seen seen = lease_world_run(&plan);
        if (seen.worst_w > 1 || (!by_sum && seen.late_s > 0.01))
            return true;
    }
    return false;
}

static void each_rule_that_is_left_out_is_caught(void)
{
    CHECK(is_caught(LEASE_FROM_RECEIPT, false));
    CHECK(is_caught(LEASE_NO_START_WAIT, true));
    CHECK(is_caught(LEASE_RAISE_BEFORE_LOWER, true));
    CHECK(is_caught(LEASE_NO_ACTUATION_GUARD, false));
    CHECK(is_caught(LEASE_NO_SINGLE_COORDINATOR, true));
}

/* Section 6 lets a new coordinator grant what a node once read back. A late status and a
 * late acknowledgement make that a raise: the first coordinator has given the difference
 * away. So grants at the start carry `hold`, and the node takes no more than it has. */
static double after_a_late_status(bool with_hold)
{
    erg_lease_node node = some_node(100, 5);
    const erg_lease_grant high = grant(5, 1, 1, 700), low = grant(5, 2, 2, 300);
    desk second;

    step(&node, 0, 100);
    CHECK(!erg_lease_node_take(&node, &high, s(0.1)));
    step(&node, 0.2, 100);
    erg_lease_status late = step(&node, 1, 700).status;     /* under way for two seconds */
    CHECK(!erg_lease_node_take(&node, &low, s(1.1)));
    step(&node, 1.2, 700);
    CHECK(step(&node, 2, 300).status.sequence == 2);        /* the first gives 400 W away */

    desk_start(&second, 1, 100, 1000);
    CHECK(erg_lease_rack_start(&second.rack, 1, s(3), NULL));
    desk_hear(&second, 0, late, 3);
    desk_step(&second, 3, NAN);
    erg_lease_grant given = second.answers[0].grant;
    CHECK(given.cap_w == 700 && given.hold);
    given.hold = with_hold;
    CHECK(!erg_lease_node_take(&node, &given, s(3.1)));
    return step(&node, 3.2, 300).want_w;
}

static void a_new_coordinator_raises_nobody_by_an_old_status(void)
{
    CHECK(after_a_late_status(true) == 300);
    CHECK(after_a_late_status(false) == 700);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_lease_runs_from_the_request_however_late_the_grant_is),
        TEST(what_is_not_its_own_is_not_taken),
        TEST(a_request_too_old_to_be_remembered_is_none),
        TEST(nothing_is_raised_while_a_lowering_is_not_seen),
        TEST(a_lower_cap_is_acknowledged_once_it_is_read_back),
        TEST(a_brake_lowers_at_once_and_ends_with_one_lease),
        TEST(terms_that_cannot_hold_are_refused),
        TEST(fallbacks_that_pass_the_limit_are_refused),
        TEST(the_known_budgets_are_granted_as_known),
        TEST(at_the_start_nobody_gets_more_than_it_has),
        TEST(who_was_lowered_keeps_the_others_waiting_until_it_says_so),
        TEST(a_silent_node_counts_until_its_lease_has_run_out),
        TEST(a_restarted_node_counts_with_what_its_older_start_may_hold),
        TEST(many_grants_in_flight_are_still_bounded),
        TEST(a_coordinator_that_knew_too_little_jumps_above),
        TEST(one_that_stands_by_says_nothing),
        TEST(what_a_rack_draws_above_its_band_is_cut_and_stays_cut),
        TEST(belief_outlasts_the_slowest_clock_by_the_fastest),
        TEST(in_every_world_the_sum_of_caps_keeps_to_the_limit),
        TEST(without_faults_the_limit_is_used),
        TEST(one_key_is_one_world),
        TEST(each_rule_that_is_left_out_is_caught),
        TEST(a_new_coordinator_raises_nobody_by_an_old_status),
    };
    return test_run(tests, ERG_COUNT(tests));
}
