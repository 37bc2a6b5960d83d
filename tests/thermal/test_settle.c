/* SPDX-License-Identifier: Apache-2.0 */
/* When a cooling part is at rest: exponentials, whole degrees, noise. */
#include "math/random.h"
#include "test.h"
#include "thermal/settle.h"

enum { MOST = 20000 };
static erg_sample samples[MOST];

/* T = 30 + fall exp(-t/tau) at 10 Hz, in steps (0: none), with noise. */
static size_t cool(double until_s, double fall_k, double tau_s, double step_k,
                   double noise_k)
{
    erg_random random = { 3 };
    size_t count = (size_t)(10 * until_s);
    for (size_t i = 0; i < count; i++) {
        double t_s = 0.1 * (double)i;
        double k = 303.15 + fall_k * exp(-t_s / tau_s)
            + noise_k * erg_random_normal(&random);
        samples[i] = (erg_sample){ .t_ns = erg_ns_from_s(t_s),
                                   .value = step_k > 0 ? step_k * round(k / step_k) : k };
    }
    return count;
}

/* The first whole second at which it is called settled; -1: never. */
static double settles_at(double until_s, double fall_k, double tau_s, double step_k,
                         double noise_k)
{
    size_t count = cool(until_s, fall_k, tau_s, step_k, noise_k);
    for (size_t n = 310; n <= count; n += 50) {
        erg_settling seen = erg_settling_of(samples, n, step_k);
        if (erg_is_settled(&seen))
            return 0.1 * (double)n;
    }
    return -1;
}

/* fall/tau exp(-t/tau) is 0.1 K/min at tau ln(600 fall/tau). */
static double truth_s(double fall_k, double tau_s)
{
    return tau_s * log(fall_k / tau_s / erg_settled_k_per_s);
}

static void a_smooth_fall_is_settled_when_its_slope_says_so(void)
{
    double at_s = settles_at(600, 30, 40, 0, 0.001), due_s = truth_s(30, 40);
    CHECK(at_s > due_s && at_s < due_s + 90);
}

static void a_steady_value_of_whole_degrees_is_no_proof_for_ten_minutes(void)
{
    /* 0.3 K/min for ever: whole degrees stand still for three minutes at a time. */
    size_t count = 0;
    for (; count < 6000; count++)
        samples[count] = (erg_sample){ .t_ns = erg_ns_from_s(0.1 * (double)count),
                                       .value = round(310 - 0.005 * 0.1 * (double)count) };
    for (size_t n = 310; n <= count; n += 50) {
        erg_settling seen = erg_settling_of(samples, n, 1);
        CHECK(!erg_is_settled(&seen));
    }
    double at_s = settles_at(1500, 0.2, 10, 1, 0);
    CHECK(at_s >= 600 && at_s < 670);
}

static void noise_does_not_settle_what_moves(void)
{
    size_t early = 0;
    for (double tau_s = 60; tau_s < 300; tau_s *= 2) {
        double at_s = settles_at(1200, 40, tau_s, 0.1, 0.15), due_s = truth_s(40, tau_s);
        early += at_s > 0 && at_s < due_s;
    }
    CHECK(early == 0);
}

static void too_little_says_nothing(void)
{
    erg_settling seen = erg_settling_of(samples, cool(20, 0, 10, 0, 0.01), 0);
    CHECK(isnan(seen.slope_k_per_s) && !erg_is_settled(&seen));
    seen = erg_settling_of(NULL, 0, 0);
    CHECK(!erg_is_settled(&seen));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_smooth_fall_is_settled_when_its_slope_says_so),
        TEST(a_steady_value_of_whole_degrees_is_no_proof_for_ten_minutes),
        TEST(noise_does_not_settle_what_moves),
        TEST(too_little_says_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
