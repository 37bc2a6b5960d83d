/* SPDX-License-Identifier: Apache-2.0 */
/* erg report: one self-contained HTML page of a run, an estimate, a fit,
 * a choice or a coupling study. */
#include "choose.h"

static bool page(const void *trace, const void *title, FILE *out, erg_error *err)
{
    return erg_report_page(trace, title, out, err);
}

/* Results lie in a file as JSON, a run as .erg. */
static bool is_json(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file ? fgetc(file) : EOF;

    if (file)
        fclose(file);
    return first == '{';
}

static int report_tables(const cli *call, const char *path)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_load(path, &err);
    int status = result
        ? cli_put(call, cli_page, result, path, call->common.output, stdout)
        : cli_refused(call, &err);

    erg_result_free(result);
    return status;
}

/* A sweep is drawn with what is least in energy times time; *status only if it is one. */
static bool report_sweep(const cli *call, const char *path, int *status)
{
    erg_error err = { 0 };
    erg_wish wish = erg_wish_default();
    erg_choice choice = { 0 };
    erg_points *points = erg_points_new(&err);
    bool made = points && erg_points_load(points, &call->env, path, NULL, &err)
             && erg_choose(points, &wish, &choice, &err);
    erg_result *result = made ? erg_choice_result(&choice, points, false, &err) : NULL;

    if (result && !cli_add_fitted(points, result, &err)) {
        erg_result_free(result);
        result = NULL;
    }
    if (result)
        *status = cli_put(call, cli_page, result, path, call->common.output, stdout);
    erg_result_free(result);
    erg_choice_free(&choice);
    erg_points_free(points);
    return result != NULL;
}

static int run(const cli *call)
{
    int status;

    if (call->argc != 1)
        return cli_misused(call, "needs one RUN or sweep, or an estimate, a fit, a choice "
                           "or a study as JSON");
    if (is_json(call->argv[0]))
        return report_tables(call, call->argv[0]);
    if (report_sweep(call, call->argv[0], &status))
        return status;
    erg_trace *trace = cli_load(call, call->argv[0], &status);
    if (trace)
        status = cli_put(call, page, trace, call->argv[0], call->common.output, stdout);
    erg_trace_free(trace);
    return status;
}

static const char about[] =
"The page needs no network and no script of others. Without --output it goes to\n"
"stdout. A run shows power over time; an estimate (of erg estimate --format json) energy\n"
"against latency, its parts, and a roofline; a fit (of erg fit --format json) the errors\n"
"of every kind of model; policies (of erg shape --wave --spectrum --explain --format\n"
"json) waves, spectra and verdicts; a choice (of erg choose --format json) or a sweep\n"
"time against energy with its front, and every figure against the setting; a\n"
"recomposition (of erg replay recompose --format json) the sums of kernels by tier\n"
"beside the measured whole, and the largest kernels.\n";

const cli_command cmd_report = {
    .name = "report",
    .usage = "erg report [options] RUN|SWEEP|RESULT.json",
    .summary = "one HTML page: power over time, energy by region, every flag explained",
    .about = about,
    .examples = "erg report a.erg --output a.html\n"
                "erg estimate zoo:resnet50 --on l4,t4 --format json --output e.json\n"
                "erg report e.json --output e.html\n"
                "erg choose s.erg --slowdown 5% --format json --output c.json\n"
                "erg report c.json --output c.html\n",
    .run = run,
};
