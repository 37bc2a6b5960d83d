/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting for each phase of one work, as prefill and decode: times and energies add.
 *
 * Phase by phase every sum of what came before and an option of this phase is formed and
 * the beaten ones are dropped: what is left at the end is the front of the whole (Pareto
 * dynamic programming, exact until a front outgrows its places). Changes of setting
 * cost time and energy, so sums with another last setting are kept apart.
 *
 * At the best sum all phases give the same energy for the same time: -dE/dT is one
 * number (water-filling; Boyd and Vandenberghe, Convex Optimization, 5.5.3).
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"
#include "math/order.h"

enum { FRONT_MOST = 4096, GROUP_LEAST = 64 };
static const double short_phase = 10;   /* switching times */

typedef struct sum {
    double time_s, energy_j;
    size_t before, option;      /* place in the phase before; this phase's */
} sum;

typedef struct sums { sum *rows; size_t count; } sums;

typedef struct planner {
    erg_choice *choice;
    erg_phase_costs costs;
    sums *phases;
    bool *shares;               /* too short: keeps the setting of the phase before */
    bool is_free;               /* no cost and no sharing: one group */
    sum *tried;
    double *values;
    bool *keep;
    size_t capacity;
} planner;

/* ---- sums of one phase ---------------------------------------------------------- */

static bool make_room(planner *of, size_t count, erg_error *err)
{
    if (count <= of->capacity)
        return true;
    free(of->tried);
    free(of->values);
    free(of->keep);
    of->capacity = count + count / 2;
    of->tried = malloc(of->capacity * sizeof(*of->tried));
    of->values = malloc(2 * of->capacity * sizeof(*of->values));
    of->keep = malloc(of->capacity * sizeof(*of->keep));
    return (of->tried && of->values && of->keep)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu sums of phases", count);
}

static size_t try_option(planner *of, size_t phase, size_t option, size_t count)
{
    const erg_option *one = &of->choice->options[option];
    const sums *before = phase ? &of->phases[phase - 1] : NULL;

    if (!before) {
        of->tried[count] = (sum){ one->time_s, one->energy_j, 0, option };
        return count + 1;
    }
    for (size_t i = 0; i < before->count; i++) {
        const sum *from = &before->rows[i];
        bool changes = erg_setting_order(&of->choice->options[from->option].setting,
                                         &one->setting) != 0;
        if (changes && of->shares[phase])
            continue;
        of->tried[count++] =
            (sum){ from->time_s + one->time_s + (changes ? of->costs.switch_s : 0),
                   from->energy_j + one->energy_j + (changes ? of->costs.switch_j : 0), i,
                   option };
    }
    return count;
}

/* Of the kept sums at most so many, evenly spaced in ln T; the fastest of each stretch, and
 * the slowest of all. */
static bool keep_few(planner *of, size_t count, size_t most, sums *to, erg_error *err)
{
    double first = INFINITY, last = -INFINITY;
    size_t kept = 0, *fastest = malloc(most * sizeof(*fastest)), slowest = 0;

    for (size_t i = 0; i < count; i++)
        if (of->keep[i]) {
            first = fmin(first, log(of->tried[i].time_s));
            slowest = log(of->tried[i].time_s) > last ? i : slowest;
            last = fmax(last, log(of->tried[i].time_s));
            kept++;
        }
    sum *rows = realloc(to->rows, (to->count + kept + 1) * sizeof(*rows));
    if (rows)
        to->rows = rows;
    for (size_t i = 0; fastest && i < most; i++)
        fastest[i] = ERG_NO_OPTION;
    for (size_t i = 0; rows && fastest && i < count; i++) {
        if (!of->keep[i])
            continue;
        double place =
            last > first ? (log(of->tried[i].time_s) - first) / (last - first) : 0;
        size_t at = (size_t)(place * (double)(most - 1));
        if (kept <= most || i == slowest)
            to->rows[to->count++] = of->tried[i];
        else if (fastest[at] == ERG_NO_OPTION
                 || of->tried[i].time_s < of->tried[fastest[at]].time_s)
            fastest[at] = i;
    }
    for (size_t i = 0; rows && fastest && kept > most && i < most; i++)
        if (fastest[i] != ERG_NO_OPTION && fastest[i] != slowest)
            to->rows[to->count++] = of->tried[fastest[i]];
    free(fastest);
    return (rows && fastest)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu sums of phases", kept);
}

/* The front of what was tried goes into the phase. */
static bool prune(planner *of, size_t count, size_t most, sums *to, erg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        of->values[2 * i] = of->tried[i].time_s;
        of->values[2 * i + 1] = of->tried[i].energy_j;
    }
    return count == 0
        || (erg_pareto(of->values, count, 2, of->keep, err)
            && keep_few(of, count, most, to, err));
}

static bool add_phase(planner *of, size_t phase, erg_error *err)
{
    const erg_pick *pick = &of->choice->picks[phase];
    size_t before = phase ? of->phases[phase - 1].count : 1, count = 0;
    size_t most = of->is_free ? FRONT_MOST : FRONT_MOST / (pick->count + 1) + GROUP_LEAST;
    bool ok = make_room(of, before * (of->is_free ? pick->count : 1), err);

    for (size_t i = pick->first; ok && i < pick->first + pick->count; i++) {
        if (!erg_limits_allow_but_time(&of->choice->wish, &of->choice->options[i]))
            continue;
        count = try_option(of, phase, i, count);
        if (of->is_free)
            continue;
        ok = prune(of, count, most, &of->phases[phase], err);
        count = 0;
    }
    return ok && prune(of, count, most, &of->phases[phase], err);
}

/* ---- the plan ------------------------------------------------------------------- */

/* Energy given for time at one option, along the lower hull of its phase: to faster and to
 * slower settings. */
static void find_slopes(const erg_choice *choice, const erg_pick *pick,
                        erg_phase_part *phase)
{
    const erg_option *at = &choice->options[phase->option];

    phase->faster_w = INFINITY;
    phase->slower_w = 0;
    for (size_t i = pick->first; i < pick->first + pick->count; i++) {
        const erg_option *one = &choice->options[i];
        double slope = (at->energy_j - one->energy_j) / (one->time_s - at->time_s);
        if (!one->is_usable)
            continue;
        if (one->time_s < at->time_s)
            phase->faster_w = fmin(phase->faster_w, slope);
        else if (one->time_s > at->time_s)
            phase->slower_w = fmax(phase->slower_w, slope);
    }
}

static void trace_back(const planner *of, size_t at, erg_phase_plan *out)
{
    for (size_t phase = of->choice->pick_count; phase-- > 0;) {
        const sum *row = &of->phases[phase].rows[at];
        out->phases[phase].option = row->option;
        of->choice->picks[phase].chosen = row->option;
        of->choice->picks[phase].flags &= ~(unsigned)ERG_NOT_ALLOWED;
        of->choice->picks[phase].confidence = NAN;
        find_slopes(of->choice, &of->choice->picks[phase], &out->phases[phase]);
        at = row->before;
    }
}

/* The best of the whole that keeps the limits on time, which are of the whole too. */
static size_t best_sum(const planner *of, const erg_scoring *scoring, double reference_s)
{
    const sums *all = &of->phases[of->choice->pick_count - 1];
    size_t best = ERG_NO_OPTION;
    double least = INFINITY;

    for (size_t i = 0; i < all->count; i++) {
        double score = erg_log_score(scoring, all->rows[i].time_s, all->rows[i].energy_j);
        bool is_tie = best != ERG_NO_OPTION && fabs(score - least) <= 1e-12;
        if (erg_limits_allow_time(&of->choice->wish, reference_s, all->rows[i].time_s)
            && (is_tie ? all->rows[i].energy_j < all->rows[best].energy_j
                       : score < least)) {
            best = i;
            least = score;
        }
    }
    return best;
}

/* Times and energies of the references add too; NAN if a phase has none. */
static erg_figures reference_of(const erg_choice *choice)
{
    erg_figures whole = { 0 };

    for (size_t p = 0; p < choice->pick_count; p++) {
        size_t at = choice->picks[p].reference;
        whole.time_s += at == ERG_NO_OPTION ? NAN : choice->options[at].time_s;
        whole.energy_j += at == ERG_NO_OPTION ? NAN : choice->options[at].energy_j;
    }
    return whole;
}

/* A phase that is over before the clock has settled keeps that of the phase before; a
 * short first one forces its own on the next. */
static void find_sharing(planner *of)
{
    of->is_free = !(of->costs.switch_s > 0) && !(of->costs.switch_j > 0);
    for (size_t p = 0; p < of->choice->pick_count; p++) {
        size_t fastest = of->choice->picks[p].fastest;
        bool is_short = fastest != ERG_NO_OPTION
            && of->choice->options[fastest].time_s < short_phase * of->costs.switch_s;
        if (is_short && of->choice->pick_count > 1)
            of->shares[p ? p : 1] = true;
    }
}

static void fill_plan(const planner *of, size_t best, erg_figures reference,
                      erg_phase_plan *out)
{
    const sum *whole = &of->phases[of->choice->pick_count - 1].rows[best];

    out->is_found = true;
    out->time_s = whole->time_s;
    out->energy_j = whole->energy_j;
    out->slowdown = whole->time_s / reference.time_s - 1;
    out->energy_saving = 1 - whole->energy_j / reference.energy_j;
    trace_back(of, best, out);
    out->faster_w = INFINITY;
    out->slower_w = 0;
    for (size_t p = 0; p < out->count; p++) {
        out->faster_w = fmin(out->faster_w, out->phases[p].faster_w);
        out->slower_w = fmax(out->slower_w, out->phases[p].slower_w);
    }
}

static void free_planner(planner *of)
{
    for (size_t p = 0; of->phases && p < of->choice->pick_count; p++)
        free(of->phases[p].rows);
    free(of->phases);
    free(of->shares);
    free(of->tried);
    free(of->values);
    free(of->keep);
}

bool erg_choose_phases(erg_choice *choice, const erg_points *points,
                       const erg_phase_costs *costs, erg_phase_plan *out, erg_error *err)
{
    size_t count = choice->pick_count;
    planner of = { .choice = choice, .costs = *costs, .phases = calloc(count, sizeof(sums)),
                   .shares = calloc(count, sizeof(bool)) };
    erg_figures reference = reference_of(choice);
    erg_scoring scoring;

    *out = (erg_phase_plan){ .phases = calloc(count, sizeof(erg_phase_part)),
                             .count = count,
                             .time_s = NAN,
                             .energy_j = NAN,
                             .slowdown = NAN,
                             .energy_saving = NAN,
                             .confidence = NAN };
    bool ok = of.phases && of.shares && out->phases;
    if (!ok)
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu phases", count);
    ok = ok && erg_scoring_of(&choice->wish, points, &scoring, err);
    if (ok)
        find_sharing(&of);
    for (size_t p = 0; ok && p < count; p++)
        ok = add_phase(&of, p, err);
    size_t best = ok ? best_sum(&of, &scoring, reference.time_s) : ERG_NO_OPTION;
    if (best != ERG_NO_OPTION)
        fill_plan(&of, best, reference, out);
    for (size_t p = 0; ok && best == ERG_NO_OPTION && p < count; p++) {
        choice->picks[p].chosen = ERG_NO_OPTION;
        choice->picks[p].flags |= ERG_NOT_ALLOWED;
    }
    out->fastest_s =
        ok && of.phases[count - 1].count ? of.phases[count - 1].rows[0].time_s : NAN;
    for (size_t i = 0; ok && i < of.phases[count - 1].count; i++)
        out->fastest_s = fmin(out->fastest_s, of.phases[count - 1].rows[i].time_s);
    free_planner(&of);
    if (!ok)
        erg_phase_plan_free(out);
    return ok;
}

void erg_phase_plan_free(erg_phase_plan *plan)
{
    free(plan->phases);
    plan->phases = NULL;
    plan->count = 0;
}
