/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from NumPy's .npy files, versions 1.0 and 2.0: little-endian floats of 16, 32
 * and 64 bits in C order. Objects and pickles are programs, and are refused.
 */
#ifndef ERG_QUALITY_ARRAY_H
#define ERG_QUALITY_ARRAY_H

#include "base/base.h"

enum { ERG_RANK_MOST = 3 };

typedef struct erg_array {
    size_t dims[ERG_RANK_MOST]; /* beyond rank: 1 */
    int rank;                   /* 1 to 3 */
    double *values;             /* row by row */
} erg_array;

erg_array *erg_array_new(const size_t dims[], int rank, erg_error *err);
void erg_array_free(erg_array *array);
/* Exactly of this rank; all values finite, or a sentence that names the row. */
erg_array *erg_array_load(const char *path, int rank, erg_error *err);
erg_array *erg_array_parse(const char *name, const unsigned char *bytes, size_t size,
                           erg_error *err);

#endif
