/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, levels and Student's t against closed forms. */
#include "math/stats.h"
#include "test.h"

static void a_sum_keeps_what_a_plain_sum_loses(void)
{
    erg_sum sum = { 0 };

    erg_sum_add(&sum, 1);
    erg_sum_add(&sum, 1e100);
    erg_sum_add(&sum, 1);
    erg_sum_add(&sum, -1e100);
    CHECK(erg_sum_value(&sum) == 2);
}

static void mean_and_sd_stand_a_large_level(void)
{
    double x[] = { 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 };

    CHECK_NEAR(erg_mean(x, 4), 1e9 + 10, 1e-6);
    CHECK_NEAR(erg_sd(x, 4), sqrt(30), 1e-7);
    CHECK(isnan(erg_mean(x, 0)) && isnan(erg_sd(x, 1)));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_agree_with_a_sort(void)
{
    test_random random = { 7 };
    double x[60], sorted[60];

    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + (size_t)(test_uniform(&random) * 60);
        double q = test_uniform(&random);

        for (size_t i = 0; i < n; i++) /* few levels: ties everywhere */
            x[i] = sorted[i] = floor(test_uniform(&random) * 12);
        qsort(sorted, n, sizeof(sorted[0]), by_value);

        size_t k = (size_t)(q * (double)(n - 1)), next = k + 1 < n ? k + 1 : k;
        double want =
            sorted[k] + (q * (double)(n - 1) - (double)k) * (sorted[next] - sorted[k]);
        CHECK_NEAR(erg_quantile(x, n, q), want, 1e-12);
        CHECK_NEAR(erg_quantile(x, n, 0), sorted[0], 0);
        CHECK_NEAR(erg_quantile(x, n, 1), sorted[n - 1], 0);
    }
    CHECK(isnan(erg_median(x, 0)));
}

static void median_and_mad_do_not_see_spikes(void)
{
    double level[] = { 58, 58.5, 57.5, 400, 58.2 }, spread[] = { 1, 2, 3, 4, 1000 };

    CHECK_NEAR(erg_median(level, 5), 58.2, 1e-12);
    CHECK_NEAR(erg_mad_sigma(spread, 5), 1.4826, 1e-12);
}

static void correlation_knows_its_ends(void)
{
    double x[] = { 1, 2, 3, 4 }, up[] = { 3, 5, 7, 9 }, down[] = { 4, 3, 2, 1 };
    double flat[] = { 2, 2, 2, 2 }, mixed[] = { 1, 3, 2, 4 };

    CHECK_NEAR(erg_correlation(x, up, 4), 1, 1e-12);
    CHECK_NEAR(erg_correlation(x, down, 4), -1, 1e-12);
    CHECK_NEAR(erg_correlation(x, mixed, 4), 0.8, 1e-12);
    CHECK(isnan(erg_correlation(x, flat, 4)));
}

static void the_incomplete_beta_meets_its_closed_forms(void)
{
    for (double x = 0.01; x < 1; x += 0.01) {
        CHECK_NEAR(erg_incomplete_beta(1, 1, x), x, 1e-13);
        CHECK_NEAR(erg_incomplete_beta(1, 7, x), 1 - pow(1 - x, 7), 1e-13);
        CHECK_NEAR(erg_incomplete_beta(2, 2, x), x * x * (3 - 2 * x), 1e-13);
        CHECK_NEAR(erg_incomplete_beta(0.5, 0.5, x), 2 / M_PI * asin(sqrt(x)), 1e-13);
        CHECK_NEAR(erg_incomplete_beta(40, 3.5, x) + erg_incomplete_beta(3.5, 40, 1 - x), 1,
                   1e-12);
    }
    CHECK(erg_incomplete_beta(3, 4, 0) == 0 && erg_incomplete_beta(3, 4, 1) == 1);
    CHECK(isnan(erg_incomplete_beta(0, 1, 0.5)));
}

static void student_quantiles_are_those_of_the_tables(void)
{
    CHECK_NEAR(erg_student_t(0.975, 4), 2.7764, 5e-5);
    CHECK_NEAR(erg_student_t(0.975, 9), 2.2622, 5e-5);
    CHECK_NEAR(erg_student_t(0.975, 29), 2.0452, 5e-5);
    CHECK_NEAR(erg_student_t(0.975, 1), tan(M_PI * 0.475), 1e-10); /* Cauchy */
    CHECK_NEAR(erg_student_t(0.975, 2), 0.95 * sqrt(2 / (1 - 0.95 * 0.95)), 1e-11);
    CHECK_NEAR(erg_student_t(0.975, 1e7), 1.959964, 1e-5);
    CHECK(erg_student_t(0.5, 3) == 0);
    CHECK(isnan(erg_student_t(0, 3)) && isnan(erg_student_t(0.9, 0)));
}

static void quantile_undoes_probability(void)
{
    static const double chances[] = {
        1e-9, 1e-4, 0.0025, 0.2, 0.499, 0.6, 0.9975, 0.99999
    };

    for (double df = 1; df < 1e6; df *= 1.7)
        for (size_t i = 0; i < ERG_COUNT(chances); i++) {
            double back = erg_student_p(erg_student_t(chances[i], df), df);
            CHECK_NEAR(back / chances[i], 1, 1e-9);
        }
}

static void a_line_is_found_with_its_error(void)
{
    double x[] = { 0, 1, 2, 3 }, y[] = { 1.1, 2.9, 5.1, 6.9 }, same[] = { 2, 2, 2, 2 };
    erg_line line;

    CHECK(erg_line_fit(x, y, 4, &line));
    CHECK_NEAR(line.slope, 1.96, 1e-12);
    CHECK_NEAR(line.intercept, 1.06, 1e-12);
    /* Residuals 0.04 -0.12 0.12 -0.04. */
    CHECK_NEAR(line.residual_sd, sqrt(0.032 / 2), 1e-12);
    CHECK_NEAR(line.slope_se, sqrt(0.016 / 5), 1e-12);
    CHECK(!erg_line_fit(same, y, 4, &line) && !erg_line_fit(x, y, 1, &line));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_sum_keeps_what_a_plain_sum_loses),
        TEST(mean_and_sd_stand_a_large_level),
        TEST(quantiles_agree_with_a_sort),
        TEST(median_and_mad_do_not_see_spikes),
        TEST(correlation_knows_its_ends),
        TEST(the_incomplete_beta_meets_its_closed_forms),
        TEST(student_quantiles_are_those_of_the_tables),
        TEST(quantile_undoes_probability),
        TEST(a_line_is_found_with_its_error),
    };
    return test_run(tests, ERG_COUNT(tests));
}
