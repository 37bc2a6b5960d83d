/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer entropy against its Gaussian closed form, plain loops, and a curve. */
#include "math/random.h"
#include "test.h"
#include "couple/transfer.h"

enum { N = 600 };

/* y = 0.5 y1 + c x1 + e, x white: half the log of 1 + c^2, by the ratio of residuals. */
static void draw(double x[], double y[], size_t n, double c, uint64_t seed)
{
    erg_random random = { seed };

    x[0] = y[0] = 0;
    for (size_t t = 1; t < n; t++) {
        x[t] = erg_random_normal(&random);
        y[t] = 0.5 * y[t - 1] + c * x[t - 1] + erg_random_normal(&random);
    }
}

static void a_gaussian_pair_has_the_entropy_of_its_ratio(void)
{
    static double x[2000], y[2000];
    erg_transfer_options options = { .draws = 19, .size_runs = 1 };
    erg_transfer got;

    draw(x, y, 2000, 0.8, 1);
    CHECK(
        erg_transfer_test(x, y, 2000, &options, &got, NULL));
    CHECK(got.rows == 1999);
    CHECK_NEAR(got.x_to_y.nats, 0.5 * log(1 + 0.64), 0.05);
    CHECK_NEAR(got.y_to_x.nats, 0, 0.04);
    CHECK_NEAR(got.x_to_y.p_value, 0.05, 1e-12);
}

/* What neither a line nor Granger sees. */
static void a_curve_is_found_in_its_direction(void)
{
    static double x[N], y[N];
    erg_random random = { 2 };
    erg_transfer_options options = { .draws = 39, .size_runs = 40 };
    erg_transfer got;

    for (size_t t = 0; t < N; t++) {
        x[t] = erg_random_normal(&random);
        y[t] = (t ? x[t - 1] * x[t - 1] : 0) + 0.5 * erg_random_normal(&random);
    }
    x[10] = y[20] = NAN;
    CHECK(erg_transfer_test(x, y, N, &options, &got, NULL));
    CHECK(got.rows == N - 1 - 3);
    CHECK(got.x_to_y.p_value < 0.03 && got.x_to_y.nats > 0.3);
    CHECK(got.y_to_x.p_value > 0.03);
    CHECK(got.x_to_y.size > 0 && got.x_to_y.size <= 0.2);
    CHECK(got.y_to_x.size >= 0 && got.y_to_x.size <= 0.2);
}

static double digamma(size_t n)
{
    double value = -0.57721566490153286;

    for (size_t i = 1; i < n; i++)
        value += 1 / (double)i;
    return value;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* All distances, sorted; counts over all rows. */
static void neighbours_are_those_of_plain_loops(void)
{
    static double x[N], y[N], d[N];
    erg_transfer_options options = { .draws = 1, .size_runs = 1 };
    erg_transfer got;
    double sum = 0;

    draw(x, y, N, 0.4, 3);
    CHECK(erg_transfer_test(x, y, N, &options, &got, NULL));
    double sx = 0, sy = 0, mx = 0, my = 0;
    for (size_t t = 0; t < N; t++)
        mx += x[t] / N, my += y[t] / N;
    for (size_t t = 0; t < N; t++)
        sx += (x[t] - mx) * (x[t] - mx) / N, sy += (y[t] - my) * (y[t] - my) / N;
    for (size_t i = 0; i + 1 < N; i++) {
        size_t near[3] = { 0 };
        for (size_t j = 0; j + 1 < N; j++)
            d[j] = i == j ? INFINITY
                 : fmax(fabs(x[i] - x[j]) / sqrt(sx),
                        fmax(fabs(y[i] - y[j]), fabs(y[i + 1] - y[j + 1])) / sqrt(sy));
        qsort(d, N - 1, sizeof(*d), by_size);
        for (size_t j = 0; j + 1 < N; j++) {
            bool is_past = i != j && fabs(y[i] - y[j]) / sqrt(sy) < d[3] - 1e-12;
            near[0] += is_past;
            near[1] += is_past && fabs(y[i + 1] - y[j + 1]) / sqrt(sy) < d[3] - 1e-12;
            near[2] += is_past && fabs(x[i] - x[j]) / sqrt(sx) < d[3] - 1e-12;
        }
        sum += digamma(near[0] + 1) - digamma(near[1] + 1) - digamma(near[2] + 1);
    }
    CHECK_NEAR(got.x_to_y.nats, digamma(4) + sum / (N - 1), 2e-4);
}

static void short_series_are_refused(void)
{
    static double x[N], y[N];
    erg_transfer got;
    erg_error err = { 0 };

    draw(x, y, N, 0, 4);
    CHECK(!erg_transfer_test(x, y, 500, NULL, &got, &err));
    CHECK(err.code == ERG_NO_DATA);
    for (size_t t = 0; t < N; t++)
        x[t] = 7;
    CHECK(!erg_transfer_test(x, y, N, NULL, &got, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_gaussian_pair_has_the_entropy_of_its_ratio),
        TEST(a_curve_is_found_in_its_direction),
        TEST(neighbours_are_those_of_plain_loops),
        TEST(short_series_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
