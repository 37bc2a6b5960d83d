/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a table of points, by meaning. */
#ifndef ERG_FIT_POINTS_COLUMNS_H
#define ERG_FIT_POINTS_COLUMNS_H

#include "format/csv.h"

typedef enum erg_points_field {
    ERG_FIELD_SM_CLOCK, ERG_FIELD_LIMIT, ERG_FIELD_CPU_CLOCK, ERG_FIELD_MEM_CLOCK,
    ERG_FIELD_OTHER, ERG_FIELD_POWER, ERG_FIELD_TIME, ERG_FIELD_ENERGY, ERG_FIELD_FP,
    ERG_FIELD_DRAM, ERG_FIELD_TEMP, ERG_FIELD_PEAK, ERG_FIELD_SEEN, ERG_FIELD_SAMPLES,
    ERG_FIELD_BLOCK, ERG_FIELD_PLACE, ERG_FIELD_START, ERG_FIELD_RETENTION,
    ERG_FIELD_RETENTION_LOW, ERG_FIELD_UNITS, ERG_FIELD_MISSES, ERG_FIELD_STATE,
    ERG_FIELD_DEFINITION, ERG_FIELD_SIMULATED,
    ERG_FIELDS
} erg_points_field;

typedef struct erg_points_join { const char *name; int column; } erg_points_join;

typedef struct erg_points_columns {
    int at[ERG_FIELDS];             /* -1: not there */
    double factor[ERG_FIELDS];      /* SI = cell * factor */
    erg_points_join joined[12];     /* what names the application, in order */
    size_t joined_count;
    char unused[400];               /* names of the columns that mean nothing here */
} erg_points_columns;

bool erg_points_columns_find(erg_points_columns *to, const erg_csv_row *header,
                             const char *other, const char *file, erg_error *err);

#endif
