/* SPDX-License-Identifier: Apache-2.0 */
/* The WattsUp driver against a meter on a pseudo-terminal. */
#include "machine.h"
#include "meter.h"

static erg_reading reading;

static bool read_power(erg_devices *found, size_t device, erg_error *err)
{
    return erg_devices_read(found, device, 0, &reading, err);
}

static erg_devices *find_on(machine *box, const char *port, const char *other,
                            erg_error *err)
{
    char text[160];
    const char *sensor = text;

    snprintf(text, sizeof(text), "wattsup:%s%s%s", port, other ? "," : "",
             other ? other : "");
    machine_open(box, NULL);
    box->env.root = NULL;       /* the pseudo-terminal is in the real /dev */
    return erg_devices_find(&box->env, &sensor, 1, err);
}

/* A meter that answers, and the device that is found on it. */
static erg_devices *plugged(machine *box, meter *plug)
{
    erg_error err = { 0 };

    meter_open(plug, false);
    erg_devices *found = find_on(box, plug->port, NULL, &err);
    CHECK_OK(found, err);
    return found;
}

static void a_line_gives_watts_volts_and_amperes(void)
{
    machine box;
    meter plug;
    erg_error err = { 0 };
    erg_devices *found = plugged(&box, &plug);

    CHECK(erg_devices_info(found, 0)->scope == ERG_SCOPE_NODE);
    const erg_channel_info *power = erg_devices_channel(found, 0, 0);
    CHECK(power->kind == ERG_AVG_PREV);
    CHECK_NEAR(power->window_s, 1, 0);
    CHECK(read_power(found, 0, &err) && reading.count == 1);
    CHECK_NEAR(reading.at[0].value, 100, 1e-9);
    CHECK(erg_devices_read(found, 0, 1, &reading, &err) && reading.count == 1);
    CHECK_NEAR(reading.at[0].value, 230, 1e-9);
    CHECK(erg_devices_read(found, 0, 2, &reading, &err) && reading.count == 1);
    CHECK_NEAR(reading.at[0].value, 0.5, 1e-9);
    CHECK(read_power(found, 0, &err) && reading.count == 0);    /* nothing new */
    erg_devices_free(found);
    meter_told(&plug);
    meter_hang_up(&plug);
}

static void the_log_is_started_and_always_ended(void)
{
    machine box;
    meter plug;
    erg_devices *found = plugged(&box, &plug);

    erg_devices_free(found);
    CHECK_TEXT(meter_told(&plug), "#L,W,3,E,,1;#O,W,1,2;#L,W,0;");
    meter_hang_up(&plug);
}

static void several_lines_at_once_are_a_second_apart_and_torn_ones_wait(void)
{
    machine box;
    meter plug;
    erg_error err = { 0 };
    erg_devices *found = plugged(&box, &plug);

    CHECK(read_power(found, 0, &err));
    box.now_ns += 3 * ERG_NS_PER_S;
    meter_send(&plug, "#d,-,18,2000,2300,500,_;\r\n#d,-,18,2500,2300,500,_;\r\n#d,-,18,30");
    struct timespec moment = { .tv_nsec = 20000000 };
    nanosleep(&moment, NULL);
    CHECK(read_power(found, 0, &err) && reading.count == 2);
    CHECK_NEAR(reading.at[0].value, 200, 1e-9);
    CHECK_NEAR(reading.at[1].value, 250, 1e-9);
    CHECK(reading.at[1].t_ns - reading.at[0].t_ns == ERG_NS_PER_S);
    CHECK(reading.at[1].t_ns < box.now_ns
          && reading.at[1].half_width_ns == ERG_NS_PER_S / 2);
    meter_send(&plug, "00,2300,_,_;\r\n");
    nanosleep(&moment, NULL);
    CHECK(read_power(found, 0, &err) && reading.count == 1);
    CHECK_NEAR(reading.at[0].value, 300, 1e-9);
    CHECK(erg_devices_read(found, 0, 2, &reading, &err) && reading.count == 4);
    CHECK(isnan(reading.at[3].value));      /* "_" is not 0 A */
    erg_devices_free(found);
    meter_told(&plug);
    meter_hang_up(&plug);
}

static void two_meters_are_two_devices_of_the_node(void)
{
    machine box;
    meter left, right;
    erg_error err = { 0 };

    meter_open(&left, false);
    meter_open(&right, false);
    erg_devices *found = find_on(&box, left.port, right.port, &err);
    CHECK_OK(found, err);
    CHECK(erg_devices_count(found) == 2);
    CHECK(read_power(found, 0, &err) && reading.count == 1);
    CHECK(read_power(found, 1, &err) && reading.count == 1);
    erg_devices_free(found);
    meter_told(&left);
    meter_told(&right);
    meter_hang_up(&left);
    meter_hang_up(&right);
}

static void a_meter_that_is_unplugged_is_gone_and_says_so(void)
{
    machine box;
    meter plug;
    erg_error err = { 0 };
    erg_devices *found = plugged(&box, &plug);

    meter_told(&plug);
    meter_hang_up(&plug);
    CHECK(!read_power(found, 0, &err));
    CHECK(err.code == ERG_IO && strstr(err.text, "check its cable"));
    erg_devices_free(found);
}

static void a_line_where_no_meter_answers_is_refused_and_left_as_it_was(void)
{
    machine box;
    meter plug;
    erg_error err = { 0 };
    struct termios before, after;

    meter_open(&plug, true);
    CHECK(tcgetattr(plug.master, &before) == 0);
    CHECK(!find_on(&box, plug.port, NULL, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "no WattsUp answers"));
    CHECK(tcgetattr(plug.master, &after) == 0);
    CHECK(before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag);
    CHECK(strstr(meter_told(&plug), "#L,W,0;"));
    meter_hang_up(&plug);
}

static void serial_lines_are_not_touched_unasked(void)
{
    machine box;

    machine_open(&box, "cloud-guest");
    machine_write(&box, "/dev/ttyUSB0", "");
    erg_devices *found = machine_find(&box, NULL);
    int at = machine_device(found, "wattsup");
    CHECK(at >= 0 && erg_devices_state(found, (size_t)at) == ERG_ABSENT);
    CHECK(strstr(erg_devices_reason(found, (size_t)at), "--sensor wattsup:/dev/ttyUSB0"));
    erg_devices_free(found);
}

static void a_file_that_is_no_serial_line_is_refused(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "wattsup";

    machine_open(&box, NULL);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "/dev/ttyUSB0"));
    machine_write(&box, "/dev/ttyUSB1", "no terminal");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(strstr(err.text, "no serial line"));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_line_gives_watts_volts_and_amperes),
        TEST(the_log_is_started_and_always_ended),
        TEST(several_lines_at_once_are_a_second_apart_and_torn_ones_wait),
        TEST(two_meters_are_two_devices_of_the_node),
        TEST(a_meter_that_is_unplugged_is_gone_and_says_so),
        TEST(a_line_where_no_meter_answers_is_refused_and_left_as_it_was),
        TEST(serial_lines_are_not_touched_unasked),
        TEST(a_file_that_is_no_serial_line_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
