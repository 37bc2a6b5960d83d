/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and limits of NVIDIA GPUs on the fake library, which counts what it is told. */
#include <dlfcn.h>
#include <sys/stat.h>
#include "erg/device.h"
#include "test.h"

static char state[ERG_PATH_MOST];

static const char *library(const char *name)
{
    static char path[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/tests/fake/%s.so.1", build ? build : "build", name);
    return path;
}

static void *inside(const char *file, const char *symbol)
{
    void *fake = dlopen(library(file), RTLD_NOW | RTLD_LOCAL);
    CHECK(fake);
    void *found = dlsym(fake, symbol);
    CHECK(found);
    return found;
}

/* What the first GPU of a library is turned to. */
static const char *turned_in(const char *file)
{
    static char text[128];
    void (*call)(unsigned gpu, char *text, size_t size);
    void *found = inside(file, "fake_nvml_turned");
    memcpy(&call, &found, sizeof(call));
    call(0, text, sizeof(text));
    return text;
}

static const char *fans(void)
{
    static char text[64];
    void (*call)(unsigned gpu, char *text, size_t size);
    void *found = inside("libnvidia-ml", "fake_nvml_fans");
    memcpy(&call, &found, sizeof(call));
    call(0, text, sizeof(text));
    return text;
}

static unsigned calls(void)
{
    unsigned (*call)(unsigned gpu);
    void *found = inside("libnvidia-ml", "fake_nvml_calls");
    memcpy(&call, &found, sizeof(call));
    return call(0);
}

static erg_devices *gpu_of(const char *file, const char *script, const char *path)
{
    const char *sensor = "nvml";
    erg_error err = { 0 };
    if (!state[0])
        snprintf(state, sizeof(state), "%s", test_folder());
    setenv("FAKE_NVML", script, 1);
    erg_env env = { .nvml = library(file), .state_dir = state, .path = path };
    erg_devices *found = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(found, err);
    return found;
}

static erg_devices *gpu(const char *script)
{
    return gpu_of("libnvidia-ml", script, NULL);
}

static void turn_to(erg_devices *found, erg_knob which, double value, erg_turn *turn)
{
    erg_error err = { 0 };
    *turn = (erg_turn){ .knob = which, .requested = value };
    CHECK_OK(erg_devices_turn(found, 0, turn, &err), err);
}

static void the_driver_says_which_clocks_and_limits_exist(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb");
    const erg_device_knob *sm = erg_devices_find_knob(found, 0, ERG_SM_CLOCK);
    CHECK(sm && sm->value_count == 81 && sm->low == 210e6 && sm->high == 1410e6);
    CHECK(sm->now == 1410e6);
    const erg_device_knob *mem = erg_devices_find_knob(found, 0, ERG_MEM_CLOCK);
    CHECK(mem && mem->value_count == 2 && mem->high == 1215e6);
    const erg_device_knob *limit = erg_devices_find_knob(found, 0, ERG_POWER_LIMIT);
    CHECK(limit && !limit->values && limit->low == 100 && limit->high == 400);
    CHECK(limit->now == 400);
    CHECK(calls() == 0);    /* looking turns nothing */
    erg_devices_free(found);
    CHECK(calls() == 0);
}

static void a_parked_memory_does_not_hide_the_high_clocks(void)
{
    erg_devices *found = gpu("a100-sxm4-80gb;parked=1");
    CHECK(erg_devices_find_knob(found, 0, ERG_SM_CLOCK)->high == 1410e6);
    erg_devices_free(found);
    found = gpu("a100-sxm4-80gb;parked=2");     /* at work on a low memory clock */
    CHECK(erg_devices_find_knob(found, 0, ERG_SM_CLOCK)->high == 420e6);
    erg_devices_free(found);
}

static void clocks_are_locked_and_the_lock_is_taken_off(void)
{
    erg_error err = { 0 };
    erg_turn turn;
    erg_devices *found = gpu("v100-sxm2-32gb");
    turn_to(found, ERG_SM_CLOCK, 1001e6, &turn);
    CHECK_NEAR(turn.clamped, 997e6, 0.1);       /* 1530 - 71 x 7.5, in whole MHz */
    CHECK(isnan(turn.enforced));
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 997 0 apps 1215 1530 limit 300000");
    turn_to(found, ERG_MEM_CLOCK, 1e6, &turn);
    turn_to(found, ERG_POWER_LIMIT, 10, &turn);
    CHECK(turn.clamped == 75 && turn.enforced == 75);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 997 405 apps 1215 1530 limit 75000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 1530 limit 300000");
    erg_devices_free(found);
}

static void without_locks_the_application_clocks_serve(void)
{
    erg_error err = { 0 };
    erg_turn turn;
    erg_devices *found = gpu("a100-sxm4-80gb;locks=0");
    turn_to(found, ERG_SM_CLOCK, 900e6, &turn);
    CHECK(turn.enforced == 900e6);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 900 limit 400000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 1410 limit 400000");
    erg_devices_free(found);

    found = gpu_of("libnvidia-ml-old", "v100-sxm2-32gb", NULL);
    turn_to(found, ERG_SM_CLOCK, 135e6, &turn);
    CHECK_TEXT(turned_in("libnvidia-ml-old"), "lock 0 0 apps 1215 135 limit 300000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(turned_in("libnvidia-ml-old"), "lock 0 0 apps 1215 1530 limit 300000");
    erg_devices_free(found);
}

static void who_may_only_set_application_clocks_sets_them(void)
{
    erg_error err = { 0 };
    erg_turn turn;
    erg_devices *found = gpu("a100-sxm4-80gb;rights=1");
    turn_to(found, ERG_SM_CLOCK, 1200e6, &turn);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 1200 limit 400000");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 1410 limit 400000");
    erg_devices_free(found);
}

static void without_rights_the_command_that_grants_them_is_told(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpu("a100-sxm4-80gb;rights=0");
    erg_turn turn = { .knob = ERG_SM_CLOCK, .requested = 1200e6 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "sudo nvidia-smi -i GPU-fake-0 -acp UNRESTRICTED"));
    turn = (erg_turn){ .knob = ERG_POWER_LIMIT, .requested = 200 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK_TEXT(turned_in("libnvidia-ml"), "lock 0 0 apps 1215 1410 limit 400000");
    erg_devices_free(found);
}

/* A program on the path that notes what it was told. */
static void write_program(const char *folder, const char *text)
{
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%.400s/nvidia-smi", folder);
    test_write(path, text);
    chmod(path, 0755);
}

static void the_last_way_is_nvidia_smi(void)
{
    char folder[ERG_PATH_MOST], program[ERG_PATH_MOST + 64], told[ERG_PATH_MOST + 8],
         line[128];
    erg_error err = { 0 };
    erg_turn turn;
    snprintf(folder, sizeof(folder), "%s", test_folder());
    snprintf(told, sizeof(told), "%s/told", folder);
    snprintf(program, sizeof(program), "#!/bin/sh\necho \"$@\" >%s\n", told);
    write_program(folder, program);
    erg_devices *found = gpu_of("libnvidia-ml", "a100-sxm4-80gb;locks=0,apps=0", folder);
    turn_to(found, ERG_SM_CLOCK, 900e6, &turn);
    CHECK(erg_file_line(told, line, sizeof(line), NULL));
    CHECK_TEXT(line, "-i GPU-fake-0 -lgc 900,900");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK(erg_file_line(told, line, sizeof(line), NULL));
    CHECK_TEXT(line, "-i GPU-fake-0 -rgc");
    write_program(folder, "#!/bin/sh\necho 'No permission'\nexit 4\n");
    turn = (erg_turn){ .knob = ERG_SM_CLOCK, .requested = 900e6 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK(strstr(err.text, "No permission"));
    write_program(folder, "#!/bin/sh\n");
    erg_devices_free(found);
}

/* No NVML at all: the clocks at the highest memory clock are what nvidia-smi lists. */
static void without_nvml_nvidia_smi_lists_and_locks_the_clocks(void)
{
    char path[ERG_PATH_MOST], told[ERG_PATH_MOST], line[128];
    const char *sensor = "nvml:1";
    erg_error err = { 0 };
    erg_turn turn;
    snprintf(path, sizeof(path), "%s:/usr/bin:/bin", test_fixture("nvidia-smi"));
    snprintf(told, sizeof(told), "%s/told", test_folder());
    setenv("SMI_TOLD", told, 1);
    erg_env env = { .nvml = "/nowhere/libnvidia-ml.so.1", .state_dir = state,
                    .path = path };
    erg_devices *found = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(found, err);
    const erg_device_knob *knob = erg_devices_find_knob(found, 0, ERG_SM_CLOCK);
    CHECK(knob && knob->value_count == 3 && knob->low == 210e6 && knob->high == 1410e6);
    turn_to(found, ERG_SM_CLOCK, 1400e6, &turn);
    CHECK(turn.clamped == 1395e6 && isnan(turn.enforced));
    erg_devices_free(found);
    FILE *file = fopen(told, "r");
    CHECK(file && fgets(line, sizeof(line), file));
    CHECK_TEXT(line, "-i 1 -lgc 1395,1395\n");
    CHECK(fgets(line, sizeof(line), file));
    CHECK_TEXT(line, "-i 1 -rgc\n");
    fclose(file);
    unsetenv("SMI_TOLD");
}

static void a_split_gpu_is_turned_only_when_that_is_said(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpu("a100-sxm4-80gb;mig=1");
    erg_turn turn = { .knob = ERG_SM_CLOCK, .requested = 900e6 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_REFUSED);
    CHECK(strstr(err.text, "--shared") && calls() == 0);
    turn.allow_shared = true;
    CHECK_OK(erg_devices_turn(found, 0, &turn, &err), err);
    erg_devices_free(found);
}

static void throttling_is_a_channel_and_the_limit_in_force_too(void)
{
    erg_turn turn;
    erg_devices *found = gpu("a100-sxm4-80gb;throttle=36");
    turn_to(found, ERG_POWER_LIMIT, 123.4, &turn);
    int seen = 0;
    for (size_t i = 0; i < erg_devices_channel_count(found, 0); i++) {
        const char *name = erg_devices_channel(found, 0, i)->name;
        erg_reading reading;
        CHECK(erg_devices_read(found, 0, i, &reading, NULL));
        if (strcmp(name, "throttle") == 0 && ++seen)
            CHECK(reading.at[0].value == 36);
        if (strcmp(name, "power_limit") == 0 && ++seen)
            CHECK_NEAR(reading.at[0].value, 123.4, 1e-9);
    }
    CHECK(seen == 2);
    erg_devices_free(found);
}

static void a_fan_that_was_held_is_given_back_to_its_policy(void)
{
    erg_error err = { 0 };
    erg_turn turn;
    erg_devices *found = gpu("a100-pcie-40gb;fan=41,fans=2");
    const erg_device_knob *fan = erg_devices_find_knob(found, 0, ERG_FAN);
    CHECK(fan && fan->low == 0.3 && fan->high == 1 && isnan(fan->now) && !fan->values);
    CHECK_TEXT(fans(), "auto auto");
    turn_to(found, ERG_FAN, 0.7, &turn);
    CHECK(turn.clamped == 0.7 && turn.enforced == 0.7 && fan->now == 0.7);
    CHECK_TEXT(fans(), "70 70");
    turn_to(found, ERG_FAN, 0.1, &turn); /* the board allows no less than 30 % */
    CHECK_NEAR(turn.enforced, 0.3, 1e-12);
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(fans(), "auto auto"); /* not 41 41: that would hold them */
    CHECK(isnan(fan->now));
    erg_devices_free(found);
}

static void a_fan_that_somebody_holds_stays_held(void)
{
    unsigned (*set)(void *gpu, unsigned fan, unsigned percent);
    unsigned (*by_index)(unsigned index, void **gpu);
    void *symbol, *handle;
    erg_error err = { 0 };
    erg_turn turn;
    erg_devices *found = gpu("a100-pcie-40gb;fans=2");
    symbol = inside("libnvidia-ml", "nvmlDeviceSetFanSpeed_v2");
    memcpy(&set, &symbol, sizeof(set));
    symbol = inside("libnvidia-ml", "nvmlDeviceGetHandleByIndex_v2");
    memcpy(&by_index, &symbol, sizeof(by_index));
    CHECK(by_index(0, &handle) == 0 && set(handle, 1, 55) == 0);
    turn_to(found, ERG_FAN, 0.9, &turn);
    CHECK_TEXT(fans(), "90 90");
    CHECK_OK(erg_devices_restore(found, &err), err);
    CHECK_TEXT(fans(), "auto 55");
    erg_devices_free(found);
}

static void who_may_not_turn_a_fan_is_told(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpu("a100-pcie-40gb;fans=1,rights=1");
    erg_turn turn = { .knob = ERG_FAN, .requested = 0.5 };
    CHECK(!erg_devices_turn(found, 0, &turn, &err) && err.code == ERG_NO_ACCESS);
    CHECK_TEXT(fans(), "auto");
    erg_devices_free(found);
    found = gpu("a100-sxm4-80gb"); /* cooled by the chassis */
    CHECK(!erg_devices_find_knob(found, 0, ERG_FAN));
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_driver_says_which_clocks_and_limits_exist),
        TEST(a_parked_memory_does_not_hide_the_high_clocks),
        TEST(clocks_are_locked_and_the_lock_is_taken_off),
        TEST(without_locks_the_application_clocks_serve),
        TEST(who_may_only_set_application_clocks_sets_them),
        TEST(without_rights_the_command_that_grants_them_is_told),
        TEST(the_last_way_is_nvidia_smi),
        TEST(without_nvml_nvidia_smi_lists_and_locks_the_clocks),
        TEST(a_split_gpu_is_turned_only_when_that_is_said),
        TEST(throttling_is_a_channel_and_the_limit_in_force_too),
        TEST(a_fan_that_was_held_is_given_back_to_its_policy),
        TEST(a_fan_that_somebody_holds_stays_held),
        TEST(who_may_not_turn_a_fan_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
