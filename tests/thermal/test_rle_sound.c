/* SPDX-License-Identifier: Apache-2.0 */
/* The sound dialect takes its time to the limit from the network;
 * joules stand beside it. */
#include <stdlib.h>
#include <string.h>
#include "erg/rle.h"
#include "erg/thermal.h"
#include "test.h"

enum { ROWS = 400 };
static const double r_k_per_w = 0.25, tau_s = 30, ambient_c = 30;

/* 80 or 260 W in chips of 40 s; whole degrees. */
static erg_monitor *plant(void)
{
    char *text = malloc(ROWS * 48 + 64);
    size_t used = (size_t)sprintf(text, "time,temp_c,power_w,util_pct\n");
    test_random luck = { 4 };
    double x = 80, p = 80;
    erg_error err = { 0 };

    for (size_t k = 0; k < ROWS; k++) {
        double before = p, a = exp(-1 / tau_s), c = tau_s * (1 - a);
        if (k % 40 == 0)
            p = test_uniform(&luck) < 0.5 ? 80 : 260;
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        used += (size_t)sprintf(text + used, "%zu,%.0f,%.1f,%d\n", k,
                                ambient_c + r_k_per_w * x, p, p > 100 ? 100 : 20);
    }
    erg_monitor *log = erg_monitor_parse("plant", text, used, &(erg_monitor_options){
        .map = "time=time,temp_c=temp_c,power_w=power_w,util_pct=util_pct" }, &err);
    CHECK_OK(log != NULL, err);
    free(text);
    return log;
}

static erg_result *reckon(const erg_monitor *log, const erg_training *training)
{
    erg_error err = { 0 };
    erg_result *result = erg_rle_run(log, &(erg_rle_options){
        .training = training,
        .setup = { .device = "gpu", .rated_w = 300, .limit_k = 83 + 273.15,
                   .ambient_k = ambient_c + 273.15 } }, &err);
    CHECK_OK(result != NULL, err);
    return result;
}

/* At 260 W it ends at 95 C: tau ln((95 - T)/(95 - 83)) is left,
 * once ten seconds have passed. */
static void time_to_the_limit_is_the_networks(void)
{
    erg_monitor *log = plant();
    const erg_monitor_device *device = erg_monitor_device_at(log, 0);
    erg_result *result = reckon(log, NULL);
    const erg_table *table = erg_result_find(result, "rle");
    int seen = 0;

    for (size_t k = 15; k < ROWS; k++) {
        bool is_held = true;
        for (size_t i = k - 12; i <= k; i++)
            is_held = is_held && device->rows[i].value[ERG_MONITOR_POWER_W] > 200;
        double temp_c = device->rows[k].value[ERG_MONITOR_TEMP_K] - 273.15;
        double found_s = erg_table_find(table, k, "t_sustain_s").real;
        if (!is_held || temp_c > 78)
            continue;
        CHECK_NEAR(found_s, tau_s * log1p((83 - temp_c) / 12), 3);
        seen++;
    }
    CHECK(seen > 10);
    erg_result_free(result);
    erg_monitor_free(log);
}

static void joules_per_step_and_token_stand_beside_it(void)
{
    char text[4096];
    size_t used = 0;
    erg_error err = { 0 };
    erg_monitor *log = plant();
    const erg_monitor_device *device = erg_monitor_device_at(log, 0);
    double begin_s = (double)device->rows[0].t_ns * 1e-9, energy_j = 0;

    for (int i = 0; i <= 20; i++)
        used += (size_t)sprintf(text + used,
                                "{\"step\":%d,\"timestamp_shared\":%.3f,\"tokens\":512}\n",
                                i, begin_s + 100 + 10 * i);
    erg_training *training = erg_training_parse("log", text, used, NULL, &err);
    CHECK_OK(training != NULL, err);
    for (size_t k = 101; k <= 300; k++)
        energy_j += device->rows[k].value[ERG_MONITOR_POWER_W];
    erg_result *result = reckon(log, training);
    const erg_table *table = erg_result_find(result, "summary");
    CHECK_NEAR(erg_table_find(table, 0, "steps").real, 20, 0);
    CHECK_NEAR(erg_table_find(table, 0, "j_per_step").real, energy_j / 20, 1e-6 * energy_j);
    CHECK_NEAR(erg_table_find(table, 0, "j_per_token").real, energy_j / 20 / 512,
               1e-6 * energy_j);
    erg_result_free(result);
    erg_training_free(training);
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(time_to_the_limit_is_the_networks),
        TEST(joules_per_step_and_token_stand_beside_it),
    };
    return test_run(tests, ERG_COUNT(tests));
}
