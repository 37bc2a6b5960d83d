/* SPDX-License-Identifier: Apache-2.0 */
/* erg rle: the RLE index of a monitor log, in the dialect of the program that wrote it. */
#include <stdio.h>
#include "cli.h"

typedef struct rle_options {
    const char *dialect, *collapse, *device, *map, *tz, *log;
    double ambient_k, limit_k, rated_w, period_s, reference_s, time_constant_s;
    int writer;
    bool logged, demo, dialects, explain, decide;
} rle_options;

#define AT(field) offsetof(rle_options, field)

static const cli_option option_rows[] = {
    { 0, "dialect", CLI_TEXT, AT(dialect), "NAME", "as --dialects lists them (sound)" },
    { 0, "collapse", CLI_TEXT, AT(collapse), "NAME", "detector (the dialect's own)" },
    { 0, "log", CLI_TEXT, AT(log), "FILE",
      "training log or run file: joules per step and token" },
    { 0, "logged", CLI_FLAG, AT(logged), NULL, "look for collapses in the logged columns" },
    { 0, "decide", CLI_FLAG, AT(decide), NULL,
      "print what the published rules would do; nothing is turned" },
    { 0, "device", CLI_TEXT, AT(device), "NAME", "this device alone, as in gpu" },
    { 0, "ambient", CLI_KELVIN, AT(ambient_k), "TEMP",
      "of the room, as in 21C: sound needs it", true },
    { 0, "limit", CLI_KELVIN, AT(limit_k), "TEMP",
      "of the device (gpu 83C, cpu 80C)", true },
    { 0, "rated", CLI_WATTS, AT(rated_w), "POWER", "of the device (the dialect's)", true },
    { 0, "period", CLI_SECONDS, AT(period_s), "TIME", "nominal period of the monitor (1s)",
      true },
    { 0, "reference", CLI_SECONDS, AT(reference_s), "TIME",
      "sound: the time to the limit that halves the index (60s)", true },
    { 0, "time-constant", CLI_SECONDS, AT(time_constant_s), "TIME", "math: C/G", true },
    { 0, "map", CLI_TEXT, AT(map), "LIST",
      "columns of any CSV: time=COL,temp_c=COL,power_w=COL" },
    { 0, "tz", CLI_TEXT, AT(tz), "ZONE", "zone of stamps that have none (UTC)" },
    { 0, "writer", CLI_WHOLE, AT(writer), "1|2",
      "of two programs that wrote, keep one", true },
    { 0, "demo", CLI_FLAG, AT(demo), NULL, "the demo of the first dialect; reads no file" },
    { 0, "dialects", CLI_FLAG, AT(dialects), NULL, "list dialects and detectors" },
    { 0, "explain", CLI_FLAG, AT(explain), NULL,
      "what the parts of the index are called, and what they are" },
    { 0 },
};

static const erg_column list_columns[] = {
    { "name", ERG_TEXT, "for --dialect or --collapse" },
    { "kind", ERG_TEXT, "dialect or detector" },
    { "about", ERG_TEXT, "where it comes from" },
};

static const erg_column demo_columns[] = {
    { "time_s", ERG_REAL, "from the start" },
    { "rle_raw", ERG_REAL, "the index" },
    { "temp_c", ERG_REAL, "of the simulated part" },
    { "collapse", ERG_TRUTH, "here it has fallen by 0.3 over rated power" },
};

/* RLE = eta s / (A (1 + 1/tau)) was named after the transfer of heat. */
static const struct { const char *part, *column, *called, *is; } analogy[] = {
    { "eta", "util", "efficiency of the system", "the share of time in which it was busy" },
    { "s", "stability", "steadiness of h A, what carries heat off",
      "jitter of utilisation; headroom below the limit in enhanced" },
    { "A", "load", "convection", "power over rated power; 0.8, always, in enhanced" },
    { "tau", "t_sustain_s", "time constant of the heat",
      "time to the limit if the last rise went on; its unit is in the index" },
    { "RLE", "rle_raw", "efficiency",
      "no efficiency: it is highest where little is done; compare joules per step" },
};

static const erg_column analogy_columns[] = {
    { "part", ERG_TEXT, "of the index" },
    { "column", ERG_TEXT, "of the table rle" },
    { "called", ERG_TEXT, "by the analogy" },
    { "is", ERG_TEXT, "what it is" },
};

static erg_result *explain(erg_error *err)
{
    erg_result *result = erg_result_new("rle", err);
    erg_table *table = result ? erg_result_add(result, "analogy", analogy_columns,
                                               CLI_COUNT(analogy_columns), err) : NULL;
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < CLI_COUNT(analogy); i++)
        ok = erg_table_row(table, err)
            && erg_table_text(table, "part", analogy[i].part, err)
            && erg_table_text(table, "column", analogy[i].column, err)
            && erg_table_text(table, "called", analogy[i].called, err)
            && erg_table_text(table, "is", analogy[i].is, err);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

static bool put_name(erg_table *table, const char *name, const char *kind,
                     const char *about, erg_error *err)
{
    return erg_table_row(table, err) && erg_table_text(table, "name", name, err)
        && erg_table_text(table, "kind", kind, err)
        && erg_table_text(table, "about", about, err);
}

static erg_result *list_dialects(erg_error *err)
{
    erg_result *result = erg_result_new("rle", err);
    erg_table *table = result ? erg_result_add(result, "dialects", list_columns,
                                               CLI_COUNT(list_columns), err) : NULL;
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < erg_rle_dialect_count(); i++) {
        const erg_rle_dialect *one = erg_rle_dialect_at(i);
        ok = put_name(table, one->name, "dialect", one->about, err);
    }
    for (size_t i = 0; ok && i < erg_collapse_count(); i++) {
        const erg_collapse *one = erg_collapse_at(i);
        ok = put_name(table, one->name, "detector", one->about, err);
    }
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *run_demo(erg_error *err)
{
    double index[ERG_RLE_DEMO], temp_k[ERG_RLE_DEMO];
    size_t collapse;
    erg_result *result = erg_result_new("rle", err);
    erg_table *table = result ? erg_result_add(result, "rle", demo_columns,
                                               CLI_COUNT(demo_columns), err) : NULL;
    bool ok = table
        && erg_result_note(result, err, "simulated: the demo of the first dialect");

    erg_rle_demo(index, temp_k, &collapse);
    for (size_t i = 0; ok && i < ERG_RLE_DEMO; i++)
        ok = erg_table_row(table, err) && erg_table_real(table, "time_s", (double)i, err)
            && erg_table_real(table, "rle_raw", index[i], err)
            && erg_table_real(table, "temp_c", temp_k[i] - 273.15, err)
            && erg_table_truth(table, "collapse", i == collapse, err);
    if (ok)
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *run_log(const cli *call, const rle_options *options, erg_error *err)
{
    const erg_monitor_options how = { .map = options->map, .zone = options->tz,
                                      .writer = options->writer };
    erg_training *training =
        options->log ? erg_training_load(options->log, options->tz, err) : NULL;
    const erg_rle_options wish = {
        .training = training, .dialect = options->dialect, .collapse = options->collapse,
        .device = options->device,
        .logged = options->logged, .decide = options->decide,
        .setup = { .ambient_k = options->ambient_k, .limit_k = options->limit_k,
                   .rated_w = options->rated_w, .period_s = options->period_s,
                   .reference_s = options->reference_s,
                   .time_constant_s = options->time_constant_s },
    };
    erg_monitor *log = options->log && !training ? NULL
                                                 : erg_monitor_load(call->argv[0],
                                                                    &how, err);
    erg_result *result = log ? erg_rle_run(log, &wish, err) : NULL;

    erg_monitor_free(log);
    erg_training_free(training);
    return result;
}

/* A log as html is the page of erg report, with its pictures. */
static int put(const cli *call, const erg_result *result, bool is_of_a_log)
{
    bool is_page = is_of_a_log && cli_wants_page(call);

    return is_page ? cli_put(call, cli_page, result, "erg rle", call->common.output, stdout)
                   : cli_write(call, result, call->common.output, stdout);
}

static int run(const cli *call)
{
    const rle_options *options = call->options;
    bool reads_no_file = options->demo || options->dialects || options->explain;
    erg_error err = { 0 };

    if (call->argc != (reads_no_file ? 0 : 1))
        return cli_misused(call, reads_no_file ? "--demo, --dialects and "
                                               "--explain read no file"
                                               : "needs one FILE");
    if (options->writer > 2)
        return cli_misused(call, "--writer is 1 or 2");
    erg_result *result = options->explain ? explain(&err)
                       : options->dialects ? list_dialects(&err)
                       : options->demo ? run_demo(&err) : run_log(call, options, &err);
    int status = result ? put(call, result, !reads_no_file) : cli_refused(call, &err);
    erg_result_free(result);
    return status;
}

static const char about[] =
    "FILE is a log of the RLE family of monitors, a run file, or any CSV with --map.\n"
    "Each dialect is reckoned as its own program did, faults included; sound is the\n"
    "repaired one. It is an index, not an efficiency, and no action hangs on it: joules\n"
    "stand beside it. --decide prints the rules that hung on it, with how often they\n"
    "would throttle plain work. --format html draws the index with its collapses.\n";

const cli_command cmd_rle = {
    .name = "rle",
    .usage = "erg rle [options] FILE",
    .summary = "the RLE index of a monitor log, and where it collapses",
    .about = about,
    .examples = "erg rle rle_data.csv --dialect enhanced\n"
                "erg rle rle.csv --dialect v1 --format html --output rle.html\n"
                "erg rle rle.csv --device gpu --ambient 21C --table summary\n"
                "erg rle log.csv --map time=when,temp_c=Die,power_w=Watts --ambient 21C\n",
    .options = option_rows,
    .options_size = sizeof(rle_options),
    .run = run,
};
