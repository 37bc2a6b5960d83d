/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that others have published, row by row as they were, to compare with: what they
 * would choose, the saving that they would report, and why it is not to be believed.
 *
 * They take every row, the slow first runs that load a model among them: where such a
 * run is what a saving refers to, the saving is refused.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "decide/decide.h"

/* What a rule sees as one choice: a run, or the mean over runs of one clock. */
typedef struct seen { double hz, time_s, energy_j; int repetition; bool is_doubted; } seen;

typedef enum base { BASE_FASTEST, BASE_HIGHEST } base;

typedef struct rule {
    bool takes_mean, drops_first, takes_one;    /* of the repetitions of a clock */
    bool from_samples;          /* time = samples x 50 ms, else the job's own */
    bool has_limit, has_ed2p;
    base base;
} rule;

static const double sample_s = 0.05;

const erg_rule erg_rules[ERG_RULES] = {
    { "v1_per_run",
      "the fastest run is the base; least energy x time within its slowdown" },
    { "single_run_unconstrained", "one repetition; least E T over all clocks" },
    { "head_warm_mean_app_duration",
      "means without the first run; within the slowdown of the "
      "fastest mean" },
    { "head_warm_mean_n_samples_x_50ms", "the same with time counted in power samples" },
};

static const rule rules[ERG_RULES] = {
    { .has_limit = true, .base = BASE_FASTEST },
    { .takes_one = true, .from_samples = true, .has_ed2p = true, .base = BASE_HIGHEST },
    { .takes_mean = true, .drops_first = true, .has_limit = true, .has_ed2p = true,
      .base = BASE_HIGHEST },
    { .takes_mean = true, .drops_first = true, .from_samples = true, .has_limit = true,
      .has_ed2p = true, .base = BASE_HIGHEST },
};

/* ---- rows ----------------------------------------------------------------------- */

static seen seen_of(const rule *by, const erg_visit *visit)
{
    seen one = { .hz = visit->setting.at[ERG_SM_CLOCK], .repetition = visit->block,
                 .is_doubted = visit->state != ERG_VISIT_OK };

    one.time_s = by->from_samples ? visit->samples * sample_s : visit->time_s;
    if (by->takes_one)
        one.energy_j = visit->mean_w * one.time_s;
    else
        one.energy_j =
            isnan(visit->energy_listed_j) ? visit->energy_j : visit->energy_listed_j;
    return one;
}

typedef struct placed { const erg_visit *visit; size_t row; } placed;

static int by_place(const void *left, const void *right)
{
    const placed *a = left, *b = right;

    if (a->visit->place != b->visit->place)
        return a->visit->place < b->visit->place ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static placed *rows_of(const erg_points *points, size_t application, size_t *count)
{
    size_t visits = erg_points_visits(points);
    placed *rows = malloc((visits + 1) * sizeof(*rows));

    *count = 0;
    for (size_t i = 0; rows && i < visits; i++)
        if (erg_points_visit_at(points, i)->application == application)
            rows[(*count)++] = (placed){ erg_points_visit_at(points, i), i };
    if (rows)
        qsort(rows, *count, sizeof(*rows), by_place);
    return rows;
}

/* Means over the repetitions of a clock, clocks in the order in which they first come. */
static size_t take_means(const rule *by, const placed rows[], size_t count, seen out[],
                         double numbers[])
{
    size_t clocks = 0;

    for (size_t i = 0; i < count; i++) {
        seen one = seen_of(by, rows[i].visit);
        size_t at = 0;
        if (by->drops_first && one.repetition == 1)
            continue;
        while (at < clocks && (out[at].hz < one.hz || out[at].hz > one.hz))
            at++;
        if (at == clocks) {
            out[clocks] = (seen){ .hz = one.hz, .repetition = -1 };
            numbers[clocks++] = 0;
        }
        out[at].time_s += one.time_s;
        out[at].energy_j += one.energy_j;
        out[at].is_doubted |= one.is_doubted;
        numbers[at]++;
    }
    for (size_t at = 0; at < clocks; at++) {
        out[at].time_s /= numbers[at];
        out[at].energy_j /= numbers[at];
    }
    return clocks;
}

static size_t take_runs(const rule *by, const placed rows[], size_t count, int repetition,
                        seen out[])
{
    size_t taken = 0;

    for (size_t i = 0; i < count; i++)
        if (!by->takes_one || rows[i].visit->block == repetition)
            out[taken++] = seen_of(by, rows[i].visit);
    return taken;
}

/* ---- the choice ----------------------------------------------------------------- */

static bool is_fitter(const rule *by, const seen *a, const seen *b)
{
    if (by->base == BASE_HIGHEST)
        return a->hz > b->hz;
    return a->time_s < b->time_s || (a->time_s <= b->time_s && a->energy_j < b->energy_j);
}

/* Least E T^power within the limit; power 0: least T. Ties go to less energy. */
static const seen *least(const seen all[], size_t count, double limit_s, int power)
{
    const seen *best = NULL;
    double score = INFINITY;

    for (size_t i = 0; i < count; i++) {
        double one = power ? all[i].energy_j * pow(all[i].time_s, power) : all[i].time_s;
        bool is_tie = best && one <= score && all[i].energy_j < best->energy_j;
        if (all[i].time_s <= limit_s && (one < score || is_tie)) {
            score = one;
            best = &all[i];
        }
    }
    return best;
}

/* A base run that takes three times the median holds a download or a load, and one that
 * another clock beats by far is no base. */
static void judge(const seen *from, const seen *fastest, erg_rule_pick *out)
{
    double faster = 1 - fastest->time_s / from->time_s;

    if (from->is_doubted)
        snprintf(out->refused, sizeof(out->refused),
                 "contaminated: the run at %.0f MHz that it "
                 "refers to took more than 3 x the median of all",
                 from->hz / 1e6);
    else if (faster > 0.05)
        snprintf(out->refused, sizeof(out->refused),
                 "REFERENCE_SUSPECT: %.0f MHz is %.1f %% "
                 "faster than the base",
                 fastest->hz / 1e6, 100 * faster);
}

static bool pick(const rule *by, const seen all[], size_t count, double slowdown,
                 erg_rule_pick *out, erg_error *err)
{
    const seen *from = &all[0], *fastest = least(all, count, INFINITY, 0);

    for (size_t i = 1; i < count; i++)
        if (is_fitter(by, &all[i], from))
            from = &all[i];
    if (!fastest)
        return erg_fail(err, ERG_NO_DATA, "no row has the figures that the rule needs");
    double limit_s = !by->has_limit ? INFINITY
                   : (by->base == BASE_FASTEST ? from : fastest)->time_s * (1 + slowdown);
    const seen *edp = least(all, count, limit_s, 1), *ed2p = least(all, count, limit_s, 2);
    if (!edp || !ed2p)
        return erg_fail(err, ERG_NO_DATA, "no row has the figures that the rule needs");
    *out = (erg_rule_pick){
        .application = out->application, .base_hz = from->hz, .base_s = from->time_s,
        .base_j = from->energy_j, .edp_hz = edp->hz, .time_s = edp->time_s,
        .energy_j = edp->energy_j, .repetition = edp->repetition,
        .ed2p_hz = by->has_ed2p ? ed2p->hz : NAN,
        .fastest_hz = by->takes_mean ? fastest->hz : NAN,
        .energy_saving = 1 - edp->energy_j / from->energy_j,
        .time_change = edp->time_s / from->time_s - 1,
    };
    judge(from, fastest, out);
    return true;
}

bool erg_rule_apply(const char *name, const erg_points *points, size_t application,
                    double slowdown, int repetition, erg_rule_pick *out, erg_error *err)
{
    size_t which = 0, count;

    while (which < ERG_RULES && strcmp(erg_rules[which].name, name))
        which++;
    if (which == ERG_RULES)
        return erg_fail(err, ERG_BAD_INPUT, "there is no rule '%s': it is %s, %s, %s or %s",
                        name, erg_rules[0].name, erg_rules[1].name, erg_rules[2].name,
                        erg_rules[3].name);
    const rule *by = &rules[which];
    if (by->has_limit && !(slowdown >= 0))
        return erg_fail(err, ERG_BAD_INPUT, "the rule %s needs --slowdown", name);
    placed *rows = rows_of(points, application, &count);
    seen *all = malloc((count + 1) * sizeof(*all));
    double *numbers = malloc((count + 1) * sizeof(*numbers));
    bool ok = (rows && all && numbers)
           || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu rows", count);
    size_t taken = !ok ? 0 : by->takes_mean ? take_means(by, rows, count, all, numbers)
                                            : take_runs(by, rows, count, repetition, all);
    out->application = application;
    if (ok && taken == 0)
        ok = erg_fail(err, ERG_NO_DATA, "the rule %s finds no row of %s", name,
                      erg_points_application_at(points, application)->name);
    ok = ok && pick(by, all, taken, slowdown, out, err);
    free(rows);
    free(all);
    free(numbers);
    return ok;
}
