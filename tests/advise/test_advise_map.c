/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of ranks against all orders, and against what a topology makes plain. */
#include "advise/advise.h"
#include "test.h"

enum { SIX = 6, ORDERS = 720 };

static void is_an_order(const size_t slots[], size_t ranks, size_t count)
{
    bool taken[64] = { false };

    for (size_t i = 0; i < ranks; i++) {
        CHECK(slots[i] < count && !taken[slots[i]]);
        taken[slots[i]] = true;
    }
}

/* Two groups of four talk among themselves, placed in turn over two switches. */
static void groups_in_turn_over_two_switches_come_together(void)
{
    double bytes[64] = { 0 }, hops[64] = { 0 }, cross = 0;
    const erg_map_problem is = { bytes, 8, hops, 8 };
    size_t slots[8];

    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            bytes[i * 8 + j] = i != j && i % 2 == j % 2 ? 1e6 : 0;
            hops[i * 8 + j] = i / 4 != j / 4;
        }
    CHECK(erg_map_solve(&is, slots, NULL));
    is_an_order(slots, 8, 8);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++)
            cross += slots[i] / 4 != slots[j] / 4 ? bytes[i * 8 + j] : 0;
    CHECK(cross == 0);
    CHECK(erg_map_cost(&is, slots) == 0);
}

static double best_of_all(const erg_map_problem *is)
{
    double least = INFINITY;

    for (size_t code = 0; code < ORDERS; code++) {
        size_t left[SIX] = { 0, 1, 2, 3, 4, 5 }, slots[SIX], rest = code;
        for (size_t i = 0; i < SIX; i++) {
            size_t at = rest % (SIX - i);
            rest /= SIX - i;
            slots[i] = left[at];
            left[at] = left[SIX - 1 - i];
        }
        least = fmin(least, erg_map_cost(is, slots));
    }
    return least;
}

static void fill(test_random *random, double *matrix, size_t n, bool same)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            matrix[i * n + j] = i == j          ? 0
                                : same && j < i ? matrix[j * n + i]
                                                : floor(10 * test_uniform(random));
}

static void an_order_is_never_worse_than_given_and_mostly_the_best_of_all(void)
{
    test_random random = { 5 };
    int best = 0;
    enum { ROUNDS = 100 };

    for (int round = 0; round < ROUNDS; round++) {
        double bytes[SIX * SIX], hops[SIX * SIX];
        const erg_map_problem is = { bytes, SIX, hops, SIX };
        const size_t given[SIX] = { 0, 1, 2, 3, 4, 5 };
        size_t slots[SIX];
        fill(&random, bytes, SIX, false);
        fill(&random, hops, SIX, true);
        CHECK(erg_map_solve(&is, slots, NULL));
        is_an_order(slots, SIX, SIX);
        double cost = erg_map_cost(&is, slots), all = best_of_all(&is);
        CHECK(cost <= erg_map_cost(&is, given));
        CHECK(cost <= 1.25 * all);
        best += cost <= all * (1 + 1e-9);
    }
    CHECK(best >= ROUNDS * 6 / 10);
}

/* Four ranks that all talk begin half on a pair of slots and fit on the other four. */
static void ranks_take_free_slots_where_that_is_nearer(void)
{
    double bytes[16] = { 0 }, hops[36] = { 0 };
    const erg_map_problem is = { bytes, 4, hops, 6 };
    size_t slots[4];

    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            bytes[i * 4 + j] = i != j;
    for (size_t p = 0; p < 6; p++)
        for (size_t q = 0; q < 6; q++)
            hops[p * 6 + q] = (p < 2) != (q < 2) ? 3 : 0;
    CHECK(erg_map_solve(&is, slots, NULL));
    for (size_t i = 0; i < 4; i++)
        CHECK(slots[i] >= 2);
}

static void slots_of_one_host_touch_and_others_must_be_named(void)
{
    static const char good[] = "from,to,hops\na:0,b:0,2\na:1,b:0,2\n";
    static const char bad[] = "from,to,hops\na,b,1\nb,c,1\n";
    static const char other[] = "from,to,hops\na,b,1\nb,a,2\n";
    erg_error err = { 0 };
    erg_slots *slots = erg_map_slots_parse("h", good, sizeof(good) - 1, &err);

    CHECK_OK(slots != NULL, err);
    CHECK(slots->count == 3 && slots->hops[0 * 3 + 2] == 0 && slots->hops[1 * 3 + 2] == 2);
    erg_slots_free(slots);
    CHECK(!erg_map_slots_parse("h", bad, sizeof(bad) - 1, &err));
    CHECK(strstr(err.text, "no hops from a to c"));
    CHECK(!erg_map_slots_parse("h", other, sizeof(other) - 1, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(groups_in_turn_over_two_switches_come_together),
        TEST(an_order_is_never_worse_than_given_and_mostly_the_best_of_all),
        TEST(ranks_take_free_slots_where_that_is_nearer),
        TEST(slots_of_one_host_touch_and_others_must_be_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
