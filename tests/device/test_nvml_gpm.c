/* SPDX-License-Identifier: Apache-2.0 */
/* Activities of a GPU: means between two looks, never invented. */
#include "hand_clock.h"

static const char *const names[] = {
    "graphics_active", "sm_active", "sm_occupancy", "tensor_active",
    "dram_active", "fp64_active", "fp32_active", "fp16_active",
};

/* The parts that the fake gives each unit of its power over the limit. */
static const double parts[] = { 1, 0.9, 0.3, 0.25, 0.4, 0.125, 0.5, NAN };

static erg_devices *open_gpus(const char *script)
{
    const char *const sensors[] = { "nvml" };
    const erg_env env = { .nvml = library("libnvidia-ml"), .clock = &hand_clock };
    erg_error err = { 0 };

    setenv("FAKE_NVML", script, 1);
    step_all(0);
    erg_devices *found = erg_devices_find(&env, sensors, 1, &err);
    CHECK_OK(found != NULL, err);
    return found;
}

static size_t readings_at(erg_devices *found, int64_t at_ns, const char *name,
                          double *value)
{
    size_t at;
    erg_reading reading;

    CHECK(channel_of(found, name, &at));
    step_all(at_ns);
    CHECK(erg_devices_read(found, 0, at, &reading, NULL));
    if (reading.count)
        *value = reading.at[0].value;
    return reading.count;
}

static void an_activity_is_the_mean_since_the_last_look(void)
{
    erg_devices *found = open_gpus("a100-sxm4-80gb,load=square:100:300:1s;gpm=1");
    double value = NAN;

    /* Whole periods, 200 of 400 W in the mean, however far apart the looks. */
    for (int64_t s = 1; s < 40; s *= 3) {
        for (size_t i = 0; i < ERG_COUNT(names); i++) {
            CHECK(readings_at(found, s * ERG_NS_PER_S, names[i], &value) == 1);
            if (isnan(parts[i]))
                CHECK(isnan(value));
            else
                CHECK_NEAR(value, 0.5 * parts[i], 1e-9);
        }
    }
    erg_devices_free(found);
}

/* The busier direction, of what the link could do. */
static void a_link_is_as_full_as_its_busier_direction(void)
{
    erg_devices *found = open_gpus("a100-sxm4-80gb,load=square:100:300:1s;"
                                   "gpm=1,lanes=16,links=18");
    double value = NAN;

    for (int64_t s = 1; s < 9; s += 2) {
        CHECK(readings_at(found, s * ERG_NS_PER_S, "pcie_use", &value) == 1);
        CHECK_NEAR(value, 0.5 * 0.6, 1e-9);
        CHECK(readings_at(found, s * ERG_NS_PER_S, "fabric_use", &value) == 1);
        CHECK_NEAR(value, 0.5 * 1.8, 1e-9);
        CHECK(readings_at(found, s * ERG_NS_PER_S, "fp32_active", &value) == 1);
        CHECK_NEAR(value, 0.5 * 0.5, 1e-9);
    }
    erg_devices_free(found);
}

static void a_link_of_unknown_speed_is_no_channel(void)
{
    size_t at;
    double value = NAN;
    erg_devices *found = open_gpus("a100-sxm4-80gb,load=constant:200;gpm=1,links=4");

    CHECK(!channel_of(found, "pcie_use", &at));
    CHECK(readings_at(found, ERG_NS_PER_S, "fabric_use", &value) == 1);
    CHECK_NEAR(value, 0.5 * 1.8, 1e-9);
    erg_devices_free(found);
    found = open_gpus("a100-sxm4-80gb;gpm=1");
    CHECK(!channel_of(found, "pcie_use", &at) && !channel_of(found, "fabric_use", &at));
    erg_devices_free(found);
}

static void between_two_samples_there_is_nothing_new(void)
{
    erg_devices *found = open_gpus("a100-sxm4-80gb,load=constant:200;gpm=1");
    double value;

    CHECK(readings_at(found, 50 * ERG_NS_PER_MS, "dram_active", &value) == 0);
    CHECK(readings_at(found, 200 * ERG_NS_PER_MS, "dram_active", &value) == 1);
    CHECK(readings_at(found, 250 * ERG_NS_PER_MS, "dram_active", &value) == 0);
    CHECK(readings_at(found, 250 * ERG_NS_PER_MS, "fp32_active", &value) == 1);
    CHECK(readings_at(found, 301 * ERG_NS_PER_MS, "dram_active", &value) == 1);
    erg_devices_free(found);
}

static bool has_any(const char *script)
{
    erg_devices *found = open_gpus(script);
    bool has = false;
    size_t at;

    for (size_t i = 0; i < ERG_COUNT(names); i++)
        has = has || channel_of(found, names[i], &at);
    erg_devices_free(found);
    return has;
}

static void a_gpu_that_does_not_tell_them_has_none(void)
{
    CHECK(has_any("a100-sxm4-80gb;gpm=1"));
    CHECK(!has_any("a100-sxm4-80gb"));
    CHECK(!has_any("a100-sxm4-80gb;gpm=2"));        /* kept for the administrator */
    CHECK(!has_any("a100-sxm4-80gb;gpm=1,mig=1"));
}

static void a_lost_gpu_is_told(void)
{
    erg_devices *found = open_gpus("a100-sxm4-80gb;gpm=1,lost=5");
    erg_reading reading;
    erg_error err = { 0 };
    size_t at;

    CHECK(channel_of(found, "sm_active", &at));
    step_all(6 * ERG_NS_PER_S);
    CHECK(!erg_devices_read(found, 0, at, &reading, &err));
    CHECK(strstr(err.text, "bus"));
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_activity_is_the_mean_since_the_last_look),
        TEST(a_link_is_as_full_as_its_busier_direction),
        TEST(a_link_of_unknown_speed_is_no_channel),
        TEST(between_two_samples_there_is_nothing_new),
        TEST(a_gpu_that_does_not_tell_them_has_none),
        TEST(a_lost_gpu_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
