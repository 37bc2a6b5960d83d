/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs through a fake Level Zero, alone and beside the hwmon files of the same card. */
#include <dlfcn.h>
#include "device/drivers/levelzero_abi.h"
#include "machine.h"

static void opened(machine *box, const char *script)
{
    char from[ERG_PATH_MOST], to[ERG_PATH_MOST];
    static char state[ERG_PATH_MOST];

    machine_open(box, NULL);
    machine_write(box, "/usr/lib/readme", "");
    snprintf(from, sizeof(from), "%s/tests/fake/libfake_levelzero.so", getenv("ERG_BUILD"));
    snprintf(to, sizeof(to), "%s/usr/lib/libze_loader.so.1", box->root);
    CHECK(symlink(from, to) == 0);
    snprintf(state, sizeof(state), "%s/state", box->root);
    box->env.state_dir = state;
    setenv("FAKE_ZE", script, 1);
}

static const char *turned(const machine *box)
{
    static char text[80];
    char path[ERG_PATH_MOST];
    void (*call)(char *text, size_t size), *symbol;
    snprintf(path, sizeof(path), "%s/usr/lib/libze_loader.so.1", box->root);
    void *fake = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(fake && (symbol = dlsym(fake, "fake_ze_turned")));
    memcpy(&call, &symbol, sizeof(call));
    call(text, sizeof(text));
    dlclose(fake);
    return text;
}

/* The sizes and places of the public header (Level Zero 1.18). */
static void the_structures_lie_as_level_zero_lays_them(void)
{
    CHECK(sizeof(levelzero_device) == 776 && offsetof(levelzero_device, core.name) == 128);
    CHECK(offsetof(levelzero_device, core.type) == 32);
    CHECK(offsetof(levelzero_device, core.uuid) == 112);
    CHECK(offsetof(levelzero_device, model) == 580);
    CHECK(offsetof(levelzero_device, driver) == 708);
    CHECK(sizeof(levelzero_pci) == 56 && offsetof(levelzero_pci, bus) == 20);
    CHECK(sizeof(levelzero_energy) == 16 && offsetof(levelzero_energy, t_us) == 8);
    CHECK(sizeof(levelzero_limit) == 48 && offsetof(levelzero_limit, limit_mw) == 40);
    CHECK(offsetof(levelzero_limit, level) == 16 && offsetof(levelzero_limit, unit) == 24);
    CHECK(offsetof(levelzero_limit, is_locked) == 36);
    CHECK(sizeof(levelzero_domain) == 32 && offsetof(levelzero_domain, covers) == 16);
    CHECK(sizeof(levelzero_power) == 40 && offsetof(levelzero_power, high_mw) == 36);
    CHECK(sizeof(levelzero_clock) == 48 && offsetof(levelzero_clock, can_turn) == 28);
    CHECK(sizeof(levelzero_clock_now) == 64 && offsetof(levelzero_clock_now, mhz) == 48);
    CHECK(sizeof(levelzero_range) == 16 && sizeof(levelzero_thermometer) == 48);
}

static void the_whole_card_is_metered_and_no_part_of_it(void)
{
    machine box;
    int index;
    opened(&box, "1");
    erg_devices *found = machine_find(&box, "levelzero");
    CHECK(erg_devices_count(found) == 2);       /* what is no GPU is left out */
    CHECK_TEXT(erg_devices_info(found, 0)->model, "Intel(R) Data Center GPU Max 1100");
    CHECK_TEXT(erg_devices_info(found, 0)->driver_version, "1.3.29735");
    CHECK(strncmp(erg_devices_info(found, 0)->uuid, "86000000", 8) == 0);
    CHECK(erg_devices_info(found, 0)->scope == ERG_SCOPE_BOARD);
    double begin_j = machine_read(found, "levelzero:0", "energy");
    CHECK_NEAR(machine_read(found, "levelzero:0", "energy") - begin_j, 100, 1e-9);
    CHECK_NEAR(machine_read(found, "levelzero:0", "power"), 200, 1e-9); /* by its stamps */
    CHECK_NEAR(machine_read(found, "levelzero:0", "temperature"), 60 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "levelzero:0", "temperature_junction"), 343.15, 1e-9);
    CHECK(!machine_channel(found, "levelzero:0", "temperature_memory", &index));
    CHECK_NEAR(machine_read(found, "levelzero:0", "sm_clock"), 1.55e9, 1);
    CHECK_NEAR(machine_read(found, "levelzero:0", "mem_clock"), 3.2e9, 1);
    CHECK_NEAR(machine_read(found, "levelzero:0", "throttle"), 0x24, 0);
    CHECK(erg_devices_state(found, 1) == ERG_ABSENT);
    CHECK(strstr(erg_devices_reason(found, 1), "no power domain"));
    erg_devices_free(found);
}

static void limit_and_clock_are_turned_and_put_back(void)
{
    machine box;
    erg_error err = { 0 };
    opened(&box, "1");
    erg_devices *found = machine_find(&box, "levelzero:0");
    const erg_device_knob *limit = erg_devices_find_knob(found, 0, ERG_POWER_LIMIT);
    CHECK(limit && limit->low == 100 && limit->high == 300 && limit->now == 300);
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = 220.5 };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    CHECK(turn.enforced == 220.5);
    turn = (erg_turn){ .knob = ERG_SM_CLOCK, .requested = 1010e6 };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    CHECK_NEAR(turn.clamped, 1000e6, 1);
    CHECK_NEAR(turn.enforced, 1000e6, 1);
    CHECK_TEXT(turned(&box), "limit 220500 400000 range 1000 1000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(turned(&box), "limit 300000 400000 range 300 1550");
    erg_devices_free(found);
}

static void who_may_not_turn_is_told_and_what_is_locked_too(void)
{
    machine box;
    erg_error err = { 0 };
    opened(&box, "0");
    erg_devices *found = machine_find(&box, "levelzero:0");
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = 200 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK_TEXT(turned(&box), "limit 300000 400000 range 300 1550");
    erg_devices_free(found);
    setenv("FAKE_ZE", "1 0 1", 1);
    found = machine_find(&box, "levelzero:0");
    const erg_device_knob *limit = erg_devices_find_knob(found, 0, ERG_POWER_LIMIT);
    CHECK(!limit->can_turn && strstr(limit->reason, "locked"));
    erg_devices_free(found);
}

static void the_hwmon_files_of_the_same_card_are_left_alone(void)
{
    machine box;
    int index;
    opened(&box, "1");
    machine_write(&box, "/sys/class/hwmon/hwmon2/name", "xe");
    machine_write(&box, "/sys/class/hwmon/hwmon2/energy1_input", "5000000");
    machine_write(&box, "/sys/class/hwmon/hwmon2/energy1_label", "card");
    machine_write(&box, "/sys/class/hwmon/hwmon2/device/uevent",
                  "DRIVER=xe\\nPCI_SLOT_NAME=0000:3a:00.0");
    erg_devices *found = machine_find(&box, NULL);
    int files = machine_device(found, "hwmon:card");
    CHECK(files >= 0 && erg_devices_state(found, (size_t)files) == ERG_ABSENT);
    CHECK(strstr(erg_devices_reason(found, (size_t)files), "read as levelzero:0"));
    CHECK(machine_channel(found, "levelzero:0", "energy", &index));
    erg_devices_free(found);
    found = machine_find(&box, "hwmon");
    CHECK_NEAR(machine_read(found, "hwmon:card", "energy"), 5, 1e-12);
    erg_devices_free(found);
}

static void without_the_library_or_a_gpu_the_reason_names_the_cure(void)
{
    const char *sensor = "levelzero";
    machine box;
    erg_error err = { 0 };
    machine_open(&box, NULL);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "libze1"));
    opened(&box, "1 78000001");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "0x78000001"));
    setenv("FAKE_ZE", "1 70010000", 1);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NO_ACCESS);
    setenv("FAKE_ZE", "1", 1);
    sensor = "levelzero:9";
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && strstr(err.text, "2 GPUs"));
    sensor = "levelzero:-1";
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_BAD_INPUT);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_structures_lie_as_level_zero_lays_them),
        TEST(the_whole_card_is_metered_and_no_part_of_it),
        TEST(limit_and_clock_are_turned_and_put_back),
        TEST(who_may_not_turn_is_told_and_what_is_locked_too),
        TEST(the_hwmon_files_of_the_same_card_are_left_alone),
        TEST(without_the_library_or_a_gpu_the_reason_names_the_cure),
    };
    return test_run(tests, ERG_COUNT(tests));
}
