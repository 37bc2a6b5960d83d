/* SPDX-License-Identifier: Apache-2.0 */
/* Where numbers stand beside the dots of a plot, so that none hides another. */
#ifndef ERG_REPORT_PAGE_SPOTS_H
#define ERG_REPORT_PAGE_SPOTS_H

#include <stdbool.h>

enum { ERG_PAGE_SPOTS_WIDE = 135, ERG_PAGE_SPOTS_HIGH = 70 };  /* of 4 units a cell */

typedef struct erg_page_spots {
    bool taken[ERG_PAGE_SPOTS_HIGH][ERG_PAGE_SPOTS_WIDE];
} erg_page_spots;

typedef struct erg_page_spot {
    double x, y;        /* its middle */
    bool is_far;        /* from its dot: a line leads there */
} erg_page_spot;

/* All dots first; what lies outside of the picture takes no room. */
void erg_page_spots_take_dot(erg_page_spots *spots, double x, double y);
/* The nearest free place for so many digits; false: there is none left near it. */
bool erg_page_spots_find(erg_page_spots *spots, double x, double y, int digits,
                         erg_page_spot *out);

#endif
