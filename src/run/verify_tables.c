/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of estimates: each row, then mean, median, worst, bias and how many measured
 * values the intervals hold, by device, quantity and model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sort.h"
#include "run/verify.h"

static const erg_column row_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "model", ERG_TEXT, "as the rows name it" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "seq_len", ERG_INTEGER, "tokens" },
    { "clock_hz", ERG_REAL, "asked for" },
    { "measured_s", ERG_REAL, "of the batch" },
    { "latency_s", ERG_REAL, "estimated" },
    { "latency_error", ERG_REAL, "estimated over measured, less 1" },
    { "measured_j", ERG_REAL, "of the batch" },
    { "energy_j", ERG_REAL, "estimated, end to end" },
    { "energy_low_j", ERG_REAL, "of its 95 % interval" },
    { "energy_high_j", ERG_REAL, "of its 95 % interval" },
    { "energy_error", ERG_REAL, "estimated over measured, less 1" },
    { "given_j", ERG_REAL, "estimated, the measured time given" },
    { "given_error", ERG_REAL, "estimated over measured, less 1" },
    { "inside", ERG_TRUTH, "the energy interval holds the measured value" },
    { "grade", ERG_TEXT, "how the estimate grades itself" },
};

static const erg_column group_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "quantity", ERG_TEXT, "latency, energy, or energy with the time given" },
    { "model", ERG_TEXT, "all: of every model" },
    { "rows", ERG_INTEGER, "counted" },
    { "mean_error", ERG_REAL, "mean of |estimated over measured, less 1|" },
    { "median_error", ERG_REAL, "median of them" },
    { "worst_error", ERG_REAL, "largest of them" },
    { "bias", ERG_REAL, "mean of estimated over measured, less 1" },
    { "coverage", ERG_REAL, "share of measured values inside their interval" },
};

bool erg_verified_add(erg_verified_list *list, const erg_verified *row, erg_error *err)
{
    if (!erg_grow((void **)&list->rows, &list->capacity, list->count,
                  sizeof(*list->rows), err))
        return false;
    list->rows[list->count++] = *row;
    return true;
}

static double error_of(erg_guess guess, double measured)
{
    return guess.value / measured - 1;
}

static bool is_inside(erg_guess guess, double measured)
{
    return measured >= guess.low && measured <= guess.high;
}

/* ---- a row each ---------------------------------------------------------------------- */

static bool put_row(erg_table *table, const erg_verified *row, const erg_hardware *hardware,
                    erg_error *err)
{
    const struct { const char *column; double value; } reals[] = {
        { "clock_hz", row->clock_hz },
        { "measured_s", row->measured_s },
        { "latency_s", row->latency.value },
        { "latency_error", error_of(row->latency, row->measured_s) },
        { "measured_j", row->measured_j },
        { "energy_j", row->energy.value },
        { "energy_low_j", row->energy.low },
        { "energy_high_j", row->energy.high },
        { "energy_error", error_of(row->energy, row->measured_j) },
        { "given_j", row->given.value },
        { "given_error", error_of(row->given, row->measured_j) },
    };
    bool ok = erg_table_row(table, err)
        && erg_table_text(table, "hardware", hardware->name, err)
        && erg_table_text(table, "model", row->model, err)
        && erg_table_text(table, "precision", erg_precision_name(row->precision), err)
        && erg_table_integer(table, "batch", row->batch, err)
        && erg_table_integer(table, "seq_len", row->seq > 0 ? row->seq : ERG_NONE, err)
        && erg_table_text(table, "grade", erg_grade_name(row->grade), err);
    for (size_t i = 0; i < ERG_COUNT(reals) && ok; i++)
        ok = erg_table_real(table, reals[i].column, reals[i].value, err);
    return ok && (isnan(row->measured_j)
                  || erg_table_truth(table, "inside",
                                     is_inside(row->energy, row->measured_j), err));
}

/* ---- groups -------------------------------------------------------------------------- */

typedef struct quantity {
    const char *name;
    size_t guess, measured;     /* offsets in erg_verified */
} quantity;

static const quantity quantities[] = {
    { "latency", offsetof(erg_verified, latency), offsetof(erg_verified, measured_s) },
    { "energy", offsetof(erg_verified, energy), offsetof(erg_verified, measured_j) },
    { "energy, time given", offsetof(erg_verified, given),
      offsetof(erg_verified, measured_j) },
};

typedef struct group {
    const erg_verified_list *list;
    const quantity *of;
    size_t device;
    const char *model;          /* NULL: all */
    double *errors;             /* room for all rows */
} group;

static bool put_group(erg_table *table, const group *one, const erg_hardware *hardware,
                      erg_error *err)
{
    size_t count = 0, inside = 0;
    double sum = 0, bias = 0;

    for (size_t i = 0; i < one->list->count; i++) {
        const erg_verified *row = &one->list->rows[i];
        erg_guess guess;
        double measured;
        memcpy(&guess, (const char *)row + one->of->guess, sizeof(guess));
        memcpy(&measured, (const char *)row + one->of->measured, sizeof(measured));
        if (row->device != one->device
            || (one->model && strcmp(one->model, row->model) != 0)
            || isnan(error_of(guess, measured)))
            continue;
        one->errors[count] = fabs(error_of(guess, measured));
        sum += one->errors[count++];
        bias += error_of(guess, measured);
        inside += is_inside(guess, measured);
    }
    if (!count)
        return true;
    qsort(one->errors, count, sizeof(double), erg_by_value);
    double n = (double)count;
    double median = 0.5 * (one->errors[(count - 1) / 2] + one->errors[count / 2]);
    return erg_table_row(table, err)
        && erg_table_text(table, "hardware", hardware->name, err)
        && erg_table_text(table, "quantity", one->of->name, err)
        && erg_table_text(table, "model", one->model ? one->model : "all", err)
        && erg_table_integer(table, "rows", (int64_t)count, err)
        && erg_table_real(table, "mean_error", sum / n, err)
        && erg_table_real(table, "median_error", median, err)
        && erg_table_real(table, "worst_error", one->errors[count - 1], err)
        && erg_table_real(table, "bias", bias / n, err)
        && erg_table_real(table, "coverage", (double)inside / n, err);
}

/* The first row of its device and model; the group of all comes before them. */
static bool is_first(const erg_verified_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (list->rows[i].device == list->rows[index].device
            && strcmp(list->rows[i].model, list->rows[index].model) == 0)
            return false;
    return true;
}

static bool is_first_of_device(const erg_verified_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (list->rows[i].device == list->rows[index].device)
            return false;
    return true;
}

static bool put_groups(erg_table *table, group *one, erg_hardware *const hardware[],
                       erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; i < one->list->count && ok; i++) {
        if (!is_first_of_device(one->list, i))
            continue;
        one->device = one->list->rows[i].device;
        one->model = NULL;
        ok = put_group(table, one, hardware[one->device], err);
        for (size_t j = i; j < one->list->count && ok; j++) {
            one->model = one->list->rows[j].model;
            if (one->list->rows[j].device == one->device && is_first(one->list, j))
                ok = put_group(table, one, hardware[one->device], err);
        }
    }
    return ok;
}

bool erg_verified_tables(const erg_verified_list *list, erg_result *result,
                         erg_hardware *const hardware[], erg_error *err)
{
    erg_table *rows = erg_result_add(result, "validation", row_columns,
                                     ERG_COUNT(row_columns), err);
    erg_table *groups = rows ? erg_result_add(result, "validation_groups", group_columns,
                                              ERG_COUNT(group_columns), err) : NULL;
    group one = { .list = list, .errors = calloc(list->count + 1, sizeof(double)) };
    bool ok = groups && (one.errors || erg_fail(err, ERG_NO_MEMORY, "out of memory"));

    for (size_t i = 0; i < list->count && ok; i++)
        ok = put_row(rows, &list->rows[i], hardware[list->rows[i].device], err);
    for (size_t i = 0; i < ERG_COUNT(quantities) && ok; i++) {
        one.of = &quantities[i];
        ok = put_groups(groups, &one, hardware, err);
    }
    free(one.errors);
    return ok;
}
