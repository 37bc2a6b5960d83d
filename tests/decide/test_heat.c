/* SPDX-License-Identifier: Apache-2.0 */
/* Heat and leakage. */
#include "decide/decide.h"
#include "test.h"

static void steady_temperatures_are_those_of_the_specification(void)
{
    erg_heat first = { 25, 0.2, 20, 0.015, 25 }, second = { 30, 0.15, 25, 0.012, 30 };
    double temp_c, total_w;

    CHECK(erg_heat_steady(&first, 200, &temp_c, &total_w));
    CHECK_NEAR(temp_c, 73.2484, 5e-5);
    CHECK_NEAR(total_w, 241.242, 5e-4);
    CHECK(erg_heat_steady(&second, 250, &temp_c, &total_w));
    CHECK_NEAR(temp_c, 73.8466, 5e-5);
    CHECK_NEAR(total_w, 292.310, 5e-4);
}

static void leakage_that_feeds_itself_is_a_runaway(void)
{
    erg_heat heat = { 25, 0.2, 20, 0.08, 25 };
    double temp_c, total_w;

    CHECK(!erg_heat_steady(&heat, 200, &temp_c, &total_w));
    CHECK(isnan(temp_c) && isnan(total_w));
}

static void without_leakage_it_is_a_line(void)
{
    erg_heat heat = { 20, 0.1, 0, 0, 0 };
    double temp_c, total_w;

    CHECK(erg_heat_steady(&heat, 300, &temp_c, &total_w));
    CHECK_NEAR(temp_c, 50, 1e-8);
    CHECK_NEAR(total_w, 300, 1e-9);
    CHECK(!erg_heat_steady(&heat, 4000, &temp_c, &total_w));   /* 420 C */
}

/* The root that is found is the lower one: a little more heat warms it a little. */
static void warmth_rises_with_power(void)
{
    double last = 0, temp_c, total_w;
    erg_heat heat = { 25, 0.2, 20, 0.015, 25 };

    for (double power_w = 0; erg_heat_steady(&heat, power_w, &temp_c, &total_w);
         power_w += 5) {
        CHECK(temp_c > last && (last < 1 || temp_c < last + 15));
        CHECK_NEAR(25 + 0.2 * total_w, temp_c, 1e-6);
        last = temp_c;
    }
    CHECK(last > 73 && last < 400);
}

int main(void)
{
    static const test tests[] = {
        TEST(steady_temperatures_are_those_of_the_specification),
        TEST(leakage_that_feeds_itself_is_a_runaway),
        TEST(without_leakage_it_is_a_line),
        TEST(warmth_rises_with_power),
    };
    return test_run(tests, ERG_COUNT(tests));
}
