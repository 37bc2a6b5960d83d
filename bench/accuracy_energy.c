/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy of models that a fit never saw (EnergAIzer, energy/measured.csv): with the
 * time given, and with the time predicted by terms that never saw them either; and of
 * one board at clocks other than that of its profile.
 */
#include <math.h>
#include <stdio.h>
#include "accuracy.h"
#include "estimate/interval.h"
#include "estimate/operating_point.h"
#include "run/calibrate_time.h"

static const char *const boards[] = { "a100-pcie-40gb", "a10" };

#define ENERGY_BUDGET 0.07
#define END_TO_END_BUDGET 0.11

static void print_errors(verdict v, const erg_energy_fit *fit, const double error[])
{
    for (size_t i = 0; i < fit->count; i++)
        if (!isnan(error[i]) && fit->rows[i]->precision == ERG_BF16)
            verdict_add(&v, (verdict_row){ .model = fit->rows[i]->model,
                                           .predicted = 1 + error[i], .measured = 1 });
    verdict_print(&v);
}

static bool judge_board(const evidence *court, const char *name, bool end_to_end,
                        erg_error *err)
{
    char rows[ERG_PATH_MOST], lists[ERG_PATH_MOST];
    erg_calibrate_options options = { .rows_path = rows, .workloads_dir = lists };
    erg_hardware *hardware = erg_hardware_load(NULL, &court->catalog, name, err);
    erg_time_calibration time;
    erg_measured measured = { 0 };
    erg_energy_fit fit = { 0 };

    snprintf(rows, sizeof(rows), "%s/energy/measured.csv", court->data);
    snprintf(lists, sizeof(lists), "%s/energy/workloads", court->data);
    bool good = hardware && erg_measured_load(&measured, hardware, &options, err)
        && erg_energy_fit_run(&fit, &measured, hardware, false, err)
        && erg_time_calibrate(&time, &fit, hardware, !end_to_end, err);
    if (good) {
        verdict v = { .device = name, .calibrated_on = "rows of its other models",
                      .judge = end_to_end
                          ? "bf16 energy, end to end" : "bf16 energy, time given",
                      .budget = end_to_end ? END_TO_END_BUDGET : ENERGY_BUDGET };
        print_errors(v, &fit, end_to_end ? time.end_to_end : fit.error);
        erg_time_calibration_free(&time);
    }
    erg_energy_fit_free(&fit);
    erg_measured_free(&measured);
    erg_hardware_free(hardware);
    return good;
}

bool judge_energy_left_out(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(boards); i++)
        if (!judge_board(court, boards[i], false, err))
            return false;
    return true;
}

bool judge_energy_end_to_end(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(boards); i++)
        if (!judge_board(court, boards[i], true, err))
            return false;
    return true;
}

static double measured_time(const void *user, double clock_hz)
{
    const erg_measured_row *row = user;

    (void)clock_hz;
    return row->time_s;
}

static double predict(const erg_measured_row *row, const erg_hardware *hardware,
                      const erg_profile *profile)
{
    erg_load load = { .dynamic_j = erg_compute_j(&row->work, &profile->energy)
                          + erg_memory_j(&row->work, &profile->energy),
                      .time_s = measured_time, .user = row };
    erg_operating_point point = erg_operating_point_find(
        hardware, profile, (erg_operating_point){ .clock_hz = row->clock_hz }, &load);

    return point.scale * load.dynamic_j + point.static_w * row->time_s;
}

/* Of a row at the clock of the profile, or at another. */
static double half_width(const erg_measured_row *row, const erg_profile *profile)
{
    return erg_graded_half_width(profile->energy.half_width,
                                 row->clock_hz == profile->clock_hz ? ERG_CALIBRATED
                                                                    : ERG_INTERPOLATED,
                                 ERG_THEORETICAL_ENERGY);
}

bool judge_energy_clocks(const evidence *court, erg_error *err)
{
    char rows[ERG_PATH_MOST], lists[ERG_PATH_MOST];
    erg_calibrate_options options = { .rows_path = rows, .workloads_dir = lists };
    erg_hardware *hardware = erg_hardware_load(NULL, &court->catalog, boards[0], err);
    erg_profile *profile =
        hardware ? erg_profile_load(&court->catalog, hardware, NULL, err) : NULL;
    erg_measured measured = { 0 };
    verdict v = { .judge = "bf16 energy over clocks", .device = boards[0],
                  .calibrated_on = "its profile: other rows, 900 MHz only",
                  .budget = ENERGY_BUDGET };

    snprintf(rows, sizeof(rows), "%s/dvfs/a100_pcie_40gb.csv", court->data);
    snprintf(lists, sizeof(lists), "%s/energy/workloads", court->data);
    bool good = profile && erg_measured_load(&measured, hardware, &options, err);
    for (size_t i = 0; good && i < measured.count; i++) {
        const erg_measured_row *row = &measured.rows[i];
        if (row->precision == ERG_BF16 && row->graph)
            verdict_add(&v, (verdict_row){ .model = row->model,
                .predicted = predict(row, hardware, profile), .measured = row->energy_j,
                .half_width = half_width(row, profile) });
    }
    verdict_print(&v);
    erg_measured_free(&measured);
    erg_profile_free(profile);
    erg_hardware_free(hardware);
    return good;
}
