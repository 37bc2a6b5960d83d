/* SPDX-License-Identifier: Apache-2.0 */
/* What blocks and drifts make of made-up times: shares, ranks, means, by hand. */
#include <math.h>
#include "run/replay_blocks.h"
#include "test.h"

/* A kernel that stands while the reference is pushed about, and one that goes with it. */
static void a_kernel_has_its_own_share_of_the_drift(void)
{
    erg_time_blocks still = { 0 }, along = { 0 };
    erg_drift drift = { 0 };
    erg_error err = { 0 };
    erg_block_time of;

    for (size_t i = 0; i < 60; i++) {
        double by = 1 + 0.05 * sin((double)i / 10), own = 1 + 1e-5 * (double)(7 * i % 20);
        erg_time_block one = { (double)i, 1e-3 * own };
        erg_time_block two = { (double)i, by * 1e-3 * own };
        CHECK_OK(erg_drift_add(&drift, (double)i, 2e-3 * by, &err), err);
        CHECK_OK(erg_time_blocks_add(&still, &one, &err), err);
        CHECK_OK(erg_time_blocks_add(&along, &two, &err), err);
    }
    double then_s = erg_drift_level(&drift, INFINITY);
    CHECK(erg_time_blocks_time(&still, &drift, then_s, &of));
    CHECK(of.share < 0.01 && fabs(of.time_s - 1e-3) < 1e-6);
    CHECK(of.high_s - of.low_s < 1e-6);
    CHECK(erg_time_blocks_time(&along, &drift, then_s, &of));
    CHECK(of.share > 0.8 && fabs(of.time_s / 1e-3 - then_s / 2e-3) < 0.01);
    erg_time_blocks_free(&still);
    erg_time_blocks_free(&along);
    erg_drift_free(&drift);
}

/* A streaming kernel goes with the reference that streams. */
static void the_reference_of_its_kind_is_taken(void)
{
    erg_time_blocks blocks = { 0 };
    erg_drift drifts[ERG_REFERENCES] = { 0 };
    erg_error err = { 0 };
    erg_block_time of;
    double thens_s[ERG_REFERENCES];

    for (size_t i = 0; i < 60; i++) {
        double clock = 1 + 0.03 * sin((double)i / 9), bus = 1 + 0.05 * cos((double)i / 5);
        erg_time_block one = { (double)i, 1e-3 * bus };
        CHECK_OK(erg_drift_add(&drifts[0], (double)i, 2e-3 * clock, &err), err);
        CHECK_OK(erg_drift_add(&drifts[1], (double)i, 1e-3 * bus, &err), err);
        CHECK_OK(erg_time_blocks_add(&blocks, &one, &err), err);
    }
    for (size_t i = 0; i < ERG_REFERENCES; i++)
        thens_s[i] = erg_drift_level(&drifts[i], INFINITY);
    CHECK(erg_time_blocks_best(&blocks, drifts, thens_s, ERG_REFERENCES, &of));
    CHECK(of.reference == 1 && of.share > 0.5);
    erg_time_blocks_free(&blocks);
    for (size_t i = 0; i < ERG_REFERENCES; i++)
        erg_drift_free(&drifts[i]);
}

static void few_blocks_have_a_mean_and_student_s_t(void)
{
    static const double times[] = { 1, 1.02, 0.98, 1.01, 0.99 };
    erg_time_blocks blocks = { 0 };
    erg_drift drift = { 0 };
    erg_error err = { 0 };
    erg_block_time of;

    for (size_t i = 0; i < ERG_COUNT(times); i++) {
        erg_time_block one = { (double)i, times[i] };
        CHECK_OK(erg_time_blocks_add(&blocks, &one, &err), err);
        CHECK(!erg_time_blocks_look(&blocks, &drift, 1, 1));
        CHECK(erg_time_blocks_time(&blocks, &drift, NAN, &of) == (i > 0));
    }
    CHECK_NEAR(of.time_s, 1, 1e-12);
    CHECK(of.low_s < 0.98 && of.high_s > 1.02);
    erg_time_blocks_free(&blocks);
}

/* Of twenty the first and the twelfth: P(X = 0) = 0.0032, P(X >= 12) = 0.0009. */
static void ranks_are_those_of_the_binomial_law(void)
{
    erg_time_blocks blocks = { 0 };
    erg_drift drift = { 0 };
    erg_error err = { 0 };
    erg_block_time of;

    for (size_t i = 0; i < 20; i++) {
        erg_time_block one = { (double)i, 100 + (double)(7 * i % 20) };
        CHECK_OK(erg_time_blocks_add(&blocks, &one, &err), err);
    }
    CHECK(erg_time_blocks_time(&blocks, &drift, NAN, &of));
    CHECK_NEAR(of.time_s, 104.75, 1e-9);
    CHECK_NEAR(of.low_s, 100, 1e-9);
    CHECK_NEAR(of.high_s, 111, 1e-9);
    CHECK(erg_time_blocks_look(&blocks, &drift, 1, 0.06));
    CHECK(!erg_time_blocks_look(&blocks, &drift, 1, 0.05));
    erg_time_blocks_free(&blocks);
}

static void the_centre_of_a_window_forgets_a_quarter_on_each_side(void)
{
    double times[] = { 9, 1, 1.2, 90, 1.1, 1.3, 0.1, 1.4 };

    CHECK_NEAR(erg_time_centre(times, ERG_COUNT(times)), 1.25, 1e-12);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_kernel_has_its_own_share_of_the_drift),
        TEST(the_reference_of_its_kind_is_taken),
        TEST(few_blocks_have_a_mean_and_student_s_t),
        TEST(ranks_are_those_of_the_binomial_law),
        TEST(the_centre_of_a_window_forgets_a_quarter_on_each_side),
    };
    return test_run(tests, ERG_COUNT(tests));
}
