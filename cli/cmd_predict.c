/* SPDX-License-Identifier: Apache-2.0 */
/* erg predict: power, time and energy of an application at clocks it was not run at. */
#include <stdlib.h>
#include <string.h>
#include "points.h"

typedef struct predict_options {
    cli_list anchors;
    const char *clocks, *model, *setting, *definition;
    int most;
    bool no_checks;
} predict_options;

#define AT(field) offsetof(predict_options, field)

static const cli_option option_rows[] = {
    { 0, "anchor", CLI_LIST, AT(anchors), "FILE",
      "measured points of the application, its highest clock at least; may be repeated" },
    { 0, "clocks", CLI_TEXT, AT(clocks), "LOW:HIGH:STEP|LIST",
      "MHz, or with a unit (510 to the highest measured clock, every 15)" },
    { 0, "anchors", CLI_WHOLE, AT(most), "K",
      "use only K of the measured clocks, evenly spaced", true },
    { 0, "model", CLI_TEXT, AT(model), "NAME",
      "this kind (the chosen; physical from three measured clocks on)" },
    { 0, "setting", CLI_TEXT, AT(setting), "COLUMN",
      "a column that is a setting of the point" },
    { 0, "definition", CLI_TEXT, AT(definition), "NAME",
      "what fp_active counts where a file does not say: half, sum or all" },
    { 0, "no-checks", CLI_FLAG, AT(no_checks), NULL, "leave contaminated visits in" },
    { 0 },
};

static const erg_column columns[] = {
    { "application", ERG_TEXT, "whose anchors were given" },
    { "sm_clock_mhz", ERG_REAL, "clock of the cores" },
    { "power_cap_w", ERG_REAL, "power limit: none was modelled" },
    { "repeats", ERG_INTEGER, "0: nothing was measured" },
    { "time_s", ERG_REAL, "predicted time" },
    { "time_low_s", ERG_REAL, "lower end of its band; a note states the level" },
    { "time_high_s", ERG_REAL, "upper end of its band" },
    { "energy_j", ERG_REAL, "predicted energy: power x time" },
    { "energy_low_j", ERG_REAL, "lower end of its band" },
    { "energy_high_j", ERG_REAL, "upper end of its band" },
    { "mean_w", ERG_REAL, "predicted mean power" },
    { "temp_c", ERG_REAL, "not predicted" },
    { "state", ERG_TEXT, "predicted, or extrapolated: beyond what training has seen" },
    { "mean_low_w", ERG_REAL, "lower end of the band of mean_w" },
    { "mean_high_w", ERG_REAL, "upper end of the band of mean_w" },
    { "model_power", ERG_TEXT, "what predicted power" },
    { "model_time", ERG_TEXT, "what predicted time" },
};

typedef struct prediction {
    const cli *call;
    const predict_options *how;
    erg_model *model;
    erg_points *points;
    erg_result *result;
    erg_table *table;
} prediction;

static bool put_row(erg_table *table, const char *application, const erg_curve_point *at,
                    const erg_curve_about *by, erg_error *err)
{
    return cli_put_curve(table, application, at, err)
        && erg_table_integer(table, "repeats", 0, err)
        && erg_table_text(table, "state",
                          at->is_extrapolated ? "extrapolated" : "predicted", err)
        && erg_table_text(table, "model_power", by->power ? erg_fit_name(by->power) : NULL,
                          err)
        && erg_table_text(table, "model_time", by->time ? erg_fit_name(by->time) : NULL,
                          err);
}

static bool note_limits(prediction *of, const erg_curve_about *by, erg_error *err)
{
    const erg_fit *power = by->power, *time = by->time != by->power ? by->time : NULL;

    return (!power
            || erg_result_note(of->result, err, "%s is not for %s", erg_fit_name(power),
                               erg_fit_not_for(power)))
        && (!time
            || erg_result_note(of->result, err, "%s is not for %s", erg_fit_name(time),
                               erg_fit_not_for(time)));
}

static bool note_level(prediction *of, const erg_curve_about *by, erg_error *err)
{
    if (!(by->level > 0))
        return erg_result_note(of->result, err,
                               "no band: it takes 4 applications of training for "
                               "80 %%, 19 for 95 %%");
    if (by->level > 0.9)
        return true;
    return erg_result_note(of->result, err,
                           "low and high are the %.0f %% band of a whole new "
                           "curve; 95 %% takes %zu applications of training",
                           100 * by->level, by->applications_needed);
}

/* All models but the physical one begin at the anchor and were trained below it. */
static bool note_above(prediction *of, const char *name, const erg_anchors *anchors,
                       const double clocks[], size_t count, erg_error *err)
{
    double top_hz = anchors->at[0].clock_hz, most_hz = 0;

    for (size_t i = 0; i < count; i++)
        most_hz = clocks[i] > most_hz ? clocks[i] : most_hz;
    return most_hz <= top_hz * (1 + 1e-6)
        || erg_result_note(of->result, err,
                           "ABOVE_ANCHOR: %s is anchored at %.0f MHz and asked for up to "
                           "%.0f: models were trained below the anchor, and no band holds "
                           "above it; measure at the highest clock", name, top_hz / 1e6,
                           most_hz / 1e6);
}

static double *list_clocks(const prediction *of, const erg_anchors *anchors, size_t *count,
                           erg_error *err)
{
    char text[64];

    if (of->how->clocks)
        return cli_clocks(of->how->clocks, count, err);
    double top = anchors->at[0].clock_hz / 1e6;
    snprintf(text, sizeof(text), "%.0f:%.6g:15", top < 510 ? top : 510, top);
    return cli_clocks(text, count, err);
}

static bool fill(prediction *of, const char *name, const erg_anchors *anchors,
                 const double clocks[], size_t count, erg_error *err)
{
    erg_curve_about by = { 0 };
    erg_curve_point *out = calloc(count + 1, sizeof(*out));

    if (!out)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    bool good = erg_model_predict_by(of->model, of->how->model, anchors, clocks, count,
                                     out, &by, err);
    for (size_t i = 0; good && i < count; i++)
        good = put_row(of->table, name, &out[i], &by, err);
    free(out);
    return good && note_above(of, name, anchors, clocks, count, err)
        && note_level(of, &by, err) && note_limits(of, &by, err)
        && erg_model_explain(of->model, anchors, of->result, err);
}

static bool predict(prediction *of, size_t application, erg_error *err)
{
    const erg_application *app = erg_points_application_at(of->points, application);
    erg_anchors anchors;
    size_t count = 0;
    erg_clock_point *rows = erg_anchors_take(of->points, application, (size_t)of->how->most,
                                             &anchors, err);
    double *clocks = rows ? list_clocks(of, &anchors, &count, err) : NULL;
    bool good = clocks && fill(of, app->name, &anchors, clocks, count, err);

    if (good && app->is_simulated)
        good = erg_result_note(of->result, err, "%s is simulated", app->name);
    free(clocks);
    free(rows);
    return good;
}

static bool work(prediction *of, erg_error *err)
{
    const predict_options *how = of->how;
    erg_points_options options = { .other = how->setting, .no_checks = how->no_checks };

    if (!cli_definition(how->definition, &options.definition, err))
        return false;
    of->model = erg_model_load(of->call->argv[0], err);
    of->points = of->model ? cli_points(of->call, (char *const *)how->anchors.items,
                                        how->anchors.count, &options, err) : NULL;
    of->result = of->points ? erg_result_new("predict", err) : NULL;
    of->table = of->result
        ? erg_result_add(of->result, "points", columns, CLI_COUNT(columns),
                         err) : NULL;
    bool good = of->table != NULL;
    for (size_t i = 0; good && i < erg_points_applications(of->points); i++)
        good = predict(of, i, err);
    return good && erg_points_tell(of->points, of->result, err);
}

static int run(const cli *call)
{
    prediction of = { .call = call, .how = call->options };
    erg_error err = { 0 };

    if (call->argc != 1)
        return cli_misused(call, "needs one MODEL.json, as erg fit --save writes it");
    if (!of.how->anchors.count)
        return cli_misused(call,
                           "needs --anchor FILE: the application at its highest clock");
    int status = work(&of, &err) ? cli_write(call, of.result, call->common.output, stdout)
                                 : cli_refused(call, &err);
    erg_result_free(of.result);
    erg_points_free(of.points);
    erg_model_free(of.model);
    return status;
}

static const char about[] =
    "MODEL.json is what erg fit --save wrote. The anchor is a table of points with the\n"
    "application's run at its highest clock, and as many others as there are: from three\n"
    "measured clocks on, the physical model speaks. Bands hold a whole new curve.\n";

const cli_command cmd_predict = {
    .name = "predict",
    .usage = "erg predict [options] MODEL.json --anchor FILE",
    .summary = "power, time and energy of an application at any clocks, with bands",
    .about = about,
    .examples = "erg predict gv100.json --anchor anchor.csv --clocks 510:1380:7.5\n",
    .options = option_rows,
    .options_size = sizeof(predict_options),
    .run = run,
};
