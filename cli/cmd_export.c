/* SPDX-License-Identifier: Apache-2.0 */
/* erg export: a run in the formats of others. */
#include <string.h>
#include "cli.h"

typedef struct export_options {
    bool wide;
    const char *integration, *region, *channel;
} export_options;

static const cli_option option_rows[] = {
    { 0, "wide", CLI_FLAG, offsetof(export_options, wide), NULL,
      "csv: one column a channel" },
    { 0, "integration", CLI_TEXT, offsetof(export_options, integration), "RULE",
      "energy-report: legacy gives the old sum and mean, marked so" },
    { 'r', "region", CLI_TEXT, offsetof(export_options, region), "NAME",
      "energy-report, prometheus: of this region; default the runs, or full_model of a "
      "timing file" },
    { 'c', "channel", CLI_TEXT, offsetof(export_options, channel), "NAME",
      "tape and energy-report: this channel, as in nvml:0/power" },
    { 0 },
};

/* What an option is of; elsewhere it would be asked for and not done. */
static const char *stray(const export_options *options, const char *format)
{
    const struct { bool is_given; const char *option, *formats[3]; } rows[] = {
        { options->wide, "--wide", { "csv" } },
        { options->integration, "--integration", { "energy-report" } },
        { options->region, "--region", { "energy-report", "prometheus" } },
        { options->channel, "--channel", { "tape", "energy-report" } },
    };

    for (size_t i = 0; i < CLI_COUNT(rows); i++) {
        bool fits = !rows[i].is_given;
        for (size_t k = 0; rows[i].formats[k] && !fits; k++)
            fits = strcmp(rows[i].formats[k], format) == 0;
        if (!fits)
            return rows[i].option;
    }
    return NULL;
}

static int run(const cli *call)
{
    const export_options *options = call->options;
    int status;
    const char *format = call->common.format ? call->common.format : "csv";

    if (call->argc != 1)
        return cli_misused(call, "needs one RUN file");
    if (!cli_is_exporter(format))
        return cli_misused(call,
                           "--format is csv, json, energy-report, perfetto, prometheus "
                           "or tape, not '%s'", format);
    if (options->integration && strcmp(options->integration, "legacy"))
        return cli_misused(call, "--integration is legacy, not '%s'", options->integration);
    if (stray(options, format))
        return cli_misused(call, "%s is not of --format %s: leave it away, or see erg help "
                           "export", stray(options, format), format);
    erg_trace *trace = cli_load(call, call->argv[0], &status);
    if (trace)
        status = cli_export(call, trace,
                            &(erg_export_options){ .format = format, .wide = options->wide,
                                                   .legacy = options->integration != NULL,
                                                   .region = options->region,
                                                   .channel = options->channel },
                            call->common.output, stdout);
    erg_trace_free(trace);
    return status;
}

const cli_command cmd_export = {
    .name = "export",
    .usage = "erg export [options] RUN",
    .summary = "write a run in the formats of others",
    .about = "Formats: csv (default), json, energy-report, perfetto, prometheus and tape.\n"
             "A file is written aside and renamed, so a scraper never reads half of it.\n",
    .examples = "erg export a.erg --format csv --wide --output a.csv\n"
                "erg export a.erg --format prometheus --output erg.prom\n",
    .options = option_rows,
    .options_size = sizeof(export_options),
    .formats = "csv (default), json, energy-report, perfetto, prometheus or tape",
    .run = run,
};
