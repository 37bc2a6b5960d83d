/* SPDX-License-Identifier: Apache-2.0 */
/* Leases in worlds in which everything fails, and with each rule left out. */
#include "shape/lease_desk.h"
#include "shape/lease_world.h"

enum { SCHEDULES = 200, HUNT = 3000 };

static void keeps_to_the_limit(bool balances)
{
    size_t taken = 0, shares = 0;
    double use = 0;

    for (uint64_t key = 0; key < SCHEDULES; key++) {
        const lease_world_plan plan = { .key = key, .duration_s = 60,
                                        .balances = balances };
        lease_world_seen seen = lease_world_run(&plan);
        CHECK(seen.worst_w <= 1e-6);
        CHECK(seen.late_s <= 0);
        CHECK(seen.checks > 200);
        shares += seen.shares;
        taken += seen.grants_taken;
        use += seen.use / SCHEDULES;
    }
    CHECK(taken > SCHEDULES * 20 && use > 0.5);
    CHECK(balances ? shares > SCHEDULES : shares == 0);
}

static void in_every_world_the_sum_of_caps_keeps_to_the_limit(void)
{
    keeps_to_the_limit(false);
}

static void so_it_does_where_jobs_are_balanced(void)
{
    keeps_to_the_limit(true);
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

/* In half of the worlds jobs are balanced. */
static bool is_caught(lease_mutation mutation, bool by_sum)
{
    for (uint64_t key = 0; key < HUNT; key++) {
        const lease_world_plan plan = { .key = key, .mutation = mutation, .duration_s = 60,
                                        .balances = key % 2 };
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
        TEST(in_every_world_the_sum_of_caps_keeps_to_the_limit),
        TEST(so_it_does_where_jobs_are_balanced),
        TEST(without_faults_the_limit_is_used),
        TEST(one_key_is_one_world),
        TEST(each_rule_that_is_left_out_is_caught),
        TEST(a_new_coordinator_raises_nobody_by_an_old_status),
    };
    return test_run(tests, ERG_COUNT(tests));
}
