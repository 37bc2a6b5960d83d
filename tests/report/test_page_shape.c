/* SPDX-License-Identifier: Apache-2.0 */
/* The page of erg shape: the gate in words, every policy's
 * wave and spectrum, nothing loaded. */
#include <math.h>
#include "erg/shape.h"
#include "report/page_text.h"

static erg_result *play(const char *load, const char *policies, bool all)
{
    const erg_shape_options options = { .policies = policies, .explain = all, .wave = all,
                                        .spectrum = all };
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_synthetic(load, &(erg_load_options){ .units = 4 },
                                                    &err);
    erg_result *result = scenario ? erg_shape_run(scenario, &options, NULL, &err) : NULL;

    CHECK_OK(result != NULL, err);
    erg_scenario_free(scenario);
    return result;
}

static char *page_of(const erg_result *result, const char *title)
{
    return page_text(erg_report_shape, result, title);
}

static void every_policy_has_a_verdict_a_wave_and_a_spectrum(void)
{
    erg_result *result = play("square:1000W/750ms,300W/250ms", "none,stagger=4,limit=850W",
                              true);
    char *page = page_of(result, "four <units>");

    CHECK(strstr(page, "1 of 2 <small>accepted"));
    CHECK(test_count(page, "aria-label=\"Power\"") == 3);
    CHECK(test_count(page, "aria-label=\"Spectrum\"") == 3);
    CHECK(test_count(page, "class=\"strip") == 3);
    CHECK(strstr(page, "\xe2\x9c\x93 holds: -17.5\xc2\xa0%, at most -10.0"));
    CHECK(strstr(page, "\xe2\x9c\x97 fails: +5.8\xc2\xa0%, at most +5.0"));
    CHECK(strstr(page, "not measured</b> <span class=\"soft\">timeouts, throttling"));
    CHECK(strstr(page, "SIMULATED"));
    CHECK(strstr(page, "four &lt;units&gt;") && !strstr(page, "<units>"));
    CHECK(!strstr(page, "http:") && !strstr(page, "https:") && !strstr(page, "src="));
    free(page);
    erg_result_free(result);
}

/* 50 % of 300 W and 1000 W at 1 Hz: a square wave's line k is 4 A/(pi k), A = 350 W a unit,
 * less what the supplies' lag of 5 ms takes. */
static void the_lines_of_a_square_wave_stand_in_the_spectrum(void)
{
    erg_result *result = play("square:1000W/500ms,300W/500ms", "none", true);
    const erg_table *spectrum = erg_result_find(result, "spectrum");
    int seen = 0;

    CHECK(spectrum != NULL);
    for (size_t i = 0; spectrum && i < erg_table_row_count(spectrum); i++) {
        double f_hz = erg_table_find(spectrum, i, "frequency_hz").real;
        double amplitude_w = erg_table_find(spectrum, i, "amplitude_w").real;
        double want_w = 4 * 4 * 350 / (M_PI * f_hz) / hypot(1, 2 * M_PI * f_hz * 0.005);
        if (fabs(f_hz - round(f_hz)) > 1e-6 || f_hz > 7.5)
            continue;
        seen++;
        if ((int)round(f_hz) % 2)
            CHECK_NEAR(amplitude_w, want_w, 0.005 * want_w);
        else
            CHECK_NEAR(amplitude_w, 0, 2);
    }
    CHECK(seen == 7);
    erg_result_free(result);
}

static void a_result_without_waves_still_compares(void)
{
    erg_result *result = play("square:1000W/750ms,300W/250ms", "none,stagger=4", false);
    char *page = page_of(result, NULL);

    CHECK(strstr(page, "Comparison") && strstr(page, "accepted"));
    CHECK(!strstr(page, "<svg"));
    free(page);
    erg_result_free(result);
}

static void a_result_of_something_else_is_refused(void)
{
    erg_error err = { 0 };
    erg_result *result = erg_shape_list(&err);

    CHECK(!erg_report_shape(result, NULL, stdout, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--spectrum"));
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_policy_has_a_verdict_a_wave_and_a_spectrum),
        TEST(the_lines_of_a_square_wave_stand_in_the_spectrum),
        TEST(a_result_without_waves_still_compares),
        TEST(a_result_of_something_else_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
