/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory over the steps of a partition: what is resident, what each step adds,
 * the peak, and a bound no order can beat.
 *
 * Weights, caches, gradients and optimizer state are there from step 0. Graph
 * inputs live from step 0 to their last reader, graph outputs for ever.
 */
#ifndef ERG_ESTIMATE_MEMORY_H
#define ERG_ESTIMATE_MEMORY_H

#include "base/base.h"
#include "erg/estimate.h"

typedef struct erg_memory_options {     /* zero means unset */
    bool by_memory;                     /* order: the ready step that grows least */
    bool no_reuse;                      /* elementwise outputs never take their input's
                                         * place */
    bool explicit_conv;                 /* im2col in memory, not implicit in the product */
    bool plain_attention;               /* one-operator attention keeps its scores */
    int units;                          /* of the device, for split-K; 0: no split */
} erg_memory_options;

typedef struct erg_memory_step {
    int32_t subgraph;                   /* of the partition */
    int32_t live;                       /* tensors, weights apart */
    int32_t made, reused;               /* made takes the place of reused; -1: none does */
    int64_t total_bytes, activation_bytes, workspace_bytes;
    int64_t allocated_bytes, freed_bytes;
} erg_memory_step;

typedef struct erg_memory {
    const erg_memory_step *steps;
    int32_t step_count, peak_step;
    int64_t peak_bytes, peak_activation_bytes, max_workspace_bytes;
    int64_t graph_peak_bytes;           /* of the graph's own order */
    int64_t bound_bytes;                /* the largest demand of a single step */
    int64_t weights_bytes, cache_bytes, gradient_bytes, optimizer_bytes;
    int64_t resident_bytes;             /* the four above */
    double mean_bytes;
    void *inside;
} erg_memory;

erg_memory *erg_memory_plan(const erg_partition *partition,
                            const erg_memory_options *options, erg_error *err);
void erg_memory_free(erg_memory *memory);

/* Of a device's memory, after what its driver and allocator keep. */
#define ERG_MEMORY_USABLE 0.94

#endif
