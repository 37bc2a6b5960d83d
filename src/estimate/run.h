/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of one estimate that run.c puts in order. */
#ifndef ERG_ESTIMATE_RUN_H
#define ERG_ESTIMATE_RUN_H

#include "estimate/energy.h"
#include "estimate/operating_point.h"

/* An estimate in physical mode of a partition that outlives it. */
erg_estimation *erg_estimate_cut(const erg_partition *partition,
                                 const erg_hardware *hardware, const erg_profile *profile,
                                 const erg_estimate_options *options, erg_error *err);

/* How launches are cut: as asked, else as the runtime does. */
static inline erg_fusion erg_fusion_of(erg_fusion asked, erg_runtime runtime)
{
    if (asked != ERG_FUSION_AUTO)
        return asked;
    return runtime == ERG_EAGER ? ERG_FUSION_NONE : ERG_FUSION_RUNTIME;
}

/* How much less and more time it takes, as logarithms, where the clock follows from a cap
 * and from joules that nobody measured; else 0. */
typedef struct erg_cap_doubt { double less, more; } erg_cap_doubt;

/* Grade and intervals of a finished estimation; work and energy: one a subgraph. */
void erg_grade_estimation(erg_estimation *to, const erg_profile *profile,
                          const erg_estimate_options *options, const erg_work work[],
                          erg_estimate energy[], erg_cap_doubt doubt);

/* What a reader must know beside the figures. */
bool erg_run_notes(erg_estimation *to, const erg_profile *profile,
                   const erg_estimate_options *options, const erg_operating_point *point,
                   erg_error *err);

#endif
