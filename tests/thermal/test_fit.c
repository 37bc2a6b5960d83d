/* SPDX-License-Identifier: Apache-2.0 */
/* Time constants and resistances: of a known network, and of an hour of a real board. */
#include <stdlib.h>
#include <string.h>
#include "erg/thermal.h"
#include "test.h"

static erg_monitor *board(void)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_load(test_data("thermal/rle_20251028_08.csv"),
                                        NULL, &err);
    CHECK(log != NULL);
    return log;
}

static erg_thermal fit(const erg_monitor *log, double begin_s, double end_s,
                       double ambient_k)
{
    erg_error err = { 0 };
    erg_thermal out;
    const erg_thermal_options options = { .begin_s = begin_s, .end_s = end_s,
                                          .ambient_k = ambient_k };
    CHECK(erg_thermal_fit(erg_monitor_find(log, "gpu"), &options, &out, &err));
    return out;
}

static void with_the_fan_on_one_pole_of_half_a_minute_is_found(void)
{
    erg_monitor *log = board();
    erg_thermal out = fit(log, 1330, 2140, 0);
    double sum = out.r_fast_k_per_w + out.poles[0].r_k_per_w;

    CHECK(out.verdict == ERG_THERMAL_IDENTIFIED && out.pole_count == 1);
    CHECK(out.poles[0].tau_s > 24 && out.poles[0].tau_s < 34);
    CHECK(out.poles[0].tau_low_s < 29 && out.poles[0].tau_high_s > 29);
    CHECK_NEAR(out.r_fast_k_per_w, 0.105, 0.01);
    CHECK_NEAR(out.poles[0].r_k_per_w, 0.125, 0.01);
    CHECK_NEAR(sum, 0.227, 0.05 * 0.227);
    CHECK_NEAR(out.ambient_k, 30.4 + 273.15, 1);
    CHECK(out.rmse_k <= 0.76);
    CHECK_NEAR(out.delay_s, 0.45, 0.25);
    CHECK_NEAR(out.poles[0].tau_s / out.poles[0].r_k_per_w, 250, 40);
    CHECK_NEAR(out.ambient_k - 273.15 + 200 * sum, 75.9, 1.5);
    CHECK(out.held_out_rmse_k <= 0.95 && out.held_out_max_k <= 2.8);
    erg_monitor_free(log);
}

static void with_the_fan_off_resistances_need_the_ambient(void)
{
    erg_monitor *log = board();
    erg_thermal with = fit(log, 157.2, 1191.8, 30.5 + 273.15);
    erg_thermal without = fit(log, 157.2, 1191.8, 0);

    CHECK(with.verdict == ERG_THERMAL_IDENTIFIED);
    CHECK(with.poles[0].tau_s > 355 && with.poles[0].tau_s < 390);
    CHECK_NEAR(with.r_fast_k_per_w, 0.089, 0.006);
    CHECK_NEAR(with.poles[0].r_k_per_w, 1.22, 0.07);
    CHECK_NEAR(with.rmse_k, 0.31, 0.01);
    CHECK_NEAR(with.poles[0].tau_s / with.poles[0].r_k_per_w, 305, 30);
    CHECK(without.verdict == ERG_THERMAL_TIME_CONSTANT_ONLY);
    erg_monitor_free(log);
}

static void a_record_without_the_answer_is_not_identifiable(void)
{
    erg_monitor *log = board();

    CHECK(fit(log, 1330, 1530, 0).verdict == ERG_THERMAL_NOT_IDENTIFIABLE);
    CHECK(fit(log, 1930, 2140, 0).verdict == ERG_THERMAL_NOT_IDENTIFIABLE);
    erg_thermal mixed = fit(log, 0, 156, 0);
    CHECK(mixed.verdict == ERG_THERMAL_NOT_IDENTIFIABLE);
    CHECK(strncmp(mixed.reason, "MIXED_REGIME", 12) == 0);
    erg_monitor_free(log);
}

static void a_relaxation_needs_no_power(void)
{
    erg_monitor *log = board();
    erg_error err = { 0 };
    erg_relaxation out;
    erg_thermal_options options = { .begin_s = 157.2, .end_s = 1191.8 };

    CHECK(erg_thermal_relax(erg_monitor_find(log, "gpu"), &options, &out, &err));
    CHECK_NEAR(out.tau_s, 425.4, 2);
    CHECK_NEAR(out.end_k - 273.15, 59.07, 0.05);
    CHECK_NEAR(out.begin_k - 273.15, 39.19, 0.05);
    CHECK_NEAR(out.rmse_k, 0.473, 0.005);
    options.end_s = 1187;
    CHECK(erg_thermal_relax(erg_monitor_find(log, "gpu"), &options, &out, &err));
    CHECK_NEAR(out.tau_s, 415, 4);
    erg_monitor_free(log);
}

/* ---- a network that is known -------------------------------------------------------- */

static double luck(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static double noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += luck(state);
    return sum - 6;
}

typedef struct truth { double ambient_c, r_fast, r, tau_s; } truth;

/* 50 or 200 W in chips of 15 s, one row a second. */
static erg_monitor *simulate(const truth *of, size_t n, double noise_k, bool whole,
                             uint64_t seed)
{
    char *text = malloc(n * 48 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w\n");
    double x = 0, p = 50;
    erg_error err = { 0 };

    for (size_t k = 0; k < n; k++) {
        double before = p;
        if (k % 15 == 0)
            p = luck(&seed) < 0.5 ? 50 : 200;
        /* From one sample to the next power is a straight line, as the model takes it. */
        double a = exp(-1 / of->tau_s), c = of->tau_s * (1 - a);
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        double temp = of->ambient_c + of->r_fast * p + of->r * x + noise_k * noise(&seed);
        used += (size_t)sprintf(text + used, "%zu,%.*f,%.1f\n", k, whole ? 0 : 4, temp, p);
    }
    erg_monitor *log = erg_monitor_parse("simulated", text, used, NULL, &err);
    CHECK(log != NULL);
    free(text);
    return log;
}

static void a_known_network_is_found_within_its_intervals(void)
{
    const truth of = { 30, 0.1, 0.13, 28 };
    size_t covered = 0, close = 0, runs = 10;

    for (size_t i = 0; i < runs; i++) {
        erg_monitor *log = simulate(&of, 600, 0.2, i % 2, 17 + i);
        erg_error err = { 0 };
        erg_thermal out;
        CHECK(erg_thermal_fit(erg_monitor_device_at(log, 0),
                              &(erg_thermal_options){ .poles = 1 },
                              &out, &err));
        double sum = out.r_fast_k_per_w + out.poles[0].r_k_per_w;
        close += fabs(out.poles[0].tau_s / 28 - 1) < 0.05 && fabs(sum / 0.23 - 1) < 0.02;
        covered += out.poles[0].tau_low_s <= 28 && out.poles[0].tau_high_s >= 28;
        CHECK_NEAR(out.delay_s, 0, 0.15);
        erg_monitor_free(log);
    }
    CHECK(close >= runs - 2);
    CHECK(covered >= runs - 3);
}

static void constant_power_gives_a_time_constant_at_most(void)
{
    char text[20000];
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w\n");
    erg_error err = { 0 };
    erg_thermal out;
    uint64_t seed = 5;

    for (int k = 0; k < 600; k++)
        used += (size_t)sprintf(text + used, "%d,%.3f,%.1f\n", k,
                                60 - 25 * exp(-k / 80.0) + 0.05 * noise(&seed), 100.0);
    erg_monitor *log = erg_monitor_parse("constant", text, used, NULL, &err);
    CHECK(log
          && erg_thermal_fit(erg_monitor_device_at(log, 0), &(erg_thermal_options){ 0 },
                             &out, &err));
    CHECK(out.verdict == ERG_THERMAL_TIME_CONSTANT_ONLY);
    CHECK_NEAR(out.poles[0].tau_s, 80, 2);
    erg_monitor_free(log);
}

static void too_few_rows_are_refused(void)
{
    static const char few[] = "time,temp_c,power_w\n0,40,100\n1,41,100\n";
    erg_error err = { 0 };
    erg_thermal out;
    erg_monitor *log = erg_monitor_parse("few", few, strlen(few),
                                         NULL, &err);
    CHECK(log != NULL);
    CHECK(!erg_thermal_fit(erg_monitor_device_at(log, 0), &(erg_thermal_options){ 0 }, &out,
                           &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_monitor_free(log);
}

static void a_temperature_that_never_moves_is_no_thermometer(void)
{
    erg_text csv = { 0 };
    erg_error err = { 0 };
    erg_thermal out;

    erg_text_add(&csv, "timestamp,device,temp_c,power_w\n");
    for (int t = 0; t < 200; t++)
        erg_text_add(&csv, "%d.0,cpu,50.0,%d.0\n", 1761699200 + t, 80 + 40 * (t / 50 % 2));
    erg_monitor *log = erg_monitor_parse("m.csv", csv.data, csv.count, NULL, &err);
    CHECK_OK(log != NULL, err);
    CHECK(!erg_thermal_fit(erg_monitor_find(log, "cpu"),
                           &(erg_thermal_options){ .poles = 0 },
                           &out, &err));
    CHECK(err.code == ERG_NO_DATA && strstr(err.text, "cpu: temperature is 50.0 C"));
    erg_monitor_free(log);
    erg_text_free(&csv);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_temperature_that_never_moves_is_no_thermometer),
        TEST(with_the_fan_on_one_pole_of_half_a_minute_is_found),
        TEST(with_the_fan_off_resistances_need_the_ambient),
        TEST(a_record_without_the_answer_is_not_identifiable),
        TEST(a_relaxation_needs_no_power),
        TEST(a_known_network_is_found_within_its_intervals),
        TEST(constant_power_gives_a_time_constant_at_most),
        TEST(too_few_rows_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
