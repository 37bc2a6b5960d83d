/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a sweep knows enough. What a block decides rests on the blocks before it alone, so
 * that a sweep that was resumed decides as the one that was cut short.
 */
#include <stdlib.h>
#include "sweep/sweep_inside.h"

erg_points *erg_sweep_before(const erg_sweep *s, int block, erg_error *err)
{
    erg_points *some = erg_points_new(err);
    size_t index;
    bool good = some != NULL;

    for (size_t i = 0; good && i < erg_points_applications(s->points); i++)
        good = erg_points_application(some, erg_points_application_at(s->points, i), &index,
                                      err);
    for (size_t i = 0; good && i < erg_points_visits(s->points); i++) {
        const erg_visit *visit = erg_points_visit_at(s->points, i);
        good = visit->block >= block || erg_points_add(some, visit, err);
    }
    if (good && erg_points_visits(some))
        good = erg_points_check(some, err);
    if (good)
        return some;
    erg_points_free(some);
    return NULL;
}

/* Whether both intervals of a point are as narrow as is wanted. */
static bool is_narrow(const erg_point *point, double until)
{
    double time = (point->time_high_s - point->time_low_s) / 2 / point->time_s;
    double energy = (point->energy_high_j - point->energy_low_j) / 2 / point->energy_j;
    return time <= until && energy <= until;
}

static void close_narrow(const erg_sweep *s, size_t job, const erg_point *mean, bool open[],
                         size_t *count)
{
    for (size_t i = 0; i < s->setup.count; i++) {
        erg_knob_setting kept = erg_sweep_kept(&s->setup.settings[i]);
        if (open[i] && mean->application == s->applications[job]
            && erg_knob_setting_equal(&mean->setting, &kept)
            && is_narrow(mean, s->options->until)) {
            open[i] = false;
            --*count;
        }
    }
}

bool erg_sweep_find_open(const erg_sweep *s, size_t job, int block, bool open[],
                         size_t *count, erg_error *err)
{
    erg_error inner = { 0 };
    size_t points = 0;
    bool by_choice = erg_sweep_by_choice(s->options), sure = false;

    for (size_t i = 0; i < s->setup.count; i++)
        open[i] = true;
    *count = s->setup.count;
    if ((!(s->options->until > 0) && !by_choice) || block == 0)
        return true;
    erg_points *before = erg_sweep_before(s, block, err);
    if (!before)
        return false;
    erg_point *means = s->options->until > 0
        ? erg_points_means(before, &points, &inner) : NULL;
    for (size_t i = 0; means && i < points; i++)
        close_narrow(s, job, &means[i], open, count);
    free(means);
    bool good = inner.code == ERG_OK || erg_fail(err, inner.code, "%s", inner.text);
    if (good && by_choice)
        good = erg_sweep_is_sure(s, before, job, block, &sure, err);
    if (sure)
        *count = 0;
    erg_points_free(before);
    return good;
}
