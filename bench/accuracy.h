/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of accuracy: each sets predictions against measured rows and says what the
 * predictions were calibrated on. A judge is a file and a row in accuracy.c. */
#ifndef ERG_BENCH_ACCURACY_H
#define ERG_BENCH_ACCURACY_H

#include "base/base.h"
#include "erg/estimate.h"

typedef struct evidence {
    const char *data;               /* folder of measured rows: ../shared/data */
    erg_catalog catalog;
    bool details;                   /* a line a row too */
} evidence;

typedef struct judge {
    const char *name;
    bool (*run)(const evidence *court, erg_error *err);
} judge;

bool judge_operators(const evidence *court, erg_error *err);
bool judge_fp32_datasheet(const evidence *court, erg_error *err);
bool judge_fp32_shipped(const evidence *court, erg_error *err);
bool judge_fp32_left_out(const evidence *court, erg_error *err);
bool judge_fp32_training(const evidence *court, erg_error *err);
bool judge_fp32_fusion(const evidence *court, erg_error *err);
bool judge_bf16_left_out(const evidence *court, erg_error *err);
bool judge_energy_left_out(const evidence *court, erg_error *err);
bool judge_energy_end_to_end(const evidence *court, erg_error *err);
bool judge_energy_clocks(const evidence *court, erg_error *err);
bool judge_kernels(const evidence *court, erg_error *err);

/* One line: errors are predicted / measured - 1; budget: of the mean, NAN: none. */
typedef struct verdict {
    const char *judge, *device, *calibrated_on;
    double budget;
    double error[8192];
    const char *model[8192];        /* NULL: the row is of none */
    size_t count;
} verdict;

void verdict_add(verdict *to, double predicted, double measured);
/* The same of a row of a model; the name must live until the line is printed. Its floor is
 * the mean error that is left when each model has a factor of its own: batches and lengths
 * of one model disagree by so much. */
void verdict_add_of(verdict *to, const char *model, double predicted, double measured);
void verdict_print(const verdict *of);

/* Fields of a CSV row by the names of the first line. */
typedef struct sheet {
    char *text;
    char ***rows;
    size_t count;
    char **names;
    size_t columns;
} sheet;
bool sheet_load(sheet *to, const char *folder, const char *name, erg_error *err);
const char *sheet_text(const sheet *of, size_t row, const char *column);
double sheet_number(const sheet *of, size_t row, const char *column);  /* NAN: empty */
void sheet_free(sheet *of);

/* By how much two readings of the same power differ, of attention; NAN: unknown. Sorts
 * the samples. */
struct erg_kernel_samples;
double twins_floor(struct erg_kernel_samples *samples);

#endif
