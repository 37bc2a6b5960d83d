/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_QUALITY_FRECHET_H
#define ERG_QUALITY_FRECHET_H

#include "quality/array.h"

typedef struct erg_frechet {
    double mean_part, trace_a, trace_b, root, distance;
} erg_frechet;

/* Rows are items. influences: of each row of a on the distance, or NULL; zeroed before. */
bool erg_frechet_distance(const erg_array *a, const erg_array *b, erg_frechet *out,
                          double influences[], erg_error *err);

/* The unbiased squared maximum mean discrepancy with k(a, b) = (a.b/d + 1)^3 (KID,
 * Binkowski et al. 2018). For each row of a its mean kernel with the others of a and with
 * b. */
typedef struct erg_kernel_means { double *own, *other, against; } erg_kernel_means;
void erg_kernel_means_free(erg_kernel_means *means);
bool erg_kernel_distance(const erg_array *a, const erg_array *b, erg_kernel_means *means,
                         double *distance, erg_error *err);

#endif
