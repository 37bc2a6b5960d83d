/* SPDX-License-Identifier: Apache-2.0 */
/* The sim driver under a clock stepped by hand: what it reads against its truth. */
#include "erg/device.h"
#include "plant/power.h"
#include "test.h"

typedef struct manual {
    int64_t now_ns;
} manual;

static int64_t hand_now_ns(void *self) { return ((manual *)self)->now_ns; }

static void hand_sleep(void *self, int64_t at_ns) { ((manual *)self)->now_ns = at_ns; }

static erg_clock clock_of(manual *hand)
{
    return (erg_clock){ hand_now_ns, hand_now_ns, hand_sleep, hand };
}

static erg_devices *sim(const erg_clock *clock, const char *sensor, erg_error *err)
{
    erg_env env = { .clock = clock };
    const char *const sensors[] = { sensor };
    return erg_devices_find(&env, sensors, 1, err);
}

static size_t channel_named(const erg_devices *devices, const char *name)
{
    size_t count = erg_devices_channel_count(devices, 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(erg_devices_channel(devices, 0, i)->name, name) == 0)
            return i;
    return SIZE_MAX;
}

static double read_at(erg_devices *devices, manual *hand, int64_t now_ns, const char *name)
{
    erg_reading reading;
    hand->now_ns = now_ns;
    CHECK(erg_devices_read(devices, 0, channel_named(devices, name), &reading, NULL));
    CHECK(reading.count == 1 && reading.at[0].t_ns == now_ns);
    return reading.at[0].value;
}

static void the_counter_is_exact_to_a_tenth_of_a_percent(void)
{
    manual hand = { 5 * ERG_NS_PER_S };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    erg_devices *gpu =
        sim(&clock, "sim:a100-sxm4-80gb,load=square:80:400:104.34ms,start=0s", &err);
    CHECK_OK(gpu != NULL, err);
    erg_law law = erg_law_square(80, 400, 0.10434, 0.5);

    double begin_j = read_at(gpu, &hand, 10 * ERG_NS_PER_S, "energy");
    double end_j = read_at(gpu, &hand, 130 * ERG_NS_PER_S, "energy");
    double want_j = erg_law_j(&law, 10, 130);
    CHECK_NEAR(end_j - begin_j, want_j, 1e-3 * want_j);
    erg_devices_free(gpu);
}

static void everything_it_yields_is_labelled_simulated(void)
{
    erg_error err = { 0 };
    for (int i = 0; i < 2; i++) {
        erg_devices *gpu = sim(NULL, i ? "sim:h100-sxm5-80gb" : "sim:plain", &err);
        CHECK_OK(gpu != NULL, err);
        CHECK(erg_devices_channel_count(gpu, 0) >= 5);
        for (size_t k = 0; k < erg_devices_channel_count(gpu, 0); k++)
            CHECK(erg_devices_channel(gpu, 0, k)->method == ERG_METHOD_SIMULATED);
        CHECK(strstr(erg_devices_info(gpu, 0)->model, "simulated"));
        erg_devices_free(gpu);
    }
}

static void power_is_seen_through_the_sensor_asked_for(void)
{
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    erg_devices *gpu =
        sim(&clock, "sim:plain,load=constant:200,gain=0.95,offset=5W,counter=off", &err);
    CHECK_OK(gpu != NULL, err);
    CHECK_NEAR(read_at(gpu, &hand, 7 * ERG_NS_PER_S, "power"), 195, 1e-9);
    CHECK(channel_named(gpu, "energy") == SIZE_MAX);
    CHECK_NEAR(erg_devices_channel(gpu, 0, channel_named(gpu, "power"))->gain_u, 0.05, 0);
    erg_devices_free(gpu);

    gpu = sim(&clock, "sim:rtx-3090", &err);
    CHECK_OK(gpu != NULL, err);
    const erg_channel_info *power =
        erg_devices_channel(gpu, 0, channel_named(gpu, "power"));
    const erg_channel_info *average =
        erg_devices_channel(gpu, 0, channel_named(gpu, "power_average"));
    CHECK(power->kind == ERG_AVG_PREV && average->kind == ERG_SMOOTHED);
    CHECK_NEAR(average->window_s, 1, 0);
    CHECK(erg_devices_channel(gpu, 0, channel_named(gpu, "power_limit"))->quantity
          == ERG_OTHER);
    erg_devices_free(gpu);
}

static void failed_reads_are_gaps_at_the_rate_asked_for(void)
{
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_devices *gpu = sim(&clock, "sim:plain,load=constant:200,error=10%", NULL);
    int failed = 0;
    for (int i = 0; i < 5000; i++) {
        double value = read_at(gpu, &hand, i * 20 * ERG_NS_PER_MS, "power");
        CHECK(isnan(value) || fabs(value - 200) < 1e-9);
        failed += isnan(value);
    }
    CHECK_NEAR(failed, 500, 75);
    erg_devices_free(gpu);
}

static void two_of_one_profile_have_two_names(void)
{
    const char *const sensors[] = { "sim:plain", "sim:plain,load=constant:10" };
    erg_env env = { 0 };
    erg_error err = { 0 };
    erg_devices *both = erg_devices_find(&env, sensors, 2, &err);
    CHECK_OK(both != NULL, err);
    CHECK(erg_devices_count(both) == 2);
    CHECK(strcmp(erg_devices_info(both, 0)->name, erg_devices_info(both, 1)->name) != 0);
    erg_devices_free(both);
}

static void a_bad_description_is_named_with_its_key(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "sim:a100", "no profile 'a100'" },
        { "sim:plain,color=red", "no key 'color'" },
        { "sim:plain,update", "'update' is not KEY=VALUE" },
        { "sim:plain,update=100", "update=100" },
        { "sim:plain,update=-1s", "update=-1s" },
        { "sim:plain,load=sine:1", "load=sine:1" },
        { "sim:plain,dropout=1", "dropout=1" },
        { "sim:plain,error=7", "error=7" },
        { "sim:plain,counter=1W", "counter=1W" },
        { "sim:plain,noise=", "noise=" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!sim(NULL, rows[i].text, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, rows[i].says));
    }
}

static void with_heat_it_follows_its_plant_and_says_so(void)
{
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    erg_devices *gpu = sim(&clock, "sim:a100-sxm4-80gb,heat,load=square:60:400:40s,tau=10s,"
                                   "ambient=40C,start=0s", &err);
    double least_hz = INFINITY, most_k = 0, most_w = 0;
    unsigned reasons = 0;
    CHECK_OK(gpu != NULL, err);
    for (int i = 0; i < 1000; i++) {
        int64_t now_ns = i * ERG_NS_PER_S / 10;
        double temp_k = read_at(gpu, &hand, now_ns, "temperature");
        CHECK_NEAR(temp_k - 273.15, round(temp_k - 273.15), 1e-9);
        most_k = fmax(most_k, temp_k);
        least_hz = fmin(least_hz, read_at(gpu, &hand, now_ns, "sm_clock"));
        most_w = fmax(most_w, read_at(gpu, &hand, now_ns, "power"));
        reasons |= (unsigned)read_at(gpu, &hand, now_ns, "throttle");
    }
    CHECK_NEAR(most_k - 273.15, 83, 2);
    CHECK(least_hz < 1400e6 && least_hz > 400e6);
    CHECK(most_w < 401); /* the limit holds what leaks as well */
    CHECK(reasons & 0x20);
    for (size_t i = 0; i < erg_devices_channel_count(gpu, 0); i++)
        CHECK(erg_devices_channel(gpu, 0, i)->method == ERG_METHOD_SIMULATED);
    erg_devices_free(gpu);
}

static double number_in(const char *folder, const char *file)
{
    char path[300], text[32];
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return erg_file_line(path, text, sizeof(text), NULL) ? strtod(text, NULL) : NAN;
}

static void a_program_loads_the_plant_and_is_told_its_clock(void)
{
    char folder[] = "/tmp/erg-follow-XXXXXX", sensor[200], path[300];
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    CHECK(mkdtemp(folder));
    snprintf(sensor, sizeof(sensor), "sim:a100-sxm4-80gb,heat,follow=%s,start=0s", folder);
    erg_devices *gpu = sim(&clock, sensor, &err);
    CHECK_OK(gpu != NULL, err);
    CHECK_NEAR(read_at(gpu, &hand, 2 * ERG_NS_PER_S, "power"), 61, 1);
    CHECK_NEAR(number_in(folder, "clock"), 1, 0);

    snprintf(path, sizeof(path), "%s/load", folder);
    test_write(path, "0.5\n");
    CHECK_NEAR(read_at(gpu, &hand, 4 * ERG_NS_PER_S, "power"), 60.3 + 0.5 * 339.7, 5);
    CHECK_NEAR(read_at(gpu, &hand, 4 * ERG_NS_PER_S, "use"), 0.5, 1e-9);
    erg_turn turn = { .knob = ERG_SM_CLOCK, .requested = 705e6 };
    CHECK_OK(erg_devices_turn(gpu, 0, &turn, &err), err);
    read_at(gpu, &hand, 5 * ERG_NS_PER_S, "power");
    CHECK_NEAR(number_in(folder, "clock"), 0.5, 1e-6);
    erg_devices_free(gpu);
    CHECK(unlink(path) == 0);
    snprintf(path, sizeof(path), "%s/clock", folder);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);

    CHECK(!sim(&clock, sensor, &err) && strstr(err.text, "make that folder first"));
    CHECK(!sim(&clock, "sim:plain,follow=/tmp", &err) && strstr(err.text, "needs heat"));
    CHECK(!sim(&clock, "sim:plain,heat,window=100s", &err));
    CHECK(!sim(&clock, "sim:plain,heat=maybe", &err));
}

/* Without heat, too: 400 W for 10 s, then held to 250 W, then free again. */
static void a_turned_limit_holds_any_load_down(void)
{
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    erg_devices *gpu = sim(&clock, "sim:a100-sxm4-80gb,load=constant:400,start=0s", &err);
    erg_turn turn = { .knob = ERG_POWER_LIMIT, .requested = 250 };

    CHECK_OK(gpu != NULL, err);
    double begin_j = read_at(gpu, &hand, 10 * ERG_NS_PER_S, "energy");
    CHECK_OK(erg_devices_turn(gpu, 0, &turn, &err), err);
    CHECK_NEAR(read_at(gpu, &hand, 12 * ERG_NS_PER_S, "power"), 250, 1e-6);
    double held_j = read_at(gpu, &hand, 20 * ERG_NS_PER_S, "energy");
    /* the counter is a tenth of a second late */
    CHECK_NEAR(held_j - begin_j, 2500, 0.2 * 400);
    CHECK(erg_devices_restore(gpu, &err));
    CHECK_NEAR(read_at(gpu, &hand, 22 * ERG_NS_PER_S, "power"), 400, 1e-6);
    CHECK_NEAR(read_at(gpu, &hand, 30 * ERG_NS_PER_S, "energy") - held_j, 4000, 0.2 * 400);
    erg_devices_free(gpu);
}

static void a_held_fan_cools_and_is_let_go(void)
{
    manual hand = { 0 };
    erg_clock clock = clock_of(&hand);
    erg_error err = { 0 };
    erg_devices *gpu =
        sim(&clock, "sim:a100-sxm4-80gb,heat,load=constant:200,start=0s,tau=5s", &err);
    CHECK_OK(gpu != NULL, err);
    const erg_device_knob *fan = erg_devices_find_knob(gpu, 0, ERG_FAN);
    CHECK(fan && isnan(fan->now) && fan->high == 1);
    double free_k = read_at(gpu, &hand, 60 * ERG_NS_PER_S, "temperature");
    double free_share = read_at(gpu, &hand, 60 * ERG_NS_PER_S, "fan");
    erg_turn turn = { .knob = ERG_FAN, .requested = 1 };
    CHECK_OK(erg_devices_turn(gpu, 0, &turn, &err), err);
    CHECK(turn.enforced == 1 && free_share < 0.9);
    CHECK(read_at(gpu, &hand, 160 * ERG_NS_PER_S, "temperature") < free_k - 5);
    CHECK_NEAR(read_at(gpu, &hand, 160 * ERG_NS_PER_S, "fan"), 1, 0);
    CHECK_OK(erg_devices_restore(gpu, &err), err);
    CHECK_NEAR(read_at(gpu, &hand, 400 * ERG_NS_PER_S, "temperature"), free_k, 1);
    CHECK_NEAR(read_at(gpu, &hand, 400 * ERG_NS_PER_S, "fan"), free_share, 0.02);
    erg_devices_free(gpu);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_counter_is_exact_to_a_tenth_of_a_percent),
        TEST(everything_it_yields_is_labelled_simulated),
        TEST(power_is_seen_through_the_sensor_asked_for),
        TEST(failed_reads_are_gaps_at_the_rate_asked_for),
        TEST(two_of_one_profile_have_two_names),
        TEST(a_bad_description_is_named_with_its_key),
        TEST(with_heat_it_follows_its_plant_and_says_so),
        TEST(a_program_loads_the_plant_and_is_told_its_clock),
        TEST(a_turned_limit_holds_any_load_down),
        TEST(a_held_fan_cools_and_is_let_go),
    };
    return test_run(tests, ERG_COUNT(tests));
}
