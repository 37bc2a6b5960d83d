/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing row of equal things.
 *
 * Long ones may be larger than memory: from ERG_ROWS_HELD bytes on they lie in a file
 * without a name (/var/tmp, else /tmp) that is mapped, so that they are one array as all
 * others. Whoever walks along them says erg_rows_pass, whoever jumps erg_rows_rest: what
 * was looked at leaves memory then, and is there again when it is looked at again.
 */
#ifndef ERG_TRACE_ROWS_H
#define ERG_TRACE_ROWS_H

#include "base/base.h"

typedef struct erg_rows {
    void *items;
    size_t count, capacity;
    bool is_long;
    int file;               /* 0: none, the items are malloc's */
    size_t size, mapped;    /* bytes of an item and of the file, where there is one */
} erg_rows;

enum { ERG_ROWS_HELD = 1 << 18, ERG_ROWS_STRIDE = 1 << 12 };

bool erg_rows_add(erg_rows *rows, const void *items, size_t count, size_t size,
                  erg_error *err);
/* Empty again, as long as it was. */
void erg_rows_free(erg_rows *rows);
/* Of long rows nothing need stay in memory now. */
void erg_rows_rest(const erg_rows *rows);
void erg_rows_rest_behind(const erg_rows *rows, size_t at);
/* At number `at` of a walk upwards: what lies behind may go. */
static inline void erg_rows_pass(const erg_rows *rows, size_t at)
{
    if (rows->file > 0 && at % ERG_ROWS_STRIDE == 0)
        erg_rows_rest_behind(rows, at);
}

#endif
