/* SPDX-License-Identifier: Apache-2.0 */
/* Two hundred records of one known network: how often it is found, and held by its interval. */
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

static void of_two_hundred_records_nearly_all_give_the_network(void)
{
    int close = 0, held = 0;

    for (int i = 0; i < RUNS; i++) {
        erg_monitor *log = record(i % 4 < 2 ? 300 : 900, i % 2, 1000 + 77 * (uint64_t)i);
        erg_error err = { 0 };
        erg_thermal out;
        CHECK_OK(erg_thermal_fit(erg_monitor_device_at(log, 0), &(erg_thermal_options){ 0 }, &out,
                                 &err), err);
        double sum = out.r_fast_k_per_w;
        for (int j = 0; j < out.pole_count; j++)
            sum += out.poles[j].r_k_per_w;
        close += fabs(out.poles[0].tau_s / tau_s - 1) < 0.05 && fabs(sum / (r_fast + r) - 1) < 0.02;
        held += out.poles[0].tau_low_s <= tau_s && out.poles[0].tau_high_s >= tau_s;
        erg_monitor_free(log);
    }
    CHECK(close >= 0.95 * RUNS);
    CHECK(held >= 0.88 * RUNS);
}

int main(void)
{
    static const test tests[] = { TEST(of_two_hundred_records_nearly_all_give_the_network) };
    return test_run(tests, ERG_COUNT(tests));
}
