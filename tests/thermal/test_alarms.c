/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms that warn, alarms that are luck, and forecasts against a plant that is known. */
#include <stdlib.h>
#include <string.h>
#include "erg/thermal.h"
#include "test.h"
#include "thermal/alarms.h"

enum { ROWS = 3600 };

typedef struct day { double t_s[ROWS]; bool hot[ROWS], alarm[ROWS]; } day;

/* Hot for 30 s every 5 minutes or so. */
static day *a_day(test_random *luck)
{
    day *of = calloc(1, sizeof(*of));
    size_t next = 200, end = 0;

    for (size_t i = 0; i < ROWS; i++) {
        of->t_s[i] = (double)i;
        if (i == next) {
            end = i + 30;
            next = i + 240 + (size_t)(120 * test_uniform(luck));
        }
        of->hot[i] = i < end;
    }
    return of;
}

static erg_alarm_score score(const day *of)
{
    erg_alarm_score out;
    CHECK(erg_alarms_score(&(erg_alarm_train){ of->t_s, of->hot, of->alarm, ROWS, 60 },
                           &out));
    return out;
}

static void an_alarm_before_each_onset_warns(void)
{
    test_random luck = { 5 };
    day *of = a_day(&luck);

    for (size_t i = 0; i + 45 < ROWS; i++)
        of->alarm[i] = of->hot[i + 40] && !of->hot[i + 39];
    of->alarm[100] = true;
    erg_alarm_score out = score(of);
    CHECK(out.onsets > 8 && out.hits == out.onsets && out.misses == 0);
    CHECK(out.false_alarms == 1);
    CHECK_NEAR(out.lead_s, 40, 1e-9);
    CHECK(out.warns);
    CHECK(out.shifted_hits < 0.6 * (double)out.hits);
    free(of);
}

static void an_alarm_that_is_always_on_has_no_warning_value(void)
{
    test_random luck = { 5 };
    day *of = a_day(&luck);

    for (size_t i = 0; i < ROWS; i++)
        of->alarm[i] = true;
    erg_alarm_score out = score(of);
    CHECK(out.hits == out.onsets && !out.warns);
    for (size_t i = 0; i < ROWS; i++)
        of->alarm[i] = false;
    out = score(of);
    CHECK(out.hits == 0 && !out.warns && out.false_alarms == 0);
    free(of);
}

/* At a size of 5 %, of 100 trains by chance few may warn: the bound is 4 sigma. */
static void alarms_by_chance_rarely_warn(void)
{
    test_random luck = { 11 };
    int warned = 0;

    for (int run = 0; run < 100; run++) {
        day *of = a_day(&luck);
        for (size_t i = 0; i < ROWS; i++)
            of->alarm[i] = test_uniform(&luck) < 0.01;
        warned += score(of).warns;
        free(of);
    }
    CHECK(warned <= 14);
}

/* ---- a plant that is known ---------------------------------------------------------- */

static const double plant_r = 0.22, plant_tau_s = 30, plant_ambient_c = 30;

/* Low or high power in chips of 40 s, one row a second; *last: the true temperature. */
static erg_monitor *plant(size_t n, uint64_t seed, double *last_c)
{
    char *text = malloc(n * 48 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w\n");
    test_random luck = { seed };
    double x = 80, p = 80;
    erg_error err = { 0 };

    for (size_t k = 0; k < n; k++) {
        double before = p, a = exp(-1 / plant_tau_s), c = plant_tau_s * (1 - a);
        if (k % 40 == 0)
            p = test_uniform(&luck) < 0.5 ? 80 : 200;
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        *last_c = plant_ambient_c + plant_r * x;
        used += (size_t)sprintf(text + used, "%zu,%.2f,%.1f\n", k,
                                *last_c + 0.2 * test_normal(&luck), p);
    }
    erg_monitor *log = erg_monitor_parse("plant", text, used, NULL, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static erg_result *look(const erg_monitor *log, double power_w, bool with_score)
{
    erg_error err = { 0 };
    bool reached;
    erg_result *result = erg_thermal_forecast_tables(log, NULL, &(erg_forecast_options){
        .limit_k = 72 + 273.15, .power_w = power_w, .score = with_score,
        .fit = { .poles = 1 } }, &reached, &err);
    CHECK_OK(result != NULL, err);
    return result;
}

static void the_model_warns_of_nearly_all_and_by_more_than_luck(void)
{
    double last_c;
    erg_monitor *log = plant(3600, 3, &last_c);
    erg_result *result = look(log, 0, true);
    const erg_table *alarms = erg_result_find(result, "alarms");

    CHECK(alarms != NULL);
    CHECK_TEXT(erg_table_find(alarms, 0, "predictor").text, "model");
    CHECK_TEXT(erg_table_find(alarms, 0, "verdict").text, "warns");
    double onsets = (double)erg_table_find(alarms, 0, "onsets").integer;
    CHECK(onsets >= 5);
    CHECK((double)erg_table_find(alarms, 0, "hits").integer >= 0.95 * onsets);
    erg_result_free(result);
    erg_monitor_free(log);
}

static void the_interval_of_the_time_holds_the_truth_in_nine_of_ten(void)
{
    int held = 0, runs = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        double last_c, end_c = plant_ambient_c + plant_r * 220;
        erg_monitor *log = plant(480, 100 * seed, &last_c);
        erg_result *result = look(log, 220, false);
        const erg_table *table = erg_result_find(result, "forecast");
        double truth_s = plant_tau_s * log1p((72 - last_c) / (end_c - 72));
        if (last_c < 70) {
            runs++;
            held += erg_table_find(table, 0, "time_low_s").real <= truth_s
                && erg_table_find(table, 0, "time_high_s").real >= truth_s;
        }
        erg_result_free(result);
        erg_monitor_free(log);
    }
    CHECK(runs > 20);
    CHECK(held >= 0.9 * runs);
}

/* Safe power as it stands, over and over on a plant: it settles, and never overshoots. */
static void a_governor_on_safe_power_never_alternates(void)
{
    const erg_thermal model = { .pole_count = 1, .ambient_k = 303.15,
                                .leakage_w_per_k = NAN,
                                .poles = { { .r_k_per_w = 0.25, .tau_s = 30 } } };
    erg_thermal_state state = { .x_w = { 100 }, .power_w = 100 };
    double before_w = INFINITY, hottest_k = 0;
    int turns = 0;

    for (int i = 0; i < 86400; i += 10) {
        double w = erg_thermal_safe_power(&model, &state, 348.15, 2, 60);
        turns += w > before_w + 1e-9;
        before_w = w;
        for (int k = 0; k < 10; k++)
            erg_thermal_step(&model, &state, w, 1);
        hottest_k = fmax(hottest_k, erg_thermal_ahead(&model, &state, w, 0));
    }
    CHECK(turns == 0);
    CHECK(hottest_k <= 346.15 + 1e-6);
    CHECK_NEAR(before_w, 172, 0.01);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_alarm_before_each_onset_warns),
        TEST(an_alarm_that_is_always_on_has_no_warning_value),
        TEST(alarms_by_chance_rarely_warn),
        TEST(the_model_warns_of_nearly_all_and_by_more_than_luck),
        TEST(the_interval_of_the_time_holds_the_truth_in_nine_of_ten),
        TEST(a_governor_on_safe_power_never_alternates),
    };
    return test_run(tests, ERG_COUNT(tests));
}
