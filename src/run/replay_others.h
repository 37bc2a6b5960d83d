/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What moves a kernel moves those beside it: each is told the drift of the machine by all
 * others of its kind, whose blocks stand in between its own. They are many, and so follow a
 * crowd of a second on the memory's bus, which a reference every twenty blocks misses.
 *
 *   Level    of a kernel is the lower quartile of its blocks over the drift of all, and the
 *            drift that of the blocks over their levels: in turns, a few times, since one
 *            that was done early stood in another part of it.
 *   Left out is the kernel itself: what it meets alone must stay in its interval. And one
 *            whose quickest blocks scatter by three times as much as is usual: it tells of
 *            itself, and being the last that is timed it would be most of what is told.
 *   Unit     the drift is around 1: seconds over seconds.
 */
#ifndef ERG_RUN_REPLAY_OTHERS_H
#define ERG_RUN_REPLAY_OTHERS_H

#include "run/replay_blocks.h"

typedef struct erg_others {
    const erg_time_blocks *rows; /* borrowed */
    size_t count;
    double *levels_s; /* by row; NAN: it has no block */
    double *spreads;  /* by row: how far its own quickest blocks scatter, relative */
    double *usual;    /* by row: the median of that among its kind */
} erg_others;

/* As the blocks are now. */
bool erg_others_open(erg_others *others, const erg_time_blocks rows[], size_t count,
                     erg_error *err);
/* Of all rows of this one's kind but itself; no points where it is alone. Free it. */
bool erg_others_drift(const erg_others *others, size_t row, erg_drift *out,
                      erg_error *err);
void erg_others_close(erg_others *others);

#endif
