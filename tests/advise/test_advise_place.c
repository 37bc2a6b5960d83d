/* SPDX-License-Identifier: Apache-2.0 */
/* Loads over domains against closed forms and against all placements. */
#include "advise/advise.h"
#include "test.h"

/* Two that peak in even steps, two in odd ones: apart they never peak together. */
static void loads_in_opposite_phase_share_a_domain(void)
{
    double power_w[4 * 100];
    const erg_place_problem is = { power_w, 4, 100, 2 };
    size_t domain[4];

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 100; k++)
            power_w[i * 100 + k] = k % 2 == i / 2 ? 300 : 0;
    erg_place_given(&is, domain);
    CHECK_NEAR(erg_place_asynchrony(&is, domain, 0), 1, 1e-12);
    CHECK(erg_place_solve(&is, domain, NULL));
    CHECK_NEAR(erg_place_asynchrony(&is, domain, 0), 2, 1e-12);
    CHECK_NEAR(erg_place_asynchrony(&is, domain, 1), 2, 1e-12);
}

static double least_of(const erg_place_problem *is, const size_t domain[])
{
    return fmin(erg_place_asynchrony(is, domain, 0), erg_place_asynchrony(is, domain, 1));
}

static double best_of_all(const erg_place_problem *is)
{
    double best = 0;

    for (unsigned code = 0; code < 1u << is->loads; code++) {
        size_t domain[8], ones = 0;
        for (size_t i = 0; i < is->loads; i++)
            ones += domain[i] = code >> i & 1;
        if (ones == is->loads / 2)
            best = fmax(best, least_of(is, domain));
    }
    return best;
}

static void a_placement_is_never_worse_than_given_and_near_the_best(void)
{
    test_random random = { 9 };
    double worst = 1;

    for (int round = 0; round < 60; round++) {
        double power_w[8 * 20];
        const erg_place_problem is = { power_w, 8, 20, 2 };
        size_t given[8], domain[8], ones = 0;
        for (size_t i = 0; i < ERG_COUNT(power_w); i++)
            power_w[i] = test_uniform(&random) < 0.3 ? 500 * test_uniform(&random) : 50;
        erg_place_given(&is, given);
        CHECK(erg_place_solve(&is, domain, NULL));
        for (size_t i = 0; i < 8; i++)
            ones += domain[i];
        CHECK(ones == 4);
        CHECK(least_of(&is, domain) >= least_of(&is, given) - 1e-9);
        worst = fmin(worst, least_of(&is, domain) / best_of_all(&is));
    }
    CHECK(worst > 0.85);
}

static void packing_keeps_the_limit_and_the_bound_of_first_fit_decreasing(void)
{
    const double known_w[] = { 700, 500, 500, 400, 300, 300, 300 };
    test_random random = { 4 };
    size_t node[40];

    CHECK(erg_place_pack(known_w, 7, 1000, node) == 3);
    for (int round = 0; round < 100; round++) {
        double peaks_w[40], used_w[40] = { 0 }, sum_w = 0;
        for (size_t i = 0; i < 40; i++)
            sum_w += peaks_w[i] = 50 + 900 * test_uniform(&random);
        size_t nodes = erg_place_pack(peaks_w, 40, 1000, node);
        for (size_t i = 0; i < 40; i++)
            used_w[node[i]] += peaks_w[i];
        for (size_t k = 0; k < nodes; k++)
            CHECK(used_w[k] > 0 && used_w[k] <= 1000 + 1e-9);
        CHECK((double)nodes >= sum_w / 1000);
        /* No two of its nodes fit into one. */
        for (size_t a = 0; a < nodes; a++)
            for (size_t b = a + 1; b < nodes; b++)
                CHECK(used_w[a] + used_w[b] > 1000);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(loads_in_opposite_phase_share_a_domain),
        TEST(a_placement_is_never_worse_than_given_and_near_the_best),
        TEST(packing_keeps_the_limit_and_the_bound_of_first_fit_decreasing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
