/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, the coordinator's side: each rule by itself. */
#include "shape/lease_desk.h"

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
                const erg_lease_member *member = &d.memory.members[i];
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
    uint64_t second = d.memory.members[0].held[d.memory.members[0].held_count - 1].sequence;

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
        CHECK(d.memory.members[0].held_count <= ERG_LEASE_OUT);
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

/* Four nodes whose power has come back ask once a second;
 * caps_w follow what they are granted. */
static void ask_all(desk *d, double t_s, double caps_w[4])
{
    for (size_t i = 0; i < 4; i++)
        desk_hear(d, i, said(d, (uint64_t)(t_s + 2), d->rack.sequence, caps_w[i], 700),
                  t_s);
    desk_step(d, t_s, NAN);
    for (size_t i = 0; i < 4; i++)
        caps_w[i] = answered_w(d, i);
}

static void a_rack_whose_power_returns_comes_up_one_node_after_the_other(void)
{
    double caps_w[4] = { 100, 100, 100, 100 };
    desk d;

    desk_start(&d, 4, 100, 2800);
    d.rack.soft_start_s = 60;
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    for (int t = 0; t <= 106; t++) {
        double before_w[4];
        memcpy(before_w, caps_w, sizeof(before_w));
        ask_all(&d, t, caps_w);
        for (size_t i = 0; i < 4; i++) {
            /* Node i waits i 60/4 s, and then rises by 600 W in 60 s;
             * steps below 7 W are saved. */
            double due_w = 100 + 10 * fmin(60, fmax(0, t - 15.0 * (double)i));
            CHECK(caps_w[i] >= before_w[i] && caps_w[i] <= due_w + 1e-9);
            CHECK(caps_w[i] >= due_w - 10);
        }
    }
    for (size_t i = 0; i < 4; i++)
        CHECK(caps_w[i] >= 693);

    /* A coordinator that comes back takes nothing away; one node that boots begins anew. */
    erg_lease_rack_again(&d.rack, 0, s(107));
    ask_all(&d, 130, caps_w);
    CHECK(caps_w[0] >= 693 && caps_w[3] >= 693);
    erg_lease_status fresh = said(&d, 1, 0, 100, 700);
    fresh.boot = 6;
    desk_hear(&d, 1, fresh, 131);
    desk_step(&d, 131, NAN);
    CHECK(answered_w(&d, 1) == 100);
}

static void a_soft_start_may_be_later_by_chance_and_no_more_than_stated(void)
{
    desk d;

    desk_start(&d, 4, 100, 2800);
    d.rack.soft_start_s = 1;
    d.rack.late_s[0] = 2;
    d.rack.late_s[1] = 4;
    d.rack.random = erg_xoshiro_of(7, 1);
    CHECK(erg_lease_rack_start(&d.rack, 0, s(-20), NULL));
    for (size_t i = 0; i < 4; i++) {
        desk_hear(&d, i, said(&d, 1, 0, 100, 700), 0);
        CHECK(d.memory.members[i].late_s >= 2 && d.memory.members[i].late_s < 4);
    }
    CHECK(d.memory.members[0].late_s != d.memory.members[1].late_s);
}

static void belief_outlasts_the_slowest_clock_by_the_fastest(void)
{
    erg_lease_terms terms = erg_lease_terms_usual();

    for (int k = 0; k < 3; k++) {
        terms.rho = (const double[]){ 1e-3, 1e-2, 0.1 }[k];
        double held_s = 10 / (1 - terms.rho / 2);
        double believed_s = erg_s_from_ns(erg_lease_believed_ns(&terms))
            / (1 + terms.rho / 2);
        CHECK(believed_s >= held_s && believed_s <= held_s + 2e-9);
        /* The specification's factor is short, in the second order. */
        CHECK(10 * (1 + terms.rho) / (1 + terms.rho / 2) < held_s);
    }
}

int main(void)
{
    static const test tests[] = {
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
        TEST(a_rack_whose_power_returns_comes_up_one_node_after_the_other),
        TEST(a_soft_start_may_be_later_by_chance_and_no_more_than_stated),
        TEST(belief_outlasts_the_slowest_clock_by_the_fastest),
    };
    return test_run(tests, ERG_COUNT(tests));
}
