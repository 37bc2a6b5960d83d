/* SPDX-License-Identifier: Apache-2.0 */
/* A growing row of equal things. */
#include <stdlib.h>
#include <string.h>
#include "trace/trace_inside.h"

/* Doubling, so that a million samples cost twenty copies. */
bool erg_rows_add(erg_rows *rows, const void *items, size_t count, size_t size,
                  erg_error *err)
{
    size_t capacity = rows->capacity ? rows->capacity : 16;

    if (count == 0)
        return true;
    if (count > SIZE_MAX / size / 4 - rows->count)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    while (capacity < rows->count + count)
        capacity *= 2;
    if (capacity > rows->capacity) {
        void *grown = realloc(rows->items, capacity * size);
        if (!grown)
            return erg_fail(err, ERG_NO_MEMORY, "out of memory");
        rows->items = grown;
        rows->capacity = capacity;
    }
    memcpy((char *)rows->items + rows->count * size, items, count * size);
    rows->count += count;
    return true;
}
