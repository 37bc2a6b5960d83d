/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated sensors and counters against what they must show by hand. */
#include "plant/sensor.h"
#include "test.h"

static int64_t ms(double value) { return (int64_t)llround(value * 1e6); }

static void a_reading_is_the_mean_of_its_window(void)
{
    erg_law law = erg_law_square(100, 500, 1, 0.5);
    erg_plant_sensor sensor = { .update_s = 0.1, .window_s = 0.1 };
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(550)), 500, 1e-9);
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(600)), 100, 1e-9);
    sensor.window_s = 1;
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(5230)), 300, 1e-9);
    sensor = (erg_plant_sensor){ .update_s = 0.1, .window_s = 0.1, .phase_s = 0.04 };
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(540)), 0.6 * 500 + 0.4 * 100, 1e-6);
    sensor.delay_s = 0.04;
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(540)), 500, 1e-6);
}

static void a_value_is_held_until_the_next_update(void)
{
    erg_law law;
    CHECK(erg_law_parse("ramp:0:1000:10s", &law, NULL));
    erg_plant_sensor sensor = { .update_s = 0.1 };
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(300)), 30, 1e-9);
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(399.999)), 30, 1e-9);
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(400)), 40, 1e-9);
    CHECK(erg_plant_sensor_updated_ns(&sensor, ms(399)) == ms(300));
    CHECK(erg_plant_sensor_updated_ns(&sensor, ms(-1)) == ms(-100));
}

static void gain_offset_and_rounding_come_in_this_order(void)
{
    erg_law law = erg_law_constant(200);
    erg_plant_sensor sensor = {
        .update_s = 0.1, .gain = 0.95, .offset_w = 3.4, .resolution_w = 1
    };
    CHECK_NEAR(erg_plant_sensor_w(&sensor, &law, ms(50)), 193, 1e-9);
}

static void noise_has_the_asked_spread_and_repeats_from_its_seed(void)
{
    erg_law law = erg_law_constant(200);
    erg_plant_sensor sensor = { .update_s = 0.1, .noise_w = 2, .seed = 7 };
    double sum = 0, squares = 0;
    enum { COUNT = 20000 };
    for (int i = 0; i < COUNT; i++) {
        double off = erg_plant_sensor_w(&sensor, &law, ms(100.0 * i)) - 200;
        sum += off;
        squares += off * off;
    }
    CHECK_NEAR(sum / COUNT, 0, 0.06);
    CHECK_NEAR(sqrt(squares / COUNT), 2, 0.04);
    double first = erg_plant_sensor_w(&sensor, &law, ms(12300));
    CHECK(erg_plant_sensor_w(&sensor, &law, ms(12399)) == first);
    sensor.seed = 8;
    CHECK(erg_plant_sensor_w(&sensor, &law, ms(12300)) != first);
}

static void dropped_updates_repeat_the_last_one(void)
{
    erg_law law;
    CHECK(erg_law_parse("ramp:0:100000:1000s", &law, NULL));
    erg_plant_sensor sensor = { .update_s = 0.1, .dropout = 0.3, .seed = 3 };
    int same = 0;
    enum { COUNT = 9999 };
    for (int i = 1; i <= COUNT; i++) {
        double now = erg_plant_sensor_w(&sensor, &law, ms(100.0 * i));
        same += now == erg_plant_sensor_w(&sensor, &law, ms(100.0 * i - 50));
    }
    CHECK_NEAR((double)same / COUNT, 0.3, 0.02);
}

static void a_counter_counts_all_the_joules_between_its_updates(void)
{
    erg_law law = erg_law_square(80, 400, 0.07, 0.4);
    erg_plant_counter counter = { .update_s = 0.02 };
    double difference = erg_plant_counter_j(&counter, &law, ms(9000))
                        - erg_plant_counter_j(&counter, &law, ms(1000));
    CHECK_NEAR(difference, erg_law_j(&law, 1, 9), 1e-6);
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(39.9)), erg_law_j(&law, 0, 0.02),
               1e-9);
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(-500)), 0, 0);
}

static void a_counter_steps_wraps_and_restarts(void)
{
    erg_law law = erg_law_constant(100);
    erg_plant_counter counter = { .update_s = 0.1, .step_j = 4 };
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(1000)), 100, 1e-6);
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(1100)), 108, 1e-6);
    counter = (erg_plant_counter){ .update_s = 0.1, .range_j = 1000 };
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(9900)), 990, 1e-6);
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(10100)), 10, 1e-6);
    counter = (erg_plant_counter){ .update_s = 0.1, .reset_s = 5 };
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(4900)), 490, 1e-6);
    CHECK_NEAR(erg_plant_counter_j(&counter, &law, ms(5200)), 20, 1e-6);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_reading_is_the_mean_of_its_window),
        TEST(a_value_is_held_until_the_next_update),
        TEST(gain_offset_and_rounding_come_in_this_order),
        TEST(noise_has_the_asked_spread_and_repeats_from_its_seed),
        TEST(dropped_updates_repeat_the_last_one),
        TEST(a_counter_counts_all_the_joules_between_its_updates),
        TEST(a_counter_steps_wraps_and_restarts),
    };
    return test_run(tests, ERG_COUNT(tests));
}
