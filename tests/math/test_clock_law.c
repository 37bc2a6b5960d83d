/* SPDX-License-Identifier: Apache-2.0 */
/* The law against numbers done by hand, its own differences, and brute force. */
#include "math/clock_law.h"
#include "test.h"

static const erg_clock_law usual = { .p0_w = 60, .c_w = 140, .tm_s = 0.4, .tc_s = 0.6,
                                     .q = 1.5, .xk = 0.86, .vm = 0.92 };

static erg_clock_law draw(test_random *random)
{
    return (erg_clock_law){ .p0_w = 20 + 80 * test_uniform(random),
                            .c_w = 50 + 250 * test_uniform(random),
                            .xk = 0.5 + 0.4 * test_uniform(random),
                            .vm = 0.6 + 0.38 * test_uniform(random),
                            .tm_s = 0.05 + test_uniform(random),
                            .tc_s = 0.05 + test_uniform(random),
                            .t0_s = 0.3 * test_uniform(random),
                            .q = 1.01 + 6 * test_uniform(random) };
}

static double log_score(const erg_clock_law *law, double x, double weight)
{
    return log(erg_clock_law_w(law, x)) + weight * log(erg_clock_law_s(law, x));
}

static void voltage_is_flat_to_the_knee_and_one_at_the_top(void)
{
    CHECK_NEAR(erg_clock_law_voltage(0.86, 0.92, 0.3), 0.92, 0);
    CHECK_NEAR(erg_clock_law_voltage(0.86, 0.92, 0.86), 0.92, 0);
    CHECK_NEAR(erg_clock_law_voltage(0.86, 0.92, 0.93), 0.96, 1e-15);
    CHECK_NEAR(erg_clock_law_voltage(0.86, 0.92, 1), 1, 1e-15);
}

static void power_and_time_are_as_by_hand(void)
{
    CHECK_NEAR(erg_clock_law_w(&usual, 1), 200, 1e-12);
    CHECK_NEAR(erg_clock_law_w(&usual, 0.5), 60 + 140 * 0.5 * 0.92 * 0.92, 1e-12);
    /* 0.4^1.5 + 0.6^1.5 = 0.25298221281 + 0.46475800154 */
    CHECK_NEAR(erg_clock_law_s(&usual, 1), pow(0.71774021435, 2 / 3.0), 1e-10);
    CHECK_NEAR(erg_clock_law_beta(&usual, 1), 0.464758002 / 0.717740215, 1e-8);
    erg_clock_law sum = usual;
    sum.q = 1;
    sum.t0_s = 0.25;
    CHECK_NEAR(erg_clock_law_s(&sum, 0.5), 0.4 + 1.2 + 0.25, 1e-12);
}

static void the_ends_of_the_law_are_finite(void)
{
    erg_clock_law end = usual;

    end.q = 1e5;
    CHECK_NEAR(erg_clock_law_s(&end, 0.5), 1.2, 1e-4);
    CHECK_NEAR(erg_clock_law_beta(&end, 0.5), 1, 1e-12);
    end.tm_s = 0;
    CHECK_NEAR(erg_clock_law_s(&end, 0.5), 1.2, 1e-12);
    CHECK_NEAR(erg_clock_law_beta(&end, 0.5), 1, 0);
    end.tm_s = 0.4;
    end.tc_s = 0;
    CHECK_NEAR(erg_clock_law_s(&end, 0.5), 0.4, 1e-12);
    CHECK_NEAR(erg_clock_law_beta(&end, 0.5), 0, 0);
    end.tm_s = 0;
    end.t0_s = 3;
    CHECK_NEAR(erg_clock_law_s(&end, 0.5), 3, 0);
}

static void slopes_are_the_differences_of_the_law(void)
{
    test_random random = { 5 };

    for (int round = 0; round < 500; round++) {
        erg_clock_law law = draw(&random);
        double x = 0.3 + 0.69 * test_uniform(&random), h = 1e-6;
        double weight = floor(4 * test_uniform(&random));

        if (fabs(x - law.xk) < 1e-4)
            continue;
        double slope = (log_score(&law, x * exp(h), weight)
                        - log_score(&law, x * exp(-h), weight)) / (2 * h);
        CHECK_NEAR(erg_clock_law_slope(&law, x, weight), slope, 1e-7);
    }
}

/* Brute force over a fine grid: where the score is least inside, its slope changes sign. */
static void the_least_energy_edp_and_ed2p_solve_the_closed_condition(void)
{
    test_random random = { 9 };
    int inside = 0;

    for (int round = 0; round < 300; round++) {
        erg_clock_law law = draw(&random);
        double weight = 1 + round % 3, best = 0.2, step = 1e-4;

        for (double x = 0.2; x <= 1; x += step)
            if (log_score(&law, x, weight) < log_score(&law, best, weight))
                best = x;
        if (best < 0.2 + 2 * step || best > 1 - 2 * step)
            continue;
        inside++;
        CHECK(erg_clock_law_slope(&law, best - step, weight) <= 0);
        CHECK(erg_clock_law_slope(&law, best + step, weight) >= 0);
    }
    CHECK(inside > 80);
}

int main(void)
{
    static const test tests[] = {
        TEST(voltage_is_flat_to_the_knee_and_one_at_the_top),
        TEST(power_and_time_are_as_by_hand),
        TEST(the_ends_of_the_law_are_finite),
        TEST(slopes_are_the_differences_of_the_law),
        TEST(the_least_energy_edp_and_ed2p_solve_the_closed_condition),
    };
    return test_run(tests, ERG_COUNT(tests));
}
