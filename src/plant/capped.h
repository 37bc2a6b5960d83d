/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power law, and what a filler adds to it, under a limit; both are turned now and then:
 * at each moment the lesser of sum and limit, with exact energy. What was drawn stays
 * drawn: a turn changes nothing before it. The clock never goes back.
 */
#ifndef ERG_PLANT_CAPPED_H
#define ERG_PLANT_CAPPED_H

#include "plant/sensor.h"

/* Of the law above a level, between two moments: exact but for rounding. */
double erg_law_above_j(const erg_law *law, double level_w, double begin_s, double end_s);

/* So many turns and marks are remembered: windows of sensors reach no further back. */
enum { ERG_CAPPED_MOST = 256 };

typedef struct erg_capped_turn {
    double at_s, limit_w, extra_w;
    double cut_j, extra_j;      /* cut off, added before it */
} erg_capped_turn;

typedef struct erg_capped {
    const erg_law *law;
    erg_capped_turn turns[ERG_CAPPED_MOST];
    size_t count;
    double first_s;             /* of all turns */
} erg_capped;

/* INFINITY: no limit. */
void erg_capped_turn_to(erg_capped *capped, double at_s, double limit_w);
/* From now on so much more is drawn, as far as the limit lets it. */
void erg_capped_fill(erg_capped *capped, double at_s, double extra_w);
/* Now and then: so that no later question has far to go. */
void erg_capped_mark(erg_capped *capped, double at_s);
erg_plant_view erg_capped_view(const erg_capped *capped);

/* Sum under the limit as one straight line from begin_s on, to end_s at the latest; for
 * what was last turned, so that begin_s is no earlier. */
typedef struct erg_capped_line { double end_s, begin_w, slope_w_per_s; } erg_capped_line;
erg_capped_line erg_capped_line_from(const erg_capped *capped, double begin_s,
                                     double end_s);
/* INFINITY: none is in force. */
double erg_capped_limit_w(const erg_capped *capped);

#endif
