/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformal bands over applications: of n that were left out in turn, the k-th greatest
 * error, k = ceil((n + 1) level), bounds a whole new curve with that probability.
 * Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005), 2.2.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"

static const double levels[] = { 0.95, 0.80 };

void erg_scores_free(erg_scores *scores)
{
    free(scores->at);
    *scores = (erg_scores){ .count = 0 };
}

bool erg_scores_copy(erg_scores *to, const erg_scores *from, erg_error *err)
{
    double *at = calloc(from->count + 1, sizeof(*at));

    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (from->count)
        memcpy(at, from->at, from->count * sizeof(*at));
    erg_scores_free(to);
    *to = (erg_scores){ at, from->count, from->of_sd };
    return true;
}

double erg_scores_band(const erg_scores *scores, double *level)
{
    for (size_t i = 0; i < ERG_COUNT(levels); i++) {
        /* 0.95 x 20 is 19, not a hair more. */
        double k = ceil((double)(scores->count + 1) * levels[i] - 1e-9);
        if (k > (double)scores->count)
            continue;
        *level = levels[i];
        return scores->at[(size_t)k - 1];
    }
    *level = NAN;
    return NAN;
}
