/* SPDX-License-Identifier: Apache-2.0 */
/* Measured kernels, one kind a file, and how a model does on those it had not seen. */
#ifndef ERG_RUN_KERNEL_SAMPLES_H
#define ERG_RUN_KERNEL_SAMPLES_H

#include "estimate/kernel.h"

enum { ERG_KERNEL_FOLDS = 5 };

typedef struct erg_kernel_sample {
    erg_kernel_shape shape;
    double latency_s, power_w;      /* NAN: not measured */
    int fold;                       /* all rows of a pair (n, k) are in one */
    /* Held out: ln(measured / predicted), and the regime of the prediction. */
    double miss[ERG_KERNEL_QUANTITIES];
    size_t regime;
} erg_kernel_sample;

typedef struct erg_kernel_samples {
    const char *path;
    erg_kernel_sample *rows;
    size_t count, capacity;
    bool has_power;                 /* in every row */
} erg_kernel_samples;

/* Columns gemm_dtype m n k, or batch_size isl step num_heads num_key_value_heads head_dim
 * kv_cache_dtype window_size; latency_ms; power_w may be absent. */
bool erg_kernel_samples_load(erg_kernel_samples *to, const char *path, erg_error *err);
void erg_kernel_samples_free(erg_kernel_samples *samples);

/* Intervals of each regime from the misses of all folds but one (-1: of all). */
void erg_kernel_regimes(const erg_kernel_samples *samples, int without,
                        erg_kernel_regime regimes[ERG_KERNEL_REGIMES]);
/* Table held_out: a row a type, and one of all of a kind. */
erg_table *erg_kernel_table_new(erg_result *result, erg_error *err);
bool erg_kernel_table_add(erg_table *table, const erg_kernel_samples *samples,
                          erg_error *err);

#endif
