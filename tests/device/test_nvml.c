/* SPDX-License-Identifier: Apache-2.0 */
/* NVML against the fake library: its script is the truth, its clock is stepped. */
#include "fake_gpus.h"

static double true_j(double begin_s, double end_s)
{
    double (*call)(double begin_s, double end_s);
    void *found = inside("fake_nvml_true_j");
    memcpy(&call, &found, sizeof(call));
    return call(begin_s, end_s);
}

static void the_counter_gives_the_true_joules(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb,load=square:64:192:104.34ms");
    double begin_j = read_at(found, 10 * ERG_NS_PER_S, "energy");
    double end_j = read_at(found, 130 * ERG_NS_PER_S, "energy");
    CHECK_NEAR(end_j - begin_j, true_j(10, 130), 1e-3 * true_j(10, 130));
    erg_devices_free(found);
}

static void a_counter_of_months_is_not_a_blank(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb,load=constant:300");
    CHECK_NEAR(read_at(found, 10000000 * ERG_NS_PER_S, "energy"), 3e9, 1);
    erg_devices_free(found);
}

static void a_sensor_shows_a_new_value_at_its_update_and_holds_it_till_the_next(void)
{
    erg_devices *found =
        gpus("plain,load=ramp:0:1000:10s,update=100ms,window=0s,counter_update=100ms");
    static const struct { double at_ms, w, j; } rows[] = {
        { 300, 30, 4.5 }, { 399, 30, 4.5 }, { 400, 40, 8 }, { 499, 40, 8 },
        { 350, 30, 4.5 },       /* a clock that is stepped back */
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        int64_t at_ns = (int64_t)(rows[i].at_ms * 1e6);
        CHECK_NEAR(read_at(found, at_ns, "power"), rows[i].w, 1e-9);
        CHECK_NEAR(read_at(found, at_ns, "energy"), rows[i].j, 1e-9);
    }
    erg_devices_free(found);
}

static void a_restarted_driver_shows_as_a_falling_counter(void)
{
    erg_devices *found = gpus("plain,load=constant:100,reset=50s");
    size_t at;
    CHECK_NEAR(read_at(found, 49 * ERG_NS_PER_S, "energy"), 4900, 3);
    CHECK_NEAR(read_at(found, 52 * ERG_NS_PER_S, "energy"), 200, 3);
    CHECK(channel_of(found, "energy", &at)->range_j == 0);
    erg_devices_free(found);
}

static void instant_and_average_are_two_channels(void)
{
    size_t at;
    erg_devices *found = gpus("rtx-3090,load=square:100:300:4s");
    CHECK(channel_of(found, "power", &at)->kind != ERG_SMOOTHED);
    CHECK(channel_of(found, "power_average", &at)->kind == ERG_SMOOTHED);
    CHECK_NEAR(channel_of(found, "power_average", &at)->window_s, 1, 0.01);
    CHECK_NEAR(read_at(found, 4500 * ERG_NS_PER_MS, "power"), 300, 1e-3);
    CHECK_NEAR(read_at(found, 4500 * ERG_NS_PER_MS, "power_average"), 200, 1e-3);
    erg_devices_free(found);
}

static void power_usage_means_what_its_architecture_means(void)
{
    static const struct {
        const char *script;
        bool is_smoothed;
    } rows[] = {
        { "rtx-3090;instant=0,average=0,usage=1", true },
        { "h100-pcie-80gb;instant=0,average=0,usage=1,architecture=9", true },
        { "a100-pcie-40gb;instant=0,average=0", false },
        { "v100-sxm2-32gb;instant=0,average=0,architecture=5", false },
        { "plain;model=1,instant=0,average=0,architecture=8", true },
        { "plain;model=1,instant=0,average=0,architecture=8,driver=530", false },
        { "plain;model=1,instant=0,average=0,architecture=6", false },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        size_t at;
        erg_devices *found = gpus(rows[i].script);
        CHECK((channel_of(found, "power", &at)->kind == ERG_SMOOTHED)
              == rows[i].is_smoothed);
        CHECK(!channel_of(found, "power_average", &at));
        erg_devices_free(found);
    }
}

static void an_old_driver_lacks_symbols_and_still_reads(void)
{
    erg_error err = { 0 };
    size_t at;
    erg_devices *found =
        gpus_of("libnvidia-ml-old", "v100-sxm2-32gb,load=constant:123", "nvml", &err);
    erg_reading reading;
    CHECK_OK(found != NULL, err);
    CHECK(!channel_of(found, "energy", &at));
    CHECK(channel_of(found, "power", &at));
    CHECK(erg_devices_read(found, 0, at, &reading, &err));
    CHECK_NEAR(reading.at[0].value, 123, 1e-6);
    erg_devices_free(found);
}

static void chip_and_module_of_a_superchip_are_kept_apart(void)
{
    size_t at;
    erg_devices *found = gpus("h100-sxm5-80gb,load=constant:300;module=150,architecture=9");
    CHECK(channel_of(found, "power", &at)->scope == ERG_SCOPE_CHIP);
    CHECK(channel_of(found, "power_module", &at)->scope == ERG_SCOPE_MODULE);
    CHECK(channel_of(found, "energy", &at)->scope == ERG_SCOPE_MODULE);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power"), 300, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_module"), 450, 1e-3);
    erg_devices_free(found);
}

static void memory_and_every_limit_are_channels_of_their_own(void)
{
    size_t at;
    erg_devices *found = gpus("h100-sxm5-80gb,load=constant:300;memory=80,architecture=9");
    CHECK(channel_of(found, "power_memory", &at)->scope == ERG_SCOPE_MEMORY);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_memory"), 80, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_limit"), 700, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_limit_requested"), 700, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_limit_default"), 700, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_limit_min"), 175, 1e-3);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "power_limit_max"), 700, 1e-3);
    CHECK(channel_of(found, "power_limit_max", &at)->quantity == ERG_OTHER);
    erg_devices_free(found);
    found = gpus("h100-sxm5-80gb");
    CHECK(!channel_of(found, "power_memory", &at));
    erg_devices_free(found);
}

static void a_sleeping_gpu_is_left_asleep(void)
{
    char root[ERG_PATH_MOST], command[4 * ERG_PATH_MOST];
    snprintf(root, sizeof(root), "%s", test_folder());
    snprintf(command, sizeof(command),
             "p=%s/sys/bus/pci/drivers/nvidia/0000:01:00.0/power; "
             "mkdir -p $p && echo suspended > $p/runtime_status",
             root);
    CHECK(system(command) == 0);
    setenv("FAKE_NVML", "plain", 1);
    step(0);
    erg_env env = { .root = root, .nvml = library("libnvidia-ml") };
    const char *const asked[] = { "nvml" };
    erg_error err = { 0 };
    erg_devices *found = erg_devices_find(&env, NULL, 0, &err);
    CHECK_OK(found != NULL, err);
    CHECK_TEXT(erg_devices_info(found, 0)->driver, "nvml");
    CHECK(erg_devices_state(found, 0) == ERG_ABSENT);
    CHECK(strstr(erg_devices_reason(found, 0), "sleeps"));
    erg_devices_free(found);
    found = erg_devices_find(&env, asked, 1, &err);
    CHECK_OK(found != NULL, err);
    CHECK(erg_devices_state(found, 0) == ERG_PRESENT);
    erg_devices_free(found);
}

static void a_split_gpu_is_labelled_shared(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb;mig=1");
    CHECK(erg_devices_info(found, 0)->shared);
    erg_devices_free(found);
    found = gpus("a100-sxm4-80gb");
    CHECK(!erg_devices_info(found, 0)->shared);
    erg_devices_free(found);
}

/* Process 1 is there always, and of another group than a test. */
static void a_gpu_that_others_compute_on_is_told(void)
{
    char own[64];
    erg_devices *found = gpus("a100-sxm4-80gb;process=1");
    CHECK(erg_devices_has_others(found, 0));
    CHECK(!erg_devices_info(found, 0)->shared);     /* its knobs may be turned */
    CHECK(!erg_devices_has_others(found, 1));
    erg_devices_free(found);
    snprintf(own, sizeof(own), "a100-sxm4-80gb;process=%ld", (long)getpid());
    const char *const none[] = { "a100-sxm4-80gb", own,
                                 "a100-sxm4-80gb;process=2147483647" };
    for (size_t i = 0; i < ERG_COUNT(none); i++) {
        found = gpus(none[i]);
        CHECK(!erg_devices_has_others(found, 0));
        erg_devices_free(found);
    }
}

static void boards_of_long_ago_are_off_by_watts_too(void)
{
    static const struct { const char *script; double offset_u_w; } rows[] = {
        { "plain;architecture=2", 5 }, { "plain;architecture=3", 0 },
        { "plain;architecture=9", 0 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        size_t at;
        erg_devices *found = gpus(rows[i].script);
        double offset_u = channel_of(found, "power", &at)->offset_u;
        CHECK((offset_u > 0 ? offset_u : 0) == rows[i].offset_u_w);
        erg_devices_free(found);
    }
}

static void failed_and_blank_reads_are_gaps_never_zero(void)
{
    erg_devices *found = gpus("plain,load=constant:200,error=20%");
    int failed = 0;
    for (int i = 1; i <= 1000; i++) {
        double value = read_at(found, i * 100 * ERG_NS_PER_MS, "power");
        failed += isnan(value);
        CHECK(isnan(value) || fabs(value - 200) < 1e-6);
    }
    CHECK_NEAR(failed, 200, 50);
    erg_devices_free(found);
    found = gpus("plain;blank=1");
    CHECK(isnan(read_at(found, ERG_NS_PER_S, "power")));
    CHECK(isnan(read_at(found, ERG_NS_PER_S, "energy")));
    erg_devices_free(found);
}

static void a_lost_gpu_ends_its_reading_with_the_cure(void)
{
    erg_devices *found = gpus("plain;lost=5");
    erg_reading reading;
    erg_error err = { 0 };
    CHECK(read_at(found, 4 * ERG_NS_PER_S, "energy") > 0);
    step(6 * ERG_NS_PER_S);
    CHECK(!erg_devices_read(found, 0, 0, &reading, &err));
    CHECK(strstr(err.text, "nvml:0") && strstr(err.text, "bus"));
    erg_devices_free(found);
}

static void several_gpus_are_found_and_one_can_be_asked_for(void)
{
    erg_error err = { 0 };
    erg_devices *found = gpus("h100-sxm5-80gb,uuid=x;gpus=8");
    CHECK(erg_devices_count(found) == 8);
    CHECK_TEXT(erg_devices_info(found, 7)->name, "nvml:7");
    erg_devices_free(found);
    found = gpus_of("libnvidia-ml", "h100-sxm5-80gb,uuid=x;gpus=8", "nvml:GPU-x-3", &err);
    CHECK_OK(found != NULL, err);
    CHECK(erg_devices_count(found) == 1);
    CHECK_TEXT(erg_devices_info(found, 0)->name, "nvml:3");
    erg_devices_free(found);
    CHECK(!gpus_of("libnvidia-ml", "plain;gpus=2", "nvml:5", &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "nvidia-smi -L"));
    CHECK(!gpus_of("libnvidia-ml", "plain;gpus=2", "nvml:1.5", &err));
    CHECK(err.code == ERG_BAD_INPUT);
}

static void what_is_absent_says_why_and_what_to_do(void)
{
    static const struct {
        const char *file, *script, *says;
    } rows[] = {
        { "libnowhere", "plain", "libnowhere.so.1 was not found" },
        { "libnvidia-ml", "plain;init=9", "modprobe nvidia" },
        { "libnvidia-ml", "plain;init=4", "/dev/nvidiactl" },
        { "libnvidia-ml", "plain;init=18", "restart" },
        { "libnvidia-ml", "plain;gpus=0", "no GPU" },
        { "libnvidia-ml", "plain;tegra=1", "--sensor hwmon" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!gpus_of(rows[i].file, rows[i].script, "nvml", &err));
        CHECK(err.code == ERG_NOT_FOUND || err.code == ERG_NO_ACCESS);
        CHECK(strstr(err.text, rows[i].says));
    }
}

/* A quarter of the time at the power limit, the fan at 40 %. */
static void time_held_back_and_the_fan_are_channels_where_the_board_tells_them(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb;held=0.25,fan=40");
    size_t at;

    CHECK_NEAR(read_at(found, 8 * ERG_NS_PER_S, "throttled_power"), 2, 1e-6);
    CHECK_NEAR(read_at(found, 8 * ERG_NS_PER_S, "throttled_thermal"), 0, 0);
    CHECK_NEAR(read_at(found, 8 * ERG_NS_PER_S, "fan"), 0.4, 1e-12);
    const erg_channel_info *held = channel_of(found, "throttled_power", &at);
    CHECK(held->quantity == ERG_DURATION && held->kind == ERG_COUNTER);
    CHECK_TEXT(held->unit, "s");
    CHECK(!channel_of(found, "throttled_brake", &at));
    erg_devices_free(found);
    found = gpus("a100-sxm4-80gb");
    CHECK(!channel_of(found, "throttled_power", &at) && !channel_of(found, "fan", &at));
    erg_devices_free(found);
}

/* There the number 269 is the preset of power smoothing in force: no time at all. */
static void counters_of_throttling_are_read_by_the_numbers_of_the_driver(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb;held=0.25,presets=3,moved=5,driver=580");
    size_t at;

    CHECK_NEAR(read_at(found, 8 * ERG_NS_PER_S, "throttled_sw_thermal"), 1, 1e-6);
    CHECK(!channel_of(found, "throttled_hw_thermal", &at));
    CHECK(erg_devices_find_knob(found, 0, ERG_SMOOTHING_PROFILE)->now == 1);
    erg_devices_free(found);
    found = gpus("a100-sxm4-80gb;held=0.25,presets=3,driver=590");
    CHECK(!channel_of(found, "throttled_sw_thermal", &at));
    erg_devices_free(found);
}

static void memory_its_errors_and_the_limit_of_heat_are_channels_where_they_are_told(void)
{
    erg_devices *found = gpus("a100-sxm4-80gb;health=1");
    size_t at;

    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "memory_used"), 20 * 0x1p30, 1);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "memory_total"), 80 * 0x1p30, 1);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "temperature_limit"), 90 + 273.15, 1e-9);
    CHECK_NEAR(read_at(found, ERG_NS_PER_S, "ecc_errors"), 4, 0);
    CHECK(channel_of(found, "ecc_errors", &at)->kind == ERG_COUNTER);
    CHECK_TEXT(channel_of(found, "memory_used", &at)->unit, "B");
    erg_devices_free(found);
    found = gpus("a100-sxm4-80gb");
    CHECK(!channel_of(found, "memory_used", &at) && !channel_of(found, "ecc_errors", &at));
    CHECK(!channel_of(found, "temperature_limit", &at));
    erg_devices_free(found);
}

int main(void)
{
    static const test tests[] = {
        TEST(counters_of_throttling_are_read_by_the_numbers_of_the_driver),
        TEST(memory_its_errors_and_the_limit_of_heat_are_channels_where_they_are_told),
        TEST(time_held_back_and_the_fan_are_channels_where_the_board_tells_them),
        TEST(the_counter_gives_the_true_joules),
        TEST(a_counter_of_months_is_not_a_blank),
        TEST(a_sensor_shows_a_new_value_at_its_update_and_holds_it_till_the_next),
        TEST(a_restarted_driver_shows_as_a_falling_counter),
        TEST(instant_and_average_are_two_channels),
        TEST(power_usage_means_what_its_architecture_means),
        TEST(an_old_driver_lacks_symbols_and_still_reads),
        TEST(chip_and_module_of_a_superchip_are_kept_apart),
        TEST(memory_and_every_limit_are_channels_of_their_own),
        TEST(a_sleeping_gpu_is_left_asleep),
        TEST(a_split_gpu_is_labelled_shared),
        TEST(a_gpu_that_others_compute_on_is_told),
        TEST(boards_of_long_ago_are_off_by_watts_too),
        TEST(failed_and_blank_reads_are_gaps_never_zero),
        TEST(a_lost_gpu_ends_its_reading_with_the_cure),
        TEST(several_gpus_are_found_and_one_can_be_asked_for),
        TEST(what_is_absent_says_why_and_what_to_do),
    };
    return test_run(tests, ERG_COUNT(tests));
}
