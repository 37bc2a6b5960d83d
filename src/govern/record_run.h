/* SPDX-License-Identifier: Apache-2.0 */
/* What a run file says of a load, beside its watts. */
#ifndef ERG_GOVERN_RECORD_RUN_H
#define ERG_GOVERN_RECORD_RUN_H

#include "erg/trace.h"

typedef struct erg_record_facts {
    double begun_s, ended_s;    /* UTC, of a CSV by its meter's clock; NAN: not known */
    double throttled;           /* share of the time, heat and faults, not a limit of power
                                 * that was wished; NAN: no counter */
    double collective_p99_s;    /* 99 % of its collectives; NAN: none are named */
} erg_record_facts;

/* NAN throughout. */
erg_record_facts erg_record_facts_none(void);
bool erg_record_facts_of(const erg_trace *trace, erg_record_facts *out, erg_error *err);

/* Channels of power over time that share no joules, into room for all; how many. Of those
 * that do, as a board's own mean beside its power and a node's meter beside its boards, the
 * one that shows most: least window and update. */
size_t erg_record_channels(const erg_trace *trace, int channels[]);

#endif
