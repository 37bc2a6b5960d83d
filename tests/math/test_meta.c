/* SPDX-License-Identifier: Apache-2.0 */
/* Effects over studies against hand-made sums; flips against plain enumeration. */
#include "math/meta.h"
#include "math/random.h"
#include "math/stats.h"
#include "test.h"

/* Equal variances: everything is a plain mean, and tau2 = s^2 - v. */
static void equal_studies_are_a_plain_mean(void)
{
    const double effects[] = { 0.1, 0.5, 0.3, 0.9 },
                 variances[] = { 0.02, 0.02, 0.02, 0.02 };
    double sd = erg_sd(effects, 4), half = erg_student_t(0.975, 3) * sd / 2;
    erg_meta got;

    CHECK(erg_random_effects(effects, variances, 4, &got));
    CHECK_NEAR(got.mean, 0.45, 1e-12);
    CHECK_NEAR(got.q, 3 * sd * sd / 0.02, 1e-12);
    CHECK_NEAR(got.tau2, sd * sd - 0.02, 1e-12);
    CHECK_NEAR(got.i2, 1 - 3 / got.q, 1e-12);
    CHECK_NEAR(got.high - got.mean, half, 1e-12);
    CHECK_NEAR(got.mean - got.low, half, 1e-12);
}

static void studies_that_agree_are_weighed_by_their_precision(void)
{
    const double effects[] = { 0.30, 0.31 }, variances[] = { 0.01, 0.04 };
    erg_meta got;

    CHECK(erg_random_effects(effects, variances, 2, &got));
    CHECK_NEAR(got.mean, (0.30 * 100 + 0.31 * 25) / 125, 1e-12);
    CHECK_NEAR(got.tau2 + got.i2, 0, 0);
    CHECK(!erg_random_effects(effects, variances, 1, &got));
    CHECK(!erg_random_effects(effects, (const double[]){ 0.01, 0 }, 2, &got));
}

/* 95 % of the intervals hold the mean of what the studies are drawn from. */
static void intervals_hold_the_truth_as_often_as_they_say(void)
{
    enum { RUNS = 1000, STUDIES = 5 };
    erg_random random = { 1 };
    int held = 0;

    for (int run = 0; run < RUNS; run++) {
        double effects[STUDIES], variances[STUDIES];
        erg_meta got;
        for (size_t i = 0; i < STUDIES; i++) {
            variances[i] = 0.01 + 0.02 * (double)i / STUDIES;
            effects[i] = 0.3 + 0.2 * erg_random_normal(&random)
                       + sqrt(variances[i]) * erg_random_normal(&random);
        }
        CHECK(erg_random_effects(effects, variances, STUDIES, &got));
        held += got.low <= 0.3 && got.high >= 0.3;
    }
    CHECK(held > 0.92 * RUNS && held < 0.975 * RUNS);
}

static void flips_of_few_pairs_are_counted(void)
{
    const double differences[] = { 3, 1, -2, 4 };
    erg_flip got;
    size_t above = 0;

    for (int a = -1; a <= 1; a += 2)
        for (int b = -1; b <= 1; b += 2)
            for (int c = -1; c <= 1; c += 2)
                for (int d = -1; d <= 1; d += 2)
                    above += abs(3 * a + b - 2 * c + 4 * d) >= 6;
    CHECK(erg_sign_flip(differences, 4, 0, &got));
    CHECK(got.is_exact);
    CHECK_NEAR(got.p_value, (double)above / 16, 1e-15);
    CHECK_NEAR(got.mean, 1.5, 1e-15);
    CHECK_NEAR(got.high - got.mean, erg_student_t(0.975, 3) * erg_sd(differences, 4) / 2,
               1e-12);
    CHECK(!erg_sign_flip(differences, 0, 0, &got));
}

static void flips_of_many_pairs_keep_their_size_and_find_three_percent(void)
{
    enum { RUNS = 300, PAIRS = 20 };
    erg_random random = { 2 };
    int null = 0, found = 0;

    for (uint64_t run = 0; run < RUNS; run++) {
        double differences[PAIRS], planted[PAIRS];
        erg_flip got;
        for (size_t i = 0; i < PAIRS; i++) {
            differences[i] = 0.02 * erg_random_normal(&random);
            planted[i] = differences[i] + 0.03;
        }
        CHECK(erg_sign_flip(differences, 12, run, &got));
        null += got.p_value <= 0.05;
        CHECK(erg_sign_flip(planted, PAIRS, run, &got));
        CHECK(!got.is_exact);
        found += got.p_value <= 0.05;
    }
    CHECK(null >= 4 && null <= 28);
    CHECK(found >= 0.98 * RUNS);
}

int main(void)
{
    static const test tests[] = {
        TEST(equal_studies_are_a_plain_mean),
        TEST(studies_that_agree_are_weighed_by_their_precision),
        TEST(intervals_hold_the_truth_as_often_as_they_say),
        TEST(flips_of_few_pairs_are_counted),
        TEST(flips_of_many_pairs_keep_their_size_and_find_three_percent),
    };
    return test_run(tests, ERG_COUNT(tests));
}
