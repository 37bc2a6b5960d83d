/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One setting for several applications: the least weighted mean of their log scores, or
 * the least worst regret, over the settings that all of them have and may use.
 *
 * The score at the reference only shifts an application's part by a constant: it does
 * not change which setting is the best, so no application is left out for want of one.
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"

/* The options of all applications at one setting. */
typedef struct shared {
    size_t *options;            /* one a pick */
    erg_option worst;           /* of them, limit by limit: what all must keep */
    double mean, regret;        /* weighted mean of log scores; worst above an own best */
} shared;

typedef struct table {
    const erg_choice *choice;
    const double *weights;      /* NULL: all 1 */
    shared *rows;
    size_t *memory;
    size_t count;
} table;

static size_t find_in(const erg_choice *choice, const erg_pick *pick,
                      const erg_knob_setting *setting)
{
    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        if (choice->options[i].is_usable
            && erg_setting_order(&choice->options[i].setting, setting) == 0)
            return i;
    return ERG_NO_OPTION;
}

/* The best score of an application over its own settings: regret is measured from it. */
static double own_best(const erg_choice *choice, const erg_pick *pick)
{
    double best = NAN;

    for (size_t i = pick->first; i < pick->first + pick->count; i++)
        best = fmin(best, choice->options[i].log_score);
    return best;
}

static void rate(const table *of, shared *row)
{
    const erg_choice *choice = of->choice;
    double weights = 0, sum = 0;

    row->regret = 0;
    row->worst = choice->options[row->options[0]];
    for (size_t p = 0; p < choice->pick_count; p++) {
        const erg_option *one = &choice->options[row->options[p]];
        double weight = of->weights ? of->weights[p] : 1;
        sum += weight * one->log_score;
        weights += weight;
        row->regret =
            fmax(row->regret, one->log_score - own_best(choice, &choice->picks[p]));
        row->worst.is_allowed &= one->is_allowed;
        for (erg_wish_limit k = 0; k < ERG_WISH_LIMITS; k++)
            if (isnan(one->value[k]) || isnan(row->worst.value[k]))
                row->worst.value[k] = NAN;
            else if (k == ERG_WISH_THROUGHPUT)
                row->worst.value[k] = fmin(row->worst.value[k], one->value[k]);
            else
                row->worst.value[k] = fmax(row->worst.value[k], one->value[k]);
    }
    row->mean = sum / weights;
}

static bool fill(table *of, erg_error *err)
{
    const erg_choice *choice = of->choice;
    const erg_pick *first = &choice->picks[0];

    of->rows = calloc(first->count + 1, sizeof(*of->rows));
    of->memory = calloc((first->count + 1) * choice->pick_count, sizeof(*of->memory));
    if (!of->rows || !of->memory)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu settings", first->count);
    for (size_t i = first->first; i < first->first + first->count; i++) {
        size_t *options = of->memory + of->count * choice->pick_count;
        bool has_all = true;
        for (size_t p = 0; p < choice->pick_count && has_all; p++) {
            options[p] = find_in(choice, &choice->picks[p], &choice->options[i].setting);
            has_all = options[p] != ERG_NO_OPTION;
        }
        if (!has_all)
            continue;
        of->rows[of->count].options = options;
        rate(of, &of->rows[of->count++]);
    }
    return of->count > 0
        || erg_fail(err, ERG_NO_DATA, "no setting was measured for all %zu applications",
                    choice->pick_count);
}

/* Ties as in a single choice: settings lie from the highest down, the lower one wins. */
static const shared *best_of(const table *of, bool minimax)
{
    const shared *best = NULL;

    for (size_t i = 0; i < of->count; i++) {
        const shared *row = &of->rows[i];
        double score = minimax ? row->regret : row->mean;
        if (row->worst.is_allowed
            && (!best || score <= (minimax ? best->regret : best->mean) + 1e-12))
            best = row;
    }
    return best;
}

static void tell(erg_choice *choice, const shared *best, erg_common *out)
{
    double energy = 0, time = 0;

    for (size_t p = 0; p < choice->pick_count; p++) {
        const erg_option *one = &choice->options[best->options[p]];
        choice->picks[p].chosen = best->options[p];
        energy += log1p(-one->energy_saving) / (double)choice->pick_count;
        time += log1p(one->slowdown) / (double)choice->pick_count;
    }
    out->setting = choice->options[best->options[0]].setting;
    out->is_found = true;
    out->energy_ratio = exp(energy);
    out->time_ratio = exp(time);
    out->worst_regret = expm1(best->regret);
}

/* Nothing suits all: every application says what would, of the settings they share. */
static bool tell_nothing(const table *of, erg_choice *choice, erg_error *err)
{
    erg_option *worst = malloc(of->count * sizeof(*worst));

    if (!worst)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu settings", of->count);
    for (size_t i = 0; i < of->count; i++)
        worst[i] = of->rows[i].worst;
    for (size_t p = 0; p < choice->pick_count; p++) {
        choice->picks[p].chosen = ERG_NO_OPTION;
        choice->picks[p].flags |= ERG_NOT_ALLOWED;
        for (erg_wish_limit k = 0; k < ERG_WISH_LIMITS; k++)
            choice->picks[p].needed[k] = erg_limit_is_set(&choice->wish, k)
                ? erg_limit_needed(&choice->wish, k, worst, of->count) : NAN;
    }
    free(worst);
    return true;
}

bool erg_choose_common(erg_choice *choice, const double weights[], bool minimax,
                       erg_common *out, erg_error *err)
{
    table of = { .choice = choice, .weights = weights };

    *out = (erg_common){ .setting = erg_knob_setting_none(), .energy_ratio = NAN,
                         .time_ratio = NAN, .worst_regret = NAN, .confidence = NAN };
    bool ok = fill(&of, err);
    const shared *best = ok ? best_of(&of, minimax) : NULL;
    out->shared_count = of.count;
    for (size_t p = 0; ok && p < choice->pick_count; p++) {
        choice->picks[p].confidence = NAN;
        choice->picks[p].flags &= ~(unsigned)ERG_NOT_ALLOWED;
    }
    if (best)
        tell(choice, best, out);
    else
        ok = ok && tell_nothing(&of, choice, err);
    free(of.rows);
    free(of.memory);
    return ok;
}
