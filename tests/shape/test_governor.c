/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets, gates and bands: invariants on cases by chance,
 * brute force where it is small. */
#include "shape/gates.h"
#include "shape/water_fill.h"
#include "test.h"

enum { MOST = 64 };

typedef struct problem {
    erg_claim claims[MOST];
    size_t n;
    double budget_w, grants_w[MOST];
    erg_filled filled;
} problem;

static void solve(problem *of)
{
    size_t order[MOST];

    of->filled = erg_water_fill(of->claims, of->n, of->budget_w, order, of->grants_w);
}

static problem draw(test_random *random, size_t n, int ranks)
{
    problem of = { .n = n };
    double least_w = 0, most_w = 0;

    for (size_t i = 0; i < n; i++) {
        erg_claim *claim = &of.claims[i];
        claim->least_w = 100 * test_uniform(random);
        claim->demand_w = claim->least_w + 300 * test_uniform(random);
        claim->most_w = claim->demand_w + 300 * test_uniform(random);
        claim->weight = 0.2 + 2 * test_uniform(random);
        claim->rank = (int)(ranks * test_uniform(random));
        least_w += claim->least_w;
        most_w += claim->most_w;
    }
    of.budget_w = least_w + (most_w - least_w) * 1.1 * test_uniform(random);
    return of;
}

static double sum_of(const problem *of)
{
    double sum_w = 0;

    for (size_t i = 0; i < of->n; i++)
        sum_w += of->grants_w[i];
    return sum_w;
}

static void known_budgets_are_shared_as_known(void)
{
    static const double demand_w[] = { 700, 400, 600, 250 };
    static const double want_w[2][4] = { { 425, 400, 425, 250 },
                                         { 700, 416.666667, 616.666667, 266.666667 } };

    for (int k = 0; k < 2; k++) {
        problem of = { .n = 4, .budget_w = k ? 2000 : 1500 };
        for (size_t i = 0; i < 4; i++)
            of.claims[i] = (erg_claim){ 0, demand_w[i], 700, 1, 0 };
        solve(&of);
        for (size_t i = 0; i < 4; i++)
            CHECK_NEAR(of.grants_w[i], want_w[k][i], 1e-5);
    }
}

static void grants_keep_to_bounds_and_budget(void)
{
    test_random random = { 21 };

    for (int draws = 0; draws < 2000; draws++) {
        problem of = draw(&random, 1 + (size_t)(63 * test_uniform(&random)), 3);
        double most_w = 0;
        solve(&of);
        CHECK(of.filled.is_feasible && sum_of(&of) <= of.budget_w + 1e-6);
        for (size_t i = 0; i < of.n; i++) {
            CHECK(of.grants_w[i] >= of.claims[i].least_w - 1e-9);
            CHECK(of.grants_w[i] <= of.claims[i].most_w + 1e-9);
            most_w += of.claims[i].most_w;
        }
        /* Nothing is left while anyone could take it. */
        CHECK_NEAR(sum_of(&of), fmin(of.budget_w, most_w), 1e-6);
    }
}

static void nobody_waits_while_a_lower_class_has_more_than_its_least(void)
{
    test_random random = { 22 };

    for (int draws = 0; draws < 1000; draws++) {
        problem of = draw(&random, 12, 3);
        solve(&of);
        for (size_t i = 0; i < of.n; i++)
            for (size_t k = 0; k < of.n; k++)
                CHECK(!(of.grants_w[i] < of.claims[i].demand_w - 1e-6
                        && of.claims[k].rank < of.claims[i].rank
                        && of.grants_w[k] > of.claims[k].least_w + 1e-6));
    }
}

static void more_budget_and_more_demand_never_lower_a_grant(void)
{
    test_random random = { 23 };

    for (int draws = 0; draws < 1000; draws++) {
        problem of = draw(&random, 10, 2), richer = of, wanting = of;
        size_t i = (size_t)(10 * test_uniform(&random));
        richer.budget_w += 200 * test_uniform(&random);
        wanting.claims[i].demand_w += (of.claims[i].most_w - of.claims[i].demand_w)
                                    * test_uniform(&random);
        solve(&of), solve(&richer), solve(&wanting);
        for (size_t k = 0; k < of.n; k++)
            CHECK(richer.grants_w[k] >= of.grants_w[k] - 1e-6);
        CHECK(wanting.grants_w[i] >= of.grants_w[i] - 1e-6);
    }
}

static void order_and_scale_change_nothing(void)
{
    test_random random = { 24 };

    for (int draws = 0; draws < 500; draws++) {
        problem of = draw(&random, 9, 2), turned = of, larger = of;
        for (size_t i = 0; i < of.n; i++) {
            turned.claims[i] = of.claims[of.n - 1 - i];
            larger.claims[i].least_w *= 7, larger.claims[i].demand_w *= 7;
            larger.claims[i].most_w *= 7;
        }
        larger.budget_w *= 7;
        solve(&of), solve(&turned), solve(&larger);
        for (size_t i = 0; i < of.n; i++) {
            CHECK_NEAR(turned.grants_w[of.n - 1 - i], of.grants_w[i], 1e-6);
            CHECK_NEAR(larger.grants_w[i] / 7, of.grants_w[i], 1e-6);
        }
    }
}

/* Weighted max-min: no watt can go from one to another that stands lower for its weight. */
static void a_grid_search_finds_nothing_fairer(void)
{
    test_random random = { 25 };

    for (int draws = 0; draws < 300; draws++) {
        problem of = draw(&random, 4, 1);
        solve(&of);
        for (size_t i = 0; i < 4; i++)
            for (size_t k = 0; k < 4; k++) {
                const erg_claim *a = &of.claims[i], *b = &of.claims[k];
                bool a_gives = of.grants_w[i] > a->least_w + 1e-6
                            && of.grants_w[i] <= a->demand_w + 1e-6;
                bool b_takes = of.grants_w[k] < b->demand_w - 1e-6;
                double level_a = (of.grants_w[i] - a->least_w) / a->weight;
                double level_b = (of.grants_w[k] - b->least_w) / b->weight;
                CHECK(!(a_gives && b_takes) || level_a <= level_b + 1e-6);
            }
    }
}

static void too_small_a_budget_names_whom_to_stop(void)
{
    problem of = { .n = 4, .budget_w = 500 };
    size_t order[MOST];

    of.claims[0] = (erg_claim){ 200, 300, 400, 1, 2 };
    of.claims[1] = (erg_claim){ 150, 300, 400, 1, 0 };
    of.claims[2] = (erg_claim){ 250, 300, 400, 1, 0 };
    of.claims[3] = (erg_claim){ 300, 300, 400, 1, 1 };
    of.filled = erg_water_fill(of.claims, 4, 500, order, of.grants_w);
    CHECK(!of.filled.is_feasible && of.filled.deficit_w == 400);
    CHECK(of.filled.shed_count == 2 && order[0] == 2 && order[1] == 1);
    for (size_t i = 0; i < 4; i++)
        CHECK(of.grants_w[i] == of.claims[i].least_w);
}

static void demand_rises_above_a_cap_that_binds(void)
{
    erg_demand state = { 0 };

    CHECK_NEAR(erg_demand_step(&state, 500, 500, 2000, 1), 550, 1e-9);
    state = (erg_demand){ 0 };
    for (int i = 0; i < 100; i++)
        erg_demand_step(&state, 300, 500, 2000, 1);
    CHECK_NEAR(erg_demand_step(&state, 300, 500, 2000, 1), 315, 1e-6);
}

static void a_semaphore_bounds_the_sum_and_forgets_nothing(void)
{
    erg_semaphore gate = { .slot_w = 1000 };
    test_random random = { 26 };
    double live_w[MOST] = { 0 }, used_w = 0;
    size_t live = 0;

    for (int i = 0; i < 20000; i++) {
        double item_w = 1300 * test_uniform(&random);
        if (live < MOST && test_uniform(&random) < 0.6) {
            bool fits = live == 0 || used_w + item_w <= 1000;
            CHECK(erg_semaphore_admit(&gate, item_w) == fits);
            if (fits)
                live_w[live++] = item_w, used_w += item_w;
        } else if (live) {
            used_w -= live_w[--live];
            erg_semaphore_release(&gate, live_w[live]);
            used_w = live ? used_w : 0;
        }
        CHECK_NEAR(gate.used_w, used_w, 1e-6);
        CHECK(gate.used_w <= 1300 && (gate.live > 0 || gate.used_w == 0));
    }
}

static void ramps_keep_their_slope_and_end_where_they_should(void)
{
    erg_ramp ramp = { 100, 50, 0 };
    double last_w = 0;

    for (int i = 1; i <= 100; i++) {
        double level_w = erg_ramp_step(&ramp, i <= 60 ? 400 : 150, 0.1);
        CHECK(level_w - last_w <= 10 * (1 + 1e-9) && last_w - level_w <= 5 * (1 + 1e-9));
        CHECK(i != 60 || level_w == 400);
        last_w = level_w;
    }
    CHECK_NEAR(last_w, 200, 1e-9);
}

static void a_soft_start_rises_by_960_watts_a_second(void)
{
    double last_w = 0, steepest = 0;

    for (int k = 0; k <= 1200; k++) {
        double t_s = 0.1 * k, sum_w = 0;
        for (size_t i = 0; i < 64; i++) {
            erg_soft_start plan = { 0, 900, 60, i, 64, 0, false };
            sum_w += erg_soft_start_at(&plan, t_s);
        }
        CHECK(sum_w >= last_w - 1e-6);
        steepest = fmax(steepest, k ? (sum_w - last_w) / 0.1 : 0);
        last_w = sum_w;
        CHECK(erg_soft_start_running(64, 60, t_s) <= 1 + (size_t)floor(64 * t_s / 60));
    }
    CHECK(last_w == 64 * 900);
    CHECK_NEAR(steepest, 960, 1);
    erg_soft_start smooth = { 100, 900, 60, 0, 64, 0, true };
    for (double t_s = 0; t_s < 60; t_s += 0.5)
        CHECK((erg_soft_start_at(&smooth, t_s + 0.5) - erg_soft_start_at(&smooth, t_s))
              / 0.5 <= M_PI / 2 * 800 / 60 * (1 + 1e-9));
}

/* Ideal actuators: what is granted is drawn, up to a constant demand. */
static void constant_demand_is_cut_once_and_never_alternates(void)
{
    static const double demands_w[] = { 800, 920, 960, 1020, 1200, 3000 };

    for (size_t d = 0; d < ERG_COUNT(demands_w); d++) {
        erg_bands bands = { .limit_w = 1000, .hold_s = 30, .slew_w_per_s = 5,
                            .random = erg_xoshiro_of(1, d) };
        double cap_w = 5000, last_w = 0;
        int cuts = 0, turns = 0, raised = 0;
        for (int period = 0; period < 400; period++) {
            double power_w = fmin(demands_w[d], cap_w);
            erg_bands_out out = erg_bands_step(&bands, power_w, 0, 3);
            cap_w = fmin(cap_w, 5000);
            if (out.change_w < 0)
                cap_w = power_w + out.change_w, cuts++, turns += raised, raised = 0;
            else if (out.change_w > 0)
                cap_w += out.change_w, raised = power_w < demands_w[d];
            CHECK(period < 3 || power_w <= 1000);
            CHECK(out.change_w <= 0 || power_w + out.change_w <= 950 + 1e-9);
            last_w = power_w;
        }
        CHECK(cuts <= 3 && turns == 0 && last_w <= 990);
    }
}

static void a_hot_breaker_brakes_and_lets_go_at_its_own_time(void)
{
    double releases_s[8];

    for (uint64_t node = 0; node < 8; node++) {
        erg_bands bands = { .limit_w = 1000, .hold_s = 0, .slew_w_per_s = 5,
                            .random = erg_xoshiro_of(4, node) };
        CHECK(erg_bands_step(&bands, 500, 0.85, 1).brake);
        releases_s[node] = bands.release_s;
        double t_s = 0;
        while (erg_bands_step(&bands, 500, 0.1, 0.5).brake)
            t_s += 0.5;
        CHECK(t_s <= 30 && fabs(t_s - releases_s[node]) <= 1);
        for (uint64_t other = 0; other < node; other++)
            CHECK(releases_s[other] != releases_s[node]);
    }
}

static void cuts_take_low_classes_and_heavy_users_first(void)
{
    erg_cut_node nodes[] = { { 800, 100, 1 }, { 400, 100, 0 }, { 405, 100, 0 },
                             { 90, 90, 0 } };

    CHECK(erg_bands_cut(nodes, 4, 205, 20) == 0);
    CHECK(nodes[0].cap_w == 800 && nodes[3].cap_w == 90);
    CHECK_NEAR(nodes[1].cap_w + nodes[2].cap_w, 600, 1e-9);
    CHECK(fabs(nodes[1].cap_w - nodes[2].cap_w) <= 20);
    CHECK_NEAR(erg_bands_cut(nodes, 4, 2000, 20), 2000 - 400 - 700, 1e-6);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(nodes[i].cap_w, nodes[i].least_w, 1e-9);
}

int main(void)
{
    static const test tests[] = {
        TEST(known_budgets_are_shared_as_known),
        TEST(grants_keep_to_bounds_and_budget),
        TEST(nobody_waits_while_a_lower_class_has_more_than_its_least),
        TEST(more_budget_and_more_demand_never_lower_a_grant),
        TEST(order_and_scale_change_nothing),
        TEST(a_grid_search_finds_nothing_fairer),
        TEST(too_small_a_budget_names_whom_to_stop),
        TEST(demand_rises_above_a_cap_that_binds),
        TEST(a_semaphore_bounds_the_sum_and_forgets_nothing),
        TEST(ramps_keep_their_slope_and_end_where_they_should),
        TEST(a_soft_start_rises_by_960_watts_a_second),
        TEST(constant_demand_is_cut_once_and_never_alternates),
        TEST(a_hot_breaker_brakes_and_lets_go_at_its_own_time),
        TEST(cuts_take_low_classes_and_heavy_users_first),
    };
    return test_run(tests, ERG_COUNT(tests));
}
