/* SPDX-License-Identifier: Apache-2.0 */
/* erg import: logs of others become a run file. */
#include <string.h>
#include "cli.h"

typedef struct import_options {
    const char *into, *from, *tz, *date, *decimal, *start, *fields, *time, *power, *unit,
        *kind, *wired_to;
    double period_s, window_s, align_most_s;
    int writer;
    bool align, strict;
} import_options;

#define AT(field) offsetof(import_options, field)

static const cli_option option_rows[] = {
    { 0, "into", CLI_TEXT, AT(into), "RUN", "add to this run file instead of a new one" },
    { 0, "from", CLI_TEXT, AT(from), "NAME",
      "the files' format; default: found by looking" },
    { 0, "tz", CLI_TEXT, AT(tz), "ZONE",
      "zone of stamps that have none: UTC, +02:00, Europe/Berlin" },
    { 0, "date", CLI_TEXT, AT(date), "ORDER",
      "dmy (default), mdy or ymd for dates with points" },
    { 0, "decimal", CLI_TEXT, AT(decimal), "SIGN", ". (default) or ," },
    { 0, "start", CLI_TEXT, AT(start), "STAMP",
      "time of the first row, where rows have none" },
    { 0, "period", CLI_SECONDS, AT(period_s), "TIME",
      "time between rows, where rows have none" },
    { 0, "fields", CLI_TEXT, AT(fields), "LIST",
      "dcgmi field numbers in the order given to dcgmi -e, as in 155,156" },
    { 0, "time", CLI_TEXT, AT(time), "COLUMN", "any CSV: the column of stamps" },
    { 0, "power", CLI_TEXT, AT(power), "COLUMNS",
      "any CSV: columns of power or energy; parts as cpu and gpu0 are added" },
    { 0, "unit", CLI_TEXT, AT(unit), "UNIT",
      "any CSV: W, mW, uW, J, mJ, uJ, Wh or kWh (default: as the name says, else W)" },
    { 0, "kind", CLI_TEXT, AT(kind), "KIND",
      "any CSV: instant (default), average, smoothed or counter" },
    { 0, "window", CLI_SECONDS, AT(window_s), "TIME",
      "any CSV: the sensor's averaging window" },
    { 0, "align", CLI_FLAG, AT(align), NULL,
      "find the clock of a meter, or of events, by the load" },
    { 0, "align-most", CLI_SECONDS, AT(align_most_s), "TIME", "with --align: within 5s" },
    { 0, "wired-to", CLI_TEXT, AT(wired_to), "HOST", "the machine whose power was logged" },
    { 0, "writer", CLI_WHOLE, AT(writer), "1|2",
      "of two programs that wrote one monitor log, keep one", true },
    { 0, "strict", CLI_FLAG, AT(strict), NULL, "any flag becomes exit status 1" },
    { 0 },
};

static bool checked_words(const import_options *options, erg_error *err)
{
    const char *decimal = options->decimal;
    if (decimal && strcmp(decimal, ".") && strcmp(decimal, ","))
        return erg_fail(err, ERG_BAD_INPUT, "--decimal is . or , not '%s'", decimal);
    return options->writer <= 2
        || erg_fail(err, ERG_BAD_INPUT, "--writer is 1 or 2, not %d", options->writer);
}

static erg_trace *import_all(const cli *call, const import_options *options, erg_error *err)
{
    erg_import_options how = {
        .format = options->from,
        .tz = options->tz,
        .date = options->date,
        .decimal = options->decimal ? options->decimal[0] : '.',
        .start = options->start,
        .period_s = options->period_s,
        .fields = options->fields,
        .time_column = options->time,
        .power_columns = options->power,
        .unit = options->unit,
        .kind = options->kind,
        .window_s = options->window_s,
        .wired_to = options->wired_to,
        .align = options->align,
        .align_most_s = options->align_most_s,
        .writer = options->writer,
    };
    erg_trace *trace = options->into ? erg_trace_load_aside(options->into, err)
                                     : erg_trace_new(err);
    bool good = trace && erg_trace_put_events_aside(trace, err);

    for (int i = 0; good && i < call->argc; i++)
        good = erg_joint_import(trace, call->argv[i], &how, err);
    if (!good) {
        erg_trace_free(trace);
        trace = NULL;
    }
    return trace;
}

/* FILE.erg is a run file of points; any other name gets the tables. */
static int import_campaign(const cli *call, const import_options *options)
{
    const char *file = call->common.output;
    erg_campaign_options how = { .period_s = options->period_s, .tz = options->tz };
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    erg_result *result = points ? erg_result_new("import", &err) : NULL;
    bool good = result && erg_points_read_campaign(points, call->argv[0], &how, &err)
        && erg_points_check(points, &err) && erg_points_table(points, result, &err);
    bool is_run_file = cli_ends_in(file, ".erg");
    if (good && is_run_file)
        good = erg_points_save(points, file, &err);
    int status = good ? cli_write(call, result, is_run_file ? NULL : file, stdout)
                      : cli_refused(call, &err);

    erg_result_free(result);
    erg_points_free(points);
    return status;
}

static int run(const cli *call)
{
    const import_options *options = call->options;
    erg_error err = { 0 };
    const char *file = call->common.output ? call->common.output : options->into;
    const erg_summary_options summary = { .command = "import", .file = file };

    if (!call->argc)
        return cli_misused(call, "needs one FILE or more");
    if (options->align && !options->into && call->argc < 2)
        return cli_misused(call,
                           "--align needs --into RUN, or a FILE before the meter's, that "
                           "says when the load ran");
    for (int i = 0; i < call->argc; i++)
        if (cli_is_folder(call->argv[i]) && (call->argc > 1 || options->into))
            return cli_misused(call, "%s is a folder: a campaign is imported by itself",
                               call->argv[i]);
    if (cli_is_folder(call->argv[0]))
        return import_campaign(call, options);
    erg_trace *trace = checked_words(options, &err)
        ? import_all(call, options, &err) : NULL;
    bool ok = trace && erg_trace_check(trace, &err)
        && (!file || erg_trace_save(trace, file, &err));
    int status = ok ? CLI_DONE : cli_refused(call, &err);

    if (ok && !file && !call->common.quiet)
        fprintf(stderr, "erg import: nothing is kept; "
                "--output RUN.erg leaves a run file\n");
    if (ok && !call->common.quiet)
        status = cli_write_trace(call, trace, &summary, NULL, stdout);
    if (trace && options->strict)
        status = cli_strict(call, trace, &summary, status);
    erg_trace_free(trace);
    return status;
}

static const char about[] =
"Reads power logs, nvidia-smi and dcgmi logs, WattsUp, HWiNFO, RLE monitor logs,\n"
"training logs, any other CSV, timing JSON, Chrome traces (PyTorch, ONNX "
"Runtime; .gz too),\n"
"tapes and run files. All FILEs of one call share one time axis, so a monitor log and a\n"
"training log, or a profiler's kernels and a power log, become one joint run;\n"
"--align moves a meter that ran on another clock, and events of another clock or of no\n"
"date (ONNX Runtime), to where the power follows them, and says by how much. Bad input\n"
"is one sentence, exit status 2, and nothing written.\n"
"\n"
"A FOLDER is a campaign of runs at many clocks: a dcgmi or nvidia-smi profile a run,\n"
"timing_summary.log or experiment_summary.log. It gives the table of points; runs with\n"
"a download, another clock, a neighbour's joules or a short profile are left out of\n"
"means, and a note names them. --output FILE.erg keeps the points as a run file, any\n"
"other name the tables.\n";

const cli_command cmd_import = {
    .name = "import",
    .usage = "erg import [options] FILE... | FOLDER",
    .summary = "turn logs of others into a run file",
    .about = about,
    .examples =
        "erg import profile.dcgm.txt --period 50ms --output b.erg\n"
        "erg import power.csv timing.json --output c.erg\n"
        "erg import trace.json power.csv --output t.erg\n"
        "erg import wattsup.csv --into a.erg --align\n"
        "erg import rle.csv training_log.json --output j.erg\n"
        "erg import results_h100_llama/ --format csv --output points.csv\n"
        "erg import meter.csv --time when --power watts --kind average --window 1s\n",
    .options = option_rows,
    .options_size = sizeof(import_options),
    .run = run,
};
