/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal records by the million: the last ones in memory, all before them in a file without
 * a name. Few records never see a disk.
 *
 *   Memory   ERG_SPILL_BYTES, however many there are.
 *   Disk     /var/tmp, else /tmp; where neither can be written, memory after all.
 */
#ifndef ERG_TRACE_SPILL_H
#define ERG_TRACE_SPILL_H

#include "trace/rows.h"

enum { ERG_SPILL_BYTES = 1 << 22 };

/* All zero but size is empty. */
typedef struct erg_spill {
    size_t size;        /* of a record, in bytes */
    size_t filed;       /* records in the file */
    int file;           /* 0: there is none */
    erg_rows held;      /* those behind */
} erg_spill;

/* A file without a name that goes with its last holder; -1: nowhere. */
int erg_spill_file(void);
/* "cannot keep what does not fit in memory in /var/tmp: ..." */
bool erg_spill_fail(int reason, erg_error *err);

static inline size_t erg_spill_count(const erg_spill *spill)
{
    return spill->filed + spill->held.count;
}
void erg_spill_free(erg_spill *spill);
bool erg_spill_add(erg_spill *spill, const void *records, size_t count, erg_error *err);
/* count records from number first on. */
bool erg_spill_read(const erg_spill *spill, size_t first, size_t count, void *to,
                    erg_error *err);

/* Some records in the order of adding, which the visit may change. */
typedef bool erg_spill_visit(void *self, void *records, size_t count, erg_error *err);
/* keeps: what the visit changed stays changed. */
bool erg_spill_each(erg_spill *spill, erg_spill_visit *visit, void *self, bool keeps,
                    erg_error *err);

#endif
