/* SPDX-License-Identifier: Apache-2.0 */
/* Two hundred records of one known network: how often it is found,
 * and held by its interval. */
#include <stdlib.h>
#include "erg/thermal.h"
#include "test.h"

enum { RUNS = 200 };
static const double r_fast = 0.1, r = 0.13, tau_s = 28;

/* 50 or 200 W in chips of 15 s, one row a second, straight lines in between. */
static erg_monitor *record(size_t n, bool whole, uint64_t seed)
{
    char *text = malloc(n * 48 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w\n");
    test_random luck = { seed };
    double x = 50, p = 50;
    erg_error err = { 0 };

    for (size_t k = 0; k < n; k++) {
        double before = p, a = exp(-1 / tau_s), c = tau_s * (1 - a);
        if (k % 15 == 0)
            p = test_uniform(&luck) < 0.5 ? 50 : 200;
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        used += (size_t)sprintf(text + used, "%zu,%.*f,%.1f\n", k, whole ? 0 : 4,
                                30 + r_fast * p + r * x + 0.2 * test_normal(&luck), p);
    }
    erg_monitor *log = erg_monitor_parse("simulated", text, used, NULL, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static double fine_s(void) { return 1.0 / 50; }

/* The same plant; the load changes at any time, or always as long after a row, and the
 * sensor of power tells the mean of the second before, as NVML's from Ampere on, or the
 * last instant. */
typedef struct kind { bool means, locked, whole; } kind;

static erg_monitor *record_of(kind of, size_t n, uint64_t seed)
{
    char *text = malloc(n * 48 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w\n");
    test_random luck = { seed };
    double p = 50, x = p, next_s = 15 * test_uniform(&luck), fade = exp(-fine_s() / tau_s);
    double place_s = next_s - floor(next_s);
    erg_error err = { 0 };

    for (size_t k = 0; k < n; k++) {
        double sum = 0;
        for (int i = 0; i < 50; i++) {
            if ((double)k + i * fine_s() >= next_s) {
                p = test_uniform(&luck) < 0.5 ? 50 : 200;
                next_s += 15 * (0.5 + test_uniform(&luck));
                if (of.locked)
                    next_s = floor(next_s) + place_s;
            }
            x = fade * x + (1 - fade) * p;
            sum += p;
        }
        used += (size_t)sprintf(text + used, "%zu,%.*f,%.1f\n", k, of.whole ? 0 : 4,
                                30 + r_fast * p + r * x + 0.2 * test_normal(&luck),
                                of.means ? sum / 50 : p);
    }
    erg_monitor *log = erg_monitor_parse("simulated", text, used, NULL, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static void means_of_a_second_are_not_taken_for_instants(void)
{
    enum { RECORDS = 100 };
    int held = 0, fast_held = 0, one_pole = 0;
    double log_off = 0, delay_s = 0;

    for (int i = 0; i < RECORDS; i++) {
        erg_monitor *made = record_of((kind){ .means = true, .whole = i % 2 }, 300,
                                      5000 + 91 * (uint64_t)i);
        erg_error err = { 0 };
        erg_thermal out;
        CHECK_OK(erg_thermal_fit(erg_monitor_device_at(made, 0),
                                 &(erg_thermal_options){ 0 }, &out, &err), err);
        held += out.poles[0].tau_low_s <= tau_s && out.poles[0].tau_high_s >= tau_s;
        fast_held += out.r_fast_low_k_per_w <= r_fast && out.r_fast_high_k_per_w >= r_fast;
        if (out.pole_count == 1) {
            one_pole++;
            log_off += log(out.poles[0].tau_s / tau_s);
        }
        delay_s += out.delay_s / RECORDS;
        erg_monitor_free(made);
    }
    CHECK(held >= 0.88 * RECORDS && fast_held >= 0.85 * RECORDS);
    CHECK(one_pole >= 0.93 * RECORDS);
    CHECK_NEAR(log_off / one_pole, 0, 0.01);
    CHECK(delay_s > 0.25 && delay_s < 0.65);
}

/* Instants, read too seldom for the load, and edges that always lie at one place between
 * two rows: what cannot be told is in the intervals. */
static void what_lies_between_two_rows_is_in_the_intervals(void)
{
    enum { RECORDS = 60 };
    static const kind kinds[] = { { .means = false }, { .means = true, .locked = true },
                                  { .means = false, .locked = true } };

    for (size_t q = 0; q < ERG_COUNT(kinds); q++) {
        int held = 0, fast_held = 0, one_pole = 0;
        for (int i = 0; i < RECORDS; i++) {
            kind of = kinds[q];
            of.whole = i % 2;
            erg_monitor *made = record_of(of, 300, 8000 + 61 * (uint64_t)i);
            erg_error err = { 0 };
            erg_thermal out;
            CHECK_OK(erg_thermal_fit(erg_monitor_device_at(made, 0),
                                     &(erg_thermal_options){ 0 },
                                     &out, &err), err);
            held += out.poles[0].tau_low_s <= tau_s && out.poles[0].tau_high_s >= tau_s;
            fast_held += out.r_fast_low_k_per_w <= r_fast
                && out.r_fast_high_k_per_w >= r_fast;
            one_pole += out.pole_count == 1;
            erg_monitor_free(made);
        }
        CHECK(held >= 0.88 * RECORDS && fast_held >= 0.95 * RECORDS);
        CHECK(one_pole >= 0.93 * RECORDS);
    }
}

/* An instant sensor: what the load did between two rows is an error as slow as the pole. */
static void an_edge_between_rows_is_no_pole(void)
{
    enum { RECORDS = 60 };
    int one_pole = 0;

    for (int i = 0; i < RECORDS; i++) {
        test_random luck = { 9000 + 17 * (uint64_t)i };
        erg_text text = { 0 };
        erg_error err = { 0 };
        erg_thermal out;
        double p = 50, x = p, next_s = 15 * test_uniform(&luck);
        erg_text_add(&text, "time,temp_c,power_w\n");
        for (int k = 0; k < 900 * 50; k++) {
            if (k * fine_s() >= next_s) {
                p = test_uniform(&luck) < 0.5 ? 50 : 200;
                next_s += 15 * (0.5 + test_uniform(&luck));
            }
            x += (1 - exp(-fine_s() / tau_s)) * (p - x);
            if (k % 50 == 49)
                erg_text_add(&text, "%d,%.4f,%.1f\n", k / 50,
                             30 + r_fast * p + r * x + 0.1 * test_normal(&luck), p);
        }
        erg_monitor *log = erg_monitor_parse("simulated", text.data, text.count,
                                             NULL, &err);
        CHECK_OK(log != NULL, err);
        CHECK_OK(erg_thermal_fit(erg_monitor_device_at(log, 0), &(erg_thermal_options){ 0 },
                                 &out, &err), err);
        one_pole += out.pole_count == 1;
        erg_monitor_free(log);
        erg_text_free(&text);
    }
    CHECK(one_pole >= 0.85 * RECORDS);
}

static void of_two_hundred_records_nearly_all_give_the_network(void)
{
    int close = 0, held = 0;

    for (int i = 0; i < RUNS; i++) {
        erg_monitor *log = record(i % 4 < 2 ? 300 : 900, i % 2, 1000 + 77 * (uint64_t)i);
        erg_error err = { 0 };
        erg_thermal out;
        CHECK_OK(erg_thermal_fit(erg_monitor_device_at(log, 0), &(erg_thermal_options){ 0 },
                                 &out, &err), err);
        double sum = out.r_fast_k_per_w;
        for (int j = 0; j < out.pole_count; j++)
            sum += out.poles[j].r_k_per_w;
        close += fabs(out.poles[0].tau_s / tau_s - 1) < 0.05
            && fabs(sum / (r_fast + r) - 1) < 0.02;
        held += out.poles[0].tau_low_s <= tau_s && out.poles[0].tau_high_s >= tau_s;
        erg_monitor_free(log);
    }
    CHECK(close >= 0.95 * RUNS);
    CHECK(held >= 0.88 * RUNS);
}

int main(void)
{
    static const test tests[] = {
        TEST(of_two_hundred_records_nearly_all_give_the_network),
        TEST(means_of_a_second_are_not_taken_for_instants),
        TEST(what_lies_between_two_rows_is_in_the_intervals),
        TEST(an_edge_between_rows_is_no_pole),
    };
    return test_run(tests, ERG_COUNT(tests));
}
