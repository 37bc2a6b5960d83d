/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of difference against closed forms and plain enumeration. */
#include "math/contrast.h"
#include "math/stats.h"
#include "test.h"

static const double a[] = { 10.1, 10.4, 9.9, 10.2, 10.3 };
static const double b[] = { 9.6, 9.8, 9.7, 9.5, 9.95 };

static void the_figures_of_the_specification_come_out(void)
{
    erg_contrast got;

    CHECK_NEAR(erg_mean(a, 5), 10.18, 1e-12);
    CHECK_NEAR(erg_t_half_width(a, 5), 0.238839, 5e-7);
    CHECK(erg_contrast_welch(a, 5, b, 5, &got));
    CHECK_NEAR(got.t, 4.045116, 5e-7);
    CHECK_NEAR(got.df, 7.926498, 5e-7);
    CHECK_NEAR(got.p_value, 0.00378122, 5e-9);
    CHECK_NEAR(got.value, 0.47, 1e-12);
    CHECK_NEAR(got.low, 0.201633, 5e-7);
    CHECK_NEAR(got.high, 0.738367, 5e-7);
    CHECK(got.is_significant);
    CHECK(erg_contrast_ratio(a, b, 5, &got));
    CHECK_NEAR(got.value, 1.048389, 5e-7);
    CHECK_NEAR(got.low, 1.022592, 5e-7);
    CHECK_NEAR(got.high, 1.074836, 5e-7);
    CHECK(erg_contrast_pairs(a, b, 5, &got));
    CHECK_NEAR(got.t, 5.287913, 5e-7);
    CHECK_NEAR(got.p_value, 0.00613715, 5e-9);
}

static void ranks_give_the_exact_p_values(void)
{
    erg_rank_test got;

    CHECK(erg_mann_whitney(a, 5, b, 5, &got));
    CHECK(got.statistic == 24 && got.is_exact);
    CHECK_NEAR(got.p_value, 0.0158730, 5e-8);
    CHECK(erg_wilcoxon(a, b, 5, &got));
    CHECK(got.statistic == 0 && got.is_exact);
    CHECK_NEAR(got.p_value, 0.0625, 1e-15);
}

static void holm_is_that_of_the_specification(void)
{
    double p[] = { 0.01, 0.04, 0.03, 0.005 }, zero[] = { 0, 0.6, 0 };

    erg_holm(p, 4);
    CHECK_NEAR(p[0], 0.03, 1e-15);
    CHECK_NEAR(p[1], 0.06, 1e-15);
    CHECK_NEAR(p[2], 0.06, 1e-15);
    CHECK_NEAR(p[3], 0.02, 1e-15);
    erg_holm(zero, 3);
    CHECK(!(zero[0] > 0) && !(zero[2] > 0));
    CHECK_NEAR(zero[1], 0.6, 1e-15);
}

/* All ways to give `count` of n ranks to one side; how many have U within. */
static double enumerated(size_t left, size_t right, double u)
{
    size_t n = left + right, all = 0, hit = 0;

    for (size_t set = 0; set < (size_t)1 << n; set++) {
        double sum = 0, least = (double)(left * (left + 1)) / 2;
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            if (set >> i & 1) {
                sum += (double)(i + 1);
                count++;
            }
        if (count != left)
            continue;
        all++;
        hit += sum - least <= fmin(u, (double)(left * right) - u) + 1e-9;
    }
    return fmin(1, 2 * (double)hit / (double)all);
}

static void mann_whitney_agrees_with_plain_enumeration(void)
{
    test_random random = { 4 };

    for (int round = 0; round < 60; round++) {
        size_t left = 1 + (size_t)(test_uniform(&random) * 6);
        size_t right = 1 + (size_t)(test_uniform(&random) * 6);
        double x[8], y[8];
        erg_rank_test got;

        for (size_t i = 0; i < 8; i++) {
            x[i] = test_normal(&random);
            y[i] = test_normal(&random) + 0.5;
        }
        CHECK(erg_mann_whitney(x, left, y, right, &got));
        double u = 0;
        for (size_t i = 0; i < left; i++)
            for (size_t k = 0; k < right; k++)
                u += x[i] > y[k];
        CHECK_NEAR(got.statistic, u, 1e-9);
        CHECK_NEAR(got.p_value, enumerated(left, right, u), 1e-12);
    }
}

static void wilcoxon_agrees_with_plain_enumeration(void)
{
    test_random random = { 5 };

    for (size_t n = 1; n <= 10; n++) {
        double x[10], y[10] = { 0 };
        erg_rank_test got;
        size_t hit = 0;

        for (size_t i = 0; i < n; i++)
            x[i] = test_normal(&random) + 0.3;
        CHECK(erg_wilcoxon(x, y, n, &got));
        for (size_t set = 0; set < (size_t)1 << n; set++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += set >> i & 1 ? (double)(i + 1) : 0;
            hit += sum <= got.statistic + 1e-9;
        }
        CHECK_NEAR(got.p_value, fmin(1, 2 * (double)hit / (double)((size_t)1 << n)), 1e-12);
    }
}

static void many_values_use_the_normal_and_keep_its_level(void)
{
    test_random random = { 6 };
    size_t refused = 0, refused_pairs = 0;
    double x[30], y[30];
    erg_rank_test got;

    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < 30; i++) {       /* few levels: ties everywhere */
            x[i] = floor(8 * test_uniform(&random));
            y[i] = floor(8 * test_uniform(&random));
        }
        CHECK(erg_mann_whitney(x, 30, y, 30, &got) && !got.is_exact);
        refused += got.p_value < 0.05;
        CHECK(erg_wilcoxon(x, y, 30, &got) && !got.is_exact);
        refused_pairs += got.p_value < 0.05;
    }
    CHECK_NEAR((double)refused / 2000, 0.05, 0.018);
    CHECK_NEAR((double)refused_pairs / 2000, 0.05, 0.018);
}

static void kruskal_and_spearman_meet_their_closed_forms(void)
{
    double x[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, up[] = { 1, 8, 27, 64, 125, 216 };
    double tied[] = { 1, 2, 2, 4, 5, 6 }, same[] = { 3, 3, 3, 3, 3, 3 };
    size_t groups[] = { 3, 3, 3 }, none[] = { 9, 0 };
    erg_rank_test got;

    CHECK(erg_kruskal(x, groups, 3, &got));
    CHECK_NEAR(got.statistic, 7.2, 1e-12);      /* Hollander and Wolfe, table A.12 */
    CHECK_NEAR(got.p_value, exp(-3.6), 1e-12);  /* chi-squared with 2 degrees */
    CHECK(!erg_kruskal(x, none, 2, &got) && !erg_kruskal(same, groups, 2, &got));
    CHECK_NEAR(erg_spearman(x, up, 6), 1, 1e-12);
    CHECK_NEAR(erg_spearman(up, tied, 6), 34.0 / 2 / sqrt(17.5 * 17), 1e-12);
    CHECK(isnan(erg_spearman(x, same, 6)));
}

static void the_gamma_function_meets_its_closed_forms(void)
{
    for (double x = 0.05; x < 60; x *= 1.3) {
        CHECK_NEAR(erg_gamma_q(1, x) / exp(-x), 1, 1e-12);
        CHECK_NEAR(erg_gamma_q(0.5, x) / erfc(sqrt(x)), 1, 1e-11);
        CHECK_NEAR(erg_gamma_q(3, x) / (exp(-x) * (1 + x + x * x / 2)), 1, 1e-12);
    }
    CHECK_NEAR(erg_normal_p(1.959963984540054), 0.975, 1e-15);
}

static void hedges_g_is_less_than_cohens_d(void)
{
    double x[] = { 1, 2, 3 }, y[] = { 3, 4, 5 };

    CHECK_NEAR(erg_hedges_g(x, 3, y, 3), -2 * (1 - 3.0 / 15), 1e-12);
    CHECK(isnan(erg_hedges_g(x, 1, y, 3)));
}

static void too_few_or_equal_values_are_never_significant(void)
{
    double flat[] = { 2, 2, 2 }, x[] = { 1, 1.0001 }, y[] = { 2, 2.0001 };
    double negative[] = { -1, 1, 2 };
    erg_contrast got;

    CHECK(!erg_contrast_welch(flat, 3, flat, 3, &got));
    CHECK(!erg_contrast_welch(x, 1, y, 2, &got));
    CHECK(erg_contrast_welch(x, 2, y, 2, &got) && got.high < 0 && !got.is_significant);
    CHECK(!erg_contrast_ratio(negative, flat, 3, &got));
    CHECK(isnan(erg_t_half_width(x, 1)));
}

int main(void)
{
    static const test tests[] = {
        TEST(the_figures_of_the_specification_come_out),
        TEST(ranks_give_the_exact_p_values),
        TEST(holm_is_that_of_the_specification),
        TEST(mann_whitney_agrees_with_plain_enumeration),
        TEST(wilcoxon_agrees_with_plain_enumeration),
        TEST(many_values_use_the_normal_and_keep_its_level),
        TEST(kruskal_and_spearman_meet_their_closed_forms),
        TEST(the_gamma_function_meets_its_closed_forms),
        TEST(hedges_g_is_less_than_cohens_d),
        TEST(too_few_or_equal_values_are_never_significant),
    };
    return test_run(tests, ERG_COUNT(tests));
}
