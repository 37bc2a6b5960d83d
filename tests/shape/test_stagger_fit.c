/* SPDX-License-Identifier: Apache-2.0 */
/* Phases of unlike profiles: against brute force, closed forms and their invariants. */
#include "shape/stagger_fit.h"
#include "test.h"

enum { BINS = ERG_PROFILE_BINS, JOBS = 24 };

/* High for its first `high` bins, then low. */
static erg_profile square(double high_w, double low_w, int high)
{
    erg_profile made;

    for (int k = 0; k < BINS; k++)
        made.power_w[k] = k < high ? high_w : low_w;
    return made;
}

/* A step of a few levels, as jobs have. */
static erg_profile by_chance(test_random *random)
{
    erg_profile made;
    double level_w = 0;

    for (int k = 0; k < BINS; k++) {
        if (k == 0 || test_uniform(random) < 0.03)
            level_w = 100 + 900 * test_uniform(random);
        made.power_w[k] = level_w;
    }
    return made;
}

static double mean_w(const erg_profile profiles[], size_t n)
{
    double sum_w = 0;

    for (size_t g = 0; g < n; g++)
        for (int k = 0; k < BINS; k++)
            sum_w += profiles[g].power_w[k] / BINS;
    return sum_w;
}

static void four_alike_at_three_quarters_duty_sum_to_a_constant(void)
{
    const erg_profile one = square(1000, 300, 192);
    const erg_profile profiles[] = { one, one, one, one };
    int shifts[4], none[4] = { 0 };

    CHECK_NEAR(erg_stagger_peak_w(profiles, 4, none), 4000, 0);
    CHECK_NEAR(erg_stagger_fit(profiles, 4, shifts), 3300, 1e-9);
    CHECK_NEAR(mean_w(profiles, 4), 3300, 1e-9);
}

/* 800, 500 and 300 W of high power, each a half of the period: 500 and 300 against 800. */
static void unlike_ones_are_set_against_each_other(void)
{
    const erg_profile profiles[] = { square(900, 100, 128), square(600, 100, 128),
                                     square(400, 100, 128) };
    int shifts[3];

    CHECK_NEAR(erg_stagger_fit(profiles, 3, shifts), 1100, 1e-9);
    CHECK((shifts[1] - shifts[0] + BINS) % BINS == 128 && shifts[1] == shifts[2]);
}

static void two_are_placed_as_brute_force_places_them(void)
{
    test_random random = { 5 };

    for (int draw = 0; draw < 40; draw++) {
        const erg_profile profiles[] = { by_chance(&random), by_chance(&random) };
        double least_w = INFINITY;
        int shifts[2];
        for (int shift = 0; shift < BINS; shift++)
            least_w = fmin(least_w, erg_stagger_peak_w(profiles, 2, (int[]){ 0, shift }));
        CHECK_NEAR(erg_stagger_fit(profiles, 2, shifts), least_w, 1e-9 * least_w);
    }
}

/* Single moves do not always find the best of 65,536: how near they come is stated. */
static void three_come_within_a_twentieth_of_brute_force(void)
{
    test_random random = { 6 };
    int exact = 0;

    for (int draw = 0; draw < 6; draw++) {
        const erg_profile profiles[] = { by_chance(&random), by_chance(&random),
                                         by_chance(&random) };
        double least_w = INFINITY;
        int shifts[3];
        for (int a = 0; a < BINS; a++)
            for (int b = 0; b < BINS; b++)
                least_w =
                    fmin(least_w, erg_stagger_peak_w(profiles, 3, (int[]){ 0, a, b }));
        double found_w = erg_stagger_fit(profiles, 3, shifts);
        CHECK(found_w <= 1.05 * least_w);
        exact += found_w <= least_w * (1 + 1e-9);
    }
    CHECK(exact >= 3);
}

static void it_is_never_worse_than_no_shift_or_even_ones(void)
{
    static erg_profile profiles[JOBS];
    test_random random = { 7 };

    for (int draw = 0; draw < 40; draw++) {
        size_t n = 1 + (size_t)(test_uniform(&random) * (JOBS - 1));
        int shifts[JOBS], none[JOBS] = { 0 }, even[JOBS];
        for (size_t g = 0; g < n; g++) {
            profiles[g] = by_chance(&random);
            even[g] = (int)(g * BINS / n);
        }
        double found_w = erg_stagger_fit(profiles, n, shifts);
        CHECK(found_w <= erg_stagger_peak_w(profiles, n, none) * (1 + 1e-12));
        CHECK(found_w <= erg_stagger_peak_w(profiles, n, even) * (1 + 1e-12));
        CHECK(found_w >= mean_w(profiles, n) * (1 - 1e-12));
        CHECK_NEAR(found_w, erg_stagger_peak_w(profiles, n, shifts), 0);
        for (size_t g = 0; g < n; g++)
            CHECK(shifts[g] >= 0 && shifts[g] < BINS);
    }
}

static void more_of_the_same_watts_scales_the_peak_alone(void)
{
    static erg_profile profiles[8], twice[8];
    test_random random = { 8 };
    int shifts[8], other[8];

    for (int g = 0; g < 8; g++) {
        profiles[g] = twice[g] = by_chance(&random);
        for (int k = 0; k < BINS; k++)
            twice[g].power_w[k] *= 2;
    }
    CHECK_NEAR(erg_stagger_fit(twice, 8, other), 2 * erg_stagger_fit(profiles, 8, shifts),
               1e-9);
    CHECK(memcmp(shifts, other, sizeof(shifts)) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(four_alike_at_three_quarters_duty_sum_to_a_constant),
        TEST(unlike_ones_are_set_against_each_other),
        TEST(two_are_placed_as_brute_force_places_them),
        TEST(three_come_within_a_twentieth_of_brute_force),
        TEST(it_is_never_worse_than_no_shift_or_even_ones),
        TEST(more_of_the_same_watts_scales_the_peak_alone),
    };
    return test_run(tests, ERG_COUNT(tests));
}
