/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit keeps, and training and prediction of one target by any fit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"

/* ---- what a fit keeps ---------------------------------------------------------- */

erg_trained *erg_trained_new(const erg_fit *fit, erg_target target, erg_error *err)
{
    erg_trained *trained = calloc(1, sizeof(*trained));
    if (!trained) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    trained->fit = fit;
    trained->target = target;
    trained->ratio_low = trained->ratio_high = NAN;
    return trained;
}

void erg_trained_free(erg_trained *trained)
{
    if (!trained)
        return;
    if (trained->keepers) {
        trained->keepers--;
        return;
    }
    if (trained->fit->drop)
        trained->fit->drop(trained);
    for (size_t i = 0; i < trained->memory_count; i++) {
        free(trained->memories[i].x);
        free(trained->memories[i].residual);
    }
    for (size_t i = 0; i < trained->member_count; i++)
        erg_trained_free(trained->members[i]);
    free(trained->memories);
    free(trained->terms);
    free(trained->booster);
    erg_scores_free(&trained->scores);
    erg_scores_free(&trained->energy_scores);
    free(trained);
}

bool erg_trained_term(erg_trained *trained, erg_error *err, double value,
                      const char *name, ...)
{
    va_list arguments;

    if (!erg_grow((void **)&trained->terms, &trained->term_capacity, trained->term_count,
                  sizeof(erg_term), err))
        return false;
    erg_term *term = &trained->terms[trained->term_count++];
    term->value = value;
    va_start(arguments, name);
    vsnprintf(term->name, sizeof(term->name), name, arguments);
    va_end(arguments);
    return true;
}

double erg_trained_value(const erg_trained *trained, const char *name)
{
    for (size_t i = 0; i < trained->term_count; i++)
        if (strcmp(trained->terms[i].name, name) == 0)
            return trained->terms[i].value;
    return NAN;
}

/* ---- figures -------------------------------------------------------------------- */

double erg_clock_point_value(const erg_clock_point *point, erg_target target)
{
    switch (target) {
    case ERG_TARGET_POWER:
        return point->power_w;
    case ERG_TARGET_TIME:
        return point->time_s;
    case ERG_TARGET_ENERGY:
    case ERG_TARGETS:
        break;
    }
    return point->power_w * point->time_s;
}

bool erg_clock_point_has_activity(const erg_clock_point *point)
{
    return !isnan(point->fp_active) && !isnan(point->dram_active);
}

/* ---- training and prediction of one target ---------------------------------------- */

/* Of the highest clock, or where a fit looks at each clock's, of all rows. */
static bool all_have_activity(const erg_train *in, bool of_all)
{
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < (of_all ? in->curves[i].count : 1); k++)
            if (!erg_clock_point_has_activity(&in->curves[i].at[k]))
                return false;
    return true;
}

static void find_range(const erg_train *in, erg_trained *trained)
{
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < in->curves[i].count; k++) {
            const erg_clock_point *at = in->curves[i].at;
            double y = erg_fit_log_ratio(erg_clock_point_value(&at[k], trained->target),
                                         erg_clock_point_value(at, trained->target));
            trained->ratio_low = fmin(trained->ratio_low, y);
            trained->ratio_high = fmax(trained->ratio_high, y);
        }
}

static erg_trained *keep(erg_trained *trained)
{
    trained->keepers++;
    return trained;
}

static erg_trained *find_pooled(const erg_trained_pool *pool, const erg_fit *fit,
                                erg_target target)
{
    for (size_t i = 0; pool && i < pool->count; i++)
        if (pool->at[i]->fit == fit && pool->at[i]->target == target)
            return keep(pool->at[i]);
    return NULL;
}

void erg_trained_pool_empty(erg_trained_pool *pool)
{
    while (pool->count)
        erg_trained_free(pool->at[--pool->count]);
}

erg_trained *erg_fit_train_target(const erg_fit *fit, erg_target target,
                                  const erg_train *in, erg_error *err)
{
    erg_trained *trained = find_pooled(in->pool, fit, target);

    if (trained)
        return trained;
    if (in->groups < fit->groups_least) {
        erg_fail(err, ERG_NO_DATA, "%s needs %zu applications to learn from, there are %zu",
                 fit->name, fit->groups_least, in->groups);
        return NULL;
    }
    if (fit->needs_activity && !all_have_activity(in, fit->own_activity)) {
        erg_fail(err, ERG_NO_DATA,
                 "%s needs fp_active and dram_active, which are not there "
                 "for every row", fit->name);
        return NULL;
    }
    trained = erg_trained_new(fit, target, err);
    if (!trained)
        return NULL;
    trained->is_raw = in->options && in->options->no_anchor && fit->has_raw;
    trained->definition = in->definition;
    trained->applications = in->groups;
    find_range(in, trained);
    if (fit->train && !fit->train(in, trained, err)) {
        erg_trained_free(trained);
        return NULL;
    }
    if (in->pool && in->pool->count < ERG_POOL_MOST)
        in->pool->at[in->pool->count++] = keep(trained);
    return trained;
}

bool erg_fit_predict_target(const erg_trained *trained, const erg_case *of, double out[],
                            double sd[], erg_error *err)
{
    const erg_fit *fit = trained->fit;
    const erg_clock_point *top = of->anchors.at;

    if (of->anchors.count < fit->anchors_least)
        return erg_fail(err, ERG_NO_DATA,
                        "%s needs %zu measured clocks of the application, "
                        "there are %zu", fit->name, fit->anchors_least, of->anchors.count);
    if (fit->needs_activity && of->anchors.count && !erg_clock_point_has_activity(top))
        return erg_fail(err, ERG_NO_DATA,
                        "%s needs fp_active and dram_active of the anchor", fit->name);
    for (size_t i = 0; sd && i < of->count; i++)
        sd[i] = NAN;
    return fit->predict(trained, of, out, sd, err);
}
