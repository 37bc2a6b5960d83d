/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a table of points, and what they share. */
#ifndef ERG_FIT_POINTS_CHECK_H
#define ERG_FIT_POINTS_CHECK_H

#include "fit/points_inside.h"

/* Of the applications from the first on alone: a file that was just read. */
bool erg_points_correct_drift_from(erg_points *points, size_t first, erg_error *err);
/* scratch: room for 4 numbers a visit; seen: for one. */
bool erg_points_cache_check(erg_points *points, double scratch[], bool seen[],
                            erg_error *err);
bool erg_points_drift_note(erg_points *points, double scratch[], erg_error *err);

#endif
