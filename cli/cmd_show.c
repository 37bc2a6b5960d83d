/* SPDX-License-Identifier: Apache-2.0 */
/* erg show: the table of a run, of one region, or of any stretch of it. */
#include <string.h>
#include "cli.h"

typedef struct show_options {
    const char *region, *window, *per;
    double co2_g;
    bool trace, strict;
} show_options;

static const cli_option option_rows[] = {
    { 'r', "region", CLI_TEXT, offsetof(show_options, region), "NAME", "only this region" },
    { 'w', "window", CLI_TEXT, offsetof(show_options, window), "BEGIN,END",
      "only this stretch, counted from the begin of the run, as in 1s,2500ms" },
    { 0, "per", CLI_TEXT, offsetof(show_options, per), "MARK",
      "energy per unit, counted by the program's marks of that name, as in tokens" },
    { 0, "co2", CLI_NUMBER, offsetof(show_options, co2_g), "GRAMS",
      "CO2 of the grid in g per kWh (400)" },
    { 0, "trace", CLI_FLAG, offsetof(show_options, trace), NULL,
      "add what the sampler delivered: interval, jitter, misses, the sensor's window" },
    { 0, "strict", CLI_FLAG, offsetof(show_options, strict), NULL,
      "any flag becomes exit status 1" },
    { 0 },
};

static bool window_of(const erg_trace *trace, const char *text, erg_span *out,
                      erg_error *err)
{
    double begin_s, end_s;
    int64_t base_ns = erg_trace_span(trace).begin_ns;

    if (!text)
        return true;
    if (!cli_pair(text, &begin_s, &end_s, err))
        return false;
    if (begin_s < -1e9 || end_s > 1e9)
        return erg_fail(err, ERG_BAD_INPUT, "--window: '%s' is not within a run", text);
    *out = (erg_span){ base_ns + (int64_t)(begin_s * 1e9),
                       base_ns + (int64_t)(end_s * 1e9) };
    return true;
}

/* A sweep of simulated work, or a campaign:
 * it has points, and no recording to integrate. */
static bool put_points(const cli *call, const char *file, erg_points *points,
                       erg_result *to, erg_error *err)
{
    return erg_points_load(points, &call->env, file, NULL, err)
        && erg_points_table(points, to, err)
        && erg_result_note(to, err, "%s holds a sweep: erg choose and erg report say more",
                           file);
}

static int show_points(const cli *call, const char *file)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    erg_result *result = points ? erg_result_new("show", &err) : NULL;
    int status = result && put_points(call, file, points, result, &err)
        ? cli_write(call, result, call->common.output, stdout) : cli_refused(call, &err);

    erg_result_free(result);
    erg_points_free(points);
    return status;
}

/* Whether there is a sweep and nothing else. */
static bool is_sweep_alone(const cli *call, const erg_trace *trace, const char *file)
{
    erg_points *points = erg_trace_channel_count(trace) == 0 ? erg_points_new(NULL) : NULL;
    bool is_sweep = points && erg_points_load(points, &call->env, file, NULL, NULL)
        && erg_points_visits(points) > 0;

    erg_points_free(points);
    return is_sweep;
}

static int run(const cli *call)
{
    const show_options *options = call->options;
    erg_error err = { 0 };
    int status;
    erg_summary_options summary = { .command = "show", .region = options->region,
                                    .per = options->per,
                                    .co2_g_per_kwh = options->co2_g,
                                    .trace_facts = options->trace };

    if (call->argc != 1)
        return cli_misused(call, "needs one RUN file");
    summary.file = call->argv[0];
    erg_trace *trace = cli_load(call, summary.file, &status);
    if (!trace)
        return status;
    if (is_sweep_alone(call, trace, summary.file)) {
        erg_trace_free(trace);
        return show_points(call, summary.file);
    }
    status = window_of(trace, options->window, &summary.window, &err)
        ? cli_write_trace(call, trace, &summary, call->common.output, stdout)
        : cli_failed(call, &err);
    if (options->strict)
        status = cli_strict(call, trace, &summary, status);
    erg_trace_free(trace);
    return status;
}

const cli_command cmd_show = {
    .name = "show",
    .usage = "erg show [options] RUN",
    .summary = "print the energy of a run, a region or a stretch of time",
    .about = "Every figure carries its source, method, quality and 95 % interval.\n",
    .examples = "erg show a.erg\nerg show a.erg --region decode --format json\n"
                "erg show a.erg --window 1s,2500ms --trace\n",
    .options = option_rows,
    .options_size = sizeof(show_options),
    .formats = "text (default), json, csv, html, prometheus, openmetrics or energy-report",
    .run = run,
};
