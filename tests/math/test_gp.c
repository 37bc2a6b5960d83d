/* SPDX-License-Identifier: Apache-2.0 */
/* The process against closed forms for one and two points, and as an interpolator. */
#include "math/gp.h"
#include "test.h"

static const erg_gp_kernel kernel = { .scale = 0.04, .length = 0.18 };

static void one_point_is_shrunk_by_its_noise(void)
{
    double x = 0.5, y = 0.03, noise = 0.03, at[] = { 0.5, 0.68, 9 }, weights[3], sd[3];
    double mean[3], share = 0.0016 / (0.0016 + 0.0009), fall = exp(-0.5);
    erg_error err = { 0 };

    CHECK_OK(erg_gp_weigh(kernel, &x, &noise, 1, at, 3, weights, sd, &err), err);
    erg_gp_mean(weights, &y, 1, 3, mean);
    CHECK_NEAR(mean[0], share * y, 1e-15);
    CHECK_NEAR(mean[1], fall * share * y, 1e-15);
    CHECK_NEAR(mean[2], 0, 1e-15);
    CHECK_NEAR(sd[0], sqrt(0.0016 * (1 - share)), 1e-15);
    CHECK_NEAR(sd[1], sqrt(0.0016 * (1 - fall * fall * share)), 1e-15);
    CHECK_NEAR(sd[2], 0.04, 1e-15);
}

/* The inverse of a 2 x 2 matrix, written out. */
static void two_points_are_as_by_hand(void)
{
    double x[] = { 0.4, 0.6 }, y[] = { 0.02, -0.01 }, noise[] = { 0.01, 0.02 };
    double at = 0.45, weights[2], sd, mean, s2 = 0.0016, l2 = 2 * 0.18 * 0.18;
    double a = s2 + 1e-4, d = s2 + 4e-4, b = s2 * exp(-0.04 / l2), det = a * d - b * b;
    double k0 = s2 * exp(-0.0025 / l2), k1 = s2 * exp(-0.0225 / l2);
    double w0 = (d * k0 - b * k1) / det, w1 = (a * k1 - b * k0) / det;
    erg_error err = { 0 };

    CHECK_OK(erg_gp_weigh(kernel, x, noise, 2, &at, 1, weights, &sd, &err), err);
    erg_gp_mean(weights, y, 2, 1, &mean);
    CHECK_NEAR(mean, w0 * y[0] + w1 * y[1], 1e-15);
    CHECK_NEAR(sd * sd, s2 - w0 * k0 - w1 * k1, 1e-15);
}

static void many_points_without_noise_are_met_and_twins_do_no_harm(void)
{
    double x[12], y[12], noise[12], weights[144], sd[12], mean[12];
    erg_error err = { 0 };

    for (size_t i = 0; i < 12; i++) {
        x[i] = 0.3 + 0.3 * (double)(i / 2);     /* pairs at one place */
        y[i] = 0.03 * sin(3 * x[i]);
        noise[i] = 1e-6;
    }
    CHECK_OK(erg_gp_weigh(kernel, x, noise, 12, x, 12, weights, sd, &err), err);
    erg_gp_mean(weights, y, 12, 12, mean);
    for (size_t i = 0; i < 12; i++) {
        CHECK_NEAR(mean[i], y[i], 1e-6);
        CHECK_NEAR(sd[i], 0, 1e-5);
    }
}

static void no_points_leave_the_process_as_it_was(void)
{
    double at = 0.5, sd = 0, mean = 1;
    erg_error err = { 0 };

    CHECK_OK(erg_gp_weigh(kernel, NULL, NULL, 0, &at, 1, NULL, &sd, &err), err);
    erg_gp_mean(NULL, NULL, 0, 1, &mean);
    CHECK_NEAR(sd, 0.04, 0);
    CHECK_NEAR(mean, 0, 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_point_is_shrunk_by_its_noise),
        TEST(two_points_are_as_by_hand),
        TEST(many_points_without_noise_are_met_and_twins_do_no_harm),
        TEST(no_points_leave_the_process_as_it_was),
    };
    return test_run(tests, ERG_COUNT(tests));
}
