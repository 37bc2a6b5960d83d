/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift: the reference recurs through a sweep, so a line through ln of its time and its
 * power over the hours shows what changed that was not turned.
 */
#include <math.h>
#include <stdlib.h>
#include "fit/points_check.h"
#include "math/stats.h"

static const double drift_least = 0.01;

enum { VISITS_LEAST = 3 };

typedef struct drift {
    double time, power;         /* ln an hour; 0: none that can be told */
    double hours;               /* of the sweep */
    int64_t middle_ns;          /* where nothing is corrected */
} drift;

static bool is_reference(const erg_visit *visit, const erg_knob_setting *top)
{
    return visit->state == ERG_VISIT_OK && visit->start_ns != INT64_MIN
        && erg_knob_setting_equal(&visit->setting, top);
}

static bool find_top(const erg_points *points, size_t application, erg_knob_setting *top)
{
    bool found = false;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application != application || visit->state != ERG_VISIT_OK)
            continue;
        if (!found || erg_knob_setting_compare(&visit->setting, top) < 0)
            *top = visit->setting;
        found = true;
    }
    return found;
}

static double hours_of(int64_t ns) { return erg_s_from_ns(ns) / 3600; }

/* The slope, where its interval leaves 0 out and it moves the sweep by over 1 %. */
static double slope_of(const double hours[], const double value[], size_t count,
                       double span)
{
    erg_line line;

    if (count < VISITS_LEAST || !erg_line_fit(hours, value, count, &line))
        return 0;
    double half = erg_student_t(0.975, (double)count - 2) * line.slope_se;
    bool is_drift = fabs(line.slope) > half && fabs(line.slope) * span > drift_least;
    return is_drift ? line.slope : 0;
}

static void find_span(const erg_points *points, size_t application, drift *out)
{
    int64_t first = INT64_MAX, last = INT64_MIN;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application != application || visit->start_ns == INT64_MIN)
            continue;
        first = visit->start_ns < first ? visit->start_ns : first;
        last = visit->start_ns > last ? visit->start_ns : last;
    }
    bool known = first <= last && (double)last - (double)first < 9e18;
    out->hours = known ? hours_of(last - first) : 0;
    out->middle_ns = known ? first + (last - first) / 2 : 0;
}

static drift drift_of(const erg_points *points, size_t application, double scratch[])
{
    double *hours = scratch, *time = scratch + points->visit_count;
    double *power = time + points->visit_count;
    drift found = { .hours = 0 };
    erg_knob_setting top;
    size_t count = 0;

    find_span(points, application, &found);
    if (!(found.hours > 0) || !find_top(points, application, &top))
        return found;
    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application != application || !is_reference(visit, &top))
            continue;
        hours[count] = hours_of(visit->start_ns - found.middle_ns);
        time[count] = log(visit->time_s);
        power[count++] = log(visit->mean_w);
    }
    found.time = slope_of(hours, time, count, found.hours);
    found.power = slope_of(hours, power, count, found.hours);
    return found;
}

bool erg_points_drift_note(erg_points *points, double scratch[], erg_error *err)
{
    for (size_t i = 0; i < points->application_count; i++) {
        drift found = drift_of(points, i, scratch);
        if (!(found.time < 0 || found.time > 0 || found.power < 0 || found.power > 0))
            continue;
        if (!erg_points_remark(points, err,
                               "DRIFT: over the sweep the reference of %s moved "
                               "by %+.1f %% in time and %+.1f %% in power",
                               points->applications[i].name,
                               100 * expm1(found.time * found.hours),
                               100 * expm1(found.power * found.hours)))
            return false;
    }
    return true;
}

static void divide(erg_visit *visit, const drift *by)
{
    if (visit->start_ns == INT64_MIN)
        return;
    double hours = hours_of(visit->start_ns - by->middle_ns);
    double time = exp(by->time * hours), power = exp(by->power * hours);
    visit->time_s /= time;
    visit->mean_w /= power;
    visit->peak_w /= power;
    visit->energy_j /= time * power;
}

bool erg_points_correct_drift_from(erg_points *points, size_t first, erg_error *err)
{
    double *scratch = calloc(3 * points->visit_count + 1, sizeof(*scratch));
    size_t corrected = 0;

    if (!scratch)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = first; i < points->application_count; i++) {
        drift found = drift_of(points, i, scratch);
        if (!(fabs(found.time) + fabs(found.power) > 0))
            continue;
        corrected++;
        for (size_t k = 0; k < points->visit_count; k++)
            if (points->visits[k].application == i)
                divide(&points->visits[k], &found);
    }
    free(scratch);
    return !corrected
        || erg_points_note(points, err, "drift of %zu of %zu applications was divided out",
                           corrected, points->application_count - first);
}

bool erg_points_correct_drift(erg_points *points, erg_error *err)
{
    return erg_points_correct_drift_from(points, 0, err);
}
