/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of one case: its value, its interval, what is left of the baseline's. */
#ifndef ERG_QUALITY_SCORE_H
#define ERG_QUALITY_SCORE_H

#include "erg/table.h"
#include "quality/metric.h"

enum { ERG_SCORE_NAME = 128 };

typedef struct erg_score {
    const erg_metric *metric;
    char name[ERG_SCORE_NAME];  /* of the metric, and of the encoder that it looks by */
    double value, baseline, retention;
    erg_spread spread;          /* 95 % interval of value */
    erg_spread retained;        /* one-sided 95 % bounds of retention */
    size_t items;               /* that were scored */
    erg_error reason;           /* code ERG_OK: computed */
    erg_error why_no_retention;
    erg_error why_no_interval;
    double *each;               /* of every item, where asked for; NAN: not scored */
    size_t each_count;
} erg_score;

/* False only where it failed: what cannot be computed has a reason. free(score->each). */
bool erg_score_make(const erg_metric *metric, const erg_quality_case *with, bool per_item,
                    erg_score *score, erg_error *err);
/* What must be known to read the scores: RANK_DEFICIENT, FEW_ITEMS, LOOPS, SELF_SCORED. */
bool erg_quality_notes(erg_result *result, const erg_quality_case *with,
                       const erg_score scores[], size_t count, erg_error *err);

#endif
