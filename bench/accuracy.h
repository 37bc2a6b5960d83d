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
bool judge_fp32_own_operators(const evidence *court, erg_error *err);
bool judge_fp32_training(const evidence *court, erg_error *err);
bool judge_fp32_fusion(const evidence *court, erg_error *err);
bool judge_bf16_left_out(const evidence *court, erg_error *err);
bool judge_energy_left_out(const evidence *court, erg_error *err);
bool judge_energy_end_to_end(const evidence *court, erg_error *err);
bool judge_energy_clocks(const evidence *court, erg_error *err);
bool judge_kernels(const evidence *court, erg_error *err);

enum { VERDICT_ROWS = 8192 };

/* One line: errors are predicted / measured - 1; budget: of the mean, NAN: none. Its
 * interval is tried, too: the stated one or, where a row has none, that which the errors
 * of the other groups give, for all rows of a group were left out together. */
typedef struct verdict {
    const char *judge, *device, *calibrated_on;
    double budget;
    double floor;                       /* known otherwise; 0: of the models */
    double error[VERDICT_ROWS];
    double half_width[VERDICT_ROWS];    /* stated, in logarithms; 0: none;
                                         * NAN: an interval is not asked for */
    const char *model[VERDICT_ROWS];    /* NULL: the row is of none */
    unsigned fold[VERDICT_ROWS];        /* the group of a row of no model */
    unsigned family[VERDICT_ROWS];      /* errors of another family say nothing of it */
    size_t count;
} verdict;

typedef struct verdict_row {
    const char *model;              /* or NULL; must live until the line is printed */
    unsigned fold, family;
    double predicted, measured;
    double half_width;
} verdict_row;

/* Rows of a model give a floor: the mean error that is left when each model has a factor
 * of its own. Batches and lengths of one model disagree by so much. */
void verdict_add(verdict *to, verdict_row row);
/* ln(high / predicted) of an estimate. */
double verdict_half_width(double predicted, double high);
void verdict_print(const verdict *of);

/* Families of single operators, each with kernels of its own in a library. */
typedef enum own_family { PASS, LINEAR, BMM, FAMILIES } own_family;
own_family own_family_of(erg_op_kind kind);

/* Terms from all single operators of a device, by family, for networks of batches so large
 * that no launch waits for the host. ERG_NO_DATA: it has none. */
typedef struct own_terms { erg_time_terms of[FAMILIES][ERG_UNIT_CLASSES]; } own_terms;
bool own_terms_fit(const evidence *court, const char *device, own_terms *to,
                   erg_error *err);

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
