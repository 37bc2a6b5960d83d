/* SPDX-License-Identifier: Apache-2.0 */
/* Power smoothing and workload profiles on the fake NVML, which looks at raw bytes. */
#include <signal.h>
#include <sys/wait.h>
#include "device/drivers/nvml_abi.h"
#include "fake_gpus.h"

static char state[ERG_PATH_MOST];

static erg_devices *gpu_of(const char *file, const char *script)
{
    const char *sensor = "nvml";
    erg_error err = { 0 };
    if (!state[0])
        snprintf(state, sizeof(state), "%s", test_folder());
    setenv("FAKE_NVML", script, 1);
    step(-1);
    erg_env env = { .nvml = library(file), .state_dir = state };
    erg_devices *found = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(found, err);
    return found;
}

static erg_devices *gpu(const char *script) { return gpu_of("libnvidia-ml", script); }

static const char *at(void)
{
    static char text[160];
    void (*call)(unsigned gpu, char *text, size_t size);
    void *found = inside("fake_nvml_smoothing");
    memcpy(&call, &found, sizeof(call));
    call(0, text, sizeof(text));
    return text;
}

static unsigned asked(void)
{
    unsigned (*call)(unsigned gpu);
    void *found = inside("fake_nvml_workloads");
    memcpy(&call, &found, sizeof(call));
    return call(0);
}

static erg_turn turn_to(erg_devices *found, erg_knob which, double value)
{
    erg_error err = { 0 };
    erg_turn turn = { .knob = which, .requested = value };
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    return turn;
}

static void restore(erg_devices *found)
{
    erg_error err = { 0 };
    CHECK_OK(erg_devices_restore(found, &err), err);
}

static const erg_device_knob *knob(const erg_devices *found, erg_knob which)
{
    return erg_devices_find_knob(found, 0, which);
}

/* The sizes and places of the public header (NVML 13), and how a version is written. */
static void the_structures_lie_as_nvml_lays_them(void)
{
    CHECK(sizeof(nvml_preset) == 24 && offsetof(nvml_preset, profile) == 4);
    CHECK(offsetof(nvml_preset, parameter) == 8 && offsetof(nvml_preset, value) == 16);
    CHECK(sizeof(nvml_smoothing_state) == 8 && offsetof(nvml_smoothing_state, is_on) == 4);
    CHECK(sizeof(nvml_mask) == 32 && sizeof(nvml_workloads) == 100);
    CHECK(offsetof(nvml_workloads, known) == 4
          && offsetof(nvml_workloads, requested) == 36);
    CHECK(offsetof(nvml_workloads, enforced) == 68);
    CHECK(sizeof(nvml_workload_request) == 36);
    CHECK(offsetof(nvml_workload_request, requested) == 4);
    CHECK(sizeof(nvml_workload_update) == 36);
    CHECK(offsetof(nvml_workload_update, profiles) == 4);
    CHECK(NVML_VERSION_OF(nvml_preset, 1) == 0x1000018);
    CHECK(NVML_VERSION_OF(nvml_workloads, 1) == 0x1000064);
}

static void a_board_that_smooths_says_its_presets_and_their_parameters(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb;presets=3,architecture=10");
    const erg_device_knob *profile = knob(found, ERG_SMOOTHING_PROFILE);
    CHECK(knob(found, ERG_SMOOTHING)->now == 0);
    CHECK(profile && profile->value_count == 3 && profile->now == 1 && profile->low == 0);
    const erg_device_knob *floor = knob(found, ERG_SMOOTHING_FLOOR);
    CHECK(floor && floor->low == 0.4 && floor->high == 0.9);
    CHECK_NEAR(floor->now, 0.61, 1e-12);
    CHECK_NEAR(knob(found, ERG_SMOOTHING_RAMP_UP)->now, 810, 1e-9);     /* told in mW/s */
    CHECK_NEAR(knob(found, ERG_SMOOTHING_HYSTERESIS)->now, 0.26, 1e-12);
    CHECK_NEAR(knob(found, ERG_SMOOTHING_OFFSET)->low, 20, 0);
    CHECK_NEAR(knob(found, ERG_SMOOTHING_OFFSET)->now, 60, 0);
    erg_devices_free(found);
}

static void parameters_are_written_in_nvmls_units_and_put_back(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb;presets=3");
    erg_turn turn = turn_to(found, ERG_SMOOTHING_FLOOR, 0.99);
    CHECK(turn.clamped == 0.9 && turn.took_s >= 0 && turn.took_s < 60);
    CHECK_NEAR(turn.enforced, 0.9, 1e-12);
    CHECK_NEAR(turn_to(found, ERG_SMOOTHING_RAMP_DOWN, 123).enforced, 123, 1e-9);
    CHECK_NEAR(turn_to(found, ERG_SMOOTHING_HYSTERESIS, 0.05).enforced, 0.05, 1e-12);
    turn_to(found, ERG_SMOOTHING_SECOND_FLOOR, 410);
    turn_to(found, ERG_SMOOTHING_ACTIVE_WINDOW, 0);
    turn_to(found, ERG_SMOOTHING_TARGET_WINDOW, 7);
    turn_to(found, ERG_SMOOTHING_OFFSET, 5);
    turn_to(found, ERG_SMOOTHING, 1);
    CHECK_TEXT(at(), "on 1: 90 810 123 50 410 0 7 20");
    restore(found);
    CHECK_TEXT(at(), "off 1: 61 810 510 260 310 14 10 60");
    erg_devices_free(found);
}

static void a_preset_is_taken_and_its_parameters_are_left_alone_meanwhile(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpu("a100-sxm4-80gb;presets=3");
    CHECK(turn_to(found, ERG_SMOOTHING_PROFILE, 0).enforced == 0);  /* 0 is a preset */
    CHECK_TEXT(at(), "off 0: 60 800 500 250 300 4 0 50");
    erg_turn floor = { .knob = ERG_SMOOTHING_FLOOR, .requested = 0.5 };
    CHECK(!erg_devices_turn(found, 0, &floor, &err) && err.code == ERG_REFUSED);
    CHECK(strstr(err.text, "smoothing_profile"));
    CHECK(turn_to(found, ERG_SMOOTHING_PROFILE, 7).clamped == 2);
    restore(found);
    CHECK_TEXT(at(), "off 1: 61 810 510 260 310 14 10 60");
    erg_devices_free(found);
}

static void what_the_administrator_set_is_what_is_in_force(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb;presets=3,override=75");
    CHECK_NEAR(knob(found, ERG_SMOOTHING_FLOOR)->now, 0.75, 1e-12);
    erg_turn turn = turn_to(found, ERG_SMOOTHING_FLOOR, 0.5);
    CHECK_NEAR(turn.clamped, 0.5, 0);
    CHECK_NEAR(turn.enforced, 0.75, 1e-12);
    restore(found);
    /* not 75: that was not its own */
    CHECK_TEXT(at(), "off 1: 61 810 510 260 310 14 10 60");
    erg_devices_free(found);
}

/* The header of R575 numbers the fields 5 higher; 259 then is a ceiling in watts. */
static void the_fields_are_found_where_a_driver_moved_them(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb;presets=4,moved=5");
    CHECK(knob(found, ERG_SMOOTHING_PROFILE)->value_count == 4);
    CHECK_NEAR(knob(found, ERG_SMOOTHING_FLOOR)->now, 0.61, 1e-12);
    CHECK(!knob(found, ERG_SMOOTHING_SECOND_FLOOR));
    erg_devices_free(found);
    found = gpu("a100-sxm4-80gb;presets=4,delayed=0");
    CHECK(knob(found, ERG_SMOOTHING_RAMP_UP) && !knob(found, ERG_SMOOTHING_OFFSET));
    erg_devices_free(found);
}

static void what_is_missing_is_told_on_boards_that_should_have_it(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpu("a100-sxm4-80gb;architecture=10");
    const erg_device_knob *smoothing = knob(found, ERG_SMOOTHING);
    CHECK(smoothing && !smoothing->can_turn && strstr(smoothing->reason, "Redfish"));
    erg_turn turn = { .knob = ERG_SMOOTHING, .requested = 1 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    erg_devices_free(found);
    found = gpu("a100-sxm4-80gb");
    CHECK(!knob(found, ERG_SMOOTHING) && !knob(found, ERG_WORKLOAD_PROFILE));
    erg_devices_free(found);
    found = gpu("a100-sxm4-80gb;presets=2,rights=1");
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "root"));
    turn.requested = -1;
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_BAD_INPUT);
    CHECK_TEXT(at(), "off 1: 61 810 510 260 310 14 10 60");
    erg_devices_free(found);
}

static void one_workload_profile_is_asked_for_and_the_old_ones_again(void)
{
    static const char *const scripts[] = {
        "a100-sxm4-80gb;workloads=195", "a100-sxm4-80gb;workloads=195,update=0",
    };
    for (size_t i = 0; i < ERG_COUNT(scripts); i++) {
        erg_devices *found = gpu(scripts[i]);
        const erg_device_knob *profile = knob(found, ERG_WORKLOAD_PROFILE);
        CHECK(profile && profile->value_count == 4 && profile->values[3] == 7);
        CHECK(isnan(profile->now));
        CHECK(turn_to(found, ERG_WORKLOAD_PROFILE, 6).enforced == 6 && asked() == 64);
        CHECK(turn_to(found, ERG_WORKLOAD_PROFILE, 0).enforced == 0 && asked() == 1);
        restore(found);
        CHECK(asked() == 0);
        turn_to(found, ERG_WORKLOAD_PROFILE, 7);
        CHECK(asked() == 128);
        erg_devices_free(found);
        CHECK(asked() == 0);
    }
}

static void several_profiles_that_somebody_asked_for_come_back_together(void)
{
    unsigned (*add)(void *gpu, const void *asked);
    unsigned (*by_index)(unsigned index, void **gpu);
    nvml_workload_request both = { .version = 0x1000024, .requested = { { 66 } } };
    void *symbol = inside("nvmlDeviceWorkloadPowerProfileSetRequestedProfiles"), *handle;
    memcpy(&add, &symbol, sizeof(add));
    symbol = inside("nvmlDeviceGetHandleByIndex_v2");
    memcpy(&by_index, &symbol, sizeof(by_index));
    erg_devices *found = gpu("a100-sxm4-80gb;workloads=195");
    CHECK(by_index(0, &handle) == 0 && add(handle, &both) == 0 && asked() == 66);
    turn_to(found, ERG_WORKLOAD_PROFILE, 0);
    CHECK(asked() == 1);
    restore(found);
    CHECK(asked() == 66);
    erg_devices_free(found);
}

/* Its GPU outlives it, as a real one does. */
static void a_killed_process_is_put_back_by_recover(void)
{
    char file[ERG_PATH_MOST];
    int ends[2];
    char byte;
    snprintf(file, sizeof(file), "%s/gpus", test_folder());
    setenv("FAKE_NVML_STATE", file, 1);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        erg_devices *found = gpu("a100-sxm4-80gb;presets=3,workloads=195");
        turn_to(found, ERG_SMOOTHING, 1);
        turn_to(found, ERG_SMOOTHING_FLOOR, 0.7);
        turn_to(found, ERG_WORKLOAD_PROFILE, 7);
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(child > 0 && read(ends[0], &byte, 1) == 1);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    erg_devices *found = gpu("a100-sxm4-80gb;presets=3,workloads=195");
    CHECK_TEXT(at(), "on 1: 70 810 510 260 310 14 10 60");
    erg_env env = { .nvml = library("libnvidia-ml"), .state_dir = state };
    erg_error err = { 0 };
    erg_result *result = erg_devices_recover(&env, &err);
    CHECK_OK(result, err);
    CHECK(erg_table_row_count(erg_result_find(result, "restored")) == 3);
    erg_result_free(result);
    CHECK_TEXT(at(), "off 1: 61 810 510 260 310 14 10 60");
    CHECK(asked() == 0);
    erg_devices_free(found);
    unsetenv("FAKE_NVML_STATE");
}

int main(void)
{
    static const test tests[] = {
        TEST(the_structures_lie_as_nvml_lays_them),
        TEST(a_board_that_smooths_says_its_presets_and_their_parameters),
        TEST(parameters_are_written_in_nvmls_units_and_put_back),
        TEST(a_preset_is_taken_and_its_parameters_are_left_alone_meanwhile),
        TEST(what_the_administrator_set_is_what_is_in_force),
        TEST(the_fields_are_found_where_a_driver_moved_them),
        TEST(what_is_missing_is_told_on_boards_that_should_have_it),
        TEST(one_workload_profile_is_asked_for_and_the_old_ones_again),
        TEST(several_profiles_that_somebody_asked_for_come_back_together),
        TEST(a_killed_process_is_put_back_by_recover),
    };
    return test_run(tests, ERG_COUNT(tests));
}
