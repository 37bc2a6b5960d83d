/* SPDX-License-Identifier: Apache-2.0 */
/* The quantile against its definition, and that it covers what it says. */
#include "estimate/interval.h"
#include "test.h"

static void the_rank_is_that_of_the_definition(void)
{
    double r[100];

    for (int n = 19; n <= 100; n++) {
        for (int i = 0; i < n; i++)
            r[i] = (i * 37 % n + 1) * (i % 2 ? -1 : 1);     /* 1 .. n in some order */
        if (n % 37)
            CHECK_NEAR(erg_half_width(r, (size_t)n, 4), ceil(0.95 * (n + 1)), 0);
    }
    CHECK(isnan(erg_half_width(r, 0, 0)));
}

/* Rows of few networks say less than as many of many, and one says nothing of another. */
static void few_networks_make_it_wider(void)
{
    double r[] = { 0.01, -0.04, 0.02, 0.03 }, large[] = { 0.1, -0.7, 0.2 };

    CHECK_NEAR(erg_half_width(r, 4, 3), 3.75 * 0.04, 1e-15);
    CHECK_NEAR(erg_half_width(r, 4, 4), 2.43 * 0.04, 1e-15);
    CHECK_NEAR(erg_half_width(r, 4, 15), 1.25 * 0.04, 1e-15);
    CHECK_NEAR(erg_half_width(r, 4, 2), 0.4, 1e-15);       /* as what nobody measured */
    CHECK_NEAR(erg_half_width(large, 3, 3), 0.7, 1e-15);
    CHECK(isnan(erg_half_width(r, 4, 1)));
}

/* Five networks of two like rows each, and a sixth: inside in 95 of 100 cases. */
static void the_next_network_is_inside_though_few_are_known(void)
{
    test_random random = { 29 };
    int inside = 0, rounds = 4000;

    for (int round = 0; round < rounds; round++) {
        double r[10];
        for (int i = 0; i < 10; i += 2)
            r[i] = r[i + 1] = 0.03 * test_normal(&random);
        double next = 0.03 * test_normal(&random);
        inside += fabs(next) <= erg_half_width(r, 10, 5);
    }
    CHECK(inside >= 0.93 * rounds && inside <= 0.99 * rounds);
}

/* Whatever the residuals look like, the next one is inside in 95 of 100 cases. */
static void the_next_residual_is_inside_95_times_in_100(void)
{
    test_random random = { 23 };
    int inside = 0, rounds = 4000;

    for (int round = 0; round < rounds; round++) {
        double r[31];
        for (int i = 0; i < 31; i++) {
            double x = test_normal(&random);
            r[i] = x * x * x;
        }
        double next = r[30], q = erg_half_width(r, 30, 30);
        inside += fabs(next) <= q;
    }
    CHECK_NEAR(inside / (double)rounds, 0.968, 0.012);     /* 30 of 31 */
}

static void a_worse_grade_is_never_narrower(void)
{
    for (double q = 0.02; q < 0.7; q += 0.05) {
        double calibrated = erg_graded_half_width(q, ERG_CALIBRATED, 0.5);
        double interpolated = erg_graded_half_width(q, ERG_INTERPOLATED, 0.5);
        double theoretical = erg_graded_half_width(q, ERG_THEORETICAL, 0.5);

        CHECK_NEAR(calibrated, q, 0);
        CHECK_NEAR(interpolated, 1.5 * q, 1e-15);
        CHECK(theoretical >= 0.5 && theoretical >= q);
    }
    CHECK_NEAR(erg_graded_half_width(NAN, ERG_THEORETICAL, 0.4), 0.4, 0);
    CHECK(isnan(erg_graded_half_width(0.1, ERG_GRADE_UNKNOWN, 0.5)));
}

int main(void)
{
    static const test tests[] = {
        TEST(the_rank_is_that_of_the_definition),
        TEST(few_networks_make_it_wider),
        TEST(the_next_network_is_inside_though_few_are_known),
        TEST(the_next_residual_is_inside_95_times_in_100),
        TEST(a_worse_grade_is_never_narrower),
    };
    return test_run(tests, ERG_COUNT(tests));
}
