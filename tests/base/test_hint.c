/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of the hardware, and what is no wish. */
#include "erg/hint.h"
#include "test.h"

static void check_fault(const erg_hint *hint, erg_code code, const char *words)
{
    erg_error err = { 0 };
    CHECK(!erg_hint_check(hint, &err));
    if (err.code != code || !strstr(err.text, words))
        print_message("# %d: %s\n", (int)err.code, err.text);
    CHECK(err.code == code && strstr(err.text, words));
}

static void what_the_hardware_can_do_may_be_asked_for(void)
{
    static const erg_hint good[] = {
        { .power_cap_w = 275 },
        { .power_cap_w = 275, .window_s = 1 },
        { .dvfs = "off" },
        { .dvfs = "auto", .objective = "throughput_per_watt", .slowdown = 0.03 },
        { .sm_clock_delta_hz = -200e6 },
    };
    erg_error err = { 0 };
    for (size_t i = 0; i < ERG_COUNT(good); i++)
        CHECK_OK(erg_hint_check(&good[i], &err), err);
}

static void what_says_nothing_or_nonsense_is_refused_by_its_field(void)
{
    check_fault(&(erg_hint){ 0 }, ERG_BAD_INPUT, "a hint asks for");
    check_fault(&(erg_hint){ .power_cap_w = -1 }, ERG_BAD_INPUT, "power cap");
    check_fault(&(erg_hint){ .power_cap_w = NAN }, ERG_BAD_INPUT, "power cap");
    check_fault(&(erg_hint){ .window_s = 2, .dvfs = "off" }, ERG_BAD_INPUT, "window");
    check_fault(&(erg_hint){ .power_cap_w = 9, .window_s = 0.02 }, ERG_UNSUPPORTED, "1 s");
    check_fault(&(erg_hint){ .dvfs = "now" }, ERG_BAD_INPUT, "auto or off, not 'now'");
    check_fault(&(erg_hint){ .dvfs = "auto", .objective = "best" }, ERG_BAD_INPUT,
                "'best'");
    check_fault(&(erg_hint){ .dvfs = "off", .objective = "edp" }, ERG_BAD_INPUT,
                "dvfs auto");
    check_fault(&(erg_hint){ .power_cap_w = 9, .slowdown = 0.1 }, ERG_BAD_INPUT,
                "dvfs auto");
    check_fault(&(erg_hint){ .dvfs = "auto", .slowdown = 1 }, ERG_BAD_INPUT, "below 100%");
    check_fault(&(erg_hint){ .sm_clock_delta_hz = 1e6 }, ERG_BAD_INPUT, "below 0");
}

int main(void)
{
    static const test tests[] = {
        TEST(what_the_hardware_can_do_may_be_asked_for),
        TEST(what_says_nothing_or_nonsense_is_refused_by_its_field),
    };
    return test_run(tests, ERG_COUNT(tests));
}
