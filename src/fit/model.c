/* SPDX-License-Identifier: Apache-2.0 */
/* A model: trained fits, at most one a kind and target. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"

static const char *const targets[ERG_TARGETS] = {
    [ERG_TARGET_POWER] = "power", [ERG_TARGET_TIME] = "time",
    [ERG_TARGET_ENERGY] = "energy",
};

const char *erg_target_name(erg_target target) { return targets[target]; }

erg_model *erg_model_new(erg_error *err)
{
    erg_model *model = calloc(1, sizeof(*model));
    if (!model)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return model;
}

void erg_model_free(erg_model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->count; i++)
        erg_trained_free(model->parts[i]);
    free(model->parts);
    erg_scores_free(&model->energy_scores);
    free(model);
}

bool erg_model_add(erg_model *model, erg_trained *part, erg_error *err)
{
    if (!erg_grow((void **)&model->parts, &model->capacity, model->count,
                  sizeof(void *), err)) {
        erg_trained_free(part);
        return false;
    }
    model->parts[model->count++] = part;
    return true;
}

bool erg_model_join(erg_model *model, erg_model *other, erg_error *err)
{
    if (model->count && other->count && model->definition != other->definition)
        return erg_fail(err, ERG_REFUSED,
                        "fp_active counts %s in one model and %s in the other",
                        erg_activity_name(model->definition),
                        erg_activity_name(other->definition));
    model->definition = other->definition;
    while (other->count) {
        erg_trained *part = other->parts[--other->count];
        if (erg_model_part(model, part->fit->name, part->target))
            erg_trained_free(part);
        else if (!erg_model_add(model, part, err))
            return false;
    }
    return true;
}

const erg_trained *erg_model_part(const erg_model *model, const char *name,
                                  erg_target target)
{
    const erg_trained *found = NULL;

    for (size_t i = 0; i < model->count; i++) {
        const erg_trained *part = model->parts[i];
        if (part->target != target || (name && strcmp(part->fit->name, name) != 0))
            continue;
        if (!found || (!name && part->is_chosen && !found->is_chosen))
            found = part;
    }
    return found;
}

erg_model *erg_fit_train(const erg_fit *fit, const erg_points *points,
                         const erg_fit_options *options, erg_error *err)
{
    erg_fit_curves curves;
    erg_model *model = erg_model_new(err);
    bool good = model && erg_fit_curves_make(&curves, points, err);

    if (!good) {
        erg_model_free(model);
        return NULL;
    }
    erg_train in = { .curves = curves.at, .count = curves.count, .groups = curves.groups,
                     .definition = curves.definition, .options = options };
    model->definition = curves.definition;
    for (int target = 0; good && target < ERG_TARGET_ENERGY; target++) {
        if (!fit->targets[target])
            continue;
        erg_trained *part = erg_fit_train_target(fit, (erg_target)target, &in, err);
        good = part && erg_model_add(model, part, err);
    }
    erg_fit_curves_free(&curves);
    if (good)
        return model;
    erg_model_free(model);
    return NULL;
}

bool erg_model_knee(const erg_model *model, double *xk, double *vm)
{
    const erg_trained *part = erg_model_part(model, "physical", ERG_TARGET_POWER);

    *xk = part ? erg_trained_value(part, "xk") : NAN;
    *vm = part ? erg_trained_value(part, "vm") : NAN;
    return !isnan(*xk) && !isnan(*vm);
}

static const erg_column term_columns[] = {
    { "model", ERG_TEXT, "kind of model" },
    { "target", ERG_TEXT, "what it predicts" },
    { "term", ERG_TEXT, "what the coefficient multiplies" },
    { "value", ERG_REAL, "coefficient" },
};

bool erg_model_table(const erg_model *model, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "terms", term_columns,
                                      ERG_COUNT(term_columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < model->count; i++) {
        const erg_trained *part = model->parts[i];
        for (size_t k = 0; good && k < part->term_count; k++)
            good = erg_table_row(table, err)
                && erg_table_text(table, "model", part->fit->name, err)
                && erg_table_text(table, "target", erg_target_name(part->target), err)
                && erg_table_text(table, "term", part->terms[k].name, err)
                && erg_table_real(table, "value", part->terms[k].value, err);
    }
    return good;
}
