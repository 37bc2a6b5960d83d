/* SPDX-License-Identifier: Apache-2.0 */
/* Rates, spikes and throttling against what was planted. */
#include "math/random.h"
#include "test.h"
#include "couple/response.h"

enum { N = 400 };

/* y moves by -k (x[t-lag] - mean) - lambda (y - 50) a second, dt 0.5 s. */
static void plant(double x[], double y[], double k, size_t lag, uint64_t seed)
{
    erg_random random = { seed };
    double a = 0;

    y[0] = 50;
    for (size_t t = 0; t < N; t++) {
        a = 0.8 * a + erg_random_normal(&random);
        x[t] = 12 + a;
        if (t + 1 < N)
            y[t + 1] = y[t] + 0.5 * (-k * (t >= lag ? x[t - lag] - 12 : 0)
                                     - 0.2 * (y[t] - 50))
                     + 0.1 * erg_random_normal(&random);
    }
}

static void a_planted_rate_lies_within_its_interval(void)
{
    enum { RUNS = 60 };
    double x[N], y[N];
    erg_coefficient_options options = { .dt_s = 0.5, .lag = 2 };
    erg_coupling_coefficient got;
    size_t held = 0, zero = 0;

    for (uint64_t run = 0; run < RUNS; run++) {
        plant(x, y, 0.1, 2, 100 + run);
        x[50] = NAN;
        CHECK(erg_coupling_coefficient_fit(x, y, N, &options, &got, NULL));
        CHECK(got.rows == N - 1 - 2 - 1);
        CHECK_NEAR(got.k, 0.1, 0.05);
        CHECK_NEAR(got.lambda, 0.2, 0.15);
        CHECK(!got.holds_zero && got.lambda_low < got.lambda);
        held += got.low <= 0.1 && got.high >= 0.1;
        plant(x, y, 0, 0, 200 + run);
        CHECK(erg_coupling_coefficient_fit(x, y, N, &options, &got, NULL));
        zero += got.holds_zero;
    }
    CHECK(held >= 51 && zero >= 51);
}

/* Without noise the rate comes back, and so do its units. */
static void a_rate_without_noise_is_exact(void)
{
    double x[30], y[30] = { 7 };
    erg_random random = { 1 };
    erg_coupling_coefficient got;
    double mean = 0, sx = 0, sy = 0, my = 0;

    for (size_t t = 0; t < 30; t++)
        mean += (x[t] = 1000 * erg_random_normal(&random)) / 30;
    for (size_t t = 0; t < 29; t++)
        y[t + 1] = y[t] - 0.25 * 2e-4 * (x[t] - mean);
    erg_coefficient_options options = { .dt_s = 0.25, .is_free = true };
    CHECK(erg_coupling_coefficient_fit(x, y, 30, &options, &got, NULL));
    for (size_t t = 0; t < 30; t++)
        my += y[t] / 30;
    for (size_t t = 0; t < 30; t++)
        sx += (x[t] - mean) * (x[t] - mean), sy += (y[t] - my) * (y[t] - my);
    CHECK_NEAR(got.k, 2e-4, 1e-15);
    CHECK_NEAR(got.k_scaled, 2e-4 * sqrt(sx / sy), 1e-12);
    CHECK(isnan(got.lambda));
    erg_error err = { 0 };
    CHECK(!erg_coupling_coefficient_fit(x, y, 10, &options, &got, &err));
    CHECK(err.code == ERG_NO_DATA);
}

static void sigma_is_of_the_population(void)
{
    const double x[] = { 1, 3, NAN, 2, 2 };

    CHECK_NEAR(erg_sigma_opt(x, 5), sqrt(0.5) / 2, 1e-15);
    CHECK(isnan(erg_sigma_opt((const double[]){ 1, -1 }, 2)));
    CHECK(isnan(erg_sigma_opt(x, 0)));
}

static void spikes_show_what_follows_them(void)
{
    double x[N], y[N], response[41];
    erg_random random = { 3 };
    erg_spikes got;

    for (size_t t = 0; t < N; t++) {
        x[t] = erg_random_normal(&random);
        y[t] = 100 + 0.2 * erg_random_normal(&random) + (t > 4 && x[t - 5] > 1 ? 3 : 0);
    }
    CHECK(erg_spike_response(x, y, N, 10, 30, response, &got));
    CHECK(got.count > 30 && got.count < 100);
    for (size_t j = 0; j <= 40; j++)
        CHECK(j == 15 ? response[j] > 1.5 : fabs(response[j]) < 1);
    CHECK(response[15] > got.high && got.low < 0 && got.high < 1.5);
    /* A series that never is above its past has none. */
    for (size_t t = 0; t < N; t++)
        x[t] = -(double)t;
    CHECK(erg_spike_response(x, y, N, 10, 30, response, &got));
    CHECK(got.count == 0 && isnan(response[0]) && isnan(got.low));
}

/* Only the past may tell what a spike is: the first great value is one. */
static void spikes_know_no_future(void)
{
    double x[N], y[N], response[1];
    erg_spikes got;

    for (size_t t = 0; t < N; t++) {
        x[t] = t % 2 ? 1 : -1;
        x[t] *= t < 100 ? 0.1 : 10;
        y[t] = (double)(t == 101);
    }
    CHECK(erg_spike_response(x, y, N, 0, 0, response, &got));
    CHECK(response[0] > 0);
}

static void throttling_lengthens_steps_as_planted(void)
{
    double step_s[N], is_throttled[N];
    erg_random random = { 4 };
    erg_throttle_ratio got;
    size_t held = 0;

    for (int run = 0; run < 40; run++) {
        for (size_t t = 0; t < N; t++) {
            is_throttled[t] = t / 25 % 2 ? 1 : 0;
            step_s[t] = 0.4 * (is_throttled[t] > 0 ? 1.2 : 1)
                      * (1 + 0.05 * erg_random_normal(&random));
        }
        step_s[7] = NAN;
        CHECK(erg_throttle_ratio_of(step_s, is_throttled, N, 20, 1, &got));
        held += got.low <= 1.2 && got.high >= 1.2;
        CHECK_NEAR(got.ratio, 1.2, 0.03);
    }
    CHECK(held >= 34);
    CHECK_NEAR(got.share, 0.5, 0.01);
    CHECK_NEAR(got.step_s, 0.4, 0.01);
    CHECK_NEAR(got.step_throttled_s, 0.48, 0.01);
    CHECK(erg_throttle_ratio_of(step_s, is_throttled, N, 200, 1, &got));
    CHECK(isnan(got.low) && isfinite(got.ratio));
    memset(is_throttled, 0, sizeof(is_throttled));
    CHECK(erg_throttle_ratio_of(step_s, is_throttled, N, 20, 1, &got));
    CHECK(isnan(got.ratio) && isnan(got.step_throttled_s) && got.share <= 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_planted_rate_lies_within_its_interval),
        TEST(a_rate_without_noise_is_exact),
        TEST(sigma_is_of_the_population),
        TEST(spikes_show_what_follows_them),
        TEST(spikes_know_no_future),
        TEST(throttling_lengthens_steps_as_planted),
    };
    return test_run(tests, ERG_COUNT(tests));
}
