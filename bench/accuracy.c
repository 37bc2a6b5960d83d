/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimates against measurements that they were not calibrated on, in one table:
 * accuracy DATA RECORDS [--details]. The rows lie outside of this project; what
 * is printed says which of them a figure was calibrated on.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accuracy.h"
#include "estimate/interval.h"
#include "math/stats.h"

static const judge judges[] = {
    { "one operator, by regime", judge_operators },
    { "fp32 time, datasheet only", judge_fp32_datasheet },
    { "fp32 time, as shipped", judge_fp32_shipped },
    { "fp32 time, model left out", judge_fp32_left_out },
    { "fp32 time, own operators", judge_fp32_own_operators },
    { "fp32 training step", judge_fp32_training },
    { "fp32 fused over eager", judge_fp32_fusion },
    { "bf16 time, model left out", judge_bf16_left_out },
    { "bf16 energy, time given", judge_energy_left_out },
    { "bf16 energy, end to end", judge_energy_end_to_end },
    { "bf16 energy over clocks", judge_energy_clocks },
    { "kernels, pair left out", judge_kernels },
};

/* ---- rows ------------------------------------------------------------------ */

static size_t split(char *line, char **fields, size_t most)
{
    size_t count = 0;

    line[strcspn(line, "\r")] = 0;
    for (char *at = line; at && count < most;) {
        char *end = strchr(at, ',');
        fields[count++] = at;
        at = end ? end + 1 : NULL;
        if (end)
            *end = 0;
    }
    return count;
}

static char **read_row(const sheet *to, char *line)
{
    char **fields = calloc(to->columns, sizeof(*fields));

    if (fields)
        split(line, fields, to->columns);
    return fields;
}

bool sheet_load(sheet *to, const char *folder, const char *name, erg_error *err)
{
    enum { MOST_COLUMNS = 64, MOST_BYTES = 1 << 24, MOST_ROWS = 1 << 15 };
    char path[ERG_PATH_MOST];
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    *to = (sheet){ .text = erg_file_read(path, MOST_BYTES, &size, err) };
    to->names = calloc(MOST_COLUMNS, sizeof(*to->names));
    to->rows = calloc(MOST_ROWS, sizeof(*to->rows));
    if (!to->text || !to->names || !to->rows)
        return false;
    char *rest = to->text, *line = strsep(&rest, "\n");
    to->columns = split(line, to->names, MOST_COLUMNS);
    while ((line = strsep(&rest, "\n")) && to->count < MOST_ROWS)
        if (*line && (to->rows[to->count] = read_row(to, line)))
            to->count++;
    return true;
}

const char *sheet_text(const sheet *of, size_t row, const char *column)
{
    for (size_t i = 0; i < of->columns; i++)
        if (strcmp(of->names[i], column) == 0)
            return of->rows[row][i] ? of->rows[row][i] : "";
    return "";
}

double sheet_number(const sheet *of, size_t row, const char *column)
{
    const char *text = sheet_text(of, row, column);

    return *text ? strtod(text, NULL) : NAN;
}

void sheet_free(sheet *of)
{
    for (size_t i = 0; i < of->count; i++)
        free(of->rows[i]);
    free(of->rows);
    free(of->names);
    free(of->text);
}

/* ---- verdicts -------------------------------------------------------------- */

void verdict_add(verdict *to, verdict_row row)
{
    size_t at = to->count;

    if (at >= VERDICT_ROWS)
        return;
    to->error[at] = row.predicted / row.measured - 1;
    to->half_width[at] = row.half_width;
    to->model[at] = row.model;
    to->fold[at] = row.fold;
    to->family[at] = row.family;
    to->count++;
}

double verdict_half_width(double predicted, double high)
{
    return log(high / predicted);
}

/* Errors of one model about their median, in logarithms: what a factor leaves. */
static double left_of(const verdict *of, const char *model, size_t *rows)
{
    double logs[64], sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < of->count && count < ERG_COUNT(logs); i++)
        if (strcmp(of->model[i], model) == 0)
            logs[count++] = log1p(of->error[i]);
    double middle = erg_median(logs, count);
    for (size_t i = 0; i < count; i++)
        sum += fabs(expm1(logs[i] - middle));
    *rows = count;
    return sum;
}

static double floor_of(const verdict *of)
{
    double sum = 0;
    bool has_batches = false;

    for (size_t i = 0; i < of->count; i++) {
        bool is_new = of->model[i] != NULL;
        for (size_t j = 0; is_new && j < i; j++)
            is_new = strcmp(of->model[i], of->model[j]) != 0;
        size_t rows = 0;
        if (is_new)
            sum += left_of(of, of->model[i], &rows);
        has_batches = has_batches || rows > 1;
    }
    return has_batches ? sum / (double)of->count : NAN;
}

/* ---- intervals ------------------------------------------------------------- */

static bool same_group(const verdict *of, size_t a, size_t b)
{
    if (of->family[a] != of->family[b])
        return false;
    if (of->model[a] && of->model[b])
        return strcmp(of->model[a], of->model[b]) == 0;
    return !of->model[a] && !of->model[b] && of->fold[a] == of->fold[b];
}

static bool is_first_of_group(const verdict *of, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (same_group(of, i, row))
            return false;
    return true;
}

/* As erg calibrate makes it, of the errors of all groups of the family but the row's; those
 * of one network give none, and the data sheet's holds. */
static double width_without(const verdict *of, size_t row)
{
    static double errors[VERDICT_ROWS];
    size_t count = 0, groups = 0;

    for (size_t i = 0; i < of->count; i++)
        if (of->family[i] == of->family[row] && !same_group(of, i, row)) {
            errors[count++] = log1p(of->error[i]);
            groups += is_first_of_group(of, i);
        }
    return erg_graded_half_width(erg_half_width(errors, count, groups), ERG_CALIBRATED,
                                 ERG_THEORETICAL_TIME);
}

/* Share of the rows that lie in their interval; NAN: they have none. */
static double covered_share(const verdict *of)
{
    double covered = 0;

    for (size_t i = 0; i < of->count; i++) {
        bool is_stated = of->half_width[i] > 0;
        if (isnan(of->half_width[i]))
            return NAN;
        if (!is_stated && !is_first_of_group(of, i))
            continue;
        double width = is_stated ? of->half_width[i] : width_without(of, i);
        for (size_t k = i; k < (is_stated ? i + 1 : of->count); k++)
            covered += same_group(of, i, k) && fabs(log1p(of->error[k])) <= width;
    }
    return covered / (double)of->count;
}

/* ---- lines ----------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

static void print_share(double share)
{
    if (isnan(share))
        printf("%6s ", "");
    else
        printf("%6.1f ", 100 * share);
}

void verdict_print(const verdict *of)
{
    verdict sorted = *of;
    double mean = 0, bias = 0;

    if (!of->count)
        return;
    for (size_t i = 0; i < of->count; i++) {
        mean += fabs(of->error[i]) / (double)of->count;
        bias += of->error[i] / (double)of->count;
    }
    qsort(sorted.error, sorted.count, sizeof(sorted.error[0]), by_size);
    printf("%-27s %-16s %4zu %6.1f %6.1f %6.1f %+6.1f ", of->judge, of->device, of->count,
           100 * mean, 100 * fabs(sorted.error[of->count / 2]),
           100 * fabs(sorted.error[of->count - 1]), 100 * bias);
    print_share(of->floor > 0 ? of->floor : floor_of(of));
    print_share(covered_share(of));
    if (isnan(of->budget))
        printf("%9s", "");
    else
        printf("%4.0f %-4s", 100 * of->budget, mean <= of->budget ? "held" : "NO");
    printf("  %s\n", of->calibrated_on);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "accuracy DATA RECORDS [--details]\n");
        return 2;
    }
    evidence court = { .data = argv[1], .catalog = { .data_dir = argv[2] },
                    .details = argc > 3 && strcmp(argv[3], "--details") == 0 };
    printf("errors in %%: mean and median of |predicted / measured - 1|, worst, bias\n"
           "floor: what is left with a factor of each model's own (networks); what a "
           "product and its like of 4/3 the rows at most differ by (operators); two "
           "readings of one power (attention)\n"
           "in 95: share of rows in their 95 %% interval, the stated one (data sheet, as "
           "shipped, clocks) or that of the errors of the other groups\n"
           "%-27s %-16s %4s %6s %6s %6s %6s %6s %6s %-9s  %s\n", "judge", "device", "rows",
           "mean", "median", "worst", "bias", "floor", "in 95", "budget", "calibrated on");
    for (size_t i = 0; i < ERG_COUNT(judges); i++) {
        erg_error err = { 0 };
        if (!judges[i].run(&court, &err))
            printf("%-27s not judged: %s\n", judges[i].name, err.text);
    }
    return 0;
}
