/* SPDX-License-Identifier: Apache-2.0 */
/* Searching rows that stand in the order of their time, by halving. */
#ifndef ERG_BASE_SEARCH_H
#define ERG_BASE_SEARCH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Rows of size bytes whose time, an int64_t `at` bytes into a row, never falls. */
typedef struct erg_timed_rows {
    const void *items;
    size_t count, size, at;
} erg_timed_rows;

/* The first row at t or later; count: all are earlier. */
static inline size_t erg_first_from(erg_timed_rows rows, int64_t t)
{
    size_t low = 0, high = rows.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t found;
        memcpy(&found, (const char *)rows.items + middle * rows.size + rows.at,
               sizeof(found));
        if (found < t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first row later than t. */
static inline size_t erg_first_after(erg_timed_rows rows, int64_t t)
{
    return t == INT64_MAX ? rows.count : erg_first_from(rows, t + 1);
}

#endif
