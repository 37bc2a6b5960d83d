/* SPDX-License-Identifier: Apache-2.0 */
/* The comb of updates and the error of a part-time sensor. */
#include "math/stats.h"
#include "trace/sensor.h"
#include "trace/recording.h"

static recording polls, meter;

static void the_period_of_any_comb_is_found(void)
{
    static const double periods_s[] = { 0.015, 0.0201, 0.0311, 0.1, 0.1012, 0.104 };
    static const double polls_per_update[] = { 4, 7.3, 10, 33 };

    for (size_t i = 0; i < ERG_COUNT(periods_s); i++)
        for (size_t k = 0; k < ERG_COUNT(polls_per_update); k++) {
            double update_s = periods_s[i], phase_s = 0.37 * update_s;
            erg_plant_sensor sensor = { .update_s = update_s,
                                        .window_s = 0.3 * update_s,
                                        .phase_s = phase_s,
                                        .noise_w = 2,
                                        .seed = i + 10 * k };
            erg_law law = erg_law_square(60, 200, 1.37 * update_s, 0.5);
            erg_comb comb;
            erg_error err = { 0 };

            recording_poll(&polls, &sensor, &law, 120 * update_s,
                           update_s / polls_per_update[k]);
            CHECK_OK(erg_sensor_comb(polls.at, polls.count, &comb, &err), err);
            CHECK_NEAR(comb.update_s / update_s, 1, 0.002);

            double off =
                (comb.phase_s + erg_s_from_ns(polls.at[0].t_ns) - phase_s) / update_s;
            CHECK_NEAR(off - round(off), 0, 0.08);
        }
}

static void equal_readings_hide_updates_but_not_the_comb(void)
{
    erg_plant_sensor sensor = { .update_s = 0.1,
                                .window_s = 0.025,
                                .noise_w = 0.6,
                                .resolution_w = 1,
                                .dropout = 0.4,
                                .seed = 5 };
    erg_law law = erg_law_constant(100);
    static erg_sample updates[RECORDING_MOST];
    erg_comb comb;
    erg_error err = { 0 };

    recording_poll(&polls, &sensor, &law, 40, 0.01);
    CHECK_OK(erg_sensor_comb(polls.at, polls.count, &comb, &err), err);
    CHECK(comb.changes < 220); /* of 400 updates */
    CHECK_NEAR(comb.update_s, 0.1, 0.0002);

    size_t count = erg_sensor_updates(polls.at, polls.count, &comb, updates);
    CHECK_NEAR(count, 400, 1);
    for (size_t i = 1; i < count; i++)
        CHECK_NEAR(erg_s_from_ns(updates[i].t_ns - updates[i - 1].t_ns), 0.1, 0.0003);
}

static void updates_carry_the_values_of_their_teeth(void)
{
    erg_plant_sensor sensor = { .update_s = 0.1, .window_s = 0.1, .noise_w = 3, .seed = 8 };
    erg_law law = erg_law_square(80, 300, 1.7, 0.4);
    static erg_sample updates[RECORDING_MOST];
    erg_comb comb;
    erg_error err = { 0 };
    size_t wrong = 0;

    recording_poll(&polls, &sensor, &law, 20, 0.009);
    CHECK_OK(erg_sensor_comb(polls.at, polls.count, &comb, &err), err);
    size_t count = erg_sensor_updates(polls.at, polls.count, &comb, updates);
    for (size_t i = 0; i < count; i++) /* at mid-tooth the value is beyond doubt */
        wrong += updates[i].value
                 != erg_plant_sensor_w(&sensor, &law, updates[i].t_ns + 50 * ERG_NS_PER_MS);
    CHECK_NEAR(count, 200, 1);
    CHECK(wrong == 0);
}

static void no_comb_is_said_not_guessed(void)
{
    erg_plant_sensor slow = { .update_s = 0.1, .window_s = 0.1, .noise_w = 1 };
    erg_plant_sensor fast = { .update_s = 0, .noise_w = 1 };
    erg_law law = erg_law_constant(100);
    test_random random = { 4 };
    erg_comb comb;
    erg_error err = { 0 };

    recording_poll(&polls, &slow, &law, 4.5, 0.01);
    CHECK(!erg_sensor_comb(polls.at, polls.count, &comb, &err) && err.code == ERG_NO_DATA);
    CHECK(strstr(err.text, "longer"));

    recording_poll(&polls, &fast, &law, 4.5, 0.01);
    CHECK(!erg_sensor_comb(polls.at, polls.count, &comb, &err)
          && strstr(err.text, "faster"));

    double level = 1; /* changes at random times: Poisson, no comb */
    for (size_t i = 0; i < polls.count; i++)
        polls.at[i].value = level += test_uniform(&random) < 0.15;
    CHECK(!erg_sensor_comb(polls.at, polls.count, &comb, &err) && err.code == ERG_NO_DATA);
    CHECK(!erg_sensor_comb(polls.at, 0, &comb, &err));
}

static void the_a100_updates_every_101_ms(void)
{
    erg_comb comb;
    erg_error err = { 0 };

    recording_read(&polls, "sensors/yang_a100_5050_smi.csv", 1);
    CHECK_OK(erg_sensor_comb(polls.at, polls.count, &comb, &err), err);
    print_message("# A100: %.3f ms, residual %.2f ms\n", 1e3 * comb.update_s,
                  1e3 * comb.residual_s);
    CHECK_NEAR(comb.update_s, 0.1012, 0.0005);
}

static void the_rtx_3090_updates_every_100_ms(void)
{
    for (int column = 2; column <= 3; column++) {
        erg_comb comb;
        erg_error err = { 0 };

        recording_read(&polls, "sensors/yang_rtx3090_step_smi.csv", column);
        CHECK_OK(erg_sensor_comb(polls.at, polls.count, &comb, &err), err);
        print_message("# RTX 3090: %.3f ms, residual %.2f ms\n", 1e3 * comb.update_s,
                      1e3 * comb.residual_s);
        CHECK_NEAR(comb.update_s, 0.1, 0.0005);
    }
}

/* Mean of the updates' step function, and of the meter, over [a, b). */
static double mean_of(const recording *from, int64_t a, int64_t b)
{
    double sum = 0;

    for (size_t i = 0; i + 1 < from->count; i++) {
        int64_t begin = from->at[i].t_ns > a ? from->at[i].t_ns : a;
        int64_t end = from->at[i + 1].t_ns < b ? from->at[i + 1].t_ns : b;
        if (begin < end)
            sum += from->at[i].value * (double)(end - begin);
    }
    return sum / (double)(b - a);
}

/* Half of the range that holds 95 % of the errors over all windows of this length. */
static double half_spread(double window_s, int64_t begin, int64_t end, double errors[])
{
    size_t n = 0;
    int64_t length = erg_ns_from_s(window_s);

    for (int64_t a = begin; a + length <= end; a += 20 * ERG_NS_PER_MS)
        errors[n++] = mean_of(&polls, a, a + length) / mean_of(&meter, a, a + length) - 1;

    double low = erg_quantile(errors, n, 0), high = erg_quantile(errors, n, 1);
    print_message("# %.2f s: %+.1f to %+.1f %%\n", window_s, 100 * low, 100 * high);
    return 0.5 * (high - low);
}

/* u_alias within a quarter of half the spread. */
static void the_error_of_the_a100_is_foretold(void)
{
    static const double windows_s[] = { 0.25, 0.5, 1, 2, 4 };
    static double errors[1000];
    double beats;

    recording_read(&polls, "sensors/yang_a100_5050_smi.csv", 1);
    recording_read(&meter, "sensors/yang_a100_5050_pmd_1ms.csv", 1);
    for (size_t i = 0; i < ERG_COUNT(windows_s); i++) {
        double seen = half_spread(windows_s[i], 1499958000, 9429681000, errors);
        double u_j = erg_alias_u_j(128, 0.10434, 0.1012, 0.025, windows_s[i], &beats);
        double told = u_j / (128 * windows_s[i]);

        print_message("# u_alias %.1f %%, half spread %.1f %%\n", 100 * told, 100 * seen);
        CHECK_NEAR(told / seen, 1, 0.25);
    }
    CHECK_NEAR(beats, 4 / 3.36, 0.02);
}

static void aliasing_meets_its_corners(void)
{
    double beats;

    /* Locked: the whole fundamental and the odd harmonics that fit. */
    double locked = erg_alias_u_j(100, 0.1, 0.1, 0, 1, &beats);
    CHECK(beats == 0);
    CHECK_NEAR(locked, 200 / M_PI * sqrt(1 + 1 / 9.0 + 1 / 25.0 + 1 / 49.0 + 1 / 81.0),
               1e-9);
    /* All the time seen: nothing is left of a locked load. */
    CHECK_NEAR(erg_alias_u_j(100, 0.1, 0.1, 0.1, 1, &beats), 0, 1e-9);
    /* A whole number of beats cancels the fundamental. */
    double whole = erg_alias_u_j(100, 0.11, 0.1, 0.025, 1.1, &beats);
    CHECK_NEAR(beats, 1, 1e-9);
    CHECK(whole < 0.02 * 110);
    CHECK(erg_alias_u_j(100, 0.11, 0.1, 0.025, 0.55, NULL) > 10 * whole);
    /* A slow load is seen as it is: n = 0 for the fundamental. */
    CHECK(erg_alias_u_j(100, 10, 0.1, 0.025, 1, NULL) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_period_of_any_comb_is_found),
        TEST(equal_readings_hide_updates_but_not_the_comb),
        TEST(updates_carry_the_values_of_their_teeth),
        TEST(no_comb_is_said_not_guessed),
        TEST(the_a100_updates_every_101_ms),
        TEST(the_rtx_3090_updates_every_100_ms),
        TEST(the_error_of_the_a100_is_foretold),
        TEST(aliasing_meets_its_corners),
    };
    return test_run(tests, ERG_COUNT(tests));
}
