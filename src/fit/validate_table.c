/* SPDX-License-Identifier: Apache-2.0 */
/* Validation as tables: models, and errors by application. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/validate.h"

static const erg_column model_columns[] = {
    { "model", ERG_TEXT, "kind of model" },
    { "target", ERG_TEXT, "power, time, or energy: their product" },
    { "mape", ERG_REAL, "mean over applications of the mean relative error, 0.05 is 5 %" },
    { "mape_low", ERG_REAL, "2.5 % of draws of applications" },
    { "mape_high", ERG_REAL, "97.5 % of draws of applications" },
    { "median_ape", ERG_REAL, "median over applications" },
    { "rows", ERG_INTEGER, "rows scored; anchors are not" },
    { "groups", ERG_INTEGER, "applications scored" },
    { "validation", ERG_TEXT, "leave_one_application_out, or test" },
    { "chosen", ERG_TRUTH, "the best of its target, left out" },
    { "worst_ape", ERG_REAL, "error of the worst application" },
    { "anchors", ERG_INTEGER, "measured clocks of each application that were given" },
    { "train_s", ERG_REAL, "all trainings (with --timing)" },
    { "predict_us", ERG_REAL, "one row (with --timing)" },
};

static const erg_column error_columns[] = {
    { "application", ERG_TEXT, "left out, or of a test" },
    { "model", ERG_TEXT, "kind of model" },
    { "target", ERG_TEXT, "power, time, or energy" },
    { "ape", ERG_REAL, "mean relative error over its rows" },
    { "validation", ERG_TEXT, "leave_one_application_out, or test" },
};

static const char *way(bool is_test)
{
    return is_test ? "test" : "leave_one_application_out";
}

static bool put_score(erg_table *table, const erg_validation *of,
                      const erg_fit_score *score, erg_error *err)
{
    return erg_table_row(table, err)
        && erg_table_text(table, "model", score->fit->name, err)
        && erg_table_text(table, "target", erg_target_name(score->target), err)
        && erg_table_real(table, "mape", score->mape, err)
        && erg_table_real(table, "mape_low", score->mape_low, err)
        && erg_table_real(table, "mape_high", score->mape_high, err)
        && erg_table_real(table, "median_ape", score->median_ape, err)
        && erg_table_integer(table, "rows", (int64_t)score->rows, err)
        && erg_table_integer(table, "groups", (int64_t)score->groups, err)
        && erg_table_text(table, "validation", way(score->is_test), err)
        && erg_table_truth(table, "chosen", score->is_chosen, err)
        && erg_table_real(table, "worst_ape", score->worst_ape, err)
        && erg_table_integer(table, "anchors", of->anchors, err)
        && erg_table_real(table, "train_s", score->train_s, err)
        && erg_table_real(table, "predict_us", score->predict_s * 1e6, err);
}

static const char *name_of(const erg_fit_curves *curves, size_t group)
{
    for (size_t i = 0; i < curves->count; i++)
        if (curves->at[i].group == group)
            return curves->at[i].name;
    return NULL;
}

static bool put_errors(erg_table *table, const erg_validation *of, const erg_judged *judged,
                       erg_target target, erg_error *err)
{
    const erg_judged_set *set = judged->is_test ? &of->tests : &of->points;
    double *errors = calloc(set->curves.count + 1, sizeof(*errors));
    size_t *groups = calloc(set->curves.count + 1, sizeof(*groups)), rows;
    bool good = (errors && groups) || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t count = good ? erg_judged_errors(judged, set, target, errors, groups, &rows) : 0;

    for (size_t i = 0; good && i < count; i++)
        good = erg_table_row(table, err)
            && erg_table_text(table, "application", name_of(&set->curves, groups[i]), err)
            && erg_table_text(table, "model", judged->fit->name, err)
            && erg_table_text(table, "target", erg_target_name(target), err)
            && erg_table_real(table, "ape", errors[i], err)
            && erg_table_text(table, "validation", way(judged->is_test), err);
    free(errors);
    free(groups);
    return good;
}

static bool put_notes(const erg_validation *of, erg_result *result, erg_error *err)
{
    const char *at = of->notes.data;

    while (at && *at) {
        const char *end = strchr(at, '\n');
        if (!erg_result_note(result, err, "%.*s", (int)(end - at), at))
            return false;
        at = end + 1;
    }
    return true;
}

/* What each model that was judged may not be used for:
 * the reader sees it with the score. */
static bool put_limits(const erg_validation *of, erg_result *result, erg_error *err)
{
    for (size_t i = 0; i < of->judged_count; i++) {
        const erg_judged *judged = &of->judged[i];
        bool any = judged->was_judged[ERG_TARGET_POWER]
            || judged->was_judged[ERG_TARGET_TIME];
        if (any && !erg_result_note(result, err, "%s is not for %s", judged->fit->name,
                                    judged->fit->not_for))
            return false;
    }
    return true;
}

bool erg_validation_table(const erg_validation *validation, erg_result *result,
                          erg_error *err)
{
    erg_table *models = erg_result_add(result, "models", model_columns,
                                       ERG_COUNT(model_columns), err);
    bool good = models != NULL;

    for (size_t i = 0; good && i < validation->score_count; i++)
        good = put_score(models, validation, &validation->scores[i], err);
    erg_table *errors = good ? erg_result_add(result, "errors", error_columns,
                                              ERG_COUNT(error_columns), err) : NULL;
    good = errors != NULL;
    for (size_t i = 0; good && i < validation->judged_count; i++)
        for (int t = 0; good && t < ERG_TARGETS; t++)
            if (validation->judged[i].was_judged[t])
                good = put_errors(errors, validation, &validation->judged[i],
                                  (erg_target)t, err);
    return good && put_notes(validation, result, err)
        && put_limits(validation, result, err);
}
