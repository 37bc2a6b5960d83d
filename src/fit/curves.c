/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points as curves against the SM clock. Throttled and contaminated visits are in no
 * mean; where none is left at an application's highest clock it has no reference and
 * is left out, by name.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"
#include "math/stats.h"

/* Below one, 1 + value would hardly depend on it: such figures are counted in
 * thousandths or smaller. Powers of applications are above a watt. */
static double in_unit(double value)
{
    double unit = 1;
    while (value * unit < 1 && unit < 1e12)
        unit *= 1e3;
    return unit;
}

double erg_fit_log_step(double top_hz, double clock_hz)
{
    return log1p(top_hz / 1e6) - log1p(clock_hz / 1e6);
}

double erg_fit_log_ratio(double value, double top)
{
    double unit = in_unit(top);
    return log1p(value * unit) - log1p(top * unit);
}

/* From the top on in differences, so that a ratio of 0 gives it back to the last digit. */
double erg_fit_from_ratio(double ratio, double top)
{
    return top + (1 / in_unit(top) + top) * expm1(ratio);
}

static bool is_same_curve(const erg_point *a, const erg_point *b)
{
    erg_knob_setting left = a->setting, right = b->setting;

    left.at[ERG_SM_CLOCK] = right.at[ERG_SM_CLOCK] = NAN;
    return a->application == b->application && erg_knob_setting_equal(&left, &right);
}

/* Standard error over mean, from the half-width of the t-interval; NAN for one visit. */
static double error_of(double low, double high, double mean, size_t visits)
{
    return visits > 1
        ? (high - low) / 2 / erg_student_t(0.975, (double)visits - 1) / mean : NAN;
}

static erg_clock_point row_of(const erg_point *point)
{
    double time = error_of(point->time_low_s, point->time_high_s, point->time_s,
                           point->visits);
    double energy = error_of(point->energy_low_j, point->energy_high_j, point->energy_j,
                             point->visits);
    return (erg_clock_point){
        .clock_hz = point->setting.at[ERG_SM_CLOCK], .power_w = point->mean_w,
        .time_s = point->time_s, .power_error = energy, .time_error = time,
        .fp_active = point->fp_active, .dram_active = point->dram_active,
    };
}

typedef struct skipped { erg_text names; size_t count; } skipped;

/* One curve's rows after the others; false: it has no reference. */
static bool add_rows(erg_fit_curves *to, size_t *rows, const erg_point *means, size_t count,
                     const bool used[])
{
    erg_fit_curve *curve = &to->at[to->count];
    double top_hz = 0;

    *curve = (erg_fit_curve){ .at = to->rows + *rows };
    for (size_t i = 0; i < count; i++) {
        if (!used[i])
            continue;
        top_hz = fmax(top_hz, means[i].setting.at[ERG_SM_CLOCK]);
        if (means[i].state == ERG_VISIT_OK)
            to->rows[*rows + curve->count++] = row_of(&means[i]);
    }
    return curve->count && curve->at[0].clock_hz >= top_hz;
}

static void mark_curve(const erg_point *means, size_t count, size_t first, bool used[],
                       bool done[])
{
    for (size_t i = 0; i < count; i++) {
        used[i] = !done[i] && means[i].setting.at[ERG_SM_CLOCK] > 0
            && is_same_curve(&means[first], &means[i]);
        done[i] = done[i] || used[i];
    }
}

static void number_groups(erg_fit_curves *to)
{
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < to->count; i++) {
        to->groups += to->at[i].group != last;
        last = to->at[i].group;
    }
}

static void make_curves(erg_fit_curves *to, const erg_points *points, size_t count,
                        bool used[], bool done[], skipped *left_out)
{
    size_t rows = 0;

    for (size_t i = 0; i < count; i++) {
        if (done[i] || !(to->means[i].setting.at[ERG_SM_CLOCK] > 0))
            continue;
        const char *name = erg_points_application_at(points,
                                                     to->means[i].application)->name;
        mark_curve(to->means, count, i, used, done);
        if (add_rows(to, &rows, to->means, count, used)) {
            erg_fit_curve *made = &to->at[to->count++];
            made->name = name;
            made->group = to->means[i].application;
            rows += made->count;
        } else {
            erg_text_add(&left_out->names, "%s%s", left_out->count++ ? ", " : "", name);
        }
    }
    number_groups(to);
}

static bool find_definition(erg_fit_curves *to, const erg_points *points, erg_error *err)
{
    for (size_t i = 0; i < to->count; i++) {
        const erg_application *app = erg_points_application_at(points, to->at[i].group);
        if (app->definition == ERG_ACTIVITY_UNKNOWN)
            continue;
        if (to->definition != ERG_ACTIVITY_UNKNOWN && to->definition != app->definition)
            return erg_fail(err, ERG_REFUSED,
                            "fp_active counts other pipes in %s (%s) than "
                            "elsewhere (%s): one model cannot hold both", app->name,
                            erg_activity_name(app->definition),
                            erg_activity_name(to->definition));
        to->definition = app->definition;
    }
    return true;
}

bool erg_fit_curves_make(erg_fit_curves *to, const erg_points *points, erg_error *err)
{
    size_t count;
    erg_error fault = { 0 };
    skipped left_out = { .count = 0 };

    *to = (erg_fit_curves){ .means = erg_points_means(points, &count, &fault) };
    if (!to->means)
        return fault.code ? erg_fail(err, fault.code, "%s", fault.text)
                          : erg_fail(err, ERG_NO_DATA, "there is no point to learn from");
    to->at = calloc(count, sizeof(*to->at));
    to->rows = calloc(count, sizeof(*to->rows));
    bool *flags = calloc(2 * count, sizeof(*flags));
    bool good = (to->at && to->rows && flags)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (good)
        make_curves(to, points, count, flags, flags + count, &left_out);
    free(flags);
    to->skipped = left_out.count ? erg_text_take(&left_out.names) : NULL;
    good = good && find_definition(to, points, err);
    if (good && !to->count)
        good = erg_fail(err, ERG_NO_DATA, to->skipped
                        ? "no application has a kept visit at its highest SM clock: %s"
                        : "no row has an SM clock%s: models of this command are against it",
                        to->skipped ? to->skipped : "");
    if (!good)
        erg_fit_curves_free(to);
    return good;
}

void erg_fit_curves_free(erg_fit_curves *curves)
{
    free(curves->at);
    free(curves->rows);
    free(curves->means);
    free(curves->skipped);
    *curves = (erg_fit_curves){ .count = 0 };
}

/* ---- anchors ------------------------------------------------------------------- */

/* The nearest row to each of `most` places from the lowest x to 1. */
size_t erg_fit_spread(const erg_clock_point rows[], size_t count, size_t most, bool taken[])
{
    double low = rows[count - 1].clock_hz / rows[0].clock_hz;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        taken[i] = most == 0 || most >= count;
    for (size_t k = 0; k < most && most < count; k++) {
        double wanted = most == 1 ? 1 : low + (1 - low) * (double)k / (double)(most - 1);
        size_t best = 0;
        for (size_t i = 1; i < count; i++)
            if (fabs(rows[i].clock_hz / rows[0].clock_hz - wanted)
                < fabs(rows[best].clock_hz / rows[0].clock_hz - wanted))
                best = i;
        taken[best] = true;
    }
    for (size_t i = 0; i < count; i++)
        kept += taken[i];
    return kept;
}

static erg_clock_point *copy_rows(const erg_fit_curve *curve, size_t most, size_t *kept,
                                  erg_error *err)
{
    erg_clock_point *rows = calloc(curve->count, sizeof(*rows));
    bool *taken = calloc(curve->count, sizeof(*taken));

    *kept = 0;
    if (rows && taken) {
        erg_fit_spread(curve->at, curve->count, most, taken);
        for (size_t i = 0; i < curve->count; i++)
            if (taken[i])
                rows[(*kept)++] = curve->at[i];
    } else {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        free(rows);
        rows = NULL;
    }
    free(taken);
    return rows;
}

erg_clock_point *erg_anchors_take(const erg_points *points, size_t application, size_t most,
                                  erg_anchors *out, erg_error *err)
{
    erg_fit_curves curves;
    erg_clock_point *rows = NULL;
    erg_points *part = erg_points_part(points, application, false, err);

    if (part && erg_fit_curves_make(&curves, part, err)) {
        *out = (erg_anchors){ .definition = curves.definition };
        if (curves.count == 1)
            out->at = rows = copy_rows(&curves.at[0], most, &out->count, err);
        else
            erg_fail(err, ERG_BAD_INPUT, "%s was measured at several other settings beside "
                     "the clock: say which by leaving the others out", curves.at[0].name);
        erg_fit_curves_free(&curves);
    }
    erg_points_free(part);
    return rows;
}
