/* SPDX-License-Identifier: Apache-2.0 */
/* What streams and large products of this machine reach, on all its cores. */
#ifndef ERG_HARDWARE_MEASURE_H
#define ERG_HARDWARE_MEASURE_H

#include "base/base.h"

enum { ERG_REPEATS_MOST = 64 };

typedef struct erg_measured {       /* of the repetitions; NAN: not measured */
    double median, low, high;
    int repeats;
} erg_measured;

typedef struct erg_measure_plan {
    int threads;
    size_t array_bytes;             /* of each of the three arrays; beyond the last cache */
    int matrix;                     /* side of the product to begin with */
    double for_s;                   /* repeat about that long */
} erg_measure_plan;

/* a + s b -> c over three arrays: STREAM's triad and its count, 24 bytes an element. */
bool erg_measure_triad(const erg_measure_plan *plan,
                       erg_measured *bytes_per_s, erg_error *err);
/* fp32 products by OpenBLAS, found at run time; false where there is none. */
bool erg_measure_product(const erg_measure_plan *plan,
                         erg_measured *flop_per_s, erg_error *err);
/* Sorts the values. */
erg_measured erg_measured_of(double *values, int count);

#endif
