/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a millisecond a row: what a fit may not lose by being quick. */
#include <stdlib.h>
#include "erg/thermal.h"
#include "test.h"

enum { ROWS = 60000 };
#define STEP_S 0.001

/* One pole of 1.5 s behind 0.13 K/W, chips of 0.5 s, 0.2 K of noise, stamps that jitter by
 * 20 us; power is logged late by whole rows. */
static erg_monitor_row *rows_of(size_t late)
{
    erg_monitor_row *rows = calloc(ROWS, sizeof(*rows));
    double a = exp(-STEP_S / 1.5), c = 1.5 * (1 - a) / STEP_S, x = 50, p = 50;
    test_random luck = { 7 };

    for (size_t k = 0; k < ROWS; k++)
        for (size_t v = 0; v < ERG_MONITOR_VALUES; v++)
            rows[k].value[v] = NAN;
    for (size_t k = 0; k < ROWS; k++) {
        double before = p;
        if (k % 500 == 0)
            p = test_uniform(&luck) < 0.5 ? 50 : 200;
        x = k ? a * x + (c - a) * before + (1 - c) * p : p;
        rows[k].t_ns = (int64_t)k * 1000000 + (int64_t)(2e4 * test_uniform(&luck));
        rows[k].value[ERG_MONITOR_TEMP_K] =
            303.15 + 0.1 * p + 0.13 * x + 0.2 * test_normal(&luck);
        if (k + late < ROWS)
            rows[k + late].value[ERG_MONITOR_POWER_W] = p;
    }
    for (size_t k = 0; k < late; k++)
        rows[k].value[ERG_MONITOR_POWER_W] = rows[late].value[ERG_MONITOR_POWER_W];
    return rows;
}

/* An edge that is off by two rows would cost 15 K in both. */
static void a_delay_is_found_to_a_fraction_of_a_row(void)
{
    static const size_t late[] = { 0, 130 };

    for (size_t i = 0; i < ERG_COUNT(late); i++) {
        erg_monitor_row *rows = rows_of(late[i]);
        const erg_monitor_device device = { .name = "die", .rows = rows, .count = ROWS,
                                            .period_s = STEP_S };
        erg_error err = { 0 };
        erg_thermal found;
        CHECK_OK(erg_thermal_fit(&device, &(erg_thermal_options){ 0 }, &found, &err), err);
        CHECK_NEAR(found.delay_s, (double)late[i] * STEP_S, 0.5 * STEP_S);
        CHECK(found.verdict == ERG_THERMAL_IDENTIFIED && found.pole_count == 1);
        CHECK_NEAR(found.rmse_k, 0.2, 0.01);
        CHECK_NEAR(found.r_fast_k_per_w, 0.1, 0.001);
        CHECK_NEAR(found.poles[0].r_k_per_w, 0.13, 0.0013);
        CHECK_NEAR(found.poles[0].tau_s, 1.5, 0.015);
        free(rows);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_delay_is_found_to_a_fraction_of_a_row),
    };
    return test_run(tests, ERG_COUNT(tests));
}
