/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV with a head: rows of the columns that are asked for, in that order. */
#ifndef ERG_ESTIMATE_GRID_H
#define ERG_ESTIMATE_GRID_H

#include "format/csv.h"

enum { ERG_GRID_MOST = 16 };

typedef struct erg_grid {
    const char *const *columns;
    size_t column_count;            /* at most ERG_GRID_MOST */
    size_t needed;                  /* the first so many must be there */
    /* cells[i] of columns[i]; empty where the file has no such column. */
    bool (*row)(void *self, const erg_field cells[], erg_error *err);
    void *self;
} erg_grid;

bool erg_grid_read(const erg_grid *grid, const char *path, erg_error *err);
/* NAN where the cell is empty or no number. */
double erg_field_number(erg_field field);

#endif
