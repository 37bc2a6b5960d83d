/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns are s(f) FLOP of each unit, s(f) bytes and P_static(f) t, so that
 * rows of several clocks are one fit. Bytes are told apart only by whether the last
 * cache can hold the launch, and only where two networks show both: a fit by kinds of
 * operators reads those missing in a list as dear bytes of another kind.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "estimate/fallback.h"
#include "estimate/interval.h"
#include "estimate/operating_point.h"
#include "estimate/profile_json.h"
#include "run/calibrate_energy.h"

enum { FEWEST_ROWS = 6, OPERATIONS_MOST = ERG_NNLS_MOST - 3 };

#define PICO 1e-12
#define PRIOR_WEIGHT 0.003  /* of a seldom used unit's coefficient near its table value */
#define MATTERS 0.5         /* of a row's matrix FLOP */
#define SHOWN 0.05          /* of a network's bytes */

static double flop_of(const erg_work *work, erg_engine unit)
{
    return work->flop[unit.class][unit.precision];
}

static double all_flop(const erg_work *work)
{
    double sum = 0;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            sum += work->flop[class][precision];
    return sum;
}

static bool keep_rows(erg_energy_fit *fit, const erg_measured *measured, erg_error *err)
{
    fit->rows = calloc(measured->count + 1, sizeof(const erg_measured_row *));
    fit->x = calloc(measured->count + 1, sizeof(*fit->x));
    fit->error = calloc(measured->count + 1, sizeof(*fit->error));
    if (!fit->rows || !fit->x || !fit->error)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", measured->count);
    size_t kept = 0;
    for (size_t i = 0; i < measured->count; i++)
        if (!measured->rows[i].reason[0])
            fit->rows[kept++] = &measured->rows[i];
    fit->count = kept;
    return fit->count >= FEWEST_ROWS
        || erg_fail(err, ERG_NO_DATA,
                    "%zu rows are left of %zu, fewer than %d: nothing to fit", fit->count,
                    measured->count, FEWEST_ROWS);
}

/* The clock of most rows, the lowest of those tied. */
static double reference_clock(const erg_energy_fit *fit)
{
    size_t most = 0;
    double best_hz = NAN;

    for (size_t i = 0; i < fit->count; i++) {
        double clock_hz = fit->rows[i]->clock_hz;
        size_t same = 0;
        for (size_t k = 0; k < fit->count; k++)
            same += fit->rows[k]->clock_hz == clock_hz;
        if (same > most || (same == most && clock_hz < best_hz)) {
            most = same;
            best_hz = clock_hz;
        }
    }
    return best_hz;
}

static void add_operation(erg_energy_fit *fit, erg_engine unit)
{
    erg_energy_column *column = &fit->columns[fit->form.columns];
    double sum = 0;
    int rows = 0;

    for (size_t i = 0; i < fit->count; i++) {
        double flop = flop_of(&fit->rows[i]->work, unit);
        sum += flop;
        rows += flop > 0 && flop >= MATTERS * all_flop(&fit->rows[i]->work);
    }
    if (!(sum > 0) || fit->form.columns >= OPERATIONS_MOST)
        return;
    *column = (erg_energy_column){ .kind = ERG_COLUMN_OPERATION, .unit = unit, .rows = rows,
                                   .unit_name = "pj_per_flop", .scale = PICO };
    snprintf(column->name, sizeof(column->name), "%s_%s", erg_unit_class_name(unit.class),
             erg_precision_name(unit.precision));
    fit->form.columns++;
}

/* Do two networks show bytes of both kinds? */
static bool tells_far_bytes(const erg_energy_fit *fit)
{
    int models = 0;

    for (size_t i = 0; i < fit->count; i++) {
        double far = 0, all = 0;
        bool first = true;
        for (size_t k = 0; k < fit->count; k++) {
            if (strcmp(fit->rows[k]->model, fit->rows[i]->model) != 0)
                continue;
            first = first && k >= i;
            far += fit->rows[k]->work.far_bytes;
            all += fit->rows[k]->work.bytes;
        }
        models += first && far >= SHOWN * all && all - far >= SHOWN * all;
    }
    return models >= 2;
}

static void add_column(erg_energy_fit *fit, erg_energy_column column)
{
    column.rows = (int)fit->count;
    fit->form.prior[fit->form.columns] = NAN;
    fit->columns[fit->form.columns++] = column;
}

/* Operations that a row ran on, then bytes, then time. Only the operation of most
 * rows is left quite free: a unit seen in one small product would get any value. */
static void choose_columns(erg_energy_fit *fit, const erg_hardware *hardware,
                           bool one_byte_class)
{
    erg_energy_terms table;
    size_t main = 0;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
            add_operation(fit, (erg_engine){ class, precision });
            table.op_j_per_flop[class][precision] = NAN;
        }
    table.byte_j = table.far_byte_j = NAN;
    erg_energy_fill(&table, hardware);
    for (size_t j = 1; j < fit->form.columns; j++)
        if (fit->columns[j].rows > fit->columns[main].rows)
            main = j;
    for (size_t j = 0; j < fit->form.columns; j++) {
        erg_engine unit = fit->columns[j].unit;
        fit->form.prior[j] =
            j == main ? NAN : table.op_j_per_flop[unit.class][unit.precision] / PICO;
    }
    fit->form.weight = PRIOR_WEIGHT;
    add_column(fit, (erg_energy_column){ .kind = ERG_COLUMN_BYTE, .name = "byte",
                                         .unit_name = "pj_per_byte", .scale = PICO });
    if (!one_byte_class && tells_far_bytes(fit))
        add_column(fit, (erg_energy_column){ .kind = ERG_COLUMN_FAR_BYTE,
                                             .name = "far_byte",
                                             .unit_name = "pj_per_byte", .scale = PICO });
    add_column(fit, (erg_energy_column){ .kind = ERG_COLUMN_STATIC, .name = "static",
                                         .unit_name = "w", .scale = 1 });
}

static double feature(const erg_energy_column *column, const erg_measured_row *row,
                      double scale, double static_ratio)
{
    switch (column->kind) {
    case ERG_COLUMN_OPERATION:
        return scale * flop_of(&row->work, column->unit) * PICO;
    case ERG_COLUMN_BYTE:
        return scale * row->work.bytes * PICO;
    case ERG_COLUMN_FAR_BYTE:
        return scale * row->work.far_bytes * PICO;
    case ERG_COLUMN_STATIC:
        break;
    }
    return static_ratio * row->time_s;
}

static int group_of(const erg_energy_fit *fit, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(fit->rows[i]->model, fit->rows[index]->model) == 0)
            return fit->x[i].group;
    return (int)index;
}

static void fill_rows(erg_energy_fit *fit, const erg_hardware *hardware)
{
    erg_profile record = { .energy = { .static_w = NAN } };
    double reference_w = erg_static_w(hardware, &record, fit->clock_hz);

    for (size_t i = 0; i < fit->count; i++) {
        const erg_measured_row *row = fit->rows[i];
        double scale = erg_voltage_scale(hardware, row->clock_hz, fit->clock_hz);
        double ratio = erg_static_w(hardware, &record, row->clock_hz) / reference_w;

        fit->x[i] = (erg_fit_row){ .target = row->energy_j, .group = group_of(fit, i) };
        for (size_t j = 0; j < fit->form.columns; j++)
            fit->x[i].x[j] = feature(&fit->columns[j], row, scale, ratio);
    }
}

bool erg_energy_fit_run(erg_energy_fit *fit, const erg_measured *measured,
                        const erg_hardware *hardware, bool one_byte_class, erg_error *err)
{
    *fit = (erg_energy_fit){ 0 };
    if (!keep_rows(fit, measured, err)) {
        erg_energy_fit_free(fit);
        return false;
    }
    fit->clock_hz = reference_clock(fit);
    choose_columns(fit, hardware, one_byte_class);
    fill_rows(fit, hardware);
    if (erg_fit_relative(fit->x, fit->count, &fit->form, &fit->terms, err)
        && erg_fit_folds(fit->x, fit->x, fit->count, &fit->form, fit->error, err))
        return true;
    erg_energy_fit_free(fit);
    return false;
}

void erg_energy_fit_free(erg_energy_fit *fit)
{
    free(fit->rows);
    free(fit->x);
    free(fit->error);
    *fit = (erg_energy_fit){ 0 };
}

static bool is_first_judged(const erg_energy_fit *fit, const double error[], size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (!isnan(error[i]) && fit->x[i].group == fit->x[row].group)
            return false;
    return true;
}

double erg_energy_fit_width(const erg_energy_fit *fit, const double error[], int without)
{
    double *r = calloc(fit->count + 1, sizeof(*r)), width;
    size_t judged = 0, groups = 0;

    if (!r)
        return NAN;
    for (size_t i = 0; i < fit->count; i++)
        if (!isnan(error[i]) && fit->x[i].group != without) {
            r[judged++] = log1p(error[i]);
            groups += is_first_judged(fit, error, i);
        }
    width = erg_half_width(r, judged, groups);
    free(r);
    return width;
}

void erg_energy_fit_store(const erg_energy_fit *fit, erg_profile *profile)
{
    erg_energy_terms *to = &profile->energy;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++) {
            to->op_j_per_flop[class][precision] = NAN;
            to->op_rows[class][precision] = 0;
        }
    to->far_byte_j = 0;
    for (size_t j = 0; j < fit->form.columns; j++) {
        const erg_energy_column *column = &fit->columns[j];
        double value = fit->terms.value[j] * column->scale;

        if (column->kind == ERG_COLUMN_BYTE)
            to->byte_j = value;
        if (column->kind == ERG_COLUMN_FAR_BYTE)
            to->far_byte_j = value;
        if (column->kind == ERG_COLUMN_STATIC)
            to->static_w = value;
        if (column->kind == ERG_COLUMN_OPERATION && column->rows) {
            to->op_j_per_flop[column->unit.class][column->unit.precision] = value;
            to->op_rows[column->unit.class][column->unit.precision] = column->rows;
        }
    }
    to->rows = (int)fit->count;
    profile->byte_rule = to->far_byte_j > 0 ? ERG_BYTE_RULE_FAR : ERG_BYTE_RULE;
    to->half_width = erg_energy_fit_width(fit, fit->error, -1);
    profile->clock_hz = fit->clock_hz;
    profile->runtime = ERG_EAGER;
}
