/* SPDX-License-Identifier: Apache-2.0 */
/* The published rules of control, alerts, and core2's clock: printed, never acted on. */
#include <stdlib.h>
#include <string.h>
#include "erg/rle.h"
#include "test.h"

static erg_rle_decision decide(double index, double predicted)
{
    erg_rle_decision out;
    erg_rle_decide(&(erg_rle_now){ .index = index, .predicted = predicted, .norm = NAN,
                                   .sustain_s = NAN, .power_w = NAN, .temp_k = 343.15,
                                   .limit_k = 356.15, .ambient_k = NAN }, &out);
    return out;
}

static void the_state_is_the_worst_of_now_and_predicted(void)
{
    static const struct { double now, predicted; const char *state; } rows[] = {
        { 0.19, 0.9, "emergency" }, { 0.9, 0.09, "emergency" }, { 0.2, 0.1, "aggressive" },
        { 0.9, 0.29, "aggressive" }, { 0.4, 0.3, "moderate" }, { 0.9, 0.49, "moderate" },
        { 0.6, 0.5, "maintain" }, { 489, 489, "maintain" }, { 0.59, NAN, "moderate" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_TEXT(decide(rows[i].now, rows[i].predicted).state, rows[i].state);
    CHECK(decide(NAN, NAN).state == NULL);
}

static void each_state_has_its_settings_and_headroom_eases_the_fan(void)
{
    erg_rle_decision worst = decide(0.1, 0.1), mild = decide(0.5, 0.5), none = decide(1, 1);

    CHECK_NEAR(worst.cpu_clock_hz, 0.8e9, 1);
    CHECK_NEAR(worst.gpu_clock_hz, 0.2e9, 1);
    CHECK(worst.fan == 1 && worst.power == 0.5 && worst.work == 0.5);
    CHECK(mild.fan == 0.6 && mild.power == 0.85 && mild.work == 0.9);
    CHECK(isnan(none.cpu_clock_hz) && isnan(none.fan) && isnan(none.power));
    CHECK_NEAR(none.fan_change, -0.1, 1e-12);       /* 13 K are left */

    erg_rle_decision hot;
    erg_rle_decide(&(erg_rle_now){ .index = 1, .predicted = 1, .norm = 0.4,
                                   .temp_k = 352.15, .limit_k = 356.15,
                                   .ambient_k = NAN }, &hot);
    CHECK(hot.fan_change == 0 && hot.feed_forward == 0.8);
}

static void power_follows_the_room_and_the_norm(void)
{
    static const struct { double ambient_c, factor; } rooms[] = {
        { 25, 1 }, { 30, 0.9 }, { 50, 0.5 }, { 70, 0.5 }, { 15, 1.1 },
    };
    static const struct { double norm, share; } norms[] = {
        { 0.29, 0.5 }, { 0.3, 0.8 }, { 0.5, 1 },
    };
    erg_rle_decision out;

    for (size_t i = 0; i < ERG_COUNT(rooms); i++) {
        erg_rle_decide(&(erg_rle_now){ .index = 1,
                                       .ambient_k = rooms[i].ambient_c + 273.15 },
                       &out);
        CHECK_NEAR(out.ambient_factor, rooms[i].factor, 1e-9);
    }
    for (size_t i = 0; i < ERG_COUNT(norms); i++) {
        erg_rle_decide(&(erg_rle_now){ .index = 1, .norm = norms[i].norm }, &out);
        CHECK(out.feed_forward == norms[i].share);
    }
}

static void the_index_scales_to_its_reference_point(void)
{
    erg_rle_decision out;
    erg_rle_now now = { .index = 0.5, .power_w = 100, .temp_k = 60 + 273.15,
                        .sustain_s = 300 };

    erg_rle_decide(&now, &out);
    CHECK_NEAR(out.scaled, 0.5, 1e-12);
    now.power_w = 200;
    now.temp_k = 80 + 273.15;
    now.sustain_s = 600;
    erg_rle_decide(&now, &out);
    CHECK_NEAR(out.scaled, 0.5 * pow(0.5, 0.12) * pow(0.75, 0.08) * pow(0.5, 0.10), 1e-12);
    now.power_w = NAN;
    erg_rle_decide(&now, &out);
    CHECK(isnan(out.scaled));
}

static const char *alerts(const char *dialect, const char *device, const erg_rle_input *in,
                          double load)
{
    static char text[120];
    erg_rle_setup setup = { .limit_k = 0 };

    snprintf(setup.device, sizeof(setup.device), "%s", device);
    bool has = erg_rle_alerts(erg_rle_dialect_find(dialect), &setup, in,
                              &(erg_rle){ .load = load }, text, sizeof(text));
    return has ? text : NULL;
}

static void alerts_are_joined_by_a_bar_and_unknowns_warn_of_nothing(void)
{
    const double c = 273.15;

    CHECK_TEXT(alerts("v1", "gpu", &(erg_rle_input){ .temp_k = 83 + c, .vram_k = 90 + c },
                      1.11),
               "GPU_TEMP_LIMIT|VRAM_TEMP_LIMIT|GPU_A_LOAD>1.10");
    CHECK_TEXT(alerts("v1", "gpu", &(erg_rle_input){ .temp_k = 82.9 + c, .vram_k = NAN },
                      1.1), "");
    CHECK_TEXT(alerts("v1", "cpu", &(erg_rle_input){ .temp_k = 80 + c }, 2),
               "CPU_TEMP_LIMIT|CPU_A_LOAD>1.10");
    CHECK_TEXT(alerts("v1", "cpu", &(erg_rle_input){ .temp_k = NAN }, NAN), "");
    CHECK_TEXT(alerts("mobile", "battery", &(erg_rle_input){ .temp_k = 51 + c }, 1.2),
               "BATTERY_TEMP_HIGH|POWER_LIMIT");
    CHECK(alerts("sound", "gpu", &(erg_rle_input){ .temp_k = 99 + c }, 9) == NULL);
}

static erg_result *run(const char *text, const erg_rle_options *options)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_parse("log", text, strlen(text), NULL, &err);
    CHECK_OK(log != NULL, err);
    erg_result *result = erg_rle_run(log, options, &err);
    CHECK_OK(result != NULL, err);
    erg_monitor_free(log);
    return result;
}

static erg_cell cell(const erg_result *result, const char *table, size_t row,
                     const char *column)
{
    return erg_table_find(erg_result_find(result, table), row, column);
}

/* Core knows no stamps: what it remembers outlives a gap, where v1 begins anew. */
static void core2_marks_a_gap_and_runs_on_over_it(void)
{
    static const char log[] = "timestamp,device,temp_c,power_w,util_pct\n0,gpu,60,90,50\n"
                              "1,gpu,61,90,50\n2,gpu,62,90,50\n12,gpu,63,90,90\n"
                              "13,gpu,64,90,90\n";
    erg_result *result = run(log, &(erg_rle_options){ .dialect = "core2" });

    for (size_t i = 0; i < 5; i++)
        CHECK(cell(result, "rle", i, "theta_gap").real == (i == 3));
    CHECK_NEAR(cell(result, "rle", 4, "theta").real, 13.0 / 60, 1e-12);
    CHECK_NEAR(cell(result, "rle", 4, "t_sustain_hat").real, 21.0 / 60, 1e-12);
    CHECK(cell(result, "summary", 0, "restarts").integer == 0);
    CHECK(cell(result, "rle", 3, "stability").real < 0.1);
    erg_result_free(result);
    result = run(log, &(erg_rle_options){ .dialect = "v1" });
    CHECK(cell(result, "summary", 0, "restarts").integer == 1);
    CHECK(cell(result, "rle", 3, "stability").real == 1);
    CHECK_TEXT(cell(result, "rle", 0, "alerts").text, "");
    erg_result_free(result);
}

/* Ten busy seconds at twice the rated power, then idle ones:
 * the rules hold back the work. */
static void decisions_say_how_often_they_would_throttle_work(void)
{
    char text[4000];
    size_t used = (size_t)sprintf(text, "timestamp,device,temp_c,power_w,util_pct\n");

    for (int k = 0; k < 40; k++)
        used += (size_t)sprintf(text + used, "%d,gpu,60,%d,%d\n", k, k < 10 ? 700 : 20,
                                k < 10 ? 100 : 30);
    erg_result *result = run(text, &(erg_rle_options){ .dialect = "v1", .decide = true });
    CHECK(erg_table_row_count(erg_result_find(result, "decisions")) == 40);
    CHECK_TEXT(cell(result, "decisions", 5, "state").text, "aggressive");
    CHECK_NEAR(cell(result, "decisions", 5, "power_pct").real, 70, 1e-9);
    CHECK_TEXT(cell(result, "decisions", 39, "state").text, "maintain");
    bool said = false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        said = said
            || strstr(erg_result_note_at(result, i), "never acted on: they throttle "
                      "where the index is low, which is any heavy load; here in 10 of 10");
    CHECK(said);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_state_is_the_worst_of_now_and_predicted),
        TEST(each_state_has_its_settings_and_headroom_eases_the_fan),
        TEST(power_follows_the_room_and_the_norm),
        TEST(the_index_scales_to_its_reference_point),
        TEST(alerts_are_joined_by_a_bar_and_unknowns_warn_of_nothing),
        TEST(core2_marks_a_gap_and_runs_on_over_it),
        TEST(decisions_say_how_often_they_would_throttle_work),
    };
    return test_run(tests, ERG_COUNT(tests));
}
