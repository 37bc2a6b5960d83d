/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a choice over several applications is: visits are drawn anew within each point,
 * as draws.c does for one application, and one setting for all, or the plan of all phases,
 * is chosen again from the means of what was drawn.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "decide/decide.h"
#include "math/random.h"

enum { DRAWS_LEAST = 50 };
static const double work_most = 2e8;    /* comparisons: about a second */

typedef struct redraw {
    const erg_choice *from;
    erg_choice copy;
    erg_pool pool;
    erg_scoring scoring;
    erg_random random;
} redraw;

static bool begin(redraw *of, const erg_choice *choice, const erg_points *points,
                  erg_error *err)
{
    size_t options = choice->option_count, picks = choice->pick_count;

    *of = (redraw){ .from = choice, .copy = *choice, .random = { choice->wish.seed } };
    of->copy.options = malloc((options + 1) * sizeof(*of->copy.options));
    of->copy.picks = malloc((picks + 1) * sizeof(*of->copy.picks));
    return ((of->copy.options && of->copy.picks)
            || erg_fail(err, ERG_NO_MEMORY, "no memory to draw from %zu options", options))
        && erg_scoring_of(&choice->wish, points, &of->scoring, err)
        && erg_pool_fill(&of->pool, points, choice, err);
}

static void end(redraw *of)
{
    free(of->copy.options);
    free(of->copy.picks);
    erg_pool_free(&of->pool);
}

static void draw_option(redraw *of, size_t i)
{
    erg_option *one = &of->copy.options[i];
    size_t count = of->pool.starts[i + 1] - of->pool.starts[i];
    const erg_figures *visits = of->pool.visits + of->pool.starts[i];
    erg_figures sum = { 0 };

    if (one->is_model) {
        erg_foreseen doubt = erg_foreseen_of(&of->from->wish, one);
        one->time_s *= exp(fmax(0, doubt.log_time_sd) * erg_random_normal(&of->random));
        one->energy_j *= exp(fmax(0, doubt.log_energy_sd) * erg_random_normal(&of->random));
    }
    if (!one->is_usable || count < 2)
        return;
    for (size_t k = 0; k < count; k++) {
        erg_figures visit = visits[erg_random_below(&of->random, count)];
        sum.time_s += visit.time_s;
        sum.energy_j += visit.energy_j;
    }
    one->time_s = sum.time_s / (double)count;
    one->energy_j = sum.energy_j / (double)count;
}

/* limits on time are of each (common), or of the whole (phases): then not of an option. */
static void draw(redraw *of, bool is_whole)
{
    const erg_choice *from = of->from;

    memcpy(of->copy.options, from->options, from->option_count * sizeof(*from->options));
    memcpy(of->copy.picks, from->picks, from->pick_count * sizeof(*from->picks));
    of->copy.wish = from->wish;
    if (is_whole)
        of->copy.wish.slowdown = of->copy.wish.deadline_s =
            of->copy.wish.throughput_hz = NAN;
    for (size_t i = 0; i < from->option_count; i++)
        draw_option(of, i);
    for (size_t p = 0; p < from->pick_count; p++)
        erg_choice_relate(&of->copy, &of->copy.picks[p], &of->scoring);
    of->copy.wish = from->wish;
}

static bool is_worth_drawing(const erg_choice *choice)
{
    for (size_t i = 0; i < choice->option_count; i++)
        if (choice->options[i].is_usable
            && (choice->options[i].is_model || choice->options[i].visits > 1))
            return true;
    return false;
}

static size_t draws_of(const erg_choice *choice, double work)
{
    size_t most = (size_t)fmax(DRAWS_LEAST, work_most / fmax(1, work));
    return choice->wish.draws < most ? choice->wish.draws : most;
}

bool erg_common_confidence(const erg_choice *choice, const erg_points *points,
                           const double weights[], bool minimax, erg_common *common,
                           erg_error *err)
{
    size_t same = 0, done = 0, longest = 0;
    redraw of;

    common->confidence = NAN;
    if (!common->is_found || !is_worth_drawing(choice))
        return true;
    for (size_t p = 0; p < choice->pick_count; p++)
        longest = choice->picks[p].count > longest ? choice->picks[p].count : longest;
    size_t draws = draws_of(choice, (double)choice->option_count * (double)longest);
    bool ok = begin(&of, choice, points, err);
    for (; ok && done < draws; done++) {
        erg_common again;
        draw(&of, false);
        ok = erg_choose_common(&of.copy, weights, minimax, &again, err);
        same += ok && again.is_found
             && erg_setting_order(&again.setting, &common->setting) == 0;
    }
    end(&of);
    if (ok && draws)
        common->confidence = (double)same / (double)draws;
    return ok;
}

static bool is_same_plan(const erg_phase_plan *a, const erg_phase_plan *b)
{
    for (size_t p = 0; p < a->count; p++)
        if (a->phases[p].option != b->phases[p].option)
            return false;
    return a->is_found && b->is_found;
}

bool erg_phase_confidence(const erg_choice *choice, const erg_points *points,
                          const erg_phase_costs *costs, erg_phase_plan *plan,
                          erg_error *err)
{
    size_t same = 0, done = 0;
    redraw of;

    plan->confidence = NAN;
    if (!plan->is_found || !is_worth_drawing(choice))
        return true;
    /* A merge of fronts makes up to so many sums. */
    size_t draws = draws_of(choice, 1e3 * (double)choice->option_count);
    bool ok = begin(&of, choice, points, err);
    for (; ok && done < draws; done++) {
        erg_phase_plan again;
        draw(&of, true);
        ok = erg_choose_phases(&of.copy, points, costs, &again, err);
        same += ok && is_same_plan(&again, plan);
        if (ok)
            erg_phase_plan_free(&again);
    }
    end(&of);
    if (ok && draws)
        plan->confidence = (double)same / (double)draws;
    return ok;
}
