/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the figures themselves say about visits: a run that held a download, a sweep in
 * which warming up looks like an effect of the clock, work with two host-bound levels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/points_check.h"
#include "math/stats.h"

static const double contaminated_share = 3;
static const double outlier_z = 5;
static const double outlier_sigma_least = 0.005;    /* clocks of a file may be coarse */
static const double level_rise = 1.15, level_step = 1.15;

enum { OUTLIER_POINTS_LEAST = 5, AGAINST_POINTS_LEAST = 4 };

static void forget_remarks(erg_points *points)
{
    size_t kept = 0;

    for (size_t i = 0; i < points->note_count; i++)
        if (points->notes[i].of_check)
            free(points->notes[i].text);
        else
            points->notes[kept++] = points->notes[i];
    points->note_count = kept;
}

/* ---- contaminated -------------------------------------------------------- */

static bool is_peer(const erg_visit *a, const erg_visit *b)
{
    erg_knob_setting left = erg_knob_setting_none(), right = erg_knob_setting_none();

    left.at[ERG_OTHER_SETTING] = a->setting.at[ERG_OTHER_SETTING];
    right.at[ERG_OTHER_SETTING] = b->setting.at[ERG_OTHER_SETTING];
    return a->application == b->application && erg_knob_setting_equal(&left, &right)
        && isfinite(b->time_s) && b->state != ERG_VISIT_FAILED
        && b->state != ERG_VISIT_TIMEOUT;
}

typedef struct peers { double median_s, top_hz; } peers;

static peers peers_of(const erg_points *points, const erg_visit *visit, double scratch[])
{
    peers found = { .top_hz = NAN };
    size_t count = 0;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *other = &points->visits[i];
        if (!is_peer(visit, other))
            continue;
        scratch[count++] = other->time_s;
        found.top_hz = fmax(found.top_hz, other->setting.at[ERG_SM_CLOCK]);
    }
    found.median_s = erg_median(scratch, count);
    return found;
}

/* A clock below a third of the top may honestly take more than three times as long. */
static bool is_contaminated(const erg_visit *visit, const peers *among)
{
    double slowest = fmax(contaminated_share,
                          among->top_hz / visit->setting.at[ERG_SM_CLOCK]);
    return visit->time_s > slowest * among->median_s;
}

/* One group of peers after the other: seen marks those that had their turn. */
static void mark_contaminated(erg_points *points, double scratch[], bool seen[])
{
    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *first = &points->visits[i];
        if (seen[i])
            continue;
        peers among = peers_of(points, first, scratch);
        for (size_t k = i; k < points->visit_count; k++) {
            erg_visit *visit = &points->visits[k];
            if (k != i && (seen[k] || !is_peer(first, visit)))
                continue;
            seen[k] = true;
            if (visit->state < ERG_VISIT_CONTAMINATED && is_contaminated(visit, &among))
                visit->state = ERG_VISIT_CONTAMINATED;
        }
    }
}

/* ---- curves of means against the SM clock -------------------------------- */

/* Points that differ in the SM clock alone are one curve: before 0, in one 0, after > 0. */
static int curve_compare(const erg_point *a, const erg_point *b)
{
    erg_knob_setting left = a->setting, right = b->setting;

    left.at[ERG_SM_CLOCK] = right.at[ERG_SM_CLOCK] = NAN;
    if (a->application != b->application)
        return a->application < b->application ? -1 : 1;
    return erg_knob_setting_compare(&left, &right);
}

static int by_curve(const void *left, const void *right)
{
    const erg_point *a = left, *b = right;
    int curve = curve_compare(a, b);

    return curve ? curve : erg_knob_setting_compare(&a->setting, &b->setting);
}

static int mhz(const erg_point *point)
{
    return (int)lround(point->setting.at[ERG_SM_CLOCK] / 1e6);
}

static bool note_levels(erg_points *points, const erg_point curve[], size_t count,
                        erg_error *err)
{
    const char *name = points->applications[curve[0].application].name;

    for (size_t i = 1; i < count; i++) {
        const erg_point *above = &curve[i - 1], *below = &curve[i];
        bool near = above->setting.at[ERG_SM_CLOCK]
            < level_step * below->setting.at[ERG_SM_CLOCK];
        if (near && above->time_s > level_rise * below->time_s
            && !erg_points_remark(points, err,
                                  "TWO_LEVELS: %s takes %.0f %% longer at %d MHz "
                                  "than at %d MHz: the host, not the clock, sets its time",
                                  name, 100 * (above->time_s / below->time_s - 1),
                                  mhz(above), mhz(below)))
            return false;
    }
    return true;
}

/* Spearman's, of a curve: its clocks fall from point to point. */
static double clock_and_time(const erg_point curve[], size_t count, double scratch[])
{
    double *clock = scratch, *time = scratch + count;

    for (size_t i = 0; i < count; i++) {
        clock[i] = -(double)i;
        time[i] = 0;
        for (size_t k = 0; k < count; k++)
            time[i] += curve[k].time_s < curve[i].time_s
                ? 1 : 0.5 * (curve[k].time_s <= curve[i].time_s);
    }
    return erg_correlation(clock, time, count);
}

static bool note_against(erg_points *points, const erg_point curve[], size_t count,
                         double scratch[], erg_error *err)
{
    double rho = count < AGAINST_POINTS_LEAST ? NAN : clock_and_time(curve, count, scratch);

    return !(rho > 0)
        || erg_points_remark(points, err, "TIME_AGAINST_CLOCK: %s gets faster as the clock "
                             "falls (rank correlation %.2f): warming up "
                             "or noise, so savings of it are no effect of the clock",
                             points->applications[curve[0].application].name, rho);
}

/* ln of time between the two neighbours, at the clock of the middle one. */
static double between(const erg_point *above, const erg_point *at, const erg_point *below)
{
    double high = log(above->setting.at[ERG_SM_CLOCK]),
           low = log(below->setting.at[ERG_SM_CLOCK]);
    double share = (log(at->setting.at[ERG_SM_CLOCK]) - low) / (high - low);
    return log(below->time_s) + share * (log(above->time_s) - log(below->time_s));
}

static bool note_outliers(erg_points *points, const erg_point curve[], size_t count,
                          double scratch[], erg_error *err)
{
    size_t outliers = 0, worst = 0, inner = count > 2 ? count - 2 : 0;
    double *off = scratch, *sorted = scratch + count;

    if (count < OUTLIER_POINTS_LEAST)
        return true;
    for (size_t i = 0; i < inner; i++)
        off[i] = sorted[i] = log(curve[i + 1].time_s)
            - between(&curve[i], &curve[i + 1], &curve[i + 2]);
    double sigma = fmax(erg_mad_sigma(sorted, inner), outlier_sigma_least);
    for (size_t i = 0; i < inner; i++) {
        outliers += fabs(off[i]) > outlier_z * sigma;
        worst = fabs(off[i]) > fabs(off[worst]) ? i : worst;
    }
    return !outliers
        || erg_points_remark(points, err,
                             "OUTLIER: %zu of %zu points of %s are more than 5 "
                             "robust standard deviations off the line through their "
                             "neighbours, most at %d MHz (%+.1f %%)", outliers, count,
                             points->applications[curve[0].application].name,
                             mhz(&curve[worst + 1]), 100 * expm1(off[worst]));
}

static bool note_curve(erg_points *points, const erg_point curve[], size_t count,
                       double scratch[], erg_error *err)
{
    return note_levels(points, curve, count, err)
        && note_against(points, curve, count, scratch, err)
        && note_outliers(points, curve, count, scratch, err);
}

static bool is_kept(const erg_point *point)
{
    return point->state == ERG_VISIT_OK && point->setting.at[ERG_SM_CLOCK] > 0;
}

static bool note_curves(erg_points *points, double scratch[], erg_error *err)
{
    size_t count, kept = 0;
    erg_error fault = { 0 };
    erg_point *means = erg_points_means(points, &count, &fault);
    bool good = means || !fault.code || erg_fail(err, fault.code, "%s", fault.text);

    for (size_t i = 0; means && i < count; i++)
        if (is_kept(&means[i]))
            means[kept++] = means[i];
    if (kept)
        qsort(means, kept, sizeof(*means), by_curve);
    for (size_t begin = 0, end = 0; good && begin < kept; begin = end) {
        while (end < kept && curve_compare(&means[begin], &means[end]) == 0)
            end++;
        good = note_curve(points, means + begin, end - begin, scratch, err);
    }
    free(means);
    return good;
}

static bool note_dropped(erg_points *points, erg_error *err)
{
    for (size_t i = 0; i < points->application_count; i++) {
        size_t dropped = 0;
        for (size_t k = 0; k < points->visit_count; k++)
            dropped += points->visits[k].application == i
                && points->visits[k].state == ERG_VISIT_CONTAMINATED;
        if (dropped && !erg_points_remark(points, err, "CONTAMINATED: %zu visits of %s are "
                                          "left out of means: more than 3 times its median "
                                          "time, or as another note says", dropped,
                                          points->applications[i].name))
            return false;
    }
    return true;
}

/* A clock does not change an answer: what differs between runs of one application does. */
static bool note_unstable(erg_points *points, size_t application, erg_error *err)
{
    const erg_visit *first = NULL;
    size_t told = 0, other = 0;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application != application || !*visit->output_hash)
            continue;
        first = first ? first : visit;
        told++;
        other += strcmp(visit->output_hash, first->output_hash) != 0;
    }
    return !other
        || erg_points_remark(points, err, "UNSTABLE_OUTPUT: of %zu runs of %s %zu answered "
                             "otherwise than the first: the work is not the "
                             "same each time, and quality is that of one run", told,
                             points->applications[application].name, other);
}

/* Work that stops early costs less and has done less. */
static bool note_units(erg_points *points, size_t application, erg_error *err)
{
    double least = INFINITY, most = 0;

    for (size_t i = 0; i < points->visit_count; i++) {
        const erg_visit *visit = &points->visits[i];
        if (visit->application != application || visit->state != ERG_VISIT_OK
            || !(visit->units > 0))
            continue;
        least = fmin(least, visit->units);
        most = fmax(most, visit->units);
    }
    return !(most > least)
        || erg_points_remark(points, err,
                             "UNITS_VARY: runs of %s did %g to %g units: compare "
                             "energy_per_unit_j, and fix the work",
                             points->applications[application].name, least, most);
}

static bool note_work(erg_points *points, erg_error *err)
{
    for (size_t i = 0; i < points->application_count; i++)
        if (!note_unstable(points, i, err) || !note_units(points, i, err))
            return false;
    return true;
}

bool erg_points_check(erg_points *points, erg_error *err)
{
    size_t visits = points->visit_count;
    double *scratch = calloc(4 * visits + 4, sizeof(*scratch));
    bool *seen = calloc(visits + 1, sizeof(*seen));
    bool good = (scratch && seen) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    forget_remarks(points);
    if (good) {
        mark_contaminated(points, scratch, seen);
        good = erg_points_cache_check(points, scratch, seen, err)
            && note_dropped(points, err) && note_curves(points, scratch, err)
            && erg_points_drift_note(points, scratch, err) && note_work(points, err);
    }
    free(scratch);
    free(seen);
    return good;
}
