/* SPDX-License-Identifier: Apache-2.0 */
/* What ERG_LAUNCH asks for, and what it may not. */
#include "test.h"
#include "launch/gate.h"

static void nothing_asks_for_no_gate(void)
{
    static const char *const rows[] = { NULL, "" };
    gate_config is;

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        CHECK(gate_config_parse(rows[i], &is, NULL));
        CHECK(is.in_flight == 0 && is.budget.budget.power_w == 0 && !is.budget.sensor[0]);
    }
}

static void a_budget_has_its_figures_and_a_sensor_with_commas(void)
{
    gate_config is;
    erg_error err = { 0 };

    CHECK_OK(gate_config_parse("power=275W,window=50ms,idle=40W,slot=400W,"
                               "sensor=sim:a100-sxm4-80gb,load=square:80:400:8s", &is,
                               &err), err);
    CHECK(is.budget.budget.power_w == 275 && is.budget.budget.window_s == 0.05);
    CHECK(is.budget.budget.idle_w == 40 && is.budget.budget.slot_w == 400);
    CHECK(is.in_flight == 64);
    CHECK_TEXT(is.budget.sensor, "sim:a100-sxm4-80gb,load=square:80:400:8s");
    CHECK_OK(gate_config_parse("power=1kW,fallback=300W,busy=700W", &is, &err), err);
    CHECK(is.budget.budget.fallback_w == 300);
    CHECK_OK(gate_config_parse("in_flight=8,power=1kW,busy=700W", &is, &err), err);
    CHECK(is.in_flight == 8 && is.budget.budget.window_s == 0.02);
}

static void what_could_bound_nothing_is_refused_in_one_sentence(void)
{
    static const struct { const char *text, *what; } rows[] = {
        { "power=275W", "busy=" },
        { "slot=275W", "busy=" },
        { "power=275", "unit" },
        { "power=275W,busy=300W,idle=300W", "idle is not below power" },
        { "power=275W,busy=300W,window=0s", "window" },
        { "power=275W,sensor=", "sensor" },
        { "power=275W,sensor", "sensor" },
        { "power=-3W,busy=1W", "power" },
        { "pwoer=3W", "power" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        gate_config is;
        erg_error err = { 0 };
        bool good = !gate_config_parse(rows[i].text, &is, &err)
            && err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].what);
        if (!good)
            print_message("# %s: %s\n", rows[i].text, err.text);
        CHECK(good && is.in_flight == 0 && is.budget.budget.power_w == 0);
    }
    char text[400] = "busy=1W,power=1W,sensor=";
    gate_config is;
    memset(text + strlen(text), 'x', 200);
    CHECK(!gate_config_parse(text, &is, NULL) && !is.budget.sensor[0]);
}

static void launches_of_a_kernel_and_its_sizes_are_of_one_kind(void)
{
    static const int kernel = 1, other = 2;
    cuda_size one = { 1, 2, 3 }, two = { 1, 2, 4 };

    CHECK(gate_kind(&kernel, one, two) == gate_kind(&kernel, one, two));
    CHECK(gate_kind(&kernel, one, two) != gate_kind(&kernel, two, one));
    CHECK(gate_kind(&kernel, one, two) != gate_kind(&other, one, two));
}

int main(void)
{
    static const test tests[] = {
        TEST(nothing_asks_for_no_gate),
        TEST(a_budget_has_its_figures_and_a_sensor_with_commas),
        TEST(what_could_bound_nothing_is_refused_in_one_sentence),
        TEST(launches_of_a_kernel_and_its_sizes_are_of_one_kind),
    };
    return test_run(tests, ERG_COUNT(tests));
}
