/* SPDX-License-Identifier: Apache-2.0 */
/* erg hardware: what the catalogue knows of devices, and whether that can be true. */
#include <string.h>
#include "cli.h"

typedef struct hardware_options { bool check; } hardware_options;

static const cli_option option_rows[] = {
    { 0, "check", CLI_FLAG, offsetof(hardware_options, check), NULL,
      "hold the numbers of each record against each other" },
    { 0 },
};

static int put(const cli *call, const hardware_options *options, const erg_result *result)
{
    const char *format = call->common.format;
    bool is_brief = (!format || strcmp(format, "text") == 0) && !call->common.table
        && !call->common.verbose && !options->check && call->argc == 0;

    return is_brief ? cli_put(call, cli_hardware_brief, result, NULL, call->common.output,
                              stdout)
                    : cli_write(call, result, call->common.output, stdout);
}

static int run(const cli *call)
{
    const hardware_options *options = call->options;
    const char *const *names = (const char *const *)call->argv;
    size_t count = (size_t)call->argc;
    erg_error err = { 0 };
    bool passed = true;
    cli_folders folders;
    const erg_catalog *catalog = cli_catalog(call, &folders);
    erg_result *result = options->check
        ? erg_hardware_check(&call->env, catalog, names, count, &passed, &err)
        : erg_hardware_table(&call->env, catalog, names, count, &err);
    int status = result ? put(call, options, result) : cli_refused(call, &err);

    erg_result_free(result);
    return status == CLI_DONE && !passed ? CLI_NO : status;
}

static const char about[] =
    "A device is a record, hardware/NAME.json, of erg's data folder (ERG_DATA) or of\n"
    "~/.config/erg, which comes first; a path of a record works too. Peaks are dense.\n"
    "this-cpu is read from this machine.\n"
    "With --check: peak is units x FLOP per clock x clock within 2 %, dense at most half\n"
    "of sparse, bandwidth is bus x rate, lower precision is not slower, caps lie in\n"
    "their range, every number has a source. Exit status 1 if one fails.\n";

const cli_command cmd_hardware = {
    .name = "hardware",
    .usage = "erg hardware [options] [NAME...]",
    .summary =
        "list devices that can be estimated; with a name, every number and its source",
    .about = about,
    .examples = "erg hardware\nerg hardware a100-pcie-40gb\nerg hardware --check\n"
                "erg hardware l4 t4 --format json\n",
    .options = option_rows,
    .options_size = sizeof(hardware_options),
    .run = run,
};
