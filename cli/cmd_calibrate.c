/* SPDX-License-Identifier: Apache-2.0 */
/* erg calibrate: measured rows become a profile that estimates trust. */
#include <string.h>
#include <time.h>
#include <erg/estimate.h>
#include <erg/kernel.h>
#include "cli.h"

typedef struct calibrate_options {
    const char *workloads, *on, *source, *date, *from;
    bool one_byte_class, energy_only;
    double for_s;
} calibrate_options;

#define AT(field) offsetof(calibrate_options, field)

static const cli_option option_rows[] = {
    { 0, "workloads", CLI_TEXT, AT(workloads), "DIR",
      "folder of the kernel lists of the rows" },
    { 0, "on", CLI_TEXT, AT(on), "NAME", "the device that was measured" },
    { 0, "source", CLI_TEXT, AT(source), "TEXT", "who measured; default: the file's name" },
    { 0, "date", CLI_TEXT, AT(date), "DATE", "of the measurements; default: today" },
    { 0, "one-byte-class", CLI_FLAG, AT(one_byte_class), NULL,
      "one coefficient for bytes, whether memory or the last cache serves them" },
    { 0, "energy-only", CLI_FLAG, AT(energy_only), NULL,
      "leave the terms of time as they are" },
    { 0, "from", CLI_TEXT, AT(from), "FOLDER",
      "this-cpu: what the kernels of a replay sustained, instead of measuring" },
    { 0, "for", CLI_SECONDS, AT(for_s), "TIME",
      "this-cpu: repeat each measurement that long instead of 1s" },
    { 0 },
};

static const char *today(char text[16])
{
    time_t now = time(NULL);
    struct tm parts;

    if (!gmtime_r(&now, &parts) || !strftime(text, 16, "%Y-%m-%d", &parts))
        return "";
    return text;
}

/* Fits, saves the profile to --output and shows how good it is. */
static int calibrate(const cli *call, const erg_hardware *hardware, erg_profile *profile)
{
    const calibrate_options *options = call->options;
    const char *file = call->common.output;
    char date[16];
    erg_error err = { 0 };
    erg_calibrate_options how = {
        .rows_path = call->argv[0],
        .workloads_dir = options->workloads,
        .source = options->source ? options->source : call->argv[0],
        .date = options->date ? options->date : today(date),
        .one_byte_class = options->one_byte_class,
        .energy_only = options->energy_only,
    };
    erg_result *result = erg_calibrate(hardware, &how, profile, &err);
    int status;

    if (result && (!file || erg_profile_save(profile, file, &err)))
        status = cli_write(call, result, NULL, stdout);
    else
        status = cli_refused(call, &err);
    erg_result_free(result);
    return status;
}

static int measure_cpu(const cli *call, const erg_catalog *catalog)
{
    const calibrate_options *options = call->options;
    erg_error err = { 0 };
    erg_result *result =
        erg_hardware_calibrate_cpu(&call->env, catalog, options->for_s, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);

    erg_result_free(result);
    return status;
}

static int take_replay(const cli *call, const erg_catalog *catalog)
{
    const calibrate_options *options = call->options;
    char source[600];
    erg_error err = { 0 };
    erg_replay *replay =
        erg_replay_load(&(erg_replay_source){ .folder = options->from }, &err);

    snprintf(source, sizeof(source), "erg calibrate this-cpu: replay %s", options->from);
    erg_result *result = replay
        ? erg_replay_calibrate_cpu(&call->env, catalog, replay,
                                   options->source ? options->source : source, &err)
        : NULL;
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_refused(call, &err);

    erg_result_free(result);
    erg_replay_free(replay);
    return status;
}

/* erg calibrate kernels FILE..: a kernel model to --output, and how good it is. */
static int learn_kernels(const cli *call, const erg_catalog *catalog)
{
    const calibrate_options *options = call->options;
    const char *file = call->common.output;
    char date[16];
    erg_error err = { 0 };
    erg_kernels_options how = {
        .rows_paths = (const char *const *)call->argv + 1,
        .path_count = (size_t)call->argc - 1,
        .source = options->source ? options->source : call->argv[1],
        .date = options->date ? options->date : today(date),
    };
    erg_kernels *kernels = NULL;
    erg_hardware *hardware = erg_hardware_load(&call->env, catalog, options->on, &err);
    erg_result *result =
        hardware ? erg_kernels_calibrate(hardware, &how, &kernels, &err) : NULL;
    int status = result && (!file || erg_kernels_save(kernels, file, &err))
               ? cli_write(call, result, NULL, stdout) : cli_refused(call, &err);

    erg_result_free(result);
    erg_kernels_free(kernels);
    erg_hardware_free(hardware);
    return status;
}

static int run(const cli *call)
{
    const calibrate_options *options = call->options;
    cli_folders folders;
    const erg_catalog *catalog = cli_catalog(call, &folders);
    erg_error err = { 0 };

    if (call->argc == 1 && strcmp(call->argv[0], "this-cpu") == 0)
        return options->from ? take_replay(call, catalog) : measure_cpu(call, catalog);
    if (call->argc > 0 && strcmp(call->argv[0], "kernels") == 0)
        return call->argc > 1 && options->on ? learn_kernels(call, catalog)
            : cli_misused(call, "kernels needs files of measured shapes and --on NAME");
    if (call->argc != 1)
        return cli_misused(call, "one file of measured rows is needed");
    if (!options->on || !options->workloads)
        return cli_misused(call, "--on NAME and --workloads DIR are needed");

    erg_hardware *hardware = erg_hardware_load(&call->env, catalog, options->on, &err);
    erg_profile *profile =
        hardware ? erg_profile_load(catalog, hardware, NULL, &err) : NULL;
    int status = profile ? calibrate(call, hardware, profile) : cli_refused(call, &err);
    erg_profile_free(profile);
    erg_hardware_free(hardware);
    return status;
}

static const char about[] =
    "ROWS.csv has the columns gpu, model, precision, batch, seq, freq_mhz, time_ms and\n"
    "energy_j (power_w and updates, if known), a row a measured run at a locked clock;\n"
    "rows of other devices (column gpu) are passed over. The work of a row comes from\n"
    "its kernel list in --workloads, DIR/<model>_p<precision>_b<batch>[_s<seq>]...json.\n"
    "What is fitted: joules per FLOP of each kind of unit, joules per byte and static\n"
    "watts, none of them negative; and the time of low precision on tensor units.\n"
    "--output keeps them as a profile: in ~/.config/erg/profiles/NAME.json it is found\n"
    "by estimates of that device.\n"
    "Table folds shows the error on each model when its rows were left out; terms the\n"
    "coefficients; rejected the rows that cannot be true, with the reason.\n"
    "Measure with the clock locked, warm, for 5 to 10 seconds or more a row.\n"
    "kernels learns what products and attention of any shape take from measured shapes,\n"
    "a file a kind, into a kernel model (erg estimate --kernel): see docs/formats.md.\n"
    "Table held_out shows its errors on pairs (n, k) it had not seen. It needs XGBoost.\n"
    "this-cpu measures what streams and large products reach on all cores, in seconds,\n"
    "and keeps it as ~/.config/erg/hardware/this-cpu.json; --from takes it from kernels\n"
    "that erg replay run has timed: products hot, streams cold.\n";

const cli_command cmd_calibrate = {
    .name = "calibrate",
    .usage = "erg calibrate [options] ROWS.csv|kernels SHAPES.csv..|this-cpu",
    .summary = "fit the energy of a device to measured rows; measure this processor",
    .about = about,
    .examples = "erg calibrate this-cpu\n"
                "erg calibrate this-cpu --from replayed\n"
                "erg calibrate measured.csv --workloads lists --on a10 --output a10.json\n"
                "erg calibrate measured.csv --workloads lists --on a10 --table folds\n"
                "erg calibrate kernels gemm.csv --on h200-sxm-141gb --output h200.json\n",
    .options = option_rows,
    .options_size = sizeof(calibrate_options),
    .run = run,
};
