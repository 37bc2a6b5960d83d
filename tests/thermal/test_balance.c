/* SPDX-License-Identifier: Apache-2.0 */
/* In, out and stored of a simulated part; leakage; how resistance follows the fan. */
#include <stdlib.h>
#include <string.h>
#include "erg/thermal.h"
#include "test.h"

/* Two poles under chips of 15 s, one row a second, no noise;
 * the counter is off by a share. */
static erg_monitor *two_poles(double counter_share)
{
    static const double r[] = { 0.1, 0.2 }, tau_s[] = { 28, 300 };
    enum { ROWS = 2000 };
    char *text = malloc(ROWS * 80 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w,util_pct,energy_j\n");
    test_random luck = { 7 };
    double x[2] = { 50, 50 }, p = 50, energy_j = 0;
    erg_error err = { 0 };

    for (size_t k = 0; k < ROWS; k++) {
        double before = p, temp_c = 30;
        if (k % 15 == 0)
            p = k < 60 || test_uniform(&luck) < 0.5 ? 50 : 200;
        energy_j += k ? (p + before) / 2 * counter_share : 0;
        for (int i = 0; i < 2; i++) {
            double a = exp(-1 / tau_s[i]), c = tau_s[i] * (1 - a);
            x[i] = k ? a * x[i] + (c - a) * before + (1 - c) * p : p;
            temp_c += r[i] * x[i];
        }
        used += (size_t)sprintf(text + used, "%zu,%.12f,%.1f,%d,%.6f\n", k, temp_c, p,
                                p > 100 ? 100 : 0, energy_j);
    }
    erg_monitor *log = erg_monitor_parse("simulated", text, used,
        &(erg_monitor_options){ .map = "time=time,temp_c=temp_c,power_w=power_w,"
                                       "util_pct=util_pct,energy_j=energy_j" }, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static void what_goes_in_comes_out_or_stays(void)
{
    erg_monitor *log = two_poles(1);
    const erg_monitor_device *device = erg_monitor_device_at(log, 0);
    const erg_thermal_options options = { .poles = 2 };
    erg_error err = { 0 };
    erg_thermal model;
    erg_balance of;

    CHECK_OK(erg_thermal_fit(device, &options, &model, &err), err);
    CHECK_OK(erg_thermal_balance(device, &options, &model, &of, &err), err);
    CHECK(of.kind == ERG_BALANCE_FIT_RESIDUAL && of.closes);
    CHECK_NEAR(of.closure, 0, 1e-4);
    CHECK(of.closure_low < of.closure && of.closure_high > of.closure);
    /* Half of the rows are idle at 50 W. */
    CHECK_NEAR(of.eta_p, (of.in_j / 1999 - 50) / (of.in_j / 1999), 0.01);
    /* With the true time constants it is exact. */
    model.delay_s = 0;
    model.poles[0].tau_s = 28;
    model.poles[1].tau_s = 300;
    CHECK_OK(erg_thermal_balance(device, &options, &model, &of, &err), err);
    CHECK_NEAR(of.closure, 0, 1e-9);
    erg_monitor_free(log);
}

static void a_counter_that_is_five_percent_off_is_found(void)
{
    for (int off = 0; off < 2; off++) {
        erg_monitor *log = two_poles(off ? 0.95 : 1);
        erg_balance of;
        CHECK(erg_counter_balance(erg_monitor_device_at(log, 0), &of));
        CHECK(of.kind == ERG_BALANCE_INDEPENDENT && of.stored_j == 0);
        CHECK_NEAR(of.closure, off ? 0.05 : 0, 1e-3);
        CHECK(of.closes == !off);
        erg_monitor_free(log);
    }
}

/* Rows at 100 Hz of a board that reads itself ten times a second: 60 or 320 W in chips of
 * about a second, of which a reading shows an instant. Only where they were read
 * differs. */
static void a_board_that_reads_itself_less_often_than_the_log_still_closes(void)
{
    enum { RUNS = 60, SECONDS = 60 };
    int closed = 0, held = 0;

    for (int run = 0; run < RUNS; run++) {
        test_random luck = { 400 + 3 * (uint64_t)run };
        erg_text text = { 0 };
        erg_error err = { 0 };
        erg_balance of;
        double p = 60, joules = 0, next_s = test_uniform(&luck), seen_w = p, seen_j = 0;
        erg_text_add(&text, "time,temp_c,power_w,energy_j\n");
        for (int k = 0; k < 1000 * SECONDS; k++) {
            if (k / 1000.0 >= next_s) {
                p = p < 100 ? 320 : 60;
                next_s += 0.5 + test_uniform(&luck);
            }
            joules += p / 1000;
            if (k % 100 == 0) {
                seen_w = p;
                seen_j = joules;
            }
            if (k % 10 == 5)
                erg_text_add(&text, "%.3f,50,%.1f,%.3f\n", k / 1000.0, seen_w, seen_j);
        }
        erg_monitor *log = erg_monitor_parse("held", text.data, text.count, NULL, &err);
        CHECK_OK(log != NULL, err);
        CHECK(erg_counter_balance(erg_monitor_device_at(log, 0), &of));
        held += of.closure_low <= 0 && of.closure_high >= 0;
        closed += of.closes;
        CHECK(of.closure_high - of.closure_low < 0.03);
        erg_monitor_free(log);
        erg_text_free(&text);
    }
    CHECK(held >= 0.88 * RUNS && closed == held);
}

static void a_network_is_never_called_independent(void)
{
    erg_monitor *log = two_poles(1);
    erg_error err = { 0 };
    erg_result *result = erg_thermal_fit_tables(log, NULL,
        &(erg_thermal_options){ .poles = 2 }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *table = erg_result_find(result, "balance");
    CHECK(table && erg_table_row_count(table) == 2);
    CHECK_TEXT(erg_table_find(table, 0, "kind").text, "fit residual");
    CHECK_TEXT(erg_table_find(table, 1, "kind").text, "independent");
    erg_result_free(result);
    erg_monitor_free(log);
}

/* ---- leakage ------------------------------------------------------------------------ */

/* A step from 50 to 200 W at a fixed clock; 0.4 W/K of leakage above 300 K. */
static erg_monitor *leaky(double leak_w_per_k, bool has_clock)
{
    enum { ROWS = 900 };
    char *text = malloc(ROWS * 80 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w,util_pct,clock_mhz\n");
    test_random luck = { 3 };
    double temp_k = 303.15 + 0.25 * 50, r = 0.25, tau_s = 30;
    erg_error err = { 0 };

    for (int k = 0; k < ROWS; k++) {
        bool busy = k % 300 >= 60;
        double p = (busy ? 200 : 50) + leak_w_per_k * (temp_k - 315.65);
        for (int i = 0; i < 20; i++) {
            p = (busy ? 200 : 50) + leak_w_per_k * (temp_k - 315.65);
            temp_k += 0.05 / tau_s * (303.15 + r * p - temp_k);
        }
        used += (size_t)sprintf(text + used, "%d,%.3f,%.2f,%d,%s\n", k,
                                temp_k - 273.15 + 0.1 * test_normal(&luck),
                                p + 0.5 * test_normal(&luck), busy ? 100 : 0,
                                has_clock ? "1410" : "");
    }
    erg_monitor *log = erg_monitor_parse("leaky", text, used,
        &(erg_monitor_options){ .map = "time=time,temp_c=temp_c,power_w=power_w,"
                                       "util_pct=util_pct,clock_mhz=clock_mhz" }, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static void leakage_is_found_where_load_and_clock_stand_still(void)
{
    static const double planted[] = { 0.4, 0 };

    for (size_t i = 0; i < ERG_COUNT(planted); i++) {
        erg_monitor *log = leaky(planted[i], true);
        const erg_monitor_device *device = erg_monitor_device_at(log, 0);
        erg_error err = { 0 };
        erg_thermal model;
        CHECK_OK(erg_thermal_fit(device, &(erg_thermal_options){ 0 }, &model, &err), err);
        erg_leakage found = erg_thermal_leakage(device, &model);
        CHECK_NEAR(found.w_per_k, planted[i], 0.05);
        CHECK(found.low_w_per_k <= planted[i] && found.high_w_per_k >= planted[i]);
        CHECK(isnan(model.leakage_w_per_k) == (planted[i] == 0));
        erg_monitor_free(log);
    }
}

static void without_a_clock_leakage_is_unknown(void)
{
    erg_monitor *log = leaky(0.4, false);
    const erg_monitor_device *device = erg_monitor_device_at(log, 0);
    erg_error err = { 0 };
    erg_thermal model;

    CHECK_OK(erg_thermal_fit(device, &(erg_thermal_options){ 0 }, &model, &err), err);
    CHECK(isnan(model.leakage_w_per_k));
    erg_monitor_free(log);
}

/* T_ss = (T_a + R P_0 (1 - beta T_0))/(1 - R P_0 beta) with P_0 beta = leakage. */
static void leakage_moves_the_end_and_runs_away_at_one_over_r(void)
{
    erg_thermal model = { .pole_count = 1, .poles = { { .r_k_per_w = 0.25, .tau_s = 30 } },
                          .ambient_k = 303.15, .leakage_w_per_k = NAN };
    const erg_thermal_power now = { 200, 333.15 };

    CHECK_NEAR(erg_thermal_steady(&model, &now), 353.15, 1e-9);
    model.leakage_w_per_k = 0.4;
    CHECK_NEAR(erg_thermal_steady(&model, &now), 333.15 + 20 / (1 - 0.1), 1e-9);
    model.leakage_w_per_k = 4;
    CHECK(isinf(erg_thermal_steady(&model, &now)));
}

/* ---- the fan ------------------------------------------------------------------------ */

static erg_thermal at_fan(double fan, double r, double tau_s)
{
    return (erg_thermal){ .pole_count = 1, .poles = { { .r_k_per_w = r, .tau_s = tau_s } },
                          .fan_low = fan, .fan_high = fan };
}

static void resistance_follows_the_fan_and_capacity_does_not(void)
{
    const erg_thermal models[] = { at_fan(0, 1.2, 360),
                                   at_fan(0.35, 1.2 * exp(-1.05), 360 * exp(-1.05)),
                                   at_fan(0.7, 1.2 * exp(-2.1), 360 * exp(-2.1)) };
    erg_gain_schedule of;

    CHECK(erg_thermal_schedule(models, 3, &of) && of.windows == 3);
    CHECK_NEAR(of.log_r_per_fan, -3, 1e-9);
    CHECK_NEAR(erg_scheduled_r(&of, 0.5), 1.2 * exp(-1.5), 1e-9);
    CHECK_NEAR(of.c_j_per_k, 300, 1e-9);
    CHECK(of.is_consistent);
}

static void capacities_that_disagree_are_told(void)
{
    erg_thermal models[] = { at_fan(0, 1.2, 360), at_fan(0.7, 0.12, 100) };
    erg_gain_schedule of;

    CHECK(erg_thermal_schedule(models, 2, &of) && !of.is_consistent);
    models[1].verdict = ERG_THERMAL_NOT_IDENTIFIABLE;
    CHECK(!erg_thermal_schedule(models, 2, &of));
}

static void the_fan_of_a_real_board_takes_resistance_down_tenfold(void)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_load(test_data("thermal/rle_20251028_08.csv"),
                                        NULL, &err);
    CHECK(log != NULL);
    erg_result *result = erg_thermal_fit_tables(log, "gpu",
        &(erg_thermal_options){ .ambient_k = 30.5 + 273.15, .gain_schedule = true }, &err);
    CHECK_OK(result != NULL, err);
    const erg_table *table = erg_result_find(result, "schedule");
    CHECK(table && erg_table_row_count(table) == 1);
    CHECK(erg_table_find(table, 0, "ln_r_per_fan").real < -2.5);
    CHECK(erg_table_find(table, 0, "consistent").integer);
    erg_result_free(result);
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_goes_in_comes_out_or_stays),
        TEST(a_counter_that_is_five_percent_off_is_found),
        TEST(a_board_that_reads_itself_less_often_than_the_log_still_closes),
        TEST(a_network_is_never_called_independent),
        TEST(leakage_is_found_where_load_and_clock_stand_still),
        TEST(without_a_clock_leakage_is_unknown),
        TEST(leakage_moves_the_end_and_runs_away_at_one_over_r),
        TEST(resistance_follows_the_fan_and_capacity_does_not),
        TEST(capacities_that_disagree_are_told),
        TEST(the_fan_of_a_real_board_takes_resistance_down_tenfold),
    };
    return test_run(tests, ERG_COUNT(tests));
}
