/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples that wait for their block, packed as they come: about 5 bytes in place of 24
 * where a poll sees few changes. Nothing is rounded: what was put in comes out.
 */
#ifndef ERG_TRACE_BLOCK_TAIL_H
#define ERG_TRACE_BLOCK_TAIL_H

#include "base/base.h"
#include "erg/trace.h"

/* All zero is empty. */
typedef struct erg_tail {
    unsigned char *bytes;
    size_t size, capacity;      /* in bytes */
    size_t count;               /* samples */
    erg_sample last;
    uint64_t step_ns;           /* between the last two */
} erg_tail;

bool erg_tail_put(erg_tail *tail, const erg_sample *sample, erg_error *err);
/* All of them, into to[count]. */
void erg_tail_get(const erg_tail *tail, erg_sample to[]);
/* Empty again, the room kept. */
void erg_tail_clear(erg_tail *tail);
void erg_tail_free(erg_tail *tail);

#endif
