/* SPDX-License-Identifier: Apache-2.0 */
/* AMD GPUs: the files of a captured desktop, and a ROCm library of two cards. */
#include "machine.h"

#define CARD "/sys/class/drm/card0/device"
#define HWMON CARD "/hwmon/hwmon3"

/* The fake stands where ROCm installs its library, under the machine's root. */
static void install_rocm(machine *box)
{
    char from[ERG_PATH_MOST], to[ERG_PATH_MOST];

    machine_write(box, "/opt/rocm/lib/readme", "");
    snprintf(from, sizeof(from), "%s/tests/fake/libfake_rocm.so", getenv("ERG_BUILD"));
    snprintf(to, sizeof(to), "%s/opt/rocm/lib/librocm_smi64.so", box->root);
    CHECK(symlink(from, to) == 0);
}

static void the_card_gives_power_temperatures_clocks_and_use_in_si(void)
{
    machine box;
    int index;

    machine_open(&box, "desktop-amdgpu");
    erg_devices *found = machine_find(&box, "amdgpu");
    CHECK(erg_devices_count(found) == 1);
    CHECK_TEXT(erg_devices_info(found, 0)->model, "Radeon RX 7900 XTX");
    CHECK_TEXT(erg_devices_info(found, 0)->uuid, "7a1c0de5eed5a1ad");
    CHECK(erg_devices_info(found, 0)->scope == ERG_SCOPE_BOARD);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "power"), 211, 1e-9);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "power_limit"), 339, 1e-9);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "temperature_junction"), 71 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "temperature_memory"), 66 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "sm_clock"), 2.45e9, 1);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "use"), 0.37, 1e-12);
    CHECK(machine_channel(found, "amdgpu:0", "power", &index)->kind == ERG_SMOOTHED);
    CHECK(!machine_channel(found, "amdgpu:0", "energy", &index));
    erg_devices_free(found);
}

static void what_limits_a_card_is_read_beside_it(void)
{
    machine box;
    int index;

    machine_open(&box, "desktop-amdgpu");
    machine_write(&box, HWMON "/temp1_crit", "100000");
    machine_write(&box, CARD "/mem_info_vram_used", "21474836480");
    machine_write(&box, CARD "/mem_info_vram_total", "25753026560");
    erg_devices *found = machine_find(&box, "amdgpu");
    CHECK_NEAR(machine_read(found, "amdgpu:0", "temperature_limit"), 100 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "memory_used"), 21474836480, 1);
    CHECK_NEAR(machine_read(found, "amdgpu:0", "memory_total"), 25753026560, 1);
    CHECK(machine_channel(found, "amdgpu:0", "memory_total", &index)->quantity
          == ERG_BYTES);
    erg_devices_free(found);
}

static void newer_kernels_say_input_where_older_ones_said_average(void)
{
    machine box;

    machine_open(&box, "desktop-amdgpu");
    machine_remove(&box, HWMON "/power1_average");
    machine_write(&box, HWMON "/power1_input", "54000000");
    erg_devices *found = machine_find(&box, "amdgpu:0");
    CHECK_NEAR(machine_read(found, "amdgpu:0", "power"), 54, 1e-9);
    erg_devices_free(found);
}

static void the_counter_steps_by_two_to_the_minus_sixteen_joules(void)
{
    machine box;
    int index;

    machine_open(&box, "desktop-amdgpu");
    machine_write(&box, CARD "/uevent", "DRIVER=amdgpu\\nPCI_SLOT_NAME=0000:03:00.0");
    install_rocm(&box);
    erg_devices *found = machine_find(&box, "amdgpu");
    const erg_channel_info *energy = machine_channel(found, "amdgpu:0", "energy", &index);
    CHECK(energy && energy->kind == ERG_COUNTER && energy->method == ERG_METHOD_COUNTER);
    double begin_j = machine_read(found, "amdgpu:0", "energy");
    /* The library's own 15.3 uJ would make 100.27 J of it. */
    CHECK_NEAR(machine_read(found, "amdgpu:0", "energy") - begin_j, 100, 1e-9);
    erg_devices_free(found);
}

static void a_counter_that_stands_still_is_no_counter(void)
{
    machine box;
    int index;

    machine_open(&box, "desktop-amdgpu");
    machine_write(&box, CARD "/uevent", "PCI_SLOT_NAME=0000:04:00.0");
    install_rocm(&box);
    erg_devices *found = machine_find(&box, "amdgpu");
    CHECK(!machine_channel(found, "amdgpu:0", "energy", &index));
    CHECK(machine_channel(found, "amdgpu:0", "power", &index));
    erg_devices_free(found);
}

static void the_odd_die_of_an_mi250_is_absent_and_never_zero_watts(void)
{
    machine box;
    erg_error err = { 0 };
    const char *sensor = "amdgpu";

    machine_open(&box, "desktop-amdgpu");
    machine_write(&box, HWMON "/power1_average", "0");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "even die"));
}

static void a_power_file_that_fails_later_is_a_gap(void)
{
    machine box;

    machine_open(&box, "desktop-amdgpu");
    erg_devices *found = machine_find(&box, "amdgpu");
    machine_write(&box, HWMON "/power1_average", "");
    CHECK(isnan(machine_read(found, "amdgpu:0", "power")));
    machine_write(&box, HWMON "/power1_average", "0");
    CHECK(isnan(machine_read(found, "amdgpu:0", "power")));
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_card_gives_power_temperatures_clocks_and_use_in_si),
        TEST(what_limits_a_card_is_read_beside_it),
        TEST(newer_kernels_say_input_where_older_ones_said_average),
        TEST(the_counter_steps_by_two_to_the_minus_sixteen_joules),
        TEST(a_counter_that_stands_still_is_no_counter),
        TEST(the_odd_die_of_an_mi250_is_absent_and_never_zero_watts),
        TEST(a_power_file_that_fails_later_is_a_gap),
    };
    return test_run(tests, ERG_COUNT(tests));
}
