/* SPDX-License-Identifier: Apache-2.0 */
/* The mean log ratio of several fits. Their spread is no interval. */
#include <math.h>
#include <stdlib.h>
#include "fit/fit.h"

static const erg_fit *const members[ERG_MEMBERS_MOST] = {
    &erg_fit_anchored, &erg_fit_neighbours, &erg_fit_forest,
};

/* A member that cannot be trained here is left out: forests need a library. */
static bool train(const erg_train *in, erg_trained *out, erg_error *err)
{
    for (size_t i = 0; i < ERG_MEMBERS_MOST; i++) {
        erg_trained *member = erg_fit_train_target(members[i], out->target, in, NULL);
        if (member)
            out->members[out->member_count++] = member;
    }
    return out->member_count > 1
        || erg_fail(err, ERG_NO_DATA,
                    "an ensemble needs two of anchored, neighbours, forest");
}

static bool predict(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err)
{
    double top = erg_clock_point_value(of->anchors.at, trained->target);
    double *one = calloc(of->count + 1, sizeof(*one));
    double *sum = calloc(of->count + 1, sizeof(*sum));
    bool good = (one && sum) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    (void)sd;
    for (size_t i = 0; good && i < trained->member_count; i++) {
        good = erg_fit_predict_target(trained->members[i], of, one, NULL, err);
        for (size_t k = 0; good && k < of->count; k++)
            sum[k] += erg_fit_log_ratio(one[k], top);
    }
    for (size_t k = 0; good && k < of->count; k++)
        out[k] = erg_fit_from_ratio(sum[k] / (double)trained->member_count, top);
    free(one);
    free(sum);
    return good;
}

const erg_fit erg_fit_ensemble = {
    .name = "ensemble",
    .about = "mean log ratio of anchored, neighbours and forest (those that are there)",
    .not_for = "an interval from the spread of its members, or choosing a clock without "
               "measuring any",
    .anchors_least = 1,
    .groups_least = 4,
    .targets = { [ERG_TARGET_POWER] = true, [ERG_TARGET_TIME] = true },
    .needs_activity = true,
    .train = train,
    .predict = predict,
};
