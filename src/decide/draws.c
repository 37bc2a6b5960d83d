/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a choice is: visits are drawn anew within each point, with replacement, and
 * the choice is made again from the means of what was drawn (Efron 1979). A model's
 * foresight is drawn from its own doubt.
 *
 * An option that loses with its best visits against the worst of another, and is beaten
 * so in both figures too, can neither win nor lead: it is left out, without an error.
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"
#include "math/order.h"
#include "math/random.h"

enum { DRAWS_LEAST = 200, DIMS_MOST = 3 };
static const double work_most = 4e8;    /* visits drawn: some seconds */
static const double set_share = 0.9, sd_most = 5;

typedef struct entrant {
    size_t option;
    const erg_figures *visits;
    size_t count;
    double log_time_sd, log_energy_sd;
    erg_figures least, most;    /* of any draw */
    erg_figures mean;           /* of this draw */
    double log_score;
    bool may_win;
    size_t wins, leads;
} entrant;

typedef struct lottery {
    erg_choice *choice;
    erg_pick *pick;
    const erg_scoring *scoring;
    erg_random random;
    entrant *entrants;
    size_t count, reference;    /* place among entrants, or ERG_NO_OPTION */
    size_t dims, visits;
    double *values;
    bool *keep;
} lottery;

/* ---- who takes part ------------------------------------------------------------- */

static entrant entrant_of(const erg_pool *pool, const erg_choice *choice, size_t option)
{
    const erg_option *one = &choice->options[option];
    erg_foreseen doubt = erg_foreseen_of(&choice->wish, one);
    entrant made = { .option = option, .visits = pool->visits + pool->starts[option],
                     .count = pool->starts[option + 1] - pool->starts[option],
                     .log_time_sd = fmax(0, doubt.log_time_sd),
                     .log_energy_sd = fmax(0, doubt.log_energy_sd),
                     .mean = { one->time_s, one->energy_j } };

    made.may_win = erg_limits_allow_but_time(&choice->wish, one);
    made.least = made.most = made.mean;
    if (one->is_model) {
        double time = exp(sd_most * made.log_time_sd),
               energy = exp(sd_most * made.log_energy_sd);
        made.least = (erg_figures){ one->time_s / time, one->energy_j / energy };
        made.most = (erg_figures){ one->time_s * time, one->energy_j * energy };
    }
    for (size_t i = 0; i < made.count; i++) {
        made.least.time_s = fmin(made.least.time_s, made.visits[i].time_s);
        made.least.energy_j = fmin(made.least.energy_j, made.visits[i].energy_j);
        made.most.time_s = fmax(made.most.time_s, made.visits[i].time_s);
        made.most.energy_j = fmax(made.most.energy_j, made.visits[i].energy_j);
    }
    return made;
}

/* The worst score that some always allowed option can have: who cannot reach it loses. */
static double score_to_reach(const lottery *of, double reference_least_s)
{
    double bar = INFINITY;

    for (size_t i = 0; i < of->count; i++) {
        const entrant *one = &of->entrants[i];
        if (erg_limits_allow_time(&of->choice->wish, reference_least_s, one->most.time_s)
            && one->may_win)
            bar =
                fmin(bar, erg_log_score(of->scoring, one->most.time_s, one->most.energy_j));
    }
    return bar;
}

/* leads[i]: no other is surely better in time and energy. Worst cases by time, with the
 * least worst energy so far, asked by each best case. */
static bool find_leaders(const lottery *of, bool leads[])
{
    size_t n = of->count, *order = malloc((2 * n + 1) * sizeof(*order)), *asked = order + n;
    double *values = malloc((4 * n + 1) * sizeof(*values));
    double least = INFINITY;

    for (size_t i = 0; order && values && i < n; i++) {
        order[i] = asked[i] = i;
        values[2 * i] = of->entrants[i].most.time_s;
        values[2 * i + 1] = of->entrants[i].least.time_s;
    }
    bool ok = order && values && erg_order(values, 2, order, n)
           && erg_order(values + 1, 2, asked, n);
    for (size_t i = 0, k = 0; ok && i < n; i++) {
        const entrant *one = &of->entrants[asked[i]];
        for (; k < n && of->entrants[order[k]].most.time_s < one->least.time_s; k++)
            least = fmin(least, of->entrants[order[k]].most.energy_j);
        leads[asked[i]] = !(least < one->least.energy_j);
    }
    free(order);
    free(values);
    return ok;
}

/* Keeps who may win or lead, and the reference. */
static bool thin_out(lottery *of)
{
    bool *leads = malloc((of->count + 1) * sizeof(*leads));
    size_t kept = 0, reference = of->pick->reference;
    double reference_least_s = NAN;

    for (size_t i = 0; i < of->count; i++)
        if (of->entrants[i].option == reference)
            reference_least_s = of->entrants[i].least.time_s;
    double bar = score_to_reach(of, reference_least_s);
    bool ok = leads && find_leaders(of, leads);
    of->reference = ERG_NO_OPTION;
    for (size_t i = 0; ok && i < of->count; i++) {
        entrant one = of->entrants[i];
        double best = erg_log_score(of->scoring, one.least.time_s, one.least.energy_j);
        if (best > bar + 1e-9 && !leads[i] && of->dims == 2 && one.option != reference)
            continue;
        if (one.option == reference)
            of->reference = kept;
        of->visits += one.count;
        of->entrants[kept++] = one;
    }
    of->count = kept;
    free(leads);
    return ok;
}

/* ---- a draw --------------------------------------------------------------------- */

static void draw_one(erg_random *random, entrant *one, const erg_option *option)
{
    erg_figures sum = { 0 };

    if (one->count == 0) {
        one->mean.time_s =
            option->time_s * exp(one->log_time_sd * erg_random_normal(random));
        one->mean.energy_j =
            option->energy_j * exp(one->log_energy_sd * erg_random_normal(random));
        return;
    }
    if (one->count == 1)
        return;
    for (size_t i = 0; i < one->count; i++) {
        erg_figures visit = one->visits[erg_random_below(random, one->count)];
        sum.time_s += visit.time_s;
        sum.energy_j += visit.energy_j;
    }
    one->mean = (erg_figures){ sum.time_s / (double)one->count,
                               sum.energy_j / (double)one->count };
}

/* The best of this draw, or ERG_NO_OPTION; ties as in a choice, entrants lie from the
 * highest setting down. */
static size_t winner_of(const lottery *of)
{
    double reference_s =
        of->reference == ERG_NO_OPTION ? NAN : of->entrants[of->reference].mean.time_s;
    size_t best = ERG_NO_OPTION;

    for (size_t i = 0; i < of->count; i++) {
        entrant *one = &of->entrants[i];
        const entrant *other = best == ERG_NO_OPTION ? NULL : &of->entrants[best];
        if (!one->may_win
            || (one->count > 0
                && !erg_limits_allow_time(&of->choice->wish, reference_s,
                                          one->mean.time_s)))
            continue;
        one->log_score = erg_log_score(of->scoring, one->mean.time_s, one->mean.energy_j);
        double ahead = other ? other->log_score - one->log_score : 1;
        bool is_tie = other && fabs(ahead) <= 1e-12;
        if (is_tie ? one->mean.energy_j <= other->mean.energy_j : ahead > 0)
            best = i;
    }
    return best;
}

/* Of equal rows the lower setting leads, so from the last entrant up. */
static bool find_front(lottery *of, erg_error *err)
{
    for (size_t i = 0; i < of->count; i++) {
        const entrant *one = &of->entrants[of->count - 1 - i];
        double *row = of->values + of->dims * i;
        row[0] = one->mean.time_s;
        row[1] = one->mean.energy_j;
        if (of->dims == 3)
            row[2] = of->choice->options[one->option].quality_loss;
    }
    if (!erg_pareto(of->values, of->count, of->dims, of->keep, err))
        return false;
    for (size_t i = 0; i < of->count; i++)
        of->entrants[of->count - 1 - i].leads += of->keep[i];
    return true;
}

static bool draw_all(lottery *of, size_t draws, erg_error *err)
{
    for (size_t draw = 0; draw < draws; draw++) {
        for (size_t i = 0; i < of->count; i++)
            draw_one(&of->random, &of->entrants[i],
                     &of->choice->options[of->entrants[i].option]);
        size_t winner = winner_of(of);
        if (winner != ERG_NO_OPTION)
            of->entrants[winner].wins++;
        if (!find_front(of, err))
            return false;
    }
    return true;
}

/* ---- what the draws say --------------------------------------------------------- */

static int most_wins_first(const void *left, const void *right)
{
    const entrant *a = left, *b = right;

    if (a->wins != b->wins)
        return a->wins > b->wins ? -1 : 1;
    return (a->option > b->option) - (a->option < b->option);
}

static void tell(lottery *of, size_t draws)
{
    erg_option *options = of->choice->options;
    erg_pick *pick = of->pick;
    double sum = 0;

    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        options[i].share = options[i].front_share = options[i].is_usable ? 0 : NAN;
    qsort(of->entrants, of->count, sizeof(*of->entrants), most_wins_first);
    for (size_t i = 0; i < of->count; i++) {
        const entrant *one = &of->entrants[i];
        options[one->option].share = (double)one->wins / (double)draws;
        options[one->option].front_share = (double)one->leads / (double)draws;
        pick->set_count += sum < set_share && one->wins > 0;
        sum += options[one->option].share;
    }
    pick->frequent = of->entrants[0].wins ? of->entrants[0].option : ERG_NO_OPTION;
    pick->draws = draws;
    if (pick->chosen != ERG_NO_OPTION)
        pick->confidence = options[pick->chosen].share;
}

static bool enter_all(lottery *of, const erg_pool *pool)
{
    const erg_pick *pick = of->pick;

    of->entrants = malloc((pick->count + 1) * sizeof(*of->entrants));
    for (size_t i = pick->first; of->entrants && i < pick->first + pick->count; i++)
        if (of->choice->options[i].is_usable)
            of->entrants[of->count++] = entrant_of(pool, of->choice, i);
    return of->entrants && thin_out(of);
}

/* Visits that repeat, or a model's doubt: else every draw is the same. */
static bool is_worth_drawing(const lottery *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (of->entrants[i].count != 1)
            return true;
    return false;
}

bool erg_choice_draw(const erg_pool *pool, const erg_scoring *scoring, erg_choice *choice,
                     erg_pick *pick, erg_error *err)
{
    bool third = choice->wish.variants && !isnan(choice->options[pick->first].quality_loss);
    lottery of = { .choice = choice,
                   .pick = pick,
                   .scoring = scoring,
                   .dims = third ? 3 : 2,
                   .random = { choice->wish.seed } };
    bool ok = enter_all(&of, pool);
    size_t draws = choice->wish.draws;

    if (of.visits > 0 && (double)draws * (double)of.visits > work_most)
        draws = (size_t)fmax(DRAWS_LEAST, work_most / (double)of.visits);
    of.values = ok ? malloc((of.count + 1) * DIMS_MOST * sizeof(*of.values)) : NULL;
    of.keep = ok ? malloc((of.count + 1) * sizeof(*of.keep)) : NULL;
    ok = of.values && of.keep;
    if (!ok)
        erg_fail(err, ERG_NO_MEMORY, "no memory to draw from %zu options", pick->count);
    if (ok && draws > 0 && is_worth_drawing(&of)) {
        ok = draw_all(&of, draws, err);
        if (ok)
            tell(&of, draws);
    }
    free(of.entrants);
    free(of.values);
    free(of.keep);
    return ok;
}
