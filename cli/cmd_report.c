/* SPDX-License-Identifier: Apache-2.0 */
/* erg report: one self-contained HTML page of a run. */
#include "cli.h"

static bool page(const void *trace, const void *title, FILE *out, erg_error *err)
{
    return erg_report_page(trace, title, out, err);
}

static int run(const cli *call)
{
    int status;

    if (call->argc != 1)
        return cli_misused(call, "needs one RUN file");
    erg_trace *trace = cli_load(call, call->argv[0], &status);
    if (trace)
        status = cli_put(call, page, trace, call->argv[0], call->common.output, stdout);
    erg_trace_free(trace);
    return status;
}

const cli_command cmd_report = {
    .name = "report",
    .usage = "erg report [options] RUN",
    .summary = "one HTML page: power over time, energy by region, every flag explained",
    .about = "The page needs no network and no script of others. Without --output it goes to\n"
             "stdout.\n",
    .examples = "erg report a.erg --output a.html\n",
    .run = run,
};
