/* SPDX-License-Identifier: Apache-2.0 */
/* Texts kept once each and known by a number, for events and what is read of others. */
#ifndef ERG_TRACE_INTERN_H
#define ERG_TRACE_INTERN_H

#include "trace/rows.h"

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
