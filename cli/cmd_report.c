/* SPDX-License-Identifier: Apache-2.0 */
/* erg report: one self-contained HTML page of a run or of an estimate. */
#include "cli.h"

static bool page(const void *trace, const void *title, FILE *out, erg_error *err)
{
    return erg_report_page(trace, title, out, err);
}

static bool estimate_page(const void *estimate, const void *title, FILE *out, erg_error *err)
{
    return erg_report_estimate(estimate, title, out, err);
}

/* An estimate lies in a file as JSON, a run as .erg. */
static bool is_json(const char *path)
{
    FILE *file = fopen(path, "re");
    int first = file ? fgetc(file) : EOF;

    if (file)
        fclose(file);
    return first == '{';
}

static int report_estimate(const cli *call, const char *path)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_load(path, &err);
    int status = result
        ? cli_put(call, estimate_page, result, path, call->common.output, stdout)
        : cli_refused(call, &err);

    erg_result_free(result);
    return status;
}

static int run(const cli *call)
{
    int status;

    if (call->argc != 1)
        return cli_misused(call, "needs one RUN file, or an estimate as JSON");
    if (is_json(call->argv[0]))
        return report_estimate(call, call->argv[0]);
    erg_trace *trace = cli_load(call, call->argv[0], &status);
    if (trace)
        status = cli_put(call, page, trace, call->argv[0], call->common.output, stdout);
    erg_trace_free(trace);
    return status;
}

const cli_command cmd_report = {
    .name = "report",
    .usage = "erg report [options] RUN|ESTIMATE.json",
    .summary = "one HTML page: power over time, energy by region, every flag explained",
    .about = "The page needs no network and no script of others. Without --output it goes to\n"
             "stdout. A run shows power over time; an estimate (of erg estimate --format json) energy\n"
             "against latency, its parts, and a roofline.\n",
    .examples = "erg report a.erg --output a.html\n"
                "erg estimate zoo:resnet50 --on l4,t4 --format json --output e.json\n"
                "erg report e.json --output e.html\n",
    .run = run,
};
