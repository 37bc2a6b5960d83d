/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for qsort. */
#ifndef ERG_BASE_SORT_H
#define ERG_BASE_SORT_H

/* Doubles from the least up; none of them may be NAN. */
static inline int erg_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
