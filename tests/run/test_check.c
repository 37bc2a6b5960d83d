/* SPDX-License-Identifier: Apache-2.0 */
/* erg devices --check on simulated devices, a minute at once. */
#include "erg/run.h"
#include "manual.h"
#include "test.h"

static erg_result *check(const char *sensor, bool *disagrees)
{
    manual_clock manual;
    erg_error err = { 0 };
    erg_env env = { .clock = manual_start(&manual, ERG_NS_PER_S) };
    erg_devices *devices = erg_devices_find(&env, &sensor, 1, &err);
    CHECK_OK(devices, err);
    erg_result *result = erg_devices_check(devices, &env, 60, NULL, disagrees, &err);
    CHECK_OK(result, err);
    erg_devices_free(devices);
    return result;
}

static size_t row_of(const erg_table *table, const char *channel)
{
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "channel").text, channel) == 0)
            return i;
    CHECK_TEXT("no row of this channel", channel);
    return 0;
}

static void a_sound_device_agrees_and_its_period_is_found(void)
{
    bool disagrees = true;
    erg_result *result = check("sim:a100-sxm4-80gb,load=square:80:300:7.3s", &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK(!disagrees);
    CHECK_NEAR(erg_table_find(table, row, "update_period_s").real, 0.101, 0.0005);
    CHECK_NEAR(erg_table_find(table, row, "counter_w").real, 190, 10);
    CHECK_NEAR(erg_table_find(table, row, "disagreement").real, 0, 0.05);
    CHECK(erg_table_find(table, row, "polls").integer >= 6000);
    CHECK(erg_table_row_count(erg_result_find(result, "cost")) == 1);
    erg_result_free(result);
}

static void a_counter_that_is_off_by_a_fifth_is_named(void)
{
    bool disagrees = false;
    erg_result *result = check("sim:a100-sxm4-80gb,load=constant:200,counter_gain=1.2",
                               &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "energy");
    CHECK(disagrees);
    CHECK_NEAR(erg_table_find(table, row, "disagreement").real, 0.2, 0.02);
    CHECK_TEXT(erg_table_find(table, row, "state").text, "disagrees");
    erg_result_free(result);
}

static void a_sensor_that_fails_is_silent_and_never_zero(void)
{
    bool disagrees = true;
    erg_result *result = check("sim:a100-sxm4-80gb,error=100%", &disagrees);
    const erg_table *table = erg_result_find(result, "check");
    size_t row = row_of(table, "power");
    CHECK(!disagrees);
    CHECK_TEXT(erg_table_find(table, row, "state").text, "silent");
    CHECK(isnan(erg_table_find(table, row, "integral_w").real));
    CHECK(isnan(erg_table_find(table, row, "counter_w").real));
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_sound_device_agrees_and_its_period_is_found),
        TEST(a_counter_that_is_off_by_a_fifth_is_named),
        TEST(a_sensor_that_fails_is_silent_and_never_zero),
    };
    return test_run(tests, ERG_COUNT(tests));
}
