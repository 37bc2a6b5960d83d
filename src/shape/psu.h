/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power supplies take more than their rating for a moment: at most `over` times it as a
 * mean of `window_s`, and above the next row's level for at most `duty` of any second.
 *
 *   Source   ATX 3.0 design guide, excursions of supplies above 450 W. Servers' differ: the
 *            rows are the caller's.
 */
#ifndef ERG_SHAPE_PSU_H
#define ERG_SHAPE_PSU_H

#include <stdbool.h>
#include <stddef.h>

typedef struct erg_psu_row { double over, window_s, duty; } erg_psu_row;

enum { ERG_PSU_ROWS = 5 };
extern const erg_psu_row erg_psu_atx[ERG_PSU_ROWS];

/* One supply, watched value by value: what it remembers is the last second. */
typedef struct erg_psu {
    const erg_psu_row *rows;        /* from the highest level to the rating, 1.0 */
    double rating_w, dt_s;
    double *ring;                   /* the caller's */
    size_t second, at, seen;        /* its length, the next place, values up to `second` */
    double sums_w[ERG_PSU_ROWS];    /* of the last window of each row */
    size_t above[ERG_PSU_ROWS];     /* of the last second, over the next row's level */
    bool was_high[ERG_PSU_ROWS], was_long[ERG_PSU_ROWS];
    size_t violations;              /* stretches in which a row is broken, of all rows */
    size_t unseen;                  /* rows whose window is shorter than a value */
} erg_psu;

/* Values in a second. */
size_t erg_psu_room(double dt_s);
/* ring: room for that many. */
void erg_psu_begin(erg_psu *psu, const erg_psu_row rows[ERG_PSU_ROWS], double rating_w,
                   double dt_s, double ring[]);
/* The mean of the dt_s that is over. */
void erg_psu_step(erg_psu *psu, double power_w);

#endif
