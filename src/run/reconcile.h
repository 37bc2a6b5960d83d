/* SPDX-License-Identifier: Apache-2.0 */
/* One row of table reconciliation: what was measured beside what was estimated. */
#ifndef ERG_RUN_RECONCILE_H
#define ERG_RUN_RECONCILE_H

#include "base/base.h"
#include "erg/study.h"

/* Of one region, of a kernel, or of the whole run: all `count` times together. */
typedef struct erg_measured_part {
    const char *region, *track;
    int64_t count;
    double time_s, energy_j, low_j, high_j;
} erg_measured_part;

/* Of one time. matched NULL: nothing estimated has this name. */
typedef struct erg_estimated_part {
    const char *matched;
    double time_s, energy_j, low_j, high_j;
} erg_estimated_part;

/* NULL: err is why, as where the result is not an estimate. */
erg_table *erg_reconcile_table(erg_result *estimate, erg_error *err);
bool erg_reconcile_put(erg_table *table, const erg_measured_part *measured,
                       const erg_estimated_part *estimated, erg_error *err);
/* The first row of the summary that has a figure. */
size_t erg_reconcile_row(const erg_table *summary);
/* Is this subgraph of that row's hardware, precision and batch? */
bool erg_reconcile_is_same_case(const erg_table *part, size_t at, const erg_table *summary,
                                size_t row);
erg_estimated_part erg_reconcile_whole(const erg_table *summary, size_t row);

#endif
