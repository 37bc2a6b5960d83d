/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of erg timeline, as tests ask for their cells. */
#ifndef ERG_TEST_TOLD_H
#define ERG_TEST_TOLD_H

#include "erg/timeline.h"
#include "series.h"

static inline erg_result *timeline(const erg_trace *trace, erg_timeline_options options)
{
    erg_error err = { 0 };
    erg_result *result = erg_timeline(trace, &options, &err);

    CHECK_OK(result != NULL, err);
    return result;
}

static inline const erg_table *table_of(const erg_result *result, const char *name)
{
    const erg_table *table = erg_result_find(result, name);
    CHECK(table != NULL);
    return table;
}

static inline size_t row_named(const erg_table *table, const char *column, const char *name)
{
    size_t i = 0;

    while (i < erg_table_row_count(table)
           && strcmp(erg_table_find(table, i, column).text, name) != 0)
        i++;
    CHECK(i < erg_table_row_count(table));
    return i;
}

static inline double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

#endif
