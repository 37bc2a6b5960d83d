/* SPDX-License-Identifier: Apache-2.0 */
/* Flags by channel and code: a recording may hold one for each of its regions. */
#ifndef ERG_TRACE_FLAG_GROUPS_H
#define ERG_TRACE_FLAG_GROUPS_H

#include "base/base.h"
#include "erg/trace.h"

/* All flags of one code on one channel. */
typedef struct erg_flag_group {
    int channel;            /* -1: the whole run */
    erg_flag_code code;
    size_t first, count;    /* number of the first flag; how many there are */
    bool is_everywhere;     /* one of them has no time of its own */
    size_t begin, end;      /* those that have, in spans: joined, in the order of time */
} erg_flag_group;

typedef struct erg_flag_groups {
    erg_flag_group *at;     /* by channel, then by code */
    size_t count;
    erg_span *spans;
} erg_flag_groups;

/* Built when first asked for, good until a flag is added. NULL: no memory. */
const erg_flag_groups *erg_flag_groups_of(const erg_trace *trace, erg_error *err);
void erg_flag_groups_free(erg_flag_groups *groups);
/* NULL: there is no such flag. */
const erg_flag_group *erg_flag_group_find(const erg_flag_groups *groups, int channel,
                                          erg_flag_code code);
/* Bits of the flags of the channel, and of the whole run, that lie on one of the spans or
 * everywhere. */
uint64_t erg_flags_on(const erg_flag_groups *groups, int channel, const erg_span spans[],
                      size_t count);
/* As that, of states that another channel of its device shows: a clock, a temperature. */
uint64_t erg_flags_beside(const erg_trace *trace, const erg_flag_groups *groups,
                          int channel, const erg_span spans[], size_t count);
/* Does it lie on one of the spans, which stand in order and apart, or everywhere? */
bool erg_flag_lies_on(const erg_flag *flag, const erg_span spans[], size_t count);

#endif
