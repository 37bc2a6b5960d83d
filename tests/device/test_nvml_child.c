/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs read through a child: nvidia-smi or dcgmi where NVML is absent. */
#include "found.h"

static erg_devices *through(const char *folder, const char *sensor, erg_error *err)
{
    char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "/nowhere:%s", test_fixture(folder));
    erg_env env = { .nvml = "/nowhere/libnvidia-ml.so.1", .path = path,
                    .activities = true };
    const char *const sensors[] = { sensor };
    return erg_devices_find(&env, sensors, 1, err);
}

/* All samples that come within a second, at most most. */
static size_t collect(erg_devices *found, const char *name, erg_sample samples[],
                      size_t most)
{
    size_t at, count = 0;
    erg_reading reading;
    CHECK(channel_of(found, name, &at));
    for (int i = 0; i < 50 && count < most; i++) {
        usleep(20000);
        CHECK(erg_devices_read(found, 0, at, &reading, NULL));
        for (size_t k = 0; k < reading.count && count < most; k++)
            samples[count++] = reading.at[k];
    }
    return count;
}

static void without_nvml_one_child_is_followed(void)
{
    erg_error err = { 0 };
    erg_sample samples[8];
    erg_devices *found = through("nvidia-smi", "nvml", &err);
    CHECK_OK(found != NULL, err);
    CHECK(erg_devices_count(found) == 2);
    CHECK_TEXT(erg_devices_info(found, 1)->name, "nvml:1");
    CHECK_TEXT(erg_devices_info(found, 0)->uuid, "GPU-1111");
    CHECK(erg_devices_info(found, 0)->shared);      /* MIG is on */
    CHECK(!erg_devices_info(found, 1)->shared);

    CHECK(collect(found, "power", samples, 8) == 8);
    for (size_t i = 0; i < 8; i++) {
        CHECK(isnan(samples[i].value) == (i == 2)); /* its third line says [N/A] */
        CHECK(i == 2 || samples[i].value == 201.5);
        CHECK(samples[i].half_width_ns > 0);
        CHECK(i == 0 || samples[i].t_ns > samples[i - 1].t_ns);
    }
    erg_devices_free(found);
}

static void an_old_nvidia_smi_is_asked_the_old_way(void)
{
    erg_error err = { 0 };
    erg_sample sample;
    size_t at;
    erg_devices *found = through("nvidia-smi-old", "nvml:0", &err);
    CHECK_OK(found != NULL, err);
    CHECK(!channel_of(found, "power_average", &at));
    CHECK(collect(found, "sm_clock", &sample, 1) == 1);
    CHECK_NEAR(sample.value, 1312e6, 1);
    erg_devices_free(found);
}

static void dcgmi_gives_the_counter(void)
{
    erg_error err = { 0 };
    erg_sample samples[5];
    size_t at;
    erg_devices *found = through("dcgmi", "nvml", &err);
    CHECK_OK(found != NULL, err);
    CHECK(channel_of(found, "energy", &at)->kind == ERG_COUNTER);
    CHECK(collect(found, "energy", samples, 5) == 5);
    for (size_t i = 1; i < 5; i++)
        CHECK_NEAR(samples[i].value - samples[i - 1].value, 5.25, 1e-9);
    erg_devices_free(found);
}

static void check_activities(erg_devices *found)
{
    static const struct { const char *name; double share; } told[] = {
        { "dram_active", 0.4 }, { "fp64_active", 0.125 }, { "fp32_active", 0.5 },
        { "sm_active", 0.9 },   { "fp16_active", NAN },
    };
    erg_sample samples[3];
    size_t at;

    for (size_t i = 0; i < ERG_COUNT(told); i++) {
        CHECK(channel_of(found, told[i].name, &at)->quantity == ERG_USE);
        CHECK(collect(found, told[i].name, samples, 3) == 3);
        for (size_t k = 0; k < 3; k++)
            CHECK(isnan(told[i].share) ? isnan(samples[k].value)
                                       : samples[k].value == told[i].share);
        CHECK(samples[1].t_ns > samples[0].t_ns && samples[0].half_width_ns > 0);
    }
}

static void dcgmi_gives_what_the_units_were_at(void)
{
    erg_error err = { 0 };
    erg_devices *found = through("dcgmi", "nvml", &err);
    CHECK_OK(found != NULL, err);
    check_activities(found);
    erg_devices_free(found);
}

/* Through NVML itself, as fake: with its own activities, or older than Hopper. */
static erg_devices *with_dcgmi(const char *script, bool is_asked)
{
    char nvml[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    const char *const sensors[] = { "nvml" };
    erg_error err = { 0 };

    snprintf(nvml, sizeof(nvml), "%s/tests/fake/libnvidia-ml.so.1",
             build ? build : "build");
    setenv("FAKE_NVML", script, 1);
    erg_env env = { .nvml = nvml, .path = test_fixture("dcgmi"),
                    .activities = is_asked };
    erg_devices *found = erg_devices_find(&env, sensors, 1, &err);
    CHECK_OK(found != NULL, err);
    return found;
}

static void where_nvml_has_none_dcgmi_is_asked_beside_it(void)
{
    erg_devices *found = with_dcgmi("a100-sxm4-80gb,load=constant:200", true);
    size_t at;

    check_activities(found);
    CHECK(channel_of(found, "energy", &at)->kind == ERG_COUNTER);
    erg_devices_free(found);
}

static bool has_activities(const char *script, size_t gpu, bool is_asked)
{
    erg_devices *found = with_dcgmi(script, is_asked);
    bool has = false;

    for (size_t i = 0; i < erg_devices_channel_count(found, gpu); i++)
        has |= strcmp(erg_devices_channel(found, gpu, i)->name, "dram_active") == 0;
    erg_devices_free(found);
    return has;
}

static void where_dcgmi_has_none_there_are_none(void)
{
    CHECK(has_activities("a100-sxm4-80gb;gpus=2", 0, true));
    CHECK(!has_activities("a100-sxm4-80gb;gpus=2", 1, true)); /* an error, and it ends */
    CHECK(!has_activities("p100-pcie-16gb;architecture=4", 0, true));
    CHECK(!has_activities("a100-sxm4-80gb;mig=1", 0, true));
}

static void without_being_asked_no_second_process_is_started(void)
{
    CHECK(!has_activities("a100-sxm4-80gb;gpus=2", 0, false));
}

static void a_child_that_ends_is_a_device_that_is_gone(void)
{
    erg_error err = { 0 };
    erg_reading reading;
    erg_devices *found = through("nvidia-smi", "nvml:1", &err);
    CHECK_OK(found != NULL, err);
    bool good = true;
    for (int i = 0; i < 100 && good; i++) { /* the fake ends for GPU 1 */
        usleep(20000);
        good = erg_devices_read(found, 0, 0, &reading, &err);
    }
    CHECK(!good && strstr(err.text, "nvidia-smi ended"));
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(without_nvml_one_child_is_followed),
        TEST(an_old_nvidia_smi_is_asked_the_old_way),
        TEST(dcgmi_gives_the_counter),
        TEST(dcgmi_gives_what_the_units_were_at),
        TEST(where_nvml_has_none_dcgmi_is_asked_beside_it),
        TEST(where_dcgmi_has_none_there_are_none),
        TEST(without_being_asked_no_second_process_is_started),
        TEST(a_child_that_ends_is_a_device_that_is_gone),
    };
    return test_run(tests, ERG_COUNT(tests));
}
