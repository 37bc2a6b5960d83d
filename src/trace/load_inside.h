/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of reading .erg files, for load*.c only. */
#ifndef ERG_TRACE_LOAD_INSIDE_H
#define ERG_TRACE_LOAD_INSIDE_H

#include <math.h>
#include <sqlite3.h>
#include "trace/block.h"
#include "trace/load.h"

typedef struct erg_reader {
    sqlite3 *db;
    const char *path;
    erg_trace *trace;
    erg_block *codec;
    erg_sample *samples;    /* ERG_BLOCK_MOST */
    const struct erg_visit_taker *taker;    /* of a sweep's rows; else NULL */
    int64_t rounds_left;
    int64_t last_event_ns;  /* latest begin of an event so far */
    bool is_aside;          /* events are not to be held in memory */
    bool ended;
} erg_reader;

typedef struct erg_load_table {
    const char *sql;
    bool (*take)(erg_reader *from, sqlite3_stmt *row, erg_error *err);
} erg_load_table;

/* In the order in which they are to be read. */
extern const erg_load_table erg_load_tables[];
extern const size_t erg_load_table_count;

/* Those of events; a file without them has none. */
extern const erg_load_table erg_load_event_tables[];
extern const size_t erg_load_event_table_count;

/* Those of a sweep. */
extern const erg_load_table erg_load_sweep_tables[];
extern const size_t erg_load_sweep_table_count;
extern const erg_load_table erg_load_worked_visits, erg_load_counted_visits;

/* Cells; an empty one is NAN, or "". */
static inline double erg_load_real(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
        ? NAN : sqlite3_column_double(row, column);
}

static inline void erg_load_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
    erg_text_put(to, size, (const char *)sqlite3_column_text(row, column));
}

bool erg_load_fail_row(const erg_reader *from, const char *table, const char *what,
                       erg_error *err);

#endif
