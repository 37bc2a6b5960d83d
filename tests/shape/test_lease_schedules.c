/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand worlds in which everything fails, and what a literal reading would do. */
#include <stdio.h>
#include "shape/lease_world.h"
#include "test.h"

enum { SCHEDULES = 10000 };

static void keep_to_the_limit(bool balances)
{
    double use = 0, worst_w = -INFINITY;
    size_t checks = 0, shares = 0;

    for (uint64_t key = 0; key < SCHEDULES; key++) {
        const lease_world_plan plan = { .key = 1000000 + key, .duration_s = 90,
                                        .balances = balances };
        lease_world_seen seen = lease_world_run(&plan);
        CHECK(seen.worst_w <= 1e-6);
        CHECK(seen.late_s <= 0);
        worst_w = fmax(worst_w, seen.worst_w);
        use += seen.use / SCHEDULES;
        checks += seen.checks;
        shares += seen.shares;
    }
    print_message("# %d schedules, %zu sums, at most %.3g W above the limit, "
                  "%.2f of it used, %zu shares\n", SCHEDULES, checks, worst_w, use, shares);
    CHECK(use > 0.5);
    CHECK(balances ? shares > SCHEDULES : shares == 0);
}

static void ten_thousand_schedules_keep_to_the_limit(void)
{
    keep_to_the_limit(false);
}

static void so_they_do_where_jobs_are_balanced(void)
{
    keep_to_the_limit(true);
}

/* The same worlds find the hole in the specification's rule for the start. */
static void a_start_without_hold_passes_the_limit(void)
{
    bool found = false;

    for (uint64_t key = 0; key < SCHEDULES && !found; key++) {
        const lease_world_plan plan = { .key = key, .mutation = LEASE_NO_HOLD,
                                        .duration_s = 60 };
        found = lease_world_run(&plan).worst_w > 1;
    }
    CHECK(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(ten_thousand_schedules_keep_to_the_limit),
        TEST(so_they_do_where_jobs_are_balanced),
        TEST(a_start_without_hold_passes_the_limit),
    };
    return test_run(tests, ERG_COUNT(tests));
}
