/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice: one setting an application (or one of all, as variants of the same work),
 * the reference that savings refer to, and what is to be doubted about both.
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"

static const char *const flags[ERG_CHOICE_FLAGS] = {
    "NO_REFERENCE", "REFERENCE_SUSPECT", "ONE_POINT", "FEW_REPEATS", "MODEL", "MEAN_POWER",
    "NOT_ALLOWED", "PER_UNIT",
};

static const double suspect_share = 0.05, near_best = 0.01, worse_than_worst = 1.1;
enum { REPEATS_LEAST = 4 };

const char *erg_choice_flag_name(int bit)
{
    return bit >= 0 && bit < ERG_CHOICE_FLAGS ? flags[bit] : NULL;
}

/* As variants the reference is of the variant that lost least quality: the first where
 * none was scored. */
static size_t reference_of(const erg_choice *choice, const erg_pick *pick)
{
    const erg_option *options = choice->options;
    size_t best = pick->first;

    for (size_t i = pick->first + 1; i < pick->first + pick->count; i++)
        if (options[i].application != options[i - 1].application
            && options[i].quality_loss < options[best].quality_loss)
            best = i;
    return options[best].is_usable && !options[best].is_model ? best : ERG_NO_OPTION;
}

void erg_choice_relate(erg_choice *choice, const erg_pick *pick, const erg_scoring *scoring)
{
    const erg_option *reference = pick->reference == ERG_NO_OPTION
                                      ? NULL : &choice->options[pick->reference];

    for (size_t i = pick->first; i < pick->first + pick->count; i++) {
        erg_option *one = &choice->options[i];
        if (!one->is_usable)
            continue;
        one->log_score = erg_log_score(scoring, one->time_s, one->energy_j);
        if (reference) {
            one->energy_saving = 1 - one->energy_j / reference->energy_j;
            one->slowdown = one->time_s / reference->time_s - 1;
        }
        erg_limits_judge(&choice->wish, reference ? reference->time_s : NAN, one,
                         erg_foreseen_of(&choice->wish, one).log_time_sd);
    }
}

static void find_fastest(const erg_choice *choice, erg_pick *pick, size_t *usable)
{
    const erg_option *options = choice->options;

    *usable = 0;
    pick->fastest = ERG_NO_OPTION;
    for (size_t i = pick->first; i < pick->first + pick->count; i++) {
        if (!options[i].is_usable)
            continue;
        (*usable)++;
        if (pick->fastest == ERG_NO_OPTION
            || options[i].time_s < options[pick->fastest].time_s)
            pick->fastest = i;
    }
}

static bool has_few_repeats(const erg_choice *choice, size_t option)
{
    return option != ERG_NO_OPTION && !choice->options[option].is_model
        && choice->options[option].visits < REPEATS_LEAST;
}

static unsigned flags_of(const erg_choice *choice, const erg_pick *pick, size_t usable)
{
    const erg_option *options = choice->options;
    unsigned found = usable == 1 ? ERG_ONE_POINT : 0;

    if (pick->reference == ERG_NO_OPTION)
        found |= ERG_NO_REFERENCE;
    else if (1 - options[pick->fastest].time_s / options[pick->reference].time_s
             > suspect_share)
        found |= ERG_REFERENCE_SUSPECT;
    if (has_few_repeats(choice, pick->chosen) || has_few_repeats(choice, pick->reference))
        found |= ERG_FEW_REPEATS;
    if (pick->chosen == ERG_NO_OPTION)
        return found | ERG_NOT_ALLOWED;
    if (options[pick->chosen].is_model)
        found |= ERG_CHOSEN_MODEL;
    if (erg_limit_is_set(&choice->wish, ERG_WISH_POWER)
        && options[pick->chosen].is_mean_power)
        found |= ERG_MEAN_POWER;
    return found;
}

/* Nothing keeps the limits: what is said instead, and what would help. */
static void find_relaxations(const erg_choice *choice, erg_pick *pick)
{
    for (erg_wish_limit i = 0; i < ERG_WISH_LIMITS; i++)
        pick->needed[i] =
            pick->chosen == ERG_NO_OPTION && erg_limit_is_set(&choice->wish, i)
                ? erg_limit_needed(&choice->wish, i, choice->options + pick->first,
                                   pick->count)
                : NAN;
}

static void mark_near_best(erg_choice *choice, const erg_pick *pick)
{
    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        if (pick->chosen != ERG_NO_OPTION)
            choice->options[i].is_near_best =
                choice->options[i].is_allowed
                && choice->options[i].log_score
                       <= choice->options[pick->chosen].log_score + log1p(near_best);
}

/* Time, energy and, between variants that were scored, quality. Of equal rows a front
 * keeps the first: the lower setting, so from the last option up. */
static bool find_front(erg_choice *choice, erg_pick *pick, erg_error *err)
{
    size_t n = pick->count;
    bool third = choice->wish.variants && !isnan(choice->options[pick->first].quality_loss);
    size_t dims = third ? 3 : 2;
    double *values = malloc(n * dims * sizeof(*values)), worst[3] = { 0 };
    bool *keep = calloc(n, sizeof(*keep));
    bool ok = values && keep;

    for (size_t i = 0; ok && i < n; i++) {
        const erg_option *one = &choice->options[pick->first + n - 1 - i];
        const double figures[] = { one->time_s, one->energy_j, one->quality_loss };
        for (size_t d = 0; d < dims; d++) {
            values[dims * i + d] = one->is_usable ? figures[d] : NAN;
            worst[d] = one->is_usable ? fmax(worst[d], figures[d]) : worst[d];
        }
    }
    for (size_t d = 0; d < dims; d++)
        worst[d] *= worse_than_worst;
    ok = ok && erg_pareto(values, n, dims, keep, err)
      && erg_hypervolume(values, n, dims, worst, &pick->hypervolume, err);
    for (size_t i = 0; ok && i < n; i++)
        choice->options[pick->first + n - 1 - i].is_on_front = keep[i];
    size_t knee = ok && !third ? erg_pareto_knee(values, n, keep) : ERG_NO_OPTION;
    pick->knee = knee == ERG_NO_OPTION ? knee : pick->first + n - 1 - knee;
    pick->reference_time_s = worst[0];
    pick->reference_energy_j = worst[1];
    free(values);
    free(keep);
    return ok || (err && err->code)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for a front of %zu options", n);
}

static bool fill_pick(const erg_pool *pool, const erg_scoring *scoring,
                      erg_choice *choice, erg_pick *pick, erg_error *err)
{
    size_t usable;

    pick->confidence = NAN;
    pick->frequent = ERG_NO_OPTION;
    pick->reference = reference_of(choice, pick);
    erg_choice_relate(choice, pick, scoring);
    find_fastest(choice, pick, &usable);
    pick->chosen = erg_best_option(choice->options, pick->first, pick->count);
    pick->flags = flags_of(choice, pick, usable);
    find_relaxations(choice, pick);
    mark_near_best(choice, pick);
    return find_front(choice, pick, err)
        && (!pool || erg_choice_draw(pool, scoring, choice, pick, err));
}

static bool any_usable(const erg_choice *choice, erg_error *err)
{
    char reason[128];

    for (size_t i = 0; i < choice->option_count; i++)
        if (choice->options[i].is_usable)
            return true;
    erg_option_reason(choice, &choice->options[0], reason, sizeof(reason));
    return erg_fail(err, ERG_NO_DATA, "none of the %zu points can be used: %s",
                    choice->option_count, reason);
}

/* Visits that repeat, or a model's doubt: else every draw is the same. */
static bool is_worth_drawing(const erg_choice *choice)
{
    for (size_t i = 0; choice->wish.draws > 0 && i < choice->option_count; i++)
        if (choice->options[i].is_usable
            && (choice->options[i].is_model || choice->options[i].visits > 1))
            return true;
    return false;
}

/* One pick over the options of all applications. */
static void unite(erg_choice *choice)
{
    choice->picks[0].count = choice->option_count;
    choice->pick_count = 1;
}

/* Where units of work are known, a throughput is of them; and variants that do different
 * amounts of it can only be compared by one unit. */
static bool is_per_unit(const erg_points *points, const erg_wish *wish)
{
    double least = INFINITY, most = 0;

    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        if (visit->state != ERG_VISIT_OK && visit->state != ERG_VISIT_THROTTLED)
            continue;
        if (!(visit->units > 0))
            return false;
        least = fmin(least, visit->units);
        most = fmax(most, visit->units);
    }
    return wish->foreseen_count == 0
        && ((wish->variants && most > least)
            || (most > 0 && erg_limit_is_set(wish, ERG_WISH_THROUGHPUT)));
}

static bool choose_among(const erg_points *points, const erg_wish *wish, erg_choice *out,
                         erg_error *err)
{
    erg_scoring scoring;
    erg_pool pool = { 0 };

    *out = (erg_choice){ .wish = *wish };
    bool ok = erg_wish_check(wish, err) && erg_scoring_of(wish, points, &scoring, err)
           && erg_options_gather(points, wish, out, err)
           && any_usable(out, err);
    bool draws = ok && is_worth_drawing(out);
    ok = ok && (!draws || erg_pool_fill(&pool, points, out, err));
    if (ok && wish->variants)
        unite(out);
    for (size_t i = 0; ok && i < out->pick_count; i++)
        ok = fill_pick(draws ? &pool : NULL, &scoring, out, &out->picks[i], err);
    erg_pool_free(&pool);
    if (!ok)
        erg_choice_free(out);
    return ok;
}

bool erg_choose(const erg_points *points, const erg_wish *wish, erg_choice *out,
                erg_error *err)
{
    *out = (erg_choice){ .wish = *wish };
    if (!is_per_unit(points, wish))
        return choose_among(points, wish, out, err);
    erg_points *each = erg_points_per_unit(points, err);
    bool ok = each && choose_among(each, wish, out, err);
    for (size_t i = 0; ok && i < out->pick_count; i++)
        out->picks[i].flags |= ERG_PER_UNIT;
    erg_points_free(each);
    return ok;
}

void erg_choice_free(erg_choice *choice)
{
    free(choice->options);
    free(choice->picks);
    choice->options = NULL;
    choice->picks = NULL;
    choice->option_count = choice->pick_count = 0;
}
