/* SPDX-License-Identifier: Apache-2.0 */
/* Errors by application, their mean with bounds, the chosen fit, and the bands. */
#include <math.h>
#include <stdlib.h>
#include "fit/validate.h"
#include "math/random.h"
#include "math/stats.h"

enum { DRAWS = 2000 };
static const double near_best = 0.0005;     /* 0.05 points: the earlier fit wins */

static bool is_scored(const erg_judged *of, erg_target target, size_t row)
{
    return !isnan(of->ratio[target][row]);
}

size_t erg_judged_errors(const erg_judged *of, const erg_judged_set *set, erg_target target,
                         double errors[], size_t groups[], size_t *rows)
{
    const erg_fit_curves *curves = &set->curves;
    size_t count = 0;

    *rows = 0;
    for (size_t i = 0, scored = 0; i < curves->count; i++) {
        bool is_new = i == 0 || curves->at[i].group != curves->at[i - 1].group;
        bool is_last = i + 1 == curves->count
            || curves->at[i + 1].group != curves->at[i].group;
        if (is_new)
            errors[count] = 0, scored = 0;
        for (size_t k = 0; k < curves->at[i].count; k++) {
            size_t row = set->first[i] + k;
            if (!is_scored(of, target, row))
                continue;
            errors[count] += fabs(of->ratio[target][row] - 1);
            scored++;
        }
        if (!is_last || !scored)
            continue;
        errors[count] /= (double)scored;
        groups[count++] = curves->at[i].group;
        *rows += scored;
    }
    return count;
}

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* |ln ratio|, in units of sd where that is known; a prediction <= 0 is beyond any band. */
static double score_of(const erg_judged *of, erg_target target, size_t row, bool of_sd)
{
    double ratio = of->ratio[target][row];
    double off = ratio > 0 ? fabs(log(ratio)) : INFINITY;
    return of_sd ? off / of->sd[target][row] : off;
}

static bool knows_sd(const erg_judged *of, const erg_judged_set *set, erg_target target)
{
    bool any = false;

    for (size_t i = 0; i < set->rows; i++) {
        if (!is_scored(of, target, i))
            continue;
        if (!(of->sd[target][i] > 0))
            return false;
        any = true;
    }
    return any;
}

bool erg_judged_scores(const erg_judged *of, const erg_judged_set *set, erg_target target,
                       erg_scores *out, erg_error *err)
{
    const erg_fit_curves *curves = &set->curves;
    double *at = calloc(curves->count + 1, sizeof(*at));
    size_t count = 0;

    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    bool of_sd = knows_sd(of, set, target);
    for (size_t i = 0; i < curves->count; i++) {
        count += i == 0 || curves->at[i].group != curves->at[i - 1].group;
        for (size_t k = 0; k < curves->at[i].count; k++)
            if (is_scored(of, target, set->first[i] + k))
                at[count - 1] = fmax(at[count - 1],
                                     score_of(of, target, set->first[i] + k, of_sd));
    }
    qsort(at, count, sizeof(*at), by_size);
    erg_scores_free(out);
    *out = (erg_scores){ at, count, of_sd };
    return true;
}

/* ---- the table of models ------------------------------------------------------------ */

static void bound(const double errors[], size_t count, double draws[DRAWS],
                  erg_fit_score *out)
{
    erg_random random = { 1 };

    for (size_t i = 0; i < DRAWS; i++) {
        draws[i] = 0;
        for (size_t k = 0; k < count; k++)
            draws[i] += errors[erg_random_below(&random, count)] / (double)count;
    }
    out->mape_low = erg_quantile(draws, DRAWS, 0.025);
    out->mape_high = erg_quantile(draws, DRAWS, 0.975);
}

static bool score_one(const erg_judged *of, const erg_judged_set *set, erg_target target,
                      bool is_timed, erg_fit_score *out, erg_error *err)
{
    double *errors = calloc(set->curves.count + 1 + DRAWS, sizeof(*errors));
    size_t *groups = calloc(set->curves.count + 1, sizeof(*groups));
    bool good = (errors && groups) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    *out = (erg_fit_score){ .fit = of->fit, .target = target, .is_test = of->is_test,
                            .mape = NAN, .mape_low = NAN, .mape_high = NAN,
                            .median_ape = NAN,
                            .worst_ape = NAN, .train_s = NAN, .predict_s = NAN };
    if (good) {
        out->groups = erg_judged_errors(of, set, target, errors, groups, &out->rows);
        out->mape = erg_mean(errors, out->groups);
        if (out->groups > 1)
            bound(errors, out->groups, errors + set->curves.count + 1, out);
        for (size_t i = 0; i < out->groups; i++)
            out->worst_ape = fmax(out->worst_ape, errors[i]);
        out->median_ape = erg_median(errors, out->groups);
    }
    if (is_timed && of->predicted) {
        out->train_s = erg_s_from_ns(of->train_ns);
        out->predict_s = erg_s_from_ns(of->predict_ns) / (double)of->predicted;
    }
    free(errors);
    free(groups);
    return good;
}

static void choose(erg_validation *validation, erg_target target)
{
    double best = INFINITY;
    erg_fit_score *chosen = NULL;

    for (size_t i = 0; i < validation->score_count; i++) {
        const erg_fit_score *score = &validation->scores[i];
        if (score->target == target && !score->is_test && score->mape < best)
            best = score->mape;
    }
    for (size_t i = 0; i < validation->score_count && !chosen; i++) {
        erg_fit_score *score = &validation->scores[i];
        if (score->target == target && !score->is_test && score->mape <= best + near_best)
            chosen = score;
    }
    if (chosen)
        chosen->is_chosen = true;
    /* With one application nothing can be compared: the default base stands. */
    validation->chosen[target] = chosen ? chosen->fit : &erg_fit_anchored;
}

bool erg_validation_score(erg_validation *validation, bool is_timed, erg_error *err)
{
    validation->scores = calloc(validation->judged_count * ERG_TARGETS + 1,
                                sizeof(*validation->scores));
    if (!validation->scores)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < validation->judged_count; i++)
            for (int t = 0; t < ERG_TARGETS; t++) {
                const erg_judged *of = &validation->judged[i];
                if (of->is_test != (pass == 1) || !of->was_judged[t])
                    continue;
                const erg_judged_set *set = pass ? &validation->tests : &validation->points;
                if (!score_one(of, set, (erg_target)t, is_timed,
                               &validation->scores[validation->score_count++], err))
                    return false;
            }
    for (int t = 0; t < ERG_TARGETS; t++)
        choose(validation, (erg_target)t);
    return true;
}

size_t erg_validation_count(const erg_validation *validation)
{
    return validation->score_count;
}

const erg_fit_score *erg_validation_at(const erg_validation *validation, size_t index)
{
    return &validation->scores[index];
}

const erg_fit *erg_validation_chosen(const erg_validation *validation, erg_target target)
{
    return validation->chosen[target];
}

/* ---- bands for a model --------------------------------------------------------------- */

static const erg_judged *find_judged(const erg_validation *validation, const erg_fit *fit,
                                     erg_target target)
{
    for (size_t i = 0; i < validation->judged_count; i++) {
        const erg_judged *of = &validation->judged[i];
        if (of->fit == fit && !of->is_test && of->was_judged[target])
            return of;
    }
    return NULL;
}

static bool calibrate_part(erg_trained *part, const erg_validation *validation,
                           erg_error *err)
{
    const erg_judged *of = find_judged(validation, part->fit, part->target);
    const erg_judged *energy = part->target == ERG_TARGET_POWER
        ? find_judged(validation, part->fit, ERG_TARGET_ENERGY) : NULL;

    part->is_chosen = validation->chosen[part->target] == part->fit;
    return (!of
            || erg_judged_scores(of, &validation->points, part->target, &part->scores, err))
        && (!energy || erg_judged_scores(energy, &validation->points, ERG_TARGET_ENERGY,
                                         &part->energy_scores, err));
}

/* Of power by one fit and time by another: ratios multiply. */
static bool calibrate_pair(erg_model *model, const erg_validation *validation,
                           erg_error *err)
{
    const erg_judged_set *set = &validation->points;
    const erg_judged *power = find_judged(validation, validation->chosen[ERG_TARGET_POWER],
                                          ERG_TARGET_POWER);
    const erg_judged *time = find_judged(validation, validation->chosen[ERG_TARGET_TIME],
                                         ERG_TARGET_TIME);
    erg_judged pair = { .fit = NULL };

    if (!power || !time || power->fit == time->fit)
        return true;
    double *ratio = calloc(2 * set->rows + 1, sizeof(*ratio));
    if (!ratio)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    pair.ratio[ERG_TARGET_ENERGY] = ratio;
    pair.sd[ERG_TARGET_ENERGY] = ratio + set->rows;
    for (size_t i = 0; i < set->rows; i++) {
        ratio[i] = power->ratio[ERG_TARGET_POWER][i] * time->ratio[ERG_TARGET_TIME][i];
        ratio[set->rows + i] = sqrt(pow(power->sd[ERG_TARGET_POWER][i], 2)
                                    + pow(time->sd[ERG_TARGET_TIME][i], 2));
    }
    bool good = erg_judged_scores(&pair, set, ERG_TARGET_ENERGY,
                                  &model->energy_scores, err);
    free(ratio);
    return good;
}

bool erg_model_calibrate(erg_model *model, const erg_validation *validation, erg_error *err)
{
    for (size_t i = 0; i < model->count; i++)
        if (!calibrate_part(model->parts[i], validation, err))
            return false;
    return calibrate_pair(model, validation, err);
}
