/* SPDX-License-Identifier: Apache-2.0 */
/* AMD GPUs through a fake AMD SMI, alone and beside the files that Linux tells of them. */
#include <dlfcn.h>
#include "device/drivers/amdsmi_abi.h"
#include "machine.h"

#define CARD "/sys/class/drm/card0/device"

/* Where ROCm installs its library, under the machine's root. */
static void opened(machine *box, const char *name, const char *script)
{
    char from[ERG_PATH_MOST], to[ERG_PATH_MOST];
    static char state[ERG_PATH_MOST];

    machine_open(box, name);
    machine_write(box, "/opt/rocm/lib/readme", "");
    snprintf(from, sizeof(from), "%s/tests/fake/libfake_amdsmi.so", getenv("ERG_BUILD"));
    snprintf(to, sizeof(to), "%s/opt/rocm/lib/libamd_smi.so", box->root);
    CHECK(symlink(from, to) == 0);
    snprintf(state, sizeof(state), "%s/state", box->root);
    box->env.state_dir = state;
    setenv("FAKE_AMDSMI", script, 1);
}

static int limit_of(const machine *box, int card)
{
    char path[ERG_PATH_MOST];
    int (*call)(int card);
    snprintf(path, sizeof(path), "%s/opt/rocm/lib/libamd_smi.so", box->root);
    void *fake = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol;
    CHECK(fake && (symbol = dlsym(fake, "fake_amdsmi_limit")));
    memcpy(&call, &symbol, sizeof(call));
    int limit_w = call(card);
    dlclose(fake);
    return limit_w;
}

/* The sizes and places of the public header, releases 24 and 26. */
static void the_structures_lie_as_amd_lays_them(void)
{
    CHECK(sizeof(amdsmi_cap) == 64 && offsetof(amdsmi_cap, low_uw) == 24);
    CHECK(offsetof(amdsmi_cap, high_uw) == 32 && offsetof(amdsmi_cap, clock_mhz) == 16);
    CHECK(sizeof(amdsmi_power_24) == 68 && offsetof(amdsmi_power_24, mean_w) == 4);
    CHECK(sizeof(amdsmi_power_26) == 192 && offsetof(amdsmi_power_26, now_w) == 8);
    CHECK(offsetof(amdsmi_power_26, mean_w) == 12);
    CHECK(offsetof(amdsmi_power_26, graphics_mv) == 16);
    CHECK(offsetof(amdsmi_power_26, limit_w) == 40);
    CHECK(offsetof(amdsmi_clock, high_mhz) == 8 && offsetof(amdsmi_use, memory) == 4);
    CHECK(offsetof(amdsmi_version, text) == 16 && sizeof(amdsmi_room) >= AMDSMI_ROOM);
}

static void a_card_gives_joules_watts_clocks_and_heat_in_si(void)
{
    machine box;
    int index;
    opened(&box, NULL, "26 1");
    erg_devices *found = machine_find(&box, "amdsmi");
    CHECK(erg_devices_count(found) == 2);   /* partitions of a card are one board */
    CHECK_TEXT(erg_devices_info(found, 0)->model, "AMD Instinct MI300X");
    CHECK_TEXT(erg_devices_info(found, 1)->uuid, "01ff74a0-0000-1000-80d5-000000000001");
    double begin_j = machine_read(found, "amdsmi:0", "energy");
    /* The library's own 15.3 uJ would make 100.27 J of it. */
    CHECK_NEAR(machine_read(found, "amdsmi:0", "energy") - begin_j, 100, 1e-9);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "power"), 211, 0);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "temperature_junction"), 71 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "temperature_memory"), 66 + 273.15, 1e-9);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "temperature_limit"), 100 + 273.15, 1e-9);
    CHECK(!machine_channel(found, "amdsmi:0", "temperature", &index));  /* not told */
    CHECK_NEAR(machine_read(found, "amdsmi:0", "sm_clock"), 2.1e9, 0);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "mem_clock"), 1.3e9, 0);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "use"), 0.37, 1e-12);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "power_limit"), 500, 0);
    /* A counter that stands still is none; power is then the mean. */
    CHECK(!machine_channel(found, "amdsmi:1", "energy", &index));
    CHECK_NEAR(machine_read(found, "amdsmi:1", "power"), 190, 0);
    erg_devices_free(found);
}

static void each_release_is_read_where_it_puts_its_numbers(void)
{
    machine box;
    int index;
    opened(&box, NULL, "24 1 0 1");     /* this one tells limits in watts, too */
    erg_devices *found = machine_find(&box, "amdsmi:0");
    CHECK_NEAR(machine_read(found, "amdsmi:0", "power"), 211, 0);
    CHECK_NEAR(machine_read(found, "amdsmi:0", "power_limit"), 500, 0);
    CHECK(erg_devices_find_knob(found, 0, ERG_POWER_LIMIT)->low == 150);
    erg_devices_free(found);
    setenv("FAKE_AMDSMI", "25 1", 1);   /* whose layout is not known: no guess */
    found = machine_find(&box, "amdsmi:0");
    CHECK(!machine_channel(found, "amdsmi:0", "power", &index));
    CHECK(machine_channel(found, "amdsmi:0", "energy", &index));
    erg_devices_free(found);
}

static void the_power_limit_is_turned_within_its_range_and_put_back(void)
{
    machine box;
    erg_error err = { 0 };
    opened(&box, NULL, "26 1");
    erg_devices *found = machine_find(&box, "amdsmi");
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = 320 };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    CHECK(turn.clamped == 320 && turn.enforced == 320 && limit_of(&box, 0) == 320);
    turn.requested = 5000;
    CHECK_OK(erg_devices_turn(found, 1, &turn, &err), err);
    CHECK(turn.clamped == 560 && limit_of(&box, 1) == 560 && limit_of(&box, 0) == 320);
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK(limit_of(&box, 0) == 500 && limit_of(&box, 1) == 500);
    setenv("FAKE_AMDSMI", "26 0", 1);
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "run erg as root") && limit_of(&box, 0) == 500);
    erg_devices_free(found);
}

static void a_board_that_two_drivers_read_is_read_by_one(void)
{
    machine box;
    int index;
    opened(&box, "desktop-amdgpu", "26 1");
    machine_write(&box, CARD "/uevent", "DRIVER=amdgpu\\nPCI_SLOT_NAME=0000:03:00.0");
    erg_devices *found = machine_find(&box, NULL);
    int files = machine_device(found, "amdgpu:0");
    CHECK(files >= 0 && erg_devices_state(found, (size_t)files) == ERG_ABSENT);
    CHECK(strstr(erg_devices_reason(found, (size_t)files),
                 "0000:03:00.0 is read as amdsmi:0"));
    CHECK(strstr(erg_devices_reason(found, (size_t)files), "--sensor amdgpu:0 alone"));
    CHECK(erg_devices_channel_count(found, (size_t)files) == 0);
    CHECK(machine_channel(found, "amdsmi:0", "energy", &index));
    erg_devices_free(found);
    found = machine_find(&box, "amdgpu");   /* asked for: it does */
    CHECK_NEAR(machine_read(found, "amdgpu:0", "power"), 211, 1e-9);
    erg_devices_free(found);
    machine_write(&box, CARD "/uevent", "DRIVER=amdgpu\\nPCI_SLOT_NAME=0000:0a:00.0");
    found = machine_find(&box, NULL);       /* another board */
    files = machine_device(found, "amdgpu:0");
    CHECK(erg_devices_state(found, (size_t)files) == ERG_PRESENT);
    erg_devices_free(found);
}

static void without_the_library_or_a_card_the_reason_names_the_cure(void)
{
    const char *sensor = "amdsmi";
    machine box;
    erg_error err = { 0 };
    machine_open(&box, NULL);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "amd-smi-lib"));
    opened(&box, NULL, "26 1 34");
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "code 34"));
    setenv("FAKE_AMDSMI", "26 1 10", 1);
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_NO_ACCESS);
    setenv("FAKE_AMDSMI", "26 1", 1);
    sensor = "amdsmi:7";
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && strstr(err.text, "2 GPUs"));
    sensor = "amdsmi:x";
    CHECK(!erg_devices_find(&box.env, &sensor, 1, &err) && err.code == ERG_BAD_INPUT);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_structures_lie_as_amd_lays_them),
        TEST(a_card_gives_joules_watts_clocks_and_heat_in_si),
        TEST(each_release_is_read_where_it_puts_its_numbers),
        TEST(the_power_limit_is_turned_within_its_range_and_put_back),
        TEST(a_board_that_two_drivers_read_is_read_by_one),
        TEST(without_the_library_or_a_card_the_reason_names_the_cure),
    };
    return test_run(tests, ERG_COUNT(tests));
}
