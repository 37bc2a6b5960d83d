/* SPDX-License-Identifier: Apache-2.0 */
/* Series against closed forms and loops that cannot be wrong. */
#include "math/series.h"
#include "math/contrast.h"
#include "math/random.h"
#include "test.h"

enum { N = 200 };

static void draw(double x[], size_t n, double past, uint64_t seed)
{
    erg_random random = { seed };

    for (size_t t = 0; t < n; t++)
        x[t] = (t ? past * x[t - 1] : 0) + erg_random_normal(&random);
}

static void k_above_zero_means_that_x_leads(void)
{
    double x[N], y[N], ccf[11];

    draw(x, N, 0, 1);
    for (size_t t = 0; t < N; t++)
        y[t] = t >= 2 ? x[t - 2] : 0;
    CHECK(erg_ccf(x, y, N, 5, ccf));
    for (size_t k = 0; k < 11; k++)
        CHECK(k == 7 ? ccf[k] > 0.95 : fabs(ccf[k]) < 0.3);
    CHECK(erg_ccf(y, x, N, 5, ccf));
    CHECK(ccf[3] > 0.95);
}

static void correlations_over_lags_are_their_definition(void)
{
    double x[N], y[N], ccf[7];

    draw(x, N, 0.5, 2);
    draw(y, N, 0.5, 3);
    for (size_t n = 5; n < 25; n++) {
        double mx = 0, my = 0, sx = 0, sy = 0;
        for (size_t t = 0; t < n; t++)
            mx += x[t] / (double)n, my += y[t] / (double)n;
        for (size_t t = 0; t < n; t++)
            sx += (x[t] - mx) * (x[t] - mx), sy += (y[t] - my) * (y[t] - my);
        CHECK(erg_ccf(x, y, n, 3, ccf));
        for (int k = -3; k <= 3; k++) {
            double sum = 0;
            for (int t = 0; t < (int)n; t++)
                if (t + k >= 0 && t + k < (int)n)
                    sum += (x[t] - mx) * (y[t + k] - my);
            CHECK_NEAR(ccf[k + 3], sum / sqrt(sx * sy), 1e-12);
        }
    }
}

static void a_gap_takes_no_part(void)
{
    double x[N], y[N], whole[7], with_gap[7];

    draw(x, N, 0, 4);
    draw(y, N, 0, 5);
    CHECK(erg_ccf(x, y, N - 20, 3, whole));
    for (size_t t = N - 20; t < N; t++)
        x[t] = y[t] = NAN;
    CHECK(erg_ccf(x, y, N, 3, with_gap));
    for (size_t k = 0; k < 7; k++)
        CHECK_NEAR(with_gap[k], whole[k], 1e-12);
}

static void a_series_that_does_not_move_correlates_with_nothing(void)
{
    double x[N], y[N], ccf[7];

    draw(x, N, 0, 6);
    for (size_t t = 0; t < N; t++)
        y[t] = 0.1;             /* not a sum of powers of two: the mean is rounded */
    CHECK(erg_ccf(x, y, N, 3, ccf));
    CHECK(isnan(ccf[3]));
    CHECK(isnan(erg_bartlett_n_eff(x, y, N)));
}

static void detrending_takes_the_line_and_leaves_the_rest(void)
{
    double x[N], out[N], t_out = 0, sum = 0;

    draw(x, N, 0, 7);
    for (size_t t = 0; t < N; t++)
        x[t] += 5 - 0.25 * (double)t;
    x[17] = NAN;
    erg_detrend_series(x, N, ERG_DETREND_LINEAR, out);
    CHECK(isnan(out[17]));
    for (size_t t = 0; t < N; t++)
        if (t != 17)
            t_out += (double)t * out[t], sum += out[t];
    CHECK_NEAR(sum, 0, 1e-9);
    CHECK_NEAR(t_out, 0, 1e-7);
    erg_detrend_series(x, N, ERG_DETREND_DIFF, out);
    CHECK(isnan(out[0]) && isnan(out[17]) && isnan(out[18]));
    CHECK_NEAR(out[3], x[3] - x[2], 0);
}

static void independent_values_have_their_count_as_n_eff(void)
{
    double x[4000], y[4000], a = 0.8, b = 0.7;

    draw(x, 4000, 0, 8);
    draw(y, 4000, 0, 9);
    CHECK_NEAR(erg_bartlett_n_eff(x, y, 4000) / 4000, 1, 0.05);
    draw(x, 4000, a, 8);
    draw(y, 4000, b, 9);
    /* sum of (ab)^k, Bartlett (1935) */
    CHECK_NEAR(erg_bartlett_n_eff(x, y, 4000) * (1 + a * b) / (1 - a * b) / 4000, 1, 0.25);
}

/* x = 1.2 x1 - 0.5 x2 + e */
static void a_model_of_order_two_is_found(void)
{
    static double x[5000], e[5000];
    erg_random random = { 10 };
    erg_ar ar;

    for (size_t t = 0; t < 5000; t++)
        x[t] = (t > 1 ? 1.2 * x[t - 1] - 0.5 * x[t - 2] : 0) + erg_random_normal(&random);
    CHECK(erg_ar_fit_order(x, 5000, 2, &ar));
    CHECK_NEAR(ar.a[0], 1.2, 0.03);
    CHECK_NEAR(ar.a[1], -0.5, 0.03);
    CHECK_NEAR(ar.variance, 1, 0.05);
    CHECK(erg_ar_fit(x, 5000, 10, &ar));
    CHECK(ar.order >= 2 && ar.order <= 8);
    CHECK(erg_ljung_box(x, 5000, 10) < 1e-6);
    CHECK(erg_ar_residuals(&ar, x, 5000, e));
    CHECK(isnan(e[ar.order - 1]) && isfinite(e[ar.order]));
    CHECK(erg_ljung_box(e, 5000, 10) > 0.01);
}

/* Levinson and Durbin solve the Yule-Walker equations: put the answer back. */
static void the_recursion_solves_yule_and_walker(void)
{
    double x[60], rho[6];
    erg_ar ar;

    draw(x, 60, 0.6, 11);
    CHECK(erg_acf(x, 60, 5, rho));
    CHECK(erg_ar_fit_order(x, 60, 5, &ar));
    for (int k = 1; k <= 5; k++) {
        double sum = 0;
        for (int j = 1; j <= 5; j++)
            sum += ar.a[j - 1] * rho[abs(k - j)];
        CHECK_NEAR(sum, rho[k], 1e-12);
    }
}

static void white_noise_has_order_zero_more_often_than_not(void)
{
    double x[N];
    size_t zero = 0, low = 0;
    erg_ar ar;

    for (uint64_t i = 0; i < 200; i++) {
        draw(x, N, 0, 1000 + i);
        CHECK(erg_ar_fit(x, N, 10, &ar));
        zero += ar.order == 0;
        low += erg_ljung_box(x, N, 10) < 0.05;
    }
    CHECK(zero > 120);
    CHECK(low >= 2 && low <= 22);       /* 10 expected */
}

static void quantiles_of_the_normal_undo_its_distribution(void)
{
    for (double z = -8; z < 5; z += 0.37)
        CHECK_NEAR(erg_normal_z(erg_normal_p(z)), z, 1e-9);
    CHECK_NEAR(erg_normal_z(1 - 0.05 / 14), 2.690, 5e-4);
    CHECK_NEAR(erg_normal_z(0.8), 0.8416, 5e-5);
    CHECK(isnan(erg_normal_z(0)) && isnan(erg_normal_z(1)));
}

/* Benjamini and Hochberg (1995), table of 15 p values: 4 are found at 0.05. */
static void false_discovery_is_that_of_its_authors(void)
{
    double p[] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, NAN,
                   0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000 };
    double q[] = { 0.02, 0.02 };
    size_t found = 0;

    CHECK(erg_false_discovery(p, ERG_COUNT(p), false));
    for (size_t i = 0; i < ERG_COUNT(p); i++)
        found += p[i] <= 0.05;
    CHECK(found == 4);
    CHECK_NEAR(p[0], 0.0015, 1e-12);
    CHECK_NEAR(p[3], 0.0095 * 15 / 4, 1e-12);
    CHECK(isnan(p[8]));
    CHECK(erg_false_discovery(q, 2, true));
    CHECK_NEAR(q[0], 0.02 * 1.5, 1e-12);
}

static void every_order_is_as_likely(void)
{
    size_t seen[27] = { 0 };
    erg_random random = { 12 };

    for (int i = 0; i < 6000; i++) {
        double x[] = { 0, 1, 2 };
        erg_random_shuffle(&random, x, 3);
        seen[(int)(9 * x[0] + 3 * x[1] + x[2])]++;
    }
    size_t orders = 0;
    for (size_t i = 0; i < 27; i++) {
        orders += seen[i] > 0;
        CHECK(seen[i] == 0 || (seen[i] > 880 && seen[i] < 1120));
    }
    CHECK(orders == 6);
}

int main(void)
{
    static const test tests[] = {
        TEST(k_above_zero_means_that_x_leads),
        TEST(correlations_over_lags_are_their_definition),
        TEST(a_gap_takes_no_part),
        TEST(a_series_that_does_not_move_correlates_with_nothing),
        TEST(detrending_takes_the_line_and_leaves_the_rest),
        TEST(independent_values_have_their_count_as_n_eff),
        TEST(a_model_of_order_two_is_found),
        TEST(the_recursion_solves_yule_and_walker),
        TEST(white_noise_has_order_zero_more_often_than_not),
        TEST(quantiles_of_the_normal_undo_its_distribution),
        TEST(false_discovery_is_that_of_its_authors),
        TEST(every_order_is_as_likely),
    };
    return test_run(tests, ERG_COUNT(tests));
}
