/* SPDX-License-Identifier: Apache-2.0 */
/* Which regions bear a name: a recording may hold a million of them, and as many names. */
#ifndef ERG_TRACE_REGION_NAMES_H
#define ERG_TRACE_REGION_NAMES_H

#include "erg/trace.h"
#include "trace/intern.h"

/* Names are numbered in the order in which each first stands. */
typedef struct erg_region_names {
    erg_interned words;     /* by number */
    size_t count;           /* of names */
    int32_t *numbers;       /* of each region: that of its name */
    size_t *at;             /* the regions, name after name, each name's in their order */
    size_t *begins;         /* of name i in at; of count: where at ends */
} erg_region_names;

/* Indices of the regions of one name, in their order. */
typedef struct erg_namesakes { const size_t *at; size_t count; } erg_namesakes;

/* Built when first asked for, good until a region is added. NULL: no memory. */
const erg_region_names *erg_region_names_of(const erg_trace *trace, erg_error *err);
void erg_region_names_free(erg_region_names *names);
/* -1: no region bears it. */
int32_t erg_region_name_number(const erg_region_names *names, const char *name);
erg_namesakes erg_namesakes_at(const erg_region_names *names, size_t number);
/* None, if no region bears it. */
erg_namesakes erg_namesakes_of(const erg_region_names *names, const char *name);

#endif
