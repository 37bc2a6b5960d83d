/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof of the form: coefficients fitted at 900 MHz only, the voltage and idle
 * curves and the cap rule give 88 measured rows from 510 to 1410 MHz.
 */
#include "estimate/estimate_room.h"
#include "estimate/operating_point.h"
#include "estimate/energy.h"
#include "run/calibrate_rows.h"

static double measured_time(const void *user, double clock_hz)
{
    const erg_measured_row *row = user;

    (void)clock_hz;
    return row->time_s;
}

/* Mean |predicted / measured - 1| of the bf16 rows of the clock sweep. */
static double mean_error(double cap_w, size_t *rows)
{
    char lists[ERG_PATH_MOST];
    erg_calibrate_options options = { .workloads_dir = lists };
    erg_measured measured;
    erg_error err = { 0 };
    double sum = 0;

    snprintf(lists, sizeof(lists), "%s", test_data("energy/workloads"));
    options.rows_path = test_data("dvfs/a100_pcie_40gb.csv");
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_profile *profile = erg_profile_load(&room_catalog, a100, NULL, NULL);
    CHECK_OK(erg_measured_load(&measured, a100, &options, &err), err);
    *rows = 0;
    for (size_t i = 0; i < measured.count; i++) {
        const erg_measured_row *row = &measured.rows[i];
        if (row->precision != ERG_BF16)
            continue;
        erg_load load = { .dynamic_j = erg_compute_j(&row->work, &profile->energy)
                              + erg_memory_j(&row->work, &profile->energy),
                          .time_s = measured_time, .user = row };
        erg_operating_point point = erg_operating_point_find(
            a100, profile,
            (erg_operating_point){ .clock_hz = row->clock_hz, .cap_w = cap_w },
            &load);
        double energy_j = point.scale * load.dynamic_j + point.static_w * row->time_s;
        sum += fabs(energy_j / row->energy_j - 1);
        ++*rows;
    }
    erg_measured_free(&measured);
    erg_profile_free(profile);
    erg_hardware_free(a100);
    return sum / (double)*rows;
}

static void coefficients_of_one_clock_predict_all_others(void)
{
    size_t rows;
    double with_cap = mean_error(0, &rows), without = mean_error(1e6, &rows);

    CHECK(rows == 88);
    CHECK(with_cap < 0.035);        /* 4.7 % with one class of bytes, as published */
    CHECK(without > with_cap + 0.015);
}

static void voltage_and_idle_are_those_of_the_board(void)
{
    static const struct { double hz, scale, idle_w; } known[] = {
        { 510e6, 1, 45.28 },      { 900e6, 1, 47.35 },      { 1050e6, 1.036, 49.24 },
        { 1230e6, 1.248, 55.09 }, { 1410e6, 1.660, 67.34 },
    };
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_profile bare = { .clock_hz = 900e6, .energy = { .static_w = NAN } };

    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        CHECK_NEAR(erg_voltage_scale(a100, known[i].hz, 900e6), known[i].scale, 0.002);
        CHECK_NEAR(erg_static_w(a100, &bare, known[i].hz), known[i].idle_w, 0.02);
    }
    erg_hardware_free(a100);
}

/* Without curves: flat to 0.68 of the top clock, 1.29 of the floor at the top. */
static void a_board_without_curves_gets_estimates(void)
{
    erg_hardware board = { .kind = ERG_GPU, .top_clock_hz = 1e9, .cap_w = 100,
                           .idle_w = NAN };
    erg_hardware package = { .kind = ERG_CPU, .top_clock_hz = 3e9, .cap_w = 100,
                             .idle_w = NAN, .busy_static_w = NAN };
    erg_profile bare = { .clock_hz = NAN, .energy = { .static_w = NAN } };
    erg_profile fitted = { .clock_hz = 0.5e9, .energy = { .static_w = 30 } };

    CHECK_NEAR(erg_voltage_scale(&board, 0.68e9, NAN), 1, 1e-12);
    CHECK_NEAR(erg_voltage_scale(&board, 0.84e9, NAN), 1.145 * 1.145, 1e-12);
    CHECK_NEAR(erg_voltage_scale(&board, 1e9, NAN), 1.29 * 1.29, 1e-12);
    CHECK_NEAR(erg_static_w(&board, &bare, 0), 15, 1e-12);
    CHECK_NEAR(erg_static_w(&board, &bare, 1e9), 22, 1e-12);
    CHECK_NEAR(erg_static_w(&board, &fitted, 0.5e9), 30, 1e-12);
    CHECK_NEAR(erg_static_w(&package, &bare, 3e9), 70, 1e-12);
    CHECK_NEAR(erg_idle_w(&package, &bare, 3e9), 10, 1e-12);
}

int main(void)
{
    static const test tests[] = {
        TEST(voltage_and_idle_are_those_of_the_board),
        TEST(a_board_without_curves_gets_estimates),
        TEST(coefficients_of_one_clock_predict_all_others),
    };
    return test_run(tests, ERG_COUNT(tests));
}
