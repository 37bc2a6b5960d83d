/* SPDX-License-Identifier: Apache-2.0 */
/* erg fit: learn power and time against the clock, and say how far off they will be. */
#include <stdlib.h>
#include <string.h>
#include "points.h"

typedef struct fit_options {
    cli_list tests, models;
    const char *save, *setting, *definition, *from;
    int anchors, degree;
    double nearness;
    bool no_anchor, tune, no_checks, timing;
} fit_options;

#define AT(field) offsetof(fit_options, field)

static const cli_option option_rows[] = {
    { 0, "test", CLI_LIST, AT(tests), "FILE",
      "points of other applications, scored by what is learned; may be repeated" },
    { 0, "save", CLI_TEXT, AT(save), "FILE", "write the chosen models there as JSON" },
    { 0, "model", CLI_LIST, AT(models), "NAME",
      "only this kind of model; may be repeated" },
    { 0, "anchors", CLI_WHOLE, AT(anchors), "K",
      "measured clocks given of each application, evenly spaced (1: the highest)", true },
    { 0, "no-anchor", CLI_FLAG, AT(no_anchor), NULL,
      "learn from activities and clock alone, for comparison" },
    { 0, "degree", CLI_WHOLE, AT(degree), "D",
      "of the polynomial: 1 (default), 2 or 3", true },
    { 0, "tune", CLI_FLAG, AT(tune), NULL,
      "search the settings of trees, folds by application" },
    { 0, "from", CLI_TEXT, AT(from), "MODEL.json",
      "of another GPU: anchored stays near its coefficients" },
    { 0, "nearness", CLI_NUMBER, AT(nearness), "ROWS",
      "how near to --from: as if so many rows said so (1)", true },
    { 0, "setting", CLI_TEXT, AT(setting), "COLUMN",
      "a column that is a setting of the point" },
    { 0, "definition", CLI_TEXT, AT(definition), "NAME",
      "what fp_active counts where a file does not say: half, sum or all" },
    { 0, "no-checks", CLI_FLAG, AT(no_checks), NULL, "leave contaminated visits in" },
    { 0, "timing", CLI_FLAG, AT(timing), NULL, "fill in train_s and predict_us" },
    { 0 },
};

/* All that a fit is made of, and its result. */
typedef struct study {
    const cli *call;
    const fit_options *how;
    const char *names[CLI_LIST_MOST + 1];
    erg_points *points, *tests;
    erg_model *source, *model;
    erg_validation *validation;
    erg_result *result;
} study;

static bool check_names(study *of, erg_error *err)
{
    for (size_t i = 0; i < of->how->models.count; i++) {
        of->names[i] = of->how->models.items[i];
        if (!erg_fit_find(of->names[i]))
            return erg_fail(err, ERG_BAD_INPUT,
                            "there is no model '%.40s'; erg fit --help lists "
                            "them", of->names[i]);
    }
    return true;
}

static bool read_all(study *of, erg_error *err)
{
    const fit_options *how = of->how;
    erg_points_options options = { .other = how->setting, .no_checks = how->no_checks };

    if (!check_names(of, err) || !cli_definition(how->definition, &options.definition, err))
        return false;
    of->points = cli_points(of->call, of->call->argv, (size_t)of->call->argc,
                            &options, err);
    if (of->points && how->tests.count)
        of->tests = cli_points(of->call, (char *const *)how->tests.items, how->tests.count,
                               &options, err);
    if (!of->points || (how->tests.count && !of->tests))
        return false;
    of->source = how->from ? erg_model_load(how->from, err) : NULL;
    return !how->from || of->source;
}

static erg_fit_options learning(const study *of)
{
    return (erg_fit_options){ .degree = of->how->degree, .no_anchor = of->how->no_anchor,
                              .tune = of->how->tune, .source = of->source,
                              .nearness = of->how->nearness };
}

/* A fit that cannot be trained here is simply not in the model, unless it was chosen. */
static bool train(study *of, const erg_fit *fit, bool needed, erg_error *err)
{
    erg_fit_options options = learning(of);
    erg_error fault = { 0 };
    erg_model *one = fit ? erg_fit_train(fit, of->points, &options, &fault) : NULL;

    if (!one)
        return !needed || erg_fail(err, fault.code, "%s", fault.text);
    if (!of->model) {
        of->model = one;
        return true;
    }
    bool good = erg_model_join(of->model, one, err);
    erg_model_free(one);
    return good;
}

/* The chosen ones; what speaks without activities; what speaks from several anchors. */
static bool learn(study *of, erg_error *err)
{
    if (of->how->models.count) {
        for (size_t i = 0; i < of->how->models.count; i++)
            if (!train(of, erg_fit_find(of->names[i]), true, err))
                return false;
    } else if (!train(of, erg_validation_chosen(of->validation, ERG_TARGET_POWER),
                      true, err)
               || !train(of, erg_validation_chosen(of->validation, ERG_TARGET_TIME),
                         true, err)
               || !train(of, erg_fit_find("anchored"), false, err)
               || !train(of, erg_fit_find("physical"), false, err)) {
        return false;
    }
    return erg_model_calibrate(of->model, of->validation, err);
}

static bool tell(study *of, erg_error *err)
{
    of->result = erg_result_new("fit", err);
    return of->result && erg_validation_table(of->validation, of->result, err)
        && erg_model_table(of->model, of->result, err)
        && erg_points_tell(of->points, of->result, err)
        && (!of->tests || erg_points_tell(of->tests, of->result, err))
        && (!of->how->save || erg_model_save(of->model, of->how->save, err));
}

static bool work(study *of, erg_error *err)
{
    erg_validate_options options = {
        .models = of->how->models.count ? of->names : NULL,
        .anchors = of->how->anchors, .env = of->how->timing ? &of->call->env : NULL,
    };

    if (!read_all(of, err))
        return false;
    options.fit = learning(of);
    of->validation = erg_fit_validate(of->points, of->tests, &options, err);
    return of->validation && learn(of, err) && tell(of, err);
}

/* A person sees a line a model; --verbose, --table and the other formats have it all. */
static int put(const cli *call, const erg_result *result)
{
    const char *format = call->common.format;
    bool is_brief = (!format || strcmp(format, "text") == 0) && !call->common.table
        && !call->common.verbose;

    return is_brief
        ? cli_put(call, cli_fit_brief, result, call, call->common.output, stdout)
        : cli_write(call, result, call->common.output, stdout);
}

static int run(const cli *call)
{
    study of = { .call = call, .how = call->options };
    erg_error err = { 0 };

    if (call->argc < 1)
        return cli_misused(call, "needs a table of points: a .erg or CSV file, or -");
    int status = work(&of, &err) ? put(call, of.result) : cli_refused(call, &err);
    erg_result_free(of.result);
    erg_validation_free(of.validation);
    erg_model_free(of.model);
    erg_model_free(of.source);
    erg_points_free(of.points);
    erg_points_free(of.tests);
    return status;
}

static const char about[] =
"POINTS are tables of visits or points: .erg files of erg sweep, or CSV with columns\n"
"such as application, sm_app_clock_mhz, fp_active, dram_active, power_w, run_time_s.\n"
"Every kind of model is trained on all applications but one and judged on that one,\n"
"in turn; --test judges what all of them trained on other files. Errors are relative,\n"
"in watts, seconds and joules; the measured anchor is not scored. The best of a target\n"
"is marked chosen; notes say what each kind of model may not be used for.\n";

const cli_command cmd_fit = {
    .name = "fit",
    .usage = "erg fit [options] POINTS...",
    .summary =
        "learn power and time against the clock, with errors on applications left out",
    .about = about,
    .examples = "erg fit points.csv --test unseen.csv --save gv100.json\n"
                "erg fit s.erg --anchors 3 --format html --output fit.html\n",
    .options = option_rows,
    .options_size = sizeof(fit_options),
    .run = run,
};
