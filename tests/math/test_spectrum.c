/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms against their sums, densities against what went in. */
#include "math/random.h"
#include "math/series.h"
#include "math/spectrum.h"
#include "test.h"

static void a_transform_of_any_length_is_its_sum(void)
{
    static const size_t lengths[] = { 1, 2, 3, 4, 5, 8, 13, 30, 64, 90, 97 };
    erg_wave x[97], out[97];
    erg_random random = { 1 };

    for (size_t i = 0; i < ERG_COUNT(lengths); i++) {
        size_t n = lengths[i];
        for (size_t t = 0; t < n; t++)
            x[t] = out[t] =
                (erg_wave){ erg_random_normal(&random), erg_random_normal(&random) };
        CHECK(erg_fourier(out, n));
        for (size_t f = 0; f < n; f++) {
            erg_wave sum = { 0 };
            for (size_t t = 0; t < n; t++) {
                double turn = -2 * M_PI * (double)(f * t % n) / (double)n;
                sum.re += x[t].re * cos(turn) - x[t].im * sin(turn);
                sum.im += x[t].re * sin(turn) + x[t].im * cos(turn);
            }
            CHECK_NEAR(out[f].re, sum.re, 1e-11);
            CHECK_NEAR(out[f].im, sum.im, 1e-11);
        }
        CHECK(erg_fourier_back(out, n));
        for (size_t t = 0; t < n; t++)
            CHECK_NEAR(hypot(out[t].re - x[t].re, out[t].im - x[t].im), 0, 1e-12);
    }
}

static void products_over_many_lags_are_the_direct_ones(void)
{
    enum { N = 777, LAGS = 300 };
    static double x[N], y[N + 2 * LAGS], direct[2 * LAGS + 1], quick[2 * LAGS + 1];
    erg_random random = { 2 };

    for (size_t t = 0; t < N; t++) {
        x[t] = erg_random_normal(&random);
        y[LAGS + t] = erg_random_normal(&random);
    }
    erg_lag_products(x, y + LAGS, N, LAGS, direct);
    CHECK(erg_all_lag_products(x, y + LAGS, N, LAGS, quick));
    for (size_t k = 0; k <= 2 * LAGS; k++)
        CHECK_NEAR(quick[k], direct[k], 1e-10);
}

static void a_density_sums_to_the_variance_and_peaks_where_it_should(void)
{
    enum { N = 4096, WINDOW = 256 };
    static double x[N], out[WINDOW / 2 + 1];
    double sum = 0, dt = 0.1;
    size_t best = 0;
    erg_random random = { 3 };

    for (size_t t = 0; t < N; t++)
        x[t] = 5 + 3 * sin(2 * M_PI * 0.125 * (double)t) + erg_random_normal(&random);
    CHECK(erg_welch(x, N, dt, WINDOW, out));
    for (size_t f = 0; f <= WINDOW / 2; f++) {
        sum += out[f] / (WINDOW * dt);
        best = out[f] > out[best] ? f : best;
    }
    CHECK(best == WINDOW / 8);
    CHECK_NEAR(sum, 9.0 / 2 + 1, 0.2);
    CHECK_NEAR(out[100], 2 * dt, 0.1);      /* white: twice the variance times dt */
    CHECK(!erg_welch(x, WINDOW - 1, dt, WINDOW, out));
}

static void one_frequency_is_that_of_the_transform(void)
{
    double x[90];
    erg_wave all[90];
    erg_random random = { 4 };

    for (size_t t = 0; t < 90; t++) {
        x[t] = erg_random_normal(&random);
        all[t] = (erg_wave){ x[t], 0 };
    }
    CHECK(erg_fourier(all, 90));
    for (size_t f = 0; f < 90; f++) {
        erg_wave one = erg_goertzel(x, 90, (double)f / 90);
        CHECK_NEAR(hypot(one.re - all[f].re, one.im - all[f].im), 0, 1e-10);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_transform_of_any_length_is_its_sum),
        TEST(products_over_many_lags_are_the_direct_ones),
        TEST(a_density_sums_to_the_variance_and_peaks_where_it_should),
        TEST(one_frequency_is_that_of_the_transform),
    };
    return test_run(tests, ERG_COUNT(tests));
}
