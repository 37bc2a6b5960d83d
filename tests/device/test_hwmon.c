/* SPDX-License-Identifier: Apache-2.0 */
/* hwmon against captured machines: units, labels, scopes, sentinels. */
#include "machine.h"

#define CHIP "/sys/class/hwmon/hwmon7"

static erg_scope scope_of(const erg_devices *found, const char *name)
{
    int at = machine_device(found, name);
    CHECK(at >= 0);
    return erg_devices_info(found, (size_t)at)->scope;
}

static void grace_tells_its_four_meters_apart_by_their_label(void)
{
    machine grace;
    int index;

    machine_open(&grace, "grace");
    erg_devices *found = machine_find(&grace, "hwmon");
    CHECK(erg_devices_count(found) == 4);
    CHECK_NEAR(machine_read(found, "hwmon:module-power-socket-0", "power"), 412, 1e-9);
    CHECK(scope_of(found, "hwmon:module-power-socket-0") == ERG_SCOPE_MODULE);
    CHECK(scope_of(found, "hwmon:grace-power-socket-0") == ERG_SCOPE_PACKAGE);
    CHECK(scope_of(found, "hwmon:cpu-power-socket-0") == ERG_SCOPE_CORE);
    CHECK(scope_of(found, "hwmon:sysio-power-socket-0") == ERG_SCOPE_CORE);
    const erg_channel_info *power = machine_channel(found, "hwmon:grace-power-socket-0",
                                                    "power", &index);
    CHECK(power->kind == ERG_AVG_PREV);
    CHECK_NEAR(power->window_s, 0.05, 1e-12);
    erg_devices_free(found);
}

static void jetson_rails_are_volts_times_amperes_and_lie_within_the_module(void)
{
    machine jetson;

    machine_open(&jetson, "jetson-orin-nano");
    erg_devices *found = machine_find(&jetson, "hwmon");
    CHECK(erg_devices_count(found) == 4);       /* three rails, one thermometer */
    CHECK_NEAR(machine_read(found, "hwmon:vdd_in", "power"), 5.072 * 1.104, 1e-9);
    CHECK_NEAR(machine_read(found, "hwmon:vdd_soc", "power"), 5.064 * 0.288, 1e-9);
    CHECK(scope_of(found, "hwmon:vdd_in") == ERG_SCOPE_MODULE);
    CHECK(scope_of(found, "hwmon:vdd_cpu_gpu_cv") == ERG_SCOPE_PACKAGE);
    CHECK(scope_of(found, "hwmon:vdd_soc") == ERG_SCOPE_CHIP);
    CHECK_NEAR(machine_read(found, "hwmon:cpu_thermal", "temperature"),
               47.531 + 273.15, 1e-9);
    machine_write(&jetson, "/sys/class/hwmon/hwmon1/curr1_input", "");
    CHECK(isnan(machine_read(found, "hwmon:vdd_in", "power")));
    erg_devices_free(found);
}

static void a_jetson_needs_no_model_of_its_cpu(void)
{
    machine jetson;

    machine_open(&jetson, "jetson-orin-nano");
    machine_write(&jetson, "/proc/stat", "cpu 1 1 1 1");
    machine_write(&jetson, "/proc/cpuinfo", "processor : 0");
    erg_devices *found = machine_find(&jetson, NULL);
    CHECK(machine_device(found, "cpu_model") < 0);
    erg_devices_free(found);
}

static void the_graphics_card_is_left_to_its_own_driver_and_disks_to_nobody(void)
{
    machine desktop;

    machine_open(&desktop, "desktop-amdgpu");
    erg_devices *found = machine_find(&desktop, "hwmon");
    CHECK(erg_devices_count(found) == 1);
    CHECK_NEAR(machine_read(found, "hwmon:k10temp", "temperature"), 61.25 + 273.15, 1e-9);
    erg_devices_free(found);
}

static void a_thermometer_alone_does_not_stand_for_the_power_of_the_cpu(void)
{
    machine desktop;

    machine_open(&desktop, "desktop-amdgpu");
    machine_write(&desktop, "/proc/stat", "cpu 1 1 1 1");
    machine_write(&desktop, "/proc/cpuinfo", "processor : 0");
    erg_devices *found = machine_find(&desktop, NULL);
    CHECK(machine_device(found, "cpu_model") >= 0);
    erg_devices_free(found);
}

static void a_meter_without_a_label_covers_the_node_and_its_sentinel_is_a_gap(void)
{
    machine box;

    machine_open(&box, NULL);
    machine_write(&box, CHIP "/name", "power_meter");
    machine_write(&box, CHIP "/power1_average", "4294967295000");
    erg_devices *found = machine_find(&box, "hwmon");
    CHECK(scope_of(found, "hwmon:power_meter") == ERG_SCOPE_NODE);
    CHECK(isnan(machine_read(found, "hwmon:power_meter", "power")));
    machine_write(&box, CHIP "/power1_average", "351000000");
    CHECK_NEAR(machine_read(found, "hwmon:power_meter", "power"), 351, 1e-9);
    machine_write(&box, CHIP "/power1_average", "N/A");
    CHECK(isnan(machine_read(found, "hwmon:power_meter", "power")));
    erg_devices_free(found);
}

static void an_energy_file_is_a_counter_beside_the_power_of_its_sensor(void)
{
    machine box;
    int index;

    machine_open(&box, NULL);
    machine_write(&box, CHIP "/name", "some_chip");
    machine_write(&box, CHIP "/power1_input", "12500000");
    machine_write(&box, CHIP "/energy1_input", "99000001");
    machine_write(&box, CHIP "/energy2_input", "5000000");
    machine_write(&box, CHIP "/energy2_label", "aux rail");
    erg_devices *found = machine_find(&box, "hwmon");
    CHECK(erg_devices_count(found) == 2);
    CHECK_NEAR(machine_read(found, "hwmon:some_chip", "power"), 12.5, 1e-9);
    CHECK_NEAR(machine_read(found, "hwmon:some_chip", "energy"), 99.000001, 1e-9);
    CHECK_NEAR(machine_read(found, "hwmon:aux-rail", "energy"), 5, 1e-9);
    const erg_channel_info *power = machine_channel(found, "hwmon:some_chip",
                                                    "power", &index);
    CHECK(power->kind == ERG_INSTANT && power->scope == ERG_SCOPE_CHIP);
    erg_devices_free(found);
}

static void two_chips_of_one_name_stay_two(void)
{
    machine box;

    machine_open(&box, NULL);
    machine_write(&box, CHIP "/name", "power_meter");
    machine_write(&box, CHIP "/power1_average", "100000000");
    machine_write(&box, "/sys/class/hwmon/hwmon8/name", "power_meter");
    machine_write(&box, "/sys/class/hwmon/hwmon8/power1_average", "200000000");
    erg_devices *found = machine_find(&box, "hwmon");
    CHECK_NEAR(machine_read(found, "hwmon:power_meter", "power"), 100, 1e-9);
    CHECK_NEAR(machine_read(found, "hwmon:hwmon8-power1", "power"), 200, 1e-9);
    erg_devices_free(found);
}

/* amd_energy of a machine with 64 cores: the sockets come behind them. */
static void a_sensor_behind_many_others_is_found(void)
{
    enum { CORES = 64 };
    machine box;

    machine_open(&box, NULL);
    machine_write(&box, CHIP "/name", "amd_energy");
    for (int i = 1; i <= CORES + 2; i++) {
        char path[80], label[32];
        bool is_core = i <= CORES;
        snprintf(path, sizeof(path), CHIP "/energy%d_input", i);
        machine_number(&box, path, 1e6 * i);
        snprintf(path, sizeof(path), CHIP "/energy%d_label", i);
        snprintf(label, sizeof(label), is_core ? "Ecore%03d" : "Esocket%d",
                 is_core ? i - 1 : i - CORES - 1);
        machine_write(&box, path, label);
    }
    erg_devices *found = machine_find(&box, "hwmon");
    CHECK(erg_devices_count(found) == 2);
    CHECK_NEAR(machine_read(found, "hwmon:esocket0", "energy"), CORES + 1, 1e-9);
    CHECK_NEAR(machine_read(found, "hwmon:esocket1", "energy"), CORES + 2, 1e-9);
    CHECK(scope_of(found, "hwmon:esocket1") == ERG_SCOPE_PACKAGE);
    erg_devices_free(found);
}

static void a_machine_without_chips_is_absent_with_the_reason(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "hwmon";

    machine_open(&box, "cloud-guest");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "/sys/class/hwmon"));
}

int main(void)
{
    static const test tests[] = {
        TEST(grace_tells_its_four_meters_apart_by_their_label),
        TEST(jetson_rails_are_volts_times_amperes_and_lie_within_the_module),
        TEST(a_jetson_needs_no_model_of_its_cpu),
        TEST(the_graphics_card_is_left_to_its_own_driver_and_disks_to_nobody),
        TEST(a_thermometer_alone_does_not_stand_for_the_power_of_the_cpu),
        TEST(a_meter_without_a_label_covers_the_node_and_its_sentinel_is_a_gap),
        TEST(an_energy_file_is_a_counter_beside_the_power_of_its_sensor),
        TEST(two_chips_of_one_name_stay_two),
        TEST(a_sensor_behind_many_others_is_found),
        TEST(a_machine_without_chips_is_absent_with_the_reason),
    };
    return test_run(tests, ERG_COUNT(tests));
}
