/* SPDX-License-Identifier: Apache-2.0 */
/* Knobs: what a request becomes, what is put back, on the simulated device. */
#include "erg/device.h"
#include "test.h"

static erg_devices *sim(const char *sensor)
{
    erg_error err = { 0 };
    erg_devices *found = erg_devices_find(NULL, &sensor, 1, &err);
    CHECK_OK(found, err);
    return found;
}

static double channel_now(erg_devices *found, const char *name)
{
    erg_reading reading = { 0 };
    for (size_t i = 0; i < erg_devices_channel_count(found, 0); i++)
        if (strcmp(erg_devices_channel(found, 0, i)->name, name) == 0)
            CHECK(erg_devices_read(found, 0, i, &reading, NULL));
    CHECK(reading.count == 1);
    return reading.at[0].value;
}

static void the_clocks_of_a_v100_and_an_a100_are_those_of_their_drivers(void)
{
    erg_devices *found = sim("sim:a100-sxm4-80gb");
    const erg_device_knob *clock = erg_devices_find_knob(found, 0, ERG_SM_CLOCK);
    CHECK(clock && clock->value_count == 81);
    CHECK_NEAR(clock->low, 210e6, 0.1);
    CHECK_NEAR(clock->high, 1410e6, 0.1);
    CHECK_NEAR(clock->now, 1410e6, 0.1);
    CHECK(!erg_devices_find_knob(found, 0, ERG_CPU_CLOCK));
    erg_devices_free(found);

    found = sim("sim:v100-sxm2-32gb");
    clock = erg_devices_find_knob(found, 0, ERG_SM_CLOCK);
    CHECK_NEAR(clock->values[clock->value_count - 2], 1522e6, 0.1);
    erg_devices_free(found);
}

static void a_request_goes_to_the_nearest_value_and_a_tie_to_the_lower(void)
{
    static const double values[] = { 510, 517, 525 };
    const erg_device_knob listed = { .low = 510, .high = 525, .values = values,
                                     .value_count = 3 };
    const erg_device_knob ranged = { .low = 100, .high = 250 };
    CHECK(erg_device_knob_snap(&listed, 521) == 517);
    CHECK(erg_device_knob_snap(&listed, 521.1) == 525);
    CHECK(erg_device_knob_snap(&listed, 0) == 510);
    CHECK(erg_device_knob_snap(&listed, 9999) == 525);
    CHECK(erg_device_knob_snap(&ranged, 180.5) == 180.5);
    CHECK(erg_device_knob_snap(&ranged, 20) == 100);
    CHECK(erg_device_knob_snap(&ranged, 1e9) == 250);
    CHECK(isnan(erg_device_knob_snap(&ranged, NAN)));
}

static void what_was_turned_comes_back(void)
{
    erg_error err = { 0 };
    erg_devices *found = sim("sim:a100-sxm4-80gb");
    erg_turn clock = { .knob = ERG_SM_CLOCK, .requested = 1003e6 };
    erg_turn limit = { .knob = ERG_POWER_LIMIT, .requested = 1e9 };
    CHECK_OK(erg_devices_turn(found, 0, &clock, &err), err);
    CHECK(clock.clamped == 1005e6 && clock.enforced == 1005e6);
    clock.requested = 210e6;
    CHECK_OK(erg_devices_turn(found, 0, &clock, &err), err);
    CHECK_OK(erg_devices_turn(found, 0, &limit, &err), err);
    CHECK(limit.clamped == 400 && limit.enforced == 400);
    limit.requested = 1;
    CHECK_OK(erg_devices_turn(found, 0, &limit, &err), err);
    CHECK_NEAR(channel_now(found, "sm_clock"), 210e6, 0.1);
    CHECK_NEAR(channel_now(found, "power_limit"), 160, 1e-9);
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_NEAR(channel_now(found, "sm_clock"), 1410e6, 0.1);
    CHECK_NEAR(channel_now(found, "power_limit"), 400, 1e-9);
    CHECK_NEAR(erg_devices_find_knob(found, 0, ERG_SM_CLOCK)->now, 1410e6, 0.1);
    CHECK_OK(erg_devices_restore(found, &err), err);
    erg_devices_free(found);
}

static void a_refused_clock_sticks_where_it_was(void)
{
    erg_error err = { 0 };
    erg_devices *found = sim("sim:a100-sxm4-80gb,refuse=1230MHz");
    erg_turn turn = { .knob = ERG_SM_CLOCK, .requested = 900e6 };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    turn.requested = 1230e6;
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    CHECK(turn.clamped == 1230e6 && turn.enforced == 900e6);
    CHECK_NEAR(channel_now(found, "sm_clock"), 900e6, 0.1);
    erg_devices_free(found);
}

static void what_cannot_be_turned_is_refused_with_a_sentence(void)
{
    erg_error err = { 0 };
    erg_devices *found = sim("sim:plain");
    erg_turn turn = { .knob = ERG_CPU_CLOCK, .requested = 1e9 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_UNSUPPORTED);
    CHECK(isnan(turn.clamped) && isnan(turn.enforced));
    turn = (erg_turn){ .knob = ERG_SM_CLOCK, .requested = NAN };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_BAD_INPUT);
    CHECK(!erg_devices_turn(found, 7, &turn, &err) && err.code == ERG_NOT_FOUND);
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_clocks_of_a_v100_and_an_a100_are_those_of_their_drivers),
        TEST(a_request_goes_to_the_nearest_value_and_a_tie_to_the_lower),
        TEST(what_was_turned_comes_back),
        TEST(a_refused_clock_sticks_where_it_was),
        TEST(what_cannot_be_turned_is_refused_with_a_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
