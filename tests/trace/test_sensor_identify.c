/* SPDX-License-Identifier: Apache-2.0 */
/* Window, delay and gain of simulated sensors and of two real ones. */
#include "trace/sensor.h"
#include "trace/recording.h"

static recording polls, meter;
static erg_sample updates[RECORDING_MOST];

static size_t updates_of(const recording *from)
{
    erg_comb comb;
    erg_error err = { 0 };

    CHECK_OK(erg_sensor_comb(from->at, from->count, &comb, &err), err);
    return erg_sensor_updates(from->at, from->count, &comb, updates);
}

static bool identified(size_t count, erg_sensor_fit *fit, erg_error *err)
{
    return erg_sensor_identify((erg_samples){ updates, count },
                               (erg_samples){ meter.at, meter.count }, fit, err);
}

static bool gained(size_t count, erg_sensor_fit *fit, erg_error *err)
{
    return erg_sensor_gain((erg_samples){ updates, count },
                           (erg_samples){ meter.at, meter.count }, fit, err);
}

static erg_sensor_fit identify(size_t count)
{
    erg_sensor_fit fit;
    erg_error err = { 0 };

    CHECK_OK(identified(count, &fit, &err), err);
    print_message("# window %.1f ms, delay %.1f ms, gain %.3f, offset %.1f, rms %.2f\n",
                  1e3 * fit.window_s, 1e3 * fit.delay_s, fit.gain, fit.offset, fit.rms);
    return fit;
}

/* On for a while, off for a while, fast in between: what a calibration plays. */
static erg_law calibration_load(double period_s)
{
    erg_law law = erg_law_square(0, 130, period_s, 0.5);

    law.parts[law.count++] = erg_law_square(60, 90, 7.3, 0.4).parts[0];
    return law;
}

static void any_window_and_delay_is_found(void)
{
    static const erg_plant_sensor sensors[] = {
        { .update_s = 0.0201, .window_s = 0.0106, .delay_s = 0.004 }, /* V100 */
        { .update_s = 0.031, .window_s = 0.014, .delay_s = 0.010 },   /* M40 */
        { .update_s = 0.1012, .window_s = 0.019, .delay_s = 0 },      /* A100 */
        { .update_s = 0.1, .window_s = 0.045, .delay_s = 0.060 },
        { .update_s = 0.1, .window_s = 0.1, .delay_s = 0.030 }, /* RTX 3090 */
        { .update_s = 0.1, .window_s = 0.4, .delay_s = 0.015 },
        { .update_s = 0.1, .window_s = 1, .delay_s = 0.1 }, /* its mean */
    };

    for (size_t i = 0; i < ERG_COUNT(sensors); i++) {
        erg_plant_sensor sensor = sensors[i];
        erg_law law = calibration_load(1.31 * fmax(sensor.update_s, sensor.window_s));

        sensor.phase_s = 0.29 * sensor.update_s;
        sensor.gain = 0.93 + 0.02 * (double)i;
        sensor.offset_w = -6 + 2 * (double)i;
        sensor.noise_w = 1;
        sensor.seed = i;
        recording_poll(&polls, &sensor, &law, 150 * sensor.update_s,
                       0.0313 * sensor.update_s);
        recording_truth(&meter, &law, 150 * sensor.update_s, 0.012 * sensor.update_s);
        erg_sensor_fit fit = identify(updates_of(&polls));
        CHECK_NEAR(fit.window_s, sensor.window_s, 0.1 * sensor.window_s + 0.001);
        CHECK_NEAR(fit.delay_s, sensor.delay_s, 0.05 * sensor.update_s);
        CHECK_NEAR(fit.gain, sensor.gain, 0.05);
    }
}

static void the_edges_of_the_load_will_do_for_a_reference(void)
{
    erg_plant_sensor sensor = {
        .update_s = 0.1, .window_s = 0.025, .delay_s = 0.02, .noise_w = 1, .seed = 3
    };
    double period_s = 0.1373;
    erg_law law = erg_law_square(60, 200, period_s, 0.5);

    recording_poll(&polls, &sensor, &law, 20, 0.0071);
    meter.count = 0;
    for (int i = 0; i < 2 * (int)(20 / period_s); i++) /* down or up, two to an edge */
        for (int side = 0; side < 2; side++)
            meter.at[meter.count++] =
                (erg_sample){ erg_ns_from_s(0.5 * i * period_s), 0, (i + side) % 2 };
    erg_sensor_fit fit = identify(updates_of(&polls));
    CHECK_NEAR(fit.window_s, 0.025, 0.004);
    CHECK_NEAR(fit.delay_s, 0.02, 0.005);
    CHECK_NEAR(fit.offset, 60, 8);
}

static void what_cannot_be_known_is_refused(void)
{
    erg_plant_sensor sensor = {
        .update_s = 0.1, .window_s = 0.025, .noise_w = 3, .seed = 3
    };
    erg_law once = erg_law_square(60, 200, 30, 0.5),
            other = erg_law_square(60, 200, 0.137, 0.5);
    erg_sensor_fit fit;
    erg_error err = { 0 };

    recording_poll(&polls, &sensor, &once, 20, 0.01); /* one step, short window */
    recording_truth(&meter, &once, 20, 0.001);
    size_t count = updates_of(&polls);
    CHECK(!identified(count, &fit, &err));
    CHECK(err.code == ERG_REFUSED && strstr(err.text, "square"));

    recording_truth(&meter, &other, 20, 0.001); /* the meter of another host */
    CHECK(!identified(count, &fit, &err));
    CHECK(err.code == ERG_REFUSED);
    CHECK(!identified(5, &fit, &err));
    CHECK(err.code == ERG_NO_DATA);
}

static void gain_comes_from_levels(void)
{
    static const double periods_s[] = { 12, 24 };

    for (size_t i = 0; i < ERG_COUNT(periods_s); i++) {
        erg_plant_sensor sensor = { .update_s = 0.1,
                                    .window_s = i ? 1 : 0.025,
                                    .delay_s = 0.04,
                                    .gain = 0.954,
                                    .offset_w = -1.2,
                                    .noise_w = 0.5,
                                    .seed = i };
        erg_law law = erg_law_square(64, 192, periods_s[i], 0.5);
        erg_sensor_fit fit = { .window_s = sensor.window_s, .delay_s = sensor.delay_s };
        erg_error err = { 0 };

        recording_poll(&polls, &sensor, &law, 2 * periods_s[i], 0.015);
        recording_truth(&meter, &law, 2 * periods_s[i], 0.001);
        size_t count = updates_of(&polls);
        CHECK_OK(gained(count, &fit, &err), err);
        CHECK_NEAR(fit.gain, 0.954, 0.005);
        CHECK_NEAR(fit.offset, -1.2, 0.7);
    }
}

static void no_gain_comes_from_a_fast_load_or_one_level(void)
{
    erg_plant_sensor sensor = { .update_s = 0.1, .window_s = 0.025, .noise_w = 2 };
    erg_law laws[] = { erg_law_square(64, 192, 0.10434, 0.5), erg_law_constant(90),
                       erg_law_square(64, 192, 4, 0.5) };
    erg_sensor_fit fit = { .window_s = 0.025 };

    for (size_t i = 0; i < ERG_COUNT(laws); i++) {
        erg_error err = { 0 };

        recording_poll(&polls, &sensor, &laws[i], 20, 0.01);
        recording_truth(&meter, &laws[i], 20, 0.001);
        size_t count = updates_of(&polls);
        CHECK(!gained(count, &fit, &err));
        CHECK(err.code == ERG_NO_DATA);
    }
}

static void the_a100_sees_25_ms(void)
{
    recording_read(&polls, "sensors/yang_a100_5050_smi.csv", 1);
    recording_read(&meter, "sensors/yang_a100_5050_pmd_1ms.csv", 1);
    CHECK_NEAR(identify(updates_of(&polls)).window_s, 0.025, 0.010);
}

static void check_rtx_3090(int column, double window_s, double within_s, double gain)
{
    erg_error err = { 0 };

    recording_read(&meter, "sensors/yang_rtx3090_step_pmd_1ms.csv", 1);
    recording_read(&polls, "sensors/yang_rtx3090_step_smi.csv", column);
    size_t count = updates_of(&polls);
    erg_sensor_fit fit = identify(count);
    CHECK_NEAR(fit.window_s, window_s, within_s);
    CHECK_OK(gained(count, &fit, &err), err);
    print_message("# gain %.4f, offset %.2f W\n", fit.gain, fit.offset);
    CHECK_NEAR(fit.gain, gain, 0.01);
}

static void the_rtx_3090_sees_a_second_or_a_tenth(void)
{
    check_rtx_3090(2, 1.1, 0.1, 0.957);
    check_rtx_3090(3, 0.1, 0.025, 0.952);
}

int main(void)
{
    static const test tests[] = {
        TEST(any_window_and_delay_is_found),
        TEST(the_edges_of_the_load_will_do_for_a_reference),
        TEST(what_cannot_be_known_is_refused),
        TEST(gain_comes_from_levels),
        TEST(no_gain_comes_from_a_fast_load_or_one_level),
        TEST(the_a100_sees_25_ms),
        TEST(the_rtx_3090_sees_a_second_or_a_tenth),
    };
    return test_run(tests, ERG_COUNT(tests));
}
