/* SPDX-License-Identifier: Apache-2.0 */
/* A data sheet on its way to its table. */
#ifndef ERG_COUPLE_SHEET_INSIDE_H
#define ERG_COUPLE_SHEET_INSIDE_H

#include "base/base.h"
#include "erg/sheet.h"
#include "erg/thermal.h"

typedef struct erg_data_sheet {
    const erg_data_sheet_input *input;
    const erg_monitor_device *device;
    erg_training_row *steps;    /* on the monitor's clock */
    size_t step_count;
    int64_t zero_ns;            /* the first row of the device */
    erg_thermal model;
    double tau_s;               /* of the slowest pole; NAN: not identified */
    double c_j_per_k;           /* of the first; NAN: not identified */
    erg_result *result;
    erg_table *table;
    erg_error *err;
} erg_data_sheet;

/* One row; word: NULL takes erg_data_sheet_word's. */
typedef struct erg_data_sheet_row {
    const char *section, *name, *unit, *note, *word;
    double time_s, value, low, high;
} erg_data_sheet_row;
bool erg_data_sheet_put(const erg_data_sheet *sheet, const erg_data_sheet_row *row);

/* The thermal network of the whole record, before all else. */
void erg_data_sheet_fit(erg_data_sheet *sheet);
bool erg_data_sheet_series(const erg_data_sheet *sheet);
bool erg_data_sheet_results(const erg_data_sheet *sheet);
bool erg_data_sheet_throttle(const erg_data_sheet *sheet);

/* What the results leave to be said; room: for as many values as rows or steps. */
bool erg_data_sheet_notes(const erg_data_sheet *sheet, double room[]);

/* As given, else as the session says; NAN: neither. */
double erg_data_sheet_ambient_k(const erg_data_sheet *sheet);

/* Values of one kind, finite ones alone, rows from first on; how many. */
size_t erg_data_sheet_values(const erg_data_sheet *sheet, erg_monitor_value value,
                             double out[]);
size_t erg_data_sheet_step_values(const erg_data_sheet *sheet, erg_training_value value,
                                  double out[]);

#endif
