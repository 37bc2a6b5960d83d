/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSV whose first line names its columns, as an array of plain structs: a const table
 * says which column goes where. Columns it does not name are left alone.
 */
#ifndef ERG_FORMAT_ROWS_H
#define ERG_FORMAT_ROWS_H

#include "base/base.h"

typedef struct erg_row_field {
    const char *name;       /* of the column */
    size_t at;              /* offsetof in the struct */
    size_t text_size;       /* of a char array; 0: a double */
    double low;             /* least a number may be */
    bool may_lack;          /* no column or an empty cell: NAN, "" */
} erg_row_field;

typedef struct erg_row_layout {
    const erg_row_field *fields;
    size_t field_count;
    size_t row_size;
    size_t rows_most;
} erg_row_layout;

/* free() what comes; NULL: a sentence with file and line. A file without a row is one. */
void *erg_rows_parse(const erg_row_layout *layout, const char *name, const char *bytes,
                     size_t size, size_t *count, erg_error *err);
void *erg_rows_read(const erg_row_layout *layout, const char *path, size_t *count,
                    erg_error *err);

#endif
