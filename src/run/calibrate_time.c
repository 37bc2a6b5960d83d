/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only tensor units are fitted, from rows of low precision: what an fp32 network
 * takes depends on the cap and on which board it was, and the shared terms, made
 * from five devices, say it better than one board at one clock.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/time_fit.h"
#include "run/calibrate_time.h"

enum { FEWEST_ROWS = 8 };

static bool is_timed(const erg_measured_row *row)
{
    double tensor = 0, vector = 0;

    for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
        tensor += row->work.flop[ERG_UNIT_TENSOR][precision];
        vector += row->work.flop[ERG_UNIT_VECTOR][precision];
    }
    return row->precision != ERG_FP32 && tensor > vector;
}

static erg_timed_row timed(const erg_measured_row *row)
{
    return (erg_timed_row){ row->partition, ERG_EAGER, row->clock_hz, row->time_s };
}

/* Fits to the rows of all groups but one; false: too few, or err says what. */
static bool fit_without(const erg_energy_fit *rows, int group, const erg_hardware *hardware,
                        erg_timed_row *room, erg_time_terms terms[], erg_error *err)
{
    erg_time_fit fit = { hardware, room, 0, ERG_UNIT_TENSOR, ERG_FREE_ALL };

    for (int unit = 0; unit < ERG_UNIT_CLASSES; unit++)
        terms[unit] = erg_time_shared(hardware, unit);
    for (size_t i = 0; i < rows->count; i++)
        if (rows->x[i].group != group && is_timed(rows->rows[i]))
            room[fit.count++] = timed(rows->rows[i]);
    if (fit.count < FEWEST_ROWS || !erg_time_fit_terms(&fit, terms, err))
        return false;
    terms[ERG_UNIT_TENSOR].rows = (int)fit.count;
    return true;
}

/* A group at a time: each row is predicted by terms that never saw its model. */
static void predict_left_out(erg_time_calibration *to, const erg_energy_fit *rows,
                             const erg_hardware *hardware, erg_timed_row *room,
                             erg_error *err)
{
    erg_time_terms terms[ERG_UNIT_CLASSES];

    for (size_t i = 0; i < rows->count; i++) {
        int group = rows->x[i].group;
        bool is_first = group == (int)i;
        if (!is_first || !fit_without(rows, group, hardware, room, terms, err))
            continue;
        for (size_t k = i; k < rows->count; k++) {
            const erg_measured_row *row = rows->rows[k];
            erg_timed_row run = timed(row);
            if (rows->x[k].group == group && is_timed(row))
                to->error[k] = erg_time_of_row(&run, hardware, terms) / row->time_s - 1;
        }
    }
}

/* Energy of rows whose time is only predicted: both from fits without the model. */
static bool judge_end_to_end(erg_time_calibration *to, const erg_energy_fit *rows,
                             erg_error *err)
{
    erg_fit_row *guessed = malloc((rows->count + 1) * sizeof(*guessed));
    bool good = false;

    if (!guessed)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        guessed[i] = rows->x[i];
        for (size_t j = 0; j < rows->form.columns; j++)
            if (rows->columns[j].kind == ERG_COLUMN_STATIC)
                guessed[i].x[j] *= 1 + to->error[i];
    }
    good = erg_fit_folds(rows->x, guessed, rows->count, &rows->form, to->end_to_end, err);
    free(guessed);
    return good;
}

bool erg_time_calibrate(erg_time_calibration *to, const erg_energy_fit *fit,
                        const erg_hardware *hardware, bool energy_only, erg_error *err)
{
    erg_timed_row *room = calloc(fit->count + 1, sizeof(*room));
    erg_error why = { 0 };
    bool good = false;

    *to = (erg_time_calibration){ .error = calloc(fit->count + 1, sizeof(double)),
                                  .end_to_end = calloc(fit->count + 1, sizeof(double)) };
    if (!room || !to->error || !to->end_to_end) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", fit->count);
    } else {
        for (size_t i = 0; i < fit->count; i++)
            to->error[i] = NAN;
        if (!energy_only)
            predict_left_out(to, fit, hardware, room, &why);
        if (!energy_only && fit_without(fit, -1, hardware, room, to->terms, &why))
            to->terms[ERG_UNIT_TENSOR].half_width =
                erg_energy_fit_width(fit, to->error, -1);
        /* Where nothing is found the shared terms stand. */
        bool could_search = why.code == ERG_OK || why.code == ERG_NO_DATA;
        good = (could_search || erg_fail(err, why.code, "%s", why.text))
            && judge_end_to_end(to, fit, err);
    }
    free(room);
    if (!good)
        erg_time_calibration_free(to);
    return good;
}

void erg_time_calibration_free(erg_time_calibration *calibration)
{
    free(calibration->error);
    free(calibration->end_to_end);
    *calibration = (erg_time_calibration){ 0 };
}
