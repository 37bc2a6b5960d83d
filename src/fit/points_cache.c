/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misses of the last-level cache where a sweep counted them: a setting at which they rise
 * by more than 5 % is refused, for what it saves on this machine is taken from whoever
 * shares the cache. They are held against the first setting of its kind, the reference.
 */
#include <math.h>
#include "fit/points_check.h"
#include "math/stats.h"

static const double rise_most = 0.05;

/* The value of the further coordinate at which every block begins; NAN: none is known. */
static double reference_of(const erg_points *points, size_t application)
{
    for (size_t i = 0; i < points->visit_count; i++)
        if (points->visits[i].application == application && points->visits[i].place == 0)
            return points->visits[i].setting.at[ERG_OTHER_SETTING];
    return NAN;
}

static double misses_at(const erg_points *points, size_t application,
                        const erg_knob_setting *setting, double scratch[])
{
    size_t count = 0;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application == application && visit->llc_misses > 0
            && visit->state < ERG_VISIT_TIMEOUT
            && erg_knob_setting_equal(&visit->setting, setting))
            scratch[count++] = visit->llc_misses;
    }
    return count ? erg_median(scratch, count) : NAN;
}

static bool refuse(erg_points *points, const erg_visit *like, bool seen[], double rise,
                   double reference, erg_error *err)
{
    const erg_visit model = *like;
    size_t count = 0;

    for (size_t i = 0; i < points->visit_count; i++) {
        erg_visit *visit = &points->visits[i];
        if (visit->application != model.application
            || !erg_knob_setting_equal(&visit->setting, &model.setting))
            continue;
        seen[i] = true;
        if (!(rise > rise_most))
            continue;
        count++;
        if (visit->state < ERG_VISIT_CACHE_MISSES)
            visit->state = ERG_VISIT_CACHE_MISSES;
    }
    return count == 0
        || erg_points_remark(points, err, "CACHE_MISSES: %zu visits of %s at %s %g are "
                             "left out: misses of the last-level cache are %.0f %% above "
                             "those at %g, more than 5 %%", count,
                             points->applications[model.application].name, points->other,
                             model.setting.at[ERG_OTHER_SETTING], 100 * rise, reference);
}

bool erg_points_cache_check(erg_points *points, double scratch[], bool seen[],
                            erg_error *err)
{
    for (size_t i = 0; i < points->visit_count; i++)
        seen[i] = !(points->visits[i].llc_misses > 0);
    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (seen[i])
            continue;
        erg_knob_setting setting = visit->setting;
        double reference = reference_of(points, visit->application);
        double here = misses_at(points, visit->application, &setting, scratch);
        setting.at[ERG_OTHER_SETTING] = reference;
        double rise = here / misses_at(points, visit->application, &setting, scratch) - 1;
        if (!refuse(points, visit, seen, rise, reference, err))
            return false;
    }
    return true;
}
