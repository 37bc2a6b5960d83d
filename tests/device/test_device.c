/* SPDX-License-Identifier: Apache-2.0 */
/* The driver table: who is asked, in what order, and how a read is stamped. */
#include "machine.h"

static void an_unknown_driver_is_bad_input_and_the_known_ones_are_named(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "voltmeter:3";

    machine_open(&box, NULL);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "rapl") && strstr(err.text, "cpu_model"));
}

static void a_sensor_named_twice_is_read_once(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensors[] = { "rapl", "rapl:package-0" };

    machine_open(&box, "xeon-2s");
    erg_devices *found = erg_devices_find(&box.env, sensors, 2, &err);
    CHECK_OK(found, err);
    CHECK(erg_devices_count(found) == 5);
    erg_devices_free(found);
}

static void two_simulations_of_one_kind_are_two(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensors[] = { "sim:plain", "sim:plain" };

    machine_open(&box, NULL);
    erg_devices *found = erg_devices_find(&box.env, sensors, 2, &err);
    CHECK_OK(found, err);
    CHECK(erg_devices_count(found) == 2);
    CHECK(strcmp(erg_devices_info(found, 0)->name, erg_devices_info(found, 1)->name) != 0);
    erg_devices_free(found);
}

static void a_read_is_stamped_in_the_middle_with_half_its_length(void)
{
    static erg_reading reading;
    machine box;
    erg_error err = { 0 };

    machine_open(&box, "xeon-2s");
    erg_devices *found = machine_find(&box, "rapl:package-0");
    int64_t before_ns = box.now_ns;
    CHECK_OK(erg_devices_read(found, 0, 0, &reading, &err), err);
    /* Each look at this clock takes 10 us: before is +10, after is +20. */
    CHECK(reading.at[0].t_ns == before_ns + 15000);
    CHECK(reading.at[0].half_width_ns == 5000);
    CHECK(!erg_devices_read(found, 0, 7, &reading, &err) && reading.count == 0);
    CHECK(!erg_devices_read(found, 9, 0, &reading, &err));
    erg_devices_free(found);
}

static void every_device_says_which_machine_it_was_read_on(void)
{
    machine box;

    machine_open(&box, "xeon-2s");
    erg_devices *found = machine_find(&box, NULL);
    for (size_t i = 0; i < erg_devices_count(found); i++)
        CHECK_TEXT(erg_devices_info(found, i)->host_id, "xeon");
    erg_devices_free(found);
}

static void the_tables_list_what_is_there_and_why_the_rest_is_not(void)
{
    machine box;
    erg_error err = { 0 };

    machine_open(&box, "xeon-2s");
    erg_devices *found = machine_find(&box, NULL);
    erg_result *result = erg_devices_table(found, &err);
    CHECK_OK(result, err);
    const erg_table *devices = erg_result_find(result, "devices");
    const erg_table *channels = erg_result_find(result, "channels");
    CHECK(devices && channels && erg_result_find(result, "knobs"));
    CHECK(erg_table_row_count(channels) == 5);
    CHECK_TEXT(erg_table_find(channels, 0, "kind").text, "counter");
    CHECK_TEXT(erg_table_find(channels, 0, "unit").text, "J");
    for (size_t row = 0; row < erg_table_row_count(devices); row++) {
        bool present = strcmp(erg_table_find(devices, row, "state").text, "present") == 0;
        CHECK(present == (erg_table_find(devices, row, "reason").text == NULL));
    }
    erg_result_free(result);
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_unknown_driver_is_bad_input_and_the_known_ones_are_named),
        TEST(a_sensor_named_twice_is_read_once),
        TEST(two_simulations_of_one_kind_are_two),
        TEST(a_read_is_stamped_in_the_middle_with_half_its_length),
        TEST(every_device_says_which_machine_it_was_read_on),
        TEST(the_tables_list_what_is_there_and_why_the_rest_is_not),
    };
    return test_run(tests, ERG_COUNT(tests));
}
