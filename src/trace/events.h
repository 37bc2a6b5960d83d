/* SPDX-License-Identifier: Apache-2.0 */
/* Texts kept once each and known by a number, for events and what is read of others. */
#ifndef ERG_TRACE_EVENTS_H
#define ERG_TRACE_EVENTS_H

#include "base/base.h"
#include "erg/trace.h"

/* Kernels, copies, sets, collectives: what a device does, not what asked for it. */
static inline bool erg_kind_is_device(erg_trace_event_kind kind)
{
    return kind >= ERG_EVENT_KERNEL && kind <= ERG_EVENT_COLLECTIVE;
}

/* Does a name say that devices exchange data? NCCL and its like. */
bool erg_name_is_exchange(const char *name, size_t count);

/*
 * A growing row of equal things.
 *
 * Long ones may be larger than memory: from ERG_ROWS_HELD bytes on they lie in a file
 * without a name (/var/tmp, else /tmp) that is mapped, so that they are one array as all
 * others. Whoever walks along them says erg_rows_pass, whoever jumps erg_rows_rest: what
 * was looked at leaves memory then, and is there again when it is looked at again.
 */
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

/* All zero is empty. */
typedef struct erg_interned {
    erg_rows rows; /* char *, of texts */
    erg_arena *texts;
    int32_t *slots;    /* numbers + 1 by hash; 0: free */
    size_t slot_count; /* a power of two, or 0 */
} erg_interned;

void erg_interned_free(erg_interned *names);
/* The number of text[0..count), the next free one at first sight; -1: no memory. */
int32_t erg_intern(erg_interned *names, const char *text, size_t count, erg_error *err);
/* The number of a text that is there; -1: it is not. */
int32_t erg_interned_find(const erg_interned *names, const char *text, size_t count);
/* NULL: no such number. */
const char *erg_interned_at(const erg_interned *names, int32_t number);

#endif
