/* SPDX-License-Identifier: Apache-2.0 */
/* Watts between ranks: invariants on draws by chance, and where repeated steps end. */
#include "shape/balance.h"
#include "test.h"

enum { RANKS = 32 };

#define IDLE_W 130.0
#define GAMMA 2.4

/* Work of a second at full speed, under the rank's cap. */
static double epoch_of(const erg_balance_rank *rank)
{
    double share = (rank->cap_w - IDLE_W) / (rank->power_w - IDLE_W);

    return share >= 1 ? 1 : pow(share, -1 / GAMMA);
}

static void draw(erg_balance_rank ranks[], size_t n, double budget_w, test_random *random)
{
    for (size_t i = 0; i < n; i++) {
        double work_w = IDLE_W + 870 * (0.8 + 0.4 * test_uniform(random));
        ranks[i] = (erg_balance_rank){ 0, work_w, IDLE_W, fmax(work_w, budget_w),
                                       budget_w };
        ranks[i].epoch_s = epoch_of(&ranks[i]);
    }
}

static double sum_of(const erg_balance_rank ranks[], size_t n)
{
    double sum_w = 0;

    for (size_t i = 0; i < n; i++)
        sum_w += ranks[i].cap_w;
    return sum_w;
}

static void the_sum_keeps_the_budget_and_the_slowest_never_loses(void)
{
    test_random random = { 4 };

    for (int trial = 0; trial < 300; trial++) {
        erg_balance_rank ranks[RANKS], before[RANKS];
        size_t n = 1 + (size_t)(test_uniform(&random) * (RANKS - 1)), slowest = 0;
        double budget_w = 400 + 500 * test_uniform(&random);
        draw(ranks, n, budget_w, &random);
        for (size_t i = 0; i < n; i++) {
            ranks[i].epoch_s *= 0.9 + 0.2 * test_uniform(&random);
            slowest = ranks[i].epoch_s > ranks[slowest].epoch_s ? i : slowest;
        }
        memcpy(before, ranks, sizeof(ranks));
        double left_w = erg_balance_share(ranks, n, budget_w * (double)n);
        CHECK_NEAR(sum_of(ranks, n) + left_w, budget_w * (double)n, 1e-6);
        CHECK(left_w >= 0 && ranks[slowest].cap_w >= before[slowest].cap_w);
        for (size_t i = 0; i < n; i++) {
            CHECK(ranks[i].cap_w >= IDLE_W && ranks[i].cap_w <= ranks[i].most_w + 1e-9);
            if (before[i].epoch_s < 0.98 * before[slowest].epoch_s)
                CHECK(ranks[i].cap_w < before[i].cap_w);
            else
                CHECK(ranks[i].cap_w >= before[i].cap_w);
        }
    }
}

/* Lowered once, a rank is still early: it must not become the slowest. */
static void who_is_lowered_is_not_late(void)
{
    test_random random = { 5 };

    for (int trial = 0; trial < 300; trial++) {
        erg_balance_rank ranks[RANKS];
        double slowest_s = 0;
        draw(ranks, RANKS, 800, &random);
        for (int i = 0; i < RANKS; i++)
            slowest_s = fmax(slowest_s, ranks[i].epoch_s);
        erg_balance_share(ranks, RANKS, 800 * RANKS);
        for (int i = 0; i < RANKS; i++)
            CHECK(epoch_of(&ranks[i]) <= slowest_s * (1 + 1e-12));
    }
}

static void repeated_steps_end_where_all_are_as_slow(void)
{
    test_random random = { 6 };

    for (int trial = 0; trial < 50; trial++) {
        erg_balance_rank ranks[RANKS];
        double above_w = 0, slowest_s = 0, fastest_s = INFINITY;
        draw(ranks, RANKS, 800, &random);
        for (int i = 0; i < RANKS; i++)
            above_w += ranks[i].power_w - IDLE_W;
        for (int epoch = 0; epoch < 30; epoch++) {
            erg_balance_share(ranks, RANKS, 800 * RANKS);
            slowest_s = 0, fastest_s = INFINITY;
            for (int i = 0; i < RANKS; i++) {
                ranks[i].epoch_s = epoch_of(&ranks[i]);
                slowest_s = fmax(slowest_s, ranks[i].epoch_s);
                fastest_s = fmin(fastest_s, ranks[i].epoch_s);
            }
        }
        /* One clock for all is the best that the budget gives. */
        double best_s = pow((800 - IDLE_W) * RANKS / above_w, -1 / GAMMA);
        CHECK(fastest_s >= 0.975 * slowest_s);
        CHECK(slowest_s >= best_s * (1 - 1e-9) && slowest_s <= best_s * 1.02);
    }
}

static void ranks_alike_keep_what_they_have(void)
{
    erg_balance_rank ranks[4];

    for (int i = 0; i < 4; i++)
        ranks[i] = (erg_balance_rank){ 1.1, 1000, IDLE_W, 1000, 850 };
    CHECK_NEAR(erg_balance_share(ranks, 4, 3400), 0, 1e-9);
    for (int i = 0; i < 4; i++)
        CHECK_NEAR(ranks[i].cap_w, 850, 1e-9);
}

static void the_order_of_ranks_permutes_the_answer(void)
{
    test_random random = { 7 };
    erg_balance_rank forth[RANKS], back[RANKS];

    draw(forth, RANKS, 700, &random);
    for (int i = 0; i < RANKS; i++)
        back[i] = forth[RANKS - 1 - i];
    erg_balance_share(forth, RANKS, 700 * RANKS);
    erg_balance_share(back, RANKS, 700 * RANKS);
    for (int i = 0; i < RANKS; i++)
        CHECK_NEAR(back[i].cap_w, forth[RANKS - 1 - i].cap_w, 1e-9);
}

static void one_odd_step_moves_no_watt(void)
{
    CHECK_NEAR(erg_balance_epoch((double[]){ 1, 9, 1.1, 0.9, 1.05 }), 1.05, 0);
    CHECK_NEAR(erg_balance_epoch((double[]){ 5, 4, 3, 2, 1 }), 3, 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_sum_keeps_the_budget_and_the_slowest_never_loses),
        TEST(who_is_lowered_is_not_late),
        TEST(repeated_steps_end_where_all_are_as_slow),
        TEST(ranks_alike_keep_what_they_have),
        TEST(the_order_of_ranks_permutes_the_answer),
        TEST(one_odd_step_moves_no_watt),
    };
    return test_run(tests, ERG_COUNT(tests));
}
