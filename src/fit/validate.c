/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cross-validator for every fit: each application is left out in turn and predicted
 * from its anchors by what the others trained. Rows of an application are never split: a
 * random split of rows gives a forest 1.7 % that is worth 19.8 % on a new application.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/validate.h"

typedef struct judge {
    erg_validation *to;
    const erg_validate_options *options;
    erg_fit_curve *others;          /* room for all curves */
    erg_clock_point *anchors;       /* room for the longest curve */
    double *clock_hz, *fp, *dram, *value, *sd;
    bool *taken;
    erg_trained_pool pool;          /* of the curves that are trained on now */
} judge;

static bool is_raw(const judge *by, const erg_fit *fit)
{
    return by->options->fit.no_anchor && fit->has_raw;
}

/* Fits that take no measured power from an anchor are scored on every row. */
static bool uses_anchor(const judge *by, const erg_fit *fit)
{
    return fit->anchors_least > 0 && !is_raw(by, fit);
}

static int64_t now_ns(const judge *by)
{
    return by->options->env ? erg_env_now_ns(by->options->env) : 0;
}

static void note(erg_validation *to, const char *text)
{
    if (!to->notes.data || !strstr(to->notes.data, text))
        erg_text_add(&to->notes, "%s\n", text);
}

/* ---- one application ------------------------------------------------------------ */

static erg_case lay_case(judge *by, const erg_fit_curve *curve, erg_activity definition)
{
    size_t anchors = 0;

    erg_fit_spread(curve->at, curve->count, (size_t)by->to->anchors, by->taken);
    for (size_t i = 0; i < curve->count; i++) {
        if (by->taken[i])
            by->anchors[anchors++] = curve->at[i];
        by->clock_hz[i] = curve->at[i].clock_hz;
        by->fp[i] = curve->at[i].fp_active;
        by->dram[i] = curve->at[i].dram_active;
    }
    return (erg_case){ .anchors = { by->anchors, anchors, definition },
                       .clock_hz = by->clock_hz, .count = curve->count,
                       .fp_own = by->fp, .dram_own = by->dram };
}

static bool judge_curve(judge *by, const erg_trained *trained, const erg_judged_set *set,
                        size_t index, erg_judged *out, erg_error *err)
{
    const erg_fit_curve *curve = &set->curves.at[index];
    erg_case of = lay_case(by, curve, set->curves.definition);
    int64_t start_ns = now_ns(by);

    if (!erg_fit_predict_target(trained, &of, by->value, by->sd, err))
        return false;
    out->predict_ns += now_ns(by) - start_ns;
    out->predicted += curve->count;
    for (size_t i = 0; i < curve->count; i++) {
        double measured = erg_clock_point_value(&curve->at[i], trained->target);
        bool is_scored = !by->taken[i] || !uses_anchor(by, trained->fit);
        size_t row = set->first[index] + i;
        out->ratio[trained->target][row] = is_scored ? by->value[i] / measured : NAN;
        out->sd[trained->target][row] = by->sd[i];
    }
    return true;
}

static erg_trained *train_on(judge *by, const erg_fit *fit, erg_target target,
                             const erg_fit_curves *curves, size_t without, erg_judged *out,
                             erg_error *err)
{
    erg_train in = { .curves = by->others, .definition = curves->definition,
                     .options = &by->options->fit, .pool = &by->pool };
    int64_t start_ns = now_ns(by);
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < curves->count; i++) {
        if (curves->at[i].group == without)
            continue;
        by->others[in.count++] = curves->at[i];
        in.groups += curves->at[i].group != last;
        last = curves->at[i].group;
    }
    erg_trained *trained = erg_fit_train_target(fit, target, &in, err);
    out->train_ns += now_ns(by) - start_ns;
    return trained;
}

static bool judge_group(judge *by, const erg_fit *fit, erg_target target, size_t group,
                        erg_judged *out, erg_error *err)
{
    const erg_judged_set *set = &by->to->points;
    erg_trained *trained = train_on(by, fit, target, &set->curves, group, out, err);
    bool good = trained != NULL;

    for (size_t i = 0; good && i < set->curves.count; i++)
        if (set->curves.at[i].group == group)
            good = judge_curve(by, trained, set, i, out, err);
    erg_trained_free(trained);
    return good;
}

static bool test_all(judge *by, const erg_fit *fit, erg_target target, erg_judged *out,
                     erg_error *err)
{
    const erg_judged_set *set = &by->to->tests;
    erg_trained *trained = train_on(by, fit, target, &by->to->points.curves, SIZE_MAX,
                                    out, err);
    bool good = trained != NULL;

    for (size_t i = 0; good && i < set->curves.count; i++)
        good = judge_curve(by, trained, set, i, out, err);
    erg_trained_free(trained);
    return good;
}

/* ---- one fit ---------------------------------------------------------------------- */

static bool make_room(erg_judged *out, const erg_judged_set *set, erg_error *err)
{
    for (int t = 0; t < ERG_TARGETS; t++) {
        out->ratio[t] = calloc(set->rows + 1, sizeof(double));
        out->sd[t] = calloc(set->rows + 1, sizeof(double));
        if (!out->ratio[t] || !out->sd[t])
            return erg_fail(err, ERG_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < set->rows; i++)
            out->ratio[t][i] = out->sd[t][i] = NAN;
    }
    return true;
}

static void join_energy(erg_judged *out, const erg_judged_set *set)
{
    out->was_judged[ERG_TARGET_ENERGY] = out->was_judged[ERG_TARGET_POWER]
        && out->was_judged[ERG_TARGET_TIME];
    for (size_t i = 0; i < set->rows; i++) {
        out->ratio[ERG_TARGET_ENERGY][i] = out->ratio[ERG_TARGET_POWER][i]
            * out->ratio[ERG_TARGET_TIME][i];
        out->sd[ERG_TARGET_ENERGY][i] = sqrt(pow(out->sd[ERG_TARGET_POWER][i], 2)
                                             + pow(out->sd[ERG_TARGET_TIME][i], 2));
    }
}

static bool add_fit(judge *by, const erg_fit *fit, bool is_test, erg_error *err)
{
    const erg_judged_set *set = is_test ? &by->to->tests : &by->to->points;
    erg_judged *out = &by->to->judged[by->to->judged_count++];

    *out = (erg_judged){ .fit = fit, .is_test = is_test };
    for (int t = 0; t < ERG_TARGET_ENERGY; t++)
        out->was_judged[t] = fit->targets[t];
    return make_room(out, set, err);
}

/* Every fit on one and the same set of curves, so that what two of them need (a forest of
 * its own and in the ensemble) is trained once. group SIZE_MAX: none is left out, the tests
 * are judged. A fit that cannot be judged here is no failure: a note says why. */
static bool judge_fold(judge *by, erg_target target, size_t group, erg_error *err)
{
    bool is_test = group == SIZE_MAX, good = true;

    for (size_t i = 0; good && i < by->to->judged_count; i++) {
        erg_judged *out = &by->to->judged[i];
        erg_error fault = { 0 };
        if (out->is_test != is_test || !out->was_judged[target])
            continue;
        out->was_judged[target] = is_test
            ? test_all(by, out->fit, target, out, &fault)
            : judge_group(by, out->fit, target, group, out, &fault);
        if (!out->was_judged[target] && fault.code == ERG_NO_MEMORY)
            good = erg_fail(err, fault.code, "%s", fault.text);
        else if (!out->was_judged[target])
            note(by->to, fault.text);
    }
    erg_trained_pool_empty(&by->pool);
    return good;
}

static bool judge_target(judge *by, erg_target target, erg_error *err)
{
    const erg_fit_curves *curves = &by->to->points.curves;

    for (size_t i = 0; curves->groups > 1 && i < curves->count; i++)
        if ((i == 0 || curves->at[i].group != curves->at[i - 1].group)
            && !judge_fold(by, target, curves->at[i].group, err))
            return false;
    return !by->to->tests.rows || judge_fold(by, target, SIZE_MAX, err);
}

static bool is_wanted(const erg_validate_options *options, const erg_fit *fit)
{
    if (!options->models)
        return true;
    for (const char *const *name = options->models; *name; name++)
        if (strcmp(*name, fit->name) == 0)
            return true;
    return false;
}

/* ---- all ---------------------------------------------------------------------------- */

static bool number_rows(erg_judged_set *set, const erg_points *points, erg_error *err)
{
    if (!erg_fit_curves_make(&set->curves, points, err))
        return false;
    set->first = calloc(set->curves.count + 1, sizeof(*set->first));
    if (!set->first)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < set->curves.count; i++) {
        set->first[i] = set->rows;
        set->rows += set->curves.at[i].count;
    }
    return true;
}

static bool make_scratch(judge *by, erg_error *err)
{
    const erg_validation *to = by->to;
    size_t rows = to->points.rows + to->tests.rows, curves = to->points.curves.count;

    by->others = calloc(curves, sizeof(*by->others));
    by->anchors = calloc(rows, sizeof(*by->anchors));
    by->clock_hz = calloc(5 * rows, sizeof(double));
    by->taken = calloc(rows, sizeof(*by->taken));
    if (!by->others || !by->anchors || !by->clock_hz || !by->taken)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    by->fp = by->clock_hz + rows;
    by->dram = by->fp + rows;
    by->value = by->dram + rows;
    by->sd = by->value + rows;
    return true;
}

static bool run_all(judge *by, erg_error *err)
{
    erg_validation *to = by->to;

    for (size_t i = 0; erg_fits[i]; i++)
        if (is_wanted(by->options, erg_fits[i])
            && ((to->points.curves.groups > 1 && !add_fit(by, erg_fits[i], false, err))
                || (to->tests.rows && !add_fit(by, erg_fits[i], true, err))))
            return false;
    for (int t = 0; t < ERG_TARGET_ENERGY; t++)
        if (!judge_target(by, (erg_target)t, err))
            return false;
    for (size_t i = 0; i < to->judged_count; i++)
        join_energy(&to->judged[i], to->judged[i].is_test ? &to->tests : &to->points);
    return erg_validation_score(to, by->options->env != NULL, err);
}

static bool check_definitions(const erg_validation *to, erg_error *err)
{
    erg_activity a = to->points.curves.definition, b = to->tests.curves.definition;

    return a == b || a == ERG_ACTIVITY_UNKNOWN || b == ERG_ACTIVITY_UNKNOWN
        || erg_fail(err, ERG_REFUSED,
                    "fp_active counts %s in the points and %s in the tests",
                    erg_activity_name(a), erg_activity_name(b));
}

static bool has_two_clocks(const erg_validation *to, erg_error *err)
{
    for (size_t i = 0; i < to->points.curves.count; i++)
        if (to->points.curves.at[i].count > 1)
            return true;
    return erg_fail(err, ERG_NO_DATA,
                    "every application has one SM clock: there is nothing to learn against "
                    "the clock; measure at a second one");
}

static void note_data(erg_validation *to)
{
    enum { GROUPS_FOR_SHAPE = 4 };
    char text[512];
    const erg_fit_curves *curves = &to->points.curves;

    if (curves->skipped) {
        snprintf(text, sizeof(text),
                 "NO_REFERENCE: left out, without a kept visit at the highest "
                 "clock: %.380s", curves->skipped);
        note(to, text);
    }
    if (curves->groups < GROUPS_FOR_SHAPE) {
        snprintf(text, sizeof(text),
                 "FEW_APPLICATIONS: %zu, so anchored has a slope only; four "
                 "are needed for its shape", curves->groups);
        note(to, text);
    }
    if (curves->groups < 2)
        note(to, "one application cannot be left out: "
             "no error can be given without --test");
}

erg_validation *erg_fit_validate(const erg_points *points, const erg_points *tests,
                                 const erg_validate_options *options, erg_error *err)
{
    erg_validation *to = calloc(1, sizeof(*to));
    judge by = { .to = to, .options = options };

    if (!to) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    to->anchors = options->anchors > 0 ? options->anchors : 1;
    to->judged = calloc(2 * erg_fit_count(), sizeof(*to->judged));
    bool good = (to->judged || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
        && number_rows(&to->points, points, err) && has_two_clocks(to, err)
        && (!tests || number_rows(&to->tests, tests, err)) && check_definitions(to, err)
        && make_scratch(&by, err);
    if (good) {
        note_data(to);
        good = run_all(&by, err);
    }
    free(by.others);
    free(by.anchors);
    free(by.clock_hz);
    free(by.taken);
    if (good)
        return to;
    erg_validation_free(to);
    return NULL;
}

static void free_set(erg_judged_set *set)
{
    erg_fit_curves_free(&set->curves);
    free(set->first);
}

void erg_validation_free(erg_validation *validation)
{
    if (!validation)
        return;
    for (size_t i = 0; i < validation->judged_count; i++)
        for (int t = 0; t < ERG_TARGETS; t++) {
            free(validation->judged[i].ratio[t]);
            free(validation->judged[i].sd[t]);
        }
    free_set(&validation->points);
    free_set(&validation->tests);
    free(validation->judged);
    free(validation->scores);
    erg_text_free(&validation->notes);
    free(validation);
}
