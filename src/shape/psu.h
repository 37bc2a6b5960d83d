/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power supplies take more than their rating for a moment: at most `over` times it as a mean
 * of `window_s`, and above the next row's level for at most `duty` of any second.
 *
 *   Source   ATX 3.0 design guide, excursions of supplies above 450 W. Servers' differ: the
 *            rows are the caller's.
 */
#ifndef ERG_SHAPE_PSU_H
#define ERG_SHAPE_PSU_H

#include <stddef.h>

typedef struct erg_psu_row { double over, window_s, duty; } erg_psu_row;

enum { ERG_PSU_ATX_ROWS = 5 };
extern const erg_psu_row erg_psu_atx[ERG_PSU_ATX_ROWS];

typedef struct erg_psu_found {
    size_t violations;      /* stretches in which a row is broken, of all rows */
    size_t unseen;          /* rows whose window is shorter than a sample */
} erg_psu_found;

/* One value every dt_s; rows from the highest level to the rating, 1.0. */
erg_psu_found erg_psu_check(const double power_w[], size_t n, double dt_s, double rating_w,
                            const erg_psu_row rows[ERG_PSU_ATX_ROWS]);

#endif
