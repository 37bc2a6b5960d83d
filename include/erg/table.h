/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every result is tables: rows of named, typed columns, the same in every
 * output format.
 *
 *   Units    In the last word of a column's name. SI inside; columns that end
 *            in _wh, _g, _mhz, _c are the border's, named so.
 *   Missing  Unmeasured is NAN, NULL text, or ERG_NONE: n/a, null, empty.
 *   Failing  ERG_NO_MEMORY; ERG_BAD_INPUT for a column that is not there.
 *   Owning   An erg_result owns its tables, texts and notes: erg_result_free.
 *            Texts given to a cell are copied.
 *   Threads  One at a time.
 *   Source   docs/adr/0001-tables-as-output.md.
 */
#ifndef ERG_TABLE_H
#define ERG_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define ERG_NONE INT64_MIN  /* an integer cell that holds nothing */

typedef enum erg_type { ERG_TEXT, ERG_REAL, ERG_INTEGER, ERG_TRUTH } erg_type;

typedef struct erg_column {
    const char *name;
    erg_type type;
    const char *about;      /* one line: for man pages and the HTML heads */
} erg_column;

typedef struct erg_cell {
    const char *text;       /* ERG_TEXT */
    double real;            /* ERG_REAL */
    int64_t integer;        /* ERG_INTEGER; ERG_TRUTH as 0 or 1 */
} erg_cell;

typedef struct erg_result erg_result;
typedef struct erg_table erg_table;

/* name: the command, as in "run". Columns must be static (a const table). */
erg_result *erg_result_new(const char *name, erg_error *err);
void erg_result_free(erg_result *result);
erg_table *erg_result_add(erg_result *result, const char *name,
                          const erg_column *columns, size_t column_count,
                          erg_error *err);
/* A copy of columns that lasts as long as the result, for heads that are not static. */
const erg_column *erg_result_keep(erg_result *result, const erg_column *columns,
                                  size_t column_count, erg_error *err);
/* One sentence under the tables. Equal notes are kept once. */
bool erg_result_note(erg_result *result, erg_error *err, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

const char *erg_result_name(const erg_result *result);
size_t erg_result_table_count(const erg_result *result);
const erg_table *erg_result_table(const erg_result *result, size_t index);
/* NULL if there is no such table: asking is not an error. */
const erg_table *erg_result_find(const erg_result *result, const char *name);
size_t erg_result_note_count(const erg_result *result);
const char *erg_result_note_at(const erg_result *result, size_t index);

/* ---- rows: add one, then set its cells by column name ------------------ */

/* A new last row, every cell unmeasured. */
bool erg_table_row(erg_table *table, erg_error *err);
/* Set a cell of the last row. An unknown column or a wrong type is a fault of
 * the caller and fails; NAN, NULL and ERG_NONE leave the cell unmeasured. */
bool erg_table_text(erg_table *table, const char *column, const char *value,
                    erg_error *err);
bool erg_table_real(erg_table *table, const char *column, double value, erg_error *err);
bool erg_table_integer(erg_table *table, const char *column, int64_t value, erg_error *err);
bool erg_table_truth(erg_table *table, const char *column, bool value, erg_error *err);

const char *erg_table_name(const erg_table *table);
size_t erg_table_column_count(const erg_table *table);
const erg_column *erg_table_column(const erg_table *table, size_t index);
size_t erg_table_row_count(const erg_table *table);
/* Column by name or by index; a missing cell reads as NULL, NAN, ERG_NONE. */
erg_cell erg_table_cell(const erg_table *table, size_t row, size_t column);
erg_cell erg_table_find(const erg_table *table, size_t row, const char *column);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
