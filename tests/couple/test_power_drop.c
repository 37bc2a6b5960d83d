/* SPDX-License-Identifier: Apache-2.0 */
/* Falls of power and their causes, each planted. */
#include "math/random.h"
#include "test.h"
#include "couple/power_drop.h"

enum { N = 300, AT = 150 };

typedef struct scene {
    double power_w[N], clock_hz[N], heat[N], limit[N], load[N], fan[N];
    erg_drop_channels channels;
} scene;

/* 200 W, then 150 W from AT on; nothing else moves. */
static void set_scene(scene *of, uint64_t seed)
{
    erg_random random = { seed };

    for (size_t t = 0; t < N; t++) {
        of->power_w[t] = (t < AT ? 200 : 150) + 3 * erg_random_normal(&random);
        of->clock_hz[t] = 1.7e9;
        of->heat[t] = of->limit[t] = 0;
        of->load[t] = 0.97 + 0.02 * erg_random_uniform(&random);
        of->fan[t] = 0.6;
    }
    of->channels = (erg_drop_channels){ N, of->power_w, of->clock_hz, of->heat, of->limit,
                                        of->load, of->fan, 0 };
}

static erg_drop_cause only_cause(scene *of)
{
    erg_power_drop drops[8];
    size_t count = erg_power_drops(&of->channels, drops, 8);

    CHECK(count == 1);
    CHECK(drops[0].place + 1 >= AT && drops[0].place <= AT + 1);
    CHECK_NEAR(drops[0].before, 200, 8);
    CHECK_NEAR(drops[0].after, 150, 8);
    return drops[0].cause;
}

static void set_from(double x[], size_t from, double value)
{
    for (size_t t = from; t < N; t++)
        x[t] = value;
}

static void a_power_limit_with_a_steady_fan_is_a_power_limit(void)
{
    scene of;

    set_scene(&of, 1);
    set_from(of.limit, AT, 1);
    CHECK(only_cause(&of) == ERG_DROP_LIMIT);
    CHECK_TEXT(erg_drop_cause_name(ERG_DROP_LIMIT), "power limit");
}

static void each_cause_is_told_from_the_others(void)
{
    scene of;

    set_scene(&of, 2);
    CHECK(only_cause(&of) == ERG_DROP_UNKNOWN);
    set_from(of.heat, AT, 1);
    CHECK(only_cause(&of) == ERG_DROP_HEAT);
    set_scene(&of, 3);
    set_from(of.load, AT, 0.4);
    CHECK(only_cause(&of) == ERG_DROP_LOAD);
    set_scene(&of, 4);
    set_from(of.fan, AT, 0.8);
    CHECK(only_cause(&of) == ERG_DROP_COOLING);
    set_from(of.fan, 0, 0.05);
    set_from(of.fan, AT, 0);            /* goes off */
    CHECK(only_cause(&of) == ERG_DROP_COOLING);
}

static void the_first_to_set_in_is_the_cause(void)
{
    scene of;

    set_scene(&of, 5);
    set_from(of.heat, AT, 1);
    set_from(of.limit, AT - 1, 1);
    CHECK(only_cause(&of) == ERG_DROP_LIMIT);
    set_from(of.limit, 0, 1);           /* was set all along */
    CHECK(only_cause(&of) == ERG_DROP_HEAT);
    set_from(of.heat, 0, 0);
    set_from(of.heat, AT + 10, 1);      /* sets in later */
    CHECK(only_cause(&of) == ERG_DROP_UNKNOWN);
}

static void a_channel_that_is_not_there_causes_nothing(void)
{
    scene of;

    set_scene(&of, 6);
    of.channels.heat = of.channels.limit = of.channels.load = of.channels.fan = NULL;
    of.channels.clock_hz = NULL;
    of.power_w[20] = NAN;
    CHECK(only_cause(&of) == ERG_DROP_UNKNOWN);
}

static void a_fall_of_the_clock_alone_counts(void)
{
    scene of;
    erg_power_drop drops[4];

    set_scene(&of, 7);
    set_from(of.clock_hz, 60, 1.3e9);
    CHECK(erg_power_drops(&of.channels, drops, 4) == 2);
    CHECK(drops[0].place == 60 && drops[0].is_clock);
    CHECK_NEAR(drops[0].after, 1.3e9, 1);
    CHECK(!drops[1].is_clock);
    CHECK(erg_power_drops(&of.channels, drops, 1) == 1);
}

static void noise_and_rises_are_no_falls(void)
{
    scene of;
    erg_power_drop drops[4];
    erg_random random = { 8 };
    size_t falls = 0;

    for (int run = 0; run < 50; run++) {
        set_scene(&of, 0);
        for (size_t t = 0; t < N; t++)
            of.power_w[t] = (t < AT ? 150 : 200) + 20 * erg_random_normal(&random);
        falls += erg_power_drops(&of.channels, drops, 4);
    }
    CHECK(falls <= 5);
}

static void changes_are_found_where_they_are(void)
{
    double x[N];
    size_t places[4];
    erg_random random = { 9 };

    for (size_t t = 0; t < N; t++)
        x[t] = (t < 40 ? 1 : t < 200 ? 5 : 2) + 0.5 * erg_random_normal(&random);
    CHECK(erg_change_points(x, N, 0.5, places, 4) == 2);
    CHECK(places[0] >= 39 && places[0] <= 41);
    CHECK(places[1] >= 199 && places[1] <= 201);
    CHECK(erg_change_points(x, N, 10, places, 4) == 0);
    for (size_t t = 0; t < N; t++)
        x[t] = 0.1;
    CHECK(erg_change_points(x, N, 0, places, 4) == 0);
    CHECK(erg_change_points(x, 0, 0, places, 4) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_power_limit_with_a_steady_fan_is_a_power_limit),
        TEST(each_cause_is_told_from_the_others),
        TEST(the_first_to_set_in_is_the_cause),
        TEST(a_channel_that_is_not_there_causes_nothing),
        TEST(a_fall_of_the_clock_alone_counts),
        TEST(noise_and_rises_are_no_falls),
        TEST(changes_are_found_where_they_are),
    };
    return test_run(tests, ERG_COUNT(tests));
}
