/* SPDX-License-Identifier: Apache-2.0 */
/* erg devices: what can be measured here, what cannot, why, and the cure. */
#include <string.h>
#include "cli.h"

typedef struct devices_options {
    bool check, marker, restore;
    double for_s;
    const char *reference;
} devices_options;

static const cli_option option_rows[] = {
    { 0, "check", CLI_FLAG, offsetof(devices_options, check), NULL,
      "read everything for a minute: find update periods, compare counter with power" },
    { 0, "for", CLI_SECONDS, offsetof(devices_options, for_s), "TIME",
      "with --check: that long instead of 60s" },
    { 0, "marker", CLI_FLAG, offsetof(devices_options, marker), NULL,
      "with --check: play a marker load, which shows the window of the CPU's meters" },
    { 0, "reference", CLI_TEXT, offsetof(devices_options, reference), "DEVICE/CHANNEL",
      "with --check: a meter that sees the same power gives the gain, not the counter" },
    { 0, "restore", CLI_FLAG, offsetof(devices_options, restore), NULL,
      "put back clocks and limits that a killed erg left turned" },
    { 0 },
};

/* A knob alone measures nothing. */
static bool any_present(const erg_devices *devices)
{
    for (size_t i = 0; i < erg_devices_count(devices); i++)
        if (erg_devices_state(devices, i) == ERG_PRESENT
            && erg_devices_channel_count(devices, i) > 0)
            return true;
    return false;
}

static int put(const cli *call, const devices_options *options, const erg_result *result)
{
    const char *format = call->common.format;
    bool is_brief = (!format || strcmp(format, "text") == 0) && !call->common.table
        && !call->common.verbose && !options->check;
    return is_brief
        ? cli_put(call, cli_devices_brief, result, call, call->common.output, stdout)
        : cli_write(call, result, call->common.output, stdout);
}

static int restore(const cli *call)
{
    erg_error err = { 0 };
    erg_result *result = erg_devices_recover(&call->env, &err);
    if (!result)
        return cli_failed(call, &err);
    const erg_table *rows = erg_result_find(result, "restored");
    int status = cli_write(call, result, call->common.output, stdout);
    for (size_t i = 0; i < erg_table_row_count(rows); i++)
        if (strcmp(erg_table_find(rows, i, "state").text, "failed") == 0)
            status = status == CLI_DONE ? CLI_UNAVAILABLE : status;
    erg_result_free(result);
    return status;
}

static erg_result *check(const cli *call, erg_devices *devices, bool *disagrees,
                         erg_error *err)
{
    const devices_options *options = call->options;
    const erg_check_options how = {
        .for_s = options->for_s,
        .argv = call->argc ? call->argv : NULL,
        .marker = options->marker,
        .reference = options->reference,
        .ask_stop = cli_watch_signals(),
        .progress = cli_talks(call) ? cli_progress : NULL,
    };
    erg_result *result = erg_devices_check(devices, &call->env, &how, disagrees, err);

    cli_progress_end(call);
    return result;
}

static int run(const cli *call)
{
    const devices_options *options = call->options;
    erg_error err = { 0 };
    bool disagrees = false;

    if (call->argc && !options->check)
        return cli_misused(call, "takes no argument without --check: '%s'", call->argv[0]);
    if (options->restore)
        return restore(call);
    erg_devices *devices = erg_devices_find(&call->env, call->common.sensors.items,
                                            call->common.sensors.count, &err);
    if (!devices)
        return cli_failed(call, &err);

    erg_result *result = options->check ? check(call, devices, &disagrees, &err)
                                        : erg_devices_table(devices, &err);
    int status = result ? put(call, options, result) : cli_failed(call, &err);
    if (status == CLI_DONE && !any_present(devices))
        status = CLI_UNAVAILABLE;
    else if (status == CLI_DONE && disagrees)
        status = CLI_NO;
    erg_result_free(result);
    erg_devices_free(devices);
    return status;
}

static const char about[] =
    "With --check every channel is read for a minute and its update period found, the\n"
    "counter is compared with the integral of power, and the cost of reading is printed.\n"
    "A sensor's averaging window and gain show only under a load: after -- name a program\n"
    "that marks regions while it works (a square load whose period is no simple ratio of\n"
    "the update period), with rests of 5 s for the gain. What is found is kept by uuid in\n"
    "$XDG_STATE_HOME/erg/sensors.json (~/.local/state/erg) and used by every later run.\n"
    "With --restore the clocks and limits that a killed erg left turned are put back; the\n"
    "next command that turns a knob does the same first. What a knob was at is kept in\n"
    "$XDG_STATE_HOME/erg/knobs for as long as it is turned.\n"
    "Exit status 0 all agree, 1 two figures of one device disagree, 3 no sensor, or\n"
    "something could not be put back.\n";

const cli_command cmd_devices = {
    .name = "devices",
    .usage = "erg devices [options] [--check -- LOAD [ARGUMENT...]]",
    .summary = "list sensors and knobs: what is there, what is absent, why, and the cure",
    .about = about,
    .examples = "erg devices\nerg devices --check --for 10s\nerg devices --format json\n"
                "erg devices --check -- ./square-load\n"
                "erg devices --table knobs\nerg devices --restore\n"
                "erg devices --sensor sim:a100-sxm4-80gb\n",
    .options = option_rows,
    .options_size = sizeof(devices_options),
    .runs_command = true,
    .run = run,
};
