/* SPDX-License-Identifier: Apache-2.0 */
/* The order of many numbers, in time that grows with their count alone. */
#ifndef ERG_MATH_ORDER_H
#define ERG_MATH_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* Reorders order[0..n), which names elements of values (values[stride * order[i]]), from
 * the least up; equal ones stay as they were, so that orders by several columns come
 * from one call a column, the first column last. NAN last. False: no memory. */
bool erg_order(const double *values, size_t stride, size_t order[], size_t n);

#endif
