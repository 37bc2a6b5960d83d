/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of a calibration: what is read, what is refused, what is drawn when. */
#include <string.h>
#include "erg/plan.h"
#include "test.h"

static erg_plan plan(const char *text)
{
    erg_plan out;
    erg_error err = { 0 };
    CHECK_OK(erg_plan_parse(text, &out, &err), err);
    return out;
}

static void parts_follow_each_other(void)
{
    erg_plan of = plan("soak=300s,step=100W:200W,prbs=15s:900s");

    CHECK(of.count == 3);
    CHECK_NEAR(of.duration_s, 300 + 600 + 900, 1e-9);
    CHECK_NEAR(of.low_w, 100, 1e-9);
    CHECK_NEAR(of.high_w, 200, 1e-9);
    CHECK(erg_plan_power_w(&of, 299) == 0);
    CHECK(erg_plan_power_w(&of, 301) == 100 && erg_plan_power_w(&of, 899) == 200);
    CHECK(erg_plan_power_w(&of, -1) == 0 && erg_plan_power_w(&of, 1801) == 0);
    CHECK(erg_plan_part_at(&of, 1000)->kind == ERG_PLAN_PRBS);
}

/* Every m-sequence has one more 1 than 0, and its circular autocorrelation is -1/n. */
static void chips_are_an_m_sequence(void)
{
    for (int bits = 5; bits <= 6; bits++) {
        int length = (1 << bits) - 1, ones = 0;
        for (int i = 0; i < length; i++)
            ones += erg_plan_chip(bits, (size_t)i);
        CHECK(ones == 1 << (bits - 1));
        for (int shift = 1; shift < length; shift++) {
            int sum = 0;
            for (int i = 0; i < length; i++)
                sum += (2 * erg_plan_chip(bits, (size_t)i) - 1)
                    * (2 * erg_plan_chip(bits, (size_t)(i + shift)) - 1);
            CHECK(sum == -1);
        }
    }
}

static void each_kind_draws_what_it_says(void)
{
    erg_plan of = plan("hold=150W:60s,ramp=100W:200W:100s,sine=150W:40W:0.02Hz:100s,"
                       "steps=100W/150W/180W:20s");

    CHECK(erg_plan_power_w(&of, 59) == 150);
    CHECK_NEAR(erg_plan_power_w(&of, 110), 150, 1e-9);
    CHECK_NEAR(erg_plan_power_w(&of, 160 + 12.5), 190, 1e-9);
    CHECK(erg_plan_power_w(&of, 261) == 100 && erg_plan_power_w(&of, 281) == 150
          && erg_plan_power_w(&of, 301) == 180);
    CHECK_NEAR(of.duration_s, 320, 1e-9);
}

static void what_is_no_plan_is_refused(void)
{
    static const char *const bad[] = {
        "", ",", "soak", "soak=", "soak=300", "soak=-1s", "soak=0s", "soak=1s:2s",
        "step=100W", "step=100W:200W:10s:20s", "prbs=15s:900s", "hold=60s:150W", "nap=3s",
        "steps=/:3s", "steps=100W", "soak=1e99s", "sine=150W:40W:300s", "soak=nans",
        "soak=infs",
    };
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_plan out;
        erg_error err = { 0 };
        CHECK(!erg_plan_parse(bad[i], &out, &err));
        CHECK(err.code == ERG_BAD_INPUT && strncmp(err.text, "--plan", 6) == 0);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(parts_follow_each_other),
        TEST(chips_are_an_m_sequence),
        TEST(each_kind_draws_what_it_says),
        TEST(what_is_no_plan_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
