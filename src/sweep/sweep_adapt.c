/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adaptive sweep: three clocks, then always the one from which most is expected, until
 * little is. The search itself is erg/search.h; here its questions become visits, and the
 * visits its points.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/search.h"
#include "math/stats.h"
#include "sweep/sweep_inside.h"

static const double first_shares[] = { 1, 0.75, 0.5 };

typedef struct objective {
    const char *name;
    double time_weight;
} objective;

/* The score is power x time^weight. */
static const objective objectives[] = { { "edp", 2 }, { "energy", 1 }, { "ed2p", 3 } };

typedef struct hunt {
    erg_sweep *sweep;
    size_t job;
    erg_knob knob;
    double *clocks;  /* of the settings, from the highest down */
    double *allowed; /* those of them that could be measured, or were not tried */
    size_t allowed_count;
    erg_search_point *points;
    size_t count;
    erg_search_wish wish;
    int repeat, block;
} hunt;

bool erg_sweep_objective_is(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(objectives); i++)
        if (strcmp(objectives[i].name, name) == 0)
            return true;
    return false;
}

static size_t nearest(const hunt *h, double clock)
{
    size_t best = 0;
    for (size_t i = 1; i < h->sweep->setup.count; i++)
        if (fabs(h->clocks[i] - clock)
            <= fabs(h->clocks[best] - clock)) /* tie: the lower */
            best = i;
    return best;
}

/* ---- what is known ------------------------------------------------------------------- */

/* Standard error over mean, from a 95 % t-interval. */
static double error_of(double low, double high, double mean, size_t n)
{
    return n < 2 ? NAN : (high - low) / 2 / mean / erg_student_t(0.975, (double)(n - 1));
}

static void take_point(hunt *h, const erg_point *point)
{
    if (point->application != h->sweep->applications[h->job] || !(point->time_s > 0)
        || !(point->energy_j > 0)
        || (point->state != ERG_VISIT_OK && point->state != ERG_VISIT_THROTTLED))
        return;
    double energy =
        error_of(point->energy_low_j, point->energy_high_j, point->energy_j, point->visits);
    h->points[h->count++] = (erg_search_point){
        .clock_hz = point->setting.at[h->knob],
        .time_s = point->time_s,
        .mean_w = point->energy_j / point->time_s,
        .time_error =
            error_of(point->time_low_s, point->time_high_s, point->time_s, point->visits),
        .power_error = energy,
        .is_capped = point->state == ERG_VISIT_THROTTLED,
    };
}

static bool look(hunt *h, erg_error *err)
{
    erg_error inner = { 0 };
    size_t count = 0;
    erg_points *before = erg_sweep_before(h->sweep, h->block, err);

    if (!before)
        return false;
    erg_point *means = erg_points_means(before, &count, &inner);
    h->count = 0;
    for (size_t i = 0; means && i < count && h->count < h->sweep->setup.count; i++)
        take_point(h, &means[i]);
    for (size_t i = 0; i < h->count; i++)
        if (h->points[i].clock_hz == h->clocks[0] && h->sweep->options->slowdown > 0)
            h->wish.time_limit_s = (1 + h->sweep->options->slowdown) * h->points[i].time_s;
    free(means);
    erg_points_free(before);
    return inner.code == ERG_OK || erg_fail(err, inner.code, "%s", inner.text);
}

/* ---- what is visited ----------------------------------------------------------------- */

static bool first_clocks(hunt *h, erg_error *err)
{
    bool *open = calloc(h->sweep->setup.count, sizeof(*open));
    bool good = open || erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");

    for (size_t i = 0; good && i < ERG_COUNT(first_shares); i++)
        open[nearest(h, first_shares[i] * h->clocks[0])] = true;
    for (; good && h->block < h->repeat && !erg_sweep_asked(h->sweep); h->block++)
        good = erg_sweep_run_block(h->sweep, h->job, h->block, open, err);
    free(open);
    return good;
}

/* Between two visits to the reference, so that drift shows. */
static bool one_clock(hunt *h, double clock, erg_error *err)
{
    size_t count = (size_t)h->repeat + 2;
    size_t *visits = calloc(count, sizeof(*visits));

    if (!visits)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
    for (size_t i = 1; i + 1 < count; i++)
        visits[i] = nearest(h, clock);
    bool good = erg_sweep_list(h->sweep, h->job, h->block++,
                               &(erg_sweep_order){ visits, count }, err);
    free(visits);
    return good;
}

/* One that was visited and gave nothing (refused, failed) is not asked for again. */
static void drop_if_unknown(hunt *h, double clock)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->count; i++)
        if (h->points[i].clock_hz == clock)
            return;
    for (size_t i = 0; i < h->allowed_count; i++)
        if (h->allowed[i] != clock)
            h->allowed[kept++] = h->allowed[i];
    h->allowed_count = kept;
}

static bool tell_end(const hunt *h, const erg_search_step *step, erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[h->knob];
    const char *name =
        erg_points_application_at(h->sweep->points, h->sweep->applications[h->job])->name;

    if (!step->is_feasible)
        return erg_points_note(h->sweep->points, err,
                               "ADAPTIVE: no %s of %s keeps the limits; "
                               "%zu were measured",
                               info->name, name, h->count);
    return erg_points_note(h->sweep->points, err,
                           "ADAPTIVE: %s of %s is least at %s %g, after "
                           "%zu of %zu settings; measuring on is expected to gain %.2g %%",
                           h->sweep->options->objective ? h->sweep->options->objective
                                                        : "edp",
                           name, info->column, step->clock_hz / info->per_column_unit,
                           h->count, h->sweep->setup.count, 100 * step->gain);
}

static bool pursue(hunt *h, erg_error *err)
{
    erg_search_step step = { .clock_hz = NAN };

    if (!first_clocks(h, err))
        return false;
    for (size_t i = 0; i <= h->sweep->setup.count && !erg_sweep_asked(h->sweep); i++) {
        if (!look(h, err))
            return false;
        drop_if_unknown(h, step.clock_hz);
        if (!erg_search_next(h->points, h->count, h->allowed, h->allowed_count, &h->wish,
                             &step, err))
            return false;
        if (step.is_done || !step.is_feasible)
            return tell_end(h, &step, err);
        h->wish.is_proved |= step.is_proof;
        if (!one_clock(h, step.clock_hz, err))
            return false;
    }
    return true;
}

static double weight_of(const char *name)
{
    for (size_t i = 0; name && i < ERG_COUNT(objectives); i++)
        if (strcmp(objectives[i].name, name) == 0)
            return objectives[i].time_weight;
    return objectives[0].time_weight;
}

bool erg_sweep_adapt(erg_sweep *s, size_t job, erg_error *err)
{
    hunt h = { .sweep = s, .job = job, .knob = s->setup.dials[0].knob };

    if (s->setup.dial_count != 1)
        return erg_fail(err, ERG_BAD_INPUT, "--adaptive is for one knob, not a grid of %zu",
                        s->setup.dial_count);
    h.repeat = s->options->repeat > 0 ? s->options->repeat : 5;
    h.wish = (erg_search_wish){
        .time_weight = weight_of(s->options->objective),
        .knee = s->options->knee,
        .low_voltage = s->options->low_voltage,
        .power_limit_w = s->options->power_cap_w,
        .has_no_law = h.knob != ERG_SM_CLOCK,
    };
    h.clocks = calloc(s->setup.count, sizeof(*h.clocks));
    h.allowed = calloc(s->setup.count, sizeof(*h.allowed));
    h.points = calloc(s->setup.count, sizeof(*h.points));
    bool good = (h.clocks && h.allowed && h.points)
                || erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
    for (size_t i = 0; good && i < s->setup.count; i++)
        h.allowed[h.allowed_count++] = h.clocks[i] = s->setup.settings[i].at[h.knob];
    good = good && pursue(&h, err);
    free(h.clocks);
    free(h.allowed);
    free(h.points);
    return good;
}
