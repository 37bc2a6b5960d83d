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
            CHECK_NEAR(erg_half_width(r, (size_t)n), ceil(0.95 * (n + 1)), 0);
    }
    CHECK_NEAR(erg_half_width((double[]){ 0.1, -0.4, 0.2 }, 3), 0.5, 1e-15);
    CHECK(isnan(erg_half_width(r, 0)));
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
        double next = r[30], q = erg_half_width(r, 30);
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
        TEST(the_next_residual_is_inside_95_times_in_100),
        TEST(a_worse_grade_is_never_narrower),
    };
    return test_run(tests, ERG_COUNT(tests));
}
