/* SPDX-License-Identifier: Apache-2.0 */
/* What timeline_causes.c finds and timeline_causes_tables.c tells. */
#ifndef ERG_TIMELINE_TIMELINE_CAUSES_H
#define ERG_TIMELINE_TIMELINE_CAUSES_H

#include "timeline/timeline_inside.h"

/* Shifts are drawn for so many classes, by lift: of them alone it is kept where they begin.
 * The others are only counted, however many names there are. */
enum { ERG_CAUSES_TRIED = 200 };
/* A cause is named at this p and lift. */
static const double ERG_CAUSE_SURE = 0.01, ERG_CAUSE_TWICE = 2;

typedef struct erg_cause {
    const char *name, *kind;
    erg_tally tally;
    erg_cover begins;           /* of one that is tried */
    erg_lift lift;
    uint32_t number;            /* by which begins know it */
    bool is_tried;
    bool is_sure;               /* shifts did not do as well */
} erg_cause;

typedef struct erg_causes {
    erg_timeline_case *all;
    erg_rows rows;              /* erg_cause, by p and lift once they are known */
    erg_rows begins;            /* of what people named */
    erg_cover groups[ERG_BEGIN_GROUPS];
    erg_reach reach;
    int64_t *stamps;            /* of the spikes that are tried */
    size_t stamp_count;
    uint32_t *places;           /* of a number in rows, once they are in order */
    size_t tried;
} erg_causes;

/* The tables spikes and causes. */
bool erg_causes_put(const erg_causes *own, const erg_aftermath after[]);

#endif
