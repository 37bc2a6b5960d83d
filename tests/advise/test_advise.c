/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of erg advise against brute force and the closed forms of their sources. */
#include <float.h>
#include "advise/advise.h"
#include "test.h"

/* ---- rounding ----------------------------------------------------------------------- */

/* Sums of the 65,536 roundings as whole steps: up `low` times, down the rest. */
static void check_mean(float x)
{
    double sum = 0;

    for (uint32_t r = 0; r < 65536; r++) {
        float y = erg_sr_bf16(x, (uint16_t)r);
        uint32_t bits;
        memcpy(&bits, &y, sizeof(bits));
        CHECK((bits & 0xffff) == 0);
        sum += (double)y; /* 8 bits of y and 16 of the count: exact */
    }
    CHECK(sum / 65536 == (double)x);
}

static void the_mean_over_all_random_words_is_exactly_x(void)
{
    static const float given[] = {
        0,      1,      -1,      1.00001f,       -3.14159265f,   65504,
        1e-30f, -1e30f, FLT_MIN, FLT_MIN / 1024, 0x1.fffffep-1f, 3.3e38f
    };
    test_random random = { 3 };

    for (size_t i = 0; i < ERG_COUNT(given); i++)
        check_mean(given[i]);
    for (int i = 0; i < 20; i++)
        check_mean((float)ldexp(2 * test_uniform(&random) - 1,
                                (int)(200 * test_uniform(&random)) - 100));
}

static void what_is_no_number_stays_none(void)
{
    for (uint32_t r = 0; r < 65536; r++) {
        CHECK(isnan(erg_sr_bf16(NAN, (uint16_t)r)));
        CHECK(erg_sr_bf16(-INFINITY, (uint16_t)r) == -INFINITY);
    }
    CHECK(isinf(erg_sr_bf16(FLT_MAX, 65535)) && !isinf(erg_sr_bf16(FLT_MAX, 0)));
}

/* ---- precision ---------------------------------------------------------------------- */

enum { VARIANTS = 4, PHASES = 6, PLANS = 4096 };

static double cost_of(const double energy_j[], const size_t plan[], double switch_j)
{
    double sum_j = 0;

    for (size_t k = 0; k < PHASES; k++)
        sum_j += energy_j[k * VARIANTS + plan[k]]
                 + (k > 0 && plan[k] != plan[k - 1] ? switch_j : 0);
    return sum_j;
}

static double brute_force(const double energy_j[], double switch_j)
{
    double least_j = INFINITY;

    for (size_t code = 0; code < PLANS; code++) {
        size_t plan[PHASES];
        for (size_t k = 0, rest = code; k < PHASES; k++, rest /= VARIANTS)
            plan[k] = rest % VARIANTS;
        least_j = fmin(least_j, cost_of(energy_j, plan, switch_j));
    }
    return least_j;
}

static void a_plan_of_phases_is_that_of_brute_force(void)
{
    test_random random = { 11 };
    int changed = 0;

    for (int round = 0; round < 200; round++) {
        double energy_j[PHASES * VARIANTS], switch_j = 60 * test_uniform(&random);
        size_t plan[PHASES];
        for (size_t i = 0; i < ERG_COUNT(energy_j); i++)
            energy_j[i] = i % VARIANTS && test_uniform(&random) < 0.3
                              ? NAN
                              : 100 * test_uniform(&random);
        double got_j = erg_precision_plan(energy_j, PHASES, VARIANTS, switch_j, plan, NULL);
        CHECK_NEAR(got_j, brute_force(energy_j, switch_j), 1e-9);
        CHECK_NEAR(got_j, cost_of(energy_j, plan, switch_j), 1e-9);
        for (size_t k = 1; k < PHASES; k++)
            changed += plan[k] != plan[k - 1];
    }
    CHECK(changed > 100);
}

static void a_phase_that_allows_nothing_is_told(void)
{
    const double energy_j[] = { 1, 2, NAN, NAN };
    size_t plan[2];
    erg_error err = { 0 };

    CHECK(isnan(erg_precision_plan(energy_j, 2, 2, 0, plan, &err)));
    CHECK(err.code == ERG_NO_DATA);
}

/* ---- sparse ------------------------------------------------------------------------- */

static void the_break_even_moves_as_many_bytes_either_way(void)
{
    CHECK_NEAR(erg_sparse_break_even(8, 4, 4), 0.125, 1e-15);
    for (double ranks = 2; ranks < 1000; ranks *= 3)
        for (double b = 0.5; b < 16; b *= 2) {
            double d = erg_sparse_break_even(ranks, b, 4);
            CHECK_NEAR((ranks - 1) * d * (b + 4), 2 * (ranks - 1) / ranks * b, 1e-12);
        }
}

static void a_density_from_0_to_1_and_two_ranks_are_needed(void)
{
    const erg_sparse_wish one = { 1, 4, 0, NAN }, dense = { 8, 4, 0, 1.5 };
    erg_sparse_wish good = { 8, 4, 0, 0.05 };
    erg_result *result = erg_advise_sparse(&good, NULL);

    CHECK(!erg_advise_sparse(&one, NULL));
    CHECK(!erg_advise_sparse(&dense, NULL));
    CHECK_TEXT(erg_table_find(erg_result_table(result, 0), 0, "advice").text, "sparse");
    CHECK_NEAR(erg_table_find(erg_result_table(result, 0), 0, "bytes_ratio").real, 0.4,
               1e-12);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_mean_over_all_random_words_is_exactly_x),
        TEST(what_is_no_number_stays_none),
        TEST(a_plan_of_phases_is_that_of_brute_force),
        TEST(a_phase_that_allows_nothing_is_told),
        TEST(the_break_even_moves_as_many_bytes_either_way),
        TEST(a_density_from_0_to_1_and_two_ranks_are_needed),
    };
    return test_run(tests, ERG_COUNT(tests));
}
