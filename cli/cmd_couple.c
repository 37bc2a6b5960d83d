/* SPDX-License-Identifier: Apache-2.0 */
/* erg couple: do training and heat influence each other? */
#include <stdlib.h>
#include <string.h>
#include "couple.h"
#include "couple_joint.h"
#include "thermal.h"

typedef struct couple_options {
    const char *log, *device, *rated, *detrend, *rng_key, *offset, *map, *tz, *compat;
    const char *calibration;
    cli_list pairs, placebos;
    double smallest, lag_max_s, grid_s, ambient_k, alpha;
    int writer;
    bool dependent, gate, secondary, sessions, blank;
    cli_joint_options joint;
} couple_options;

#define AT(field) offsetof(couple_options, field)

static const cli_option option_rows[] = {
    { 0, "log", CLI_TEXT, AT(log), "FILE", "training log: JSON array, JSON lines or CSV" },
    { 0, "pair", CLI_LIST, AT(pairs), "X:Y",
      "study this pair instead of the usual; repeatable" },
    { 0, "device", CLI_TEXT, AT(device), "NAME", "this device alone, as in gpu" },
    { 0, "rated", CLI_TEXT, AT(rated), "POWER|NAME",
      "rated power, as in 400W, or a name in erg hardware (the limit in the run file)" },
    { 0, "placebo", CLI_LIST, AT(placebos), "SESSION",
      "hold x against y of this other run or folder, too; repeatable" },
    { 0, "smallest", CLI_NUMBER, AT(smallest), "R",
      "correlation that matters: below it is none (0.30)", true },
    { 0, "lag-max", CLI_SECONDS, AT(lag_max_s), "TIME",
      "lags looked at, each way (3s)", true },
    { 0, "detrend", CLI_TEXT, AT(detrend), "HOW", "linear (default), none or diff" },
    { 0, "alpha", CLI_NUMBER, AT(alpha), "SHARE",
      "of false finds that is accepted (0.05)", true },
    { 0, "rng-key", CLI_TEXT, AT(rng_key), "KEY", "a number: same key, same bytes (0)" },
    { 0, "dependent", CLI_FLAG, AT(dependent), NULL, "correct pairs for any dependence" },
    { 0, "grid", CLI_SECONDS, AT(grid_s), "TIME",
      "bin (the larger of the two median intervals)", true },
    { 0, "offset", CLI_TEXT, AT(offset), "TIME",
      "added to the stamps of the training log, as in -5h or 1.5s" },
    { 0, "tz", CLI_TEXT, AT(tz), "ZONE", "zone of stamps that have none" },
    { 0, "ambient", CLI_KELVIN, AT(ambient_k), "TEMP",
      "of the room, measured, as in 21C", true },
    { 0, "map", CLI_TEXT, AT(map), "LIST",
      "columns of any CSV: time=COL,temp_c=COL,power_w=COL" },
    { 0, "writer", CLI_WHOLE, AT(writer), "1|2",
      "of two programs that wrote, keep one", true },
    { 0, "secondary", CLI_FLAG, AT(secondary), NULL,
      "surrogates, transfer entropy, rates and spikes beside the test" },
    { 0, "sessions", CLI_FLAG, AT(sessions), NULL, "does it repeat over all arguments?" },
    { 0, "compat", CLI_TEXT, AT(compat), "steps|rows|suite",
      "the published lag analysis, not evidence; --output is a folder for its files" },
    { 0, "blank-sheet", CLI_FLAG, AT(blank), NULL, "print the empty data sheet" },
    { 0, "calibration", CLI_TEXT, AT(calibration), "PLAN",
      "play this by the load after --, as in soak=300s,step=100W:200W; "
      "record it, fit the heat" },
    { 0, "gate", CLI_FLAG, AT(gate), NULL, "exit status 1: no coupling shown" },
    { 0, "record", CLI_TEXT, AT(joint.record), "RUN",
      "run the command after --, record it into RUN, then study it" },
    { 0, "for", CLI_SECONDS, AT(joint.for_s), "TIME",
      "of --record: end the command then", true },
    { 0, "rate", CLI_HERTZ, AT(joint.rate_hz), "RATE",
      "of --record and --intervene: polls of every channel (10Hz)", true },
    { 0, "off", CLI_SECONDS, AT(joint.off_s), "TIME",
      "of --record: without load before and after (30s, and as long as the run)", true },
    { 0, "intervene", CLI_TEXT, AT(joint.intervene), "KNOB=LOW:HIGH",
      "turn sm_clock, power_limit, cpu_clock or fan as the command runs, or "
      "variant=A:B for its {}" },
    { 0, "block", CLI_SECONDS, AT(joint.block_s), "TIME",
      "of --intervene: between turns (30s)", true },
    { 0, "blocks", CLI_WHOLE, AT(joint.blocks), "N",
      "of --intervene: in all, in pairs (20)", true },
    { 0, "drop", CLI_SECONDS, AT(joint.drop_s), "TIME",
      "of --intervene: the begin of each block that does not count (a fifth)", true },
    { 0, "tau", CLI_SECONDS, AT(joint.tau_s), "TIME",
      "the heat's time constant: 5 of it must be steady before the run (of a fit); "
      "of --intervene: 3 are dropped, too", true },
    { 0, "shared", CLI_FLAG, AT(joint.shared), NULL,
      "of --intervene: turn a device that others use too" },
    { 0 },
};

/* "-1.5s", "2s": a quantity that may be below 0. */
static bool parse_offset(const char *text, double *out, erg_error *err)
{
    bool minus = *text == '-';

    if (!erg_quantity_parse(text + (minus || *text == '+'), "s", out, err))
        return false;
    *out = minus ? -*out : *out;
    return true;
}

static bool parse_key(const char *text, uint64_t *out, erg_error *err)
{
    char *end = NULL;

    *out = strtoull(text, &end, 0);
    return (*text >= '0' && *text <= '9' && *end == '\0')
        || erg_fail(err, ERG_BAD_INPUT, "--rng-key: '%s' is no whole number", text);
}

/* "400W", or whose cap the catalogue knows. */
static bool parse_rated(const cli *call, const char *text, double *out, erg_error *err)
{
    cli_folders folders;

    if (*text >= '0' && *text <= '9')
        return erg_quantity_parse(text, "W", out, err)
            && (*out > 0 || erg_fail(err, ERG_BAD_INPUT, "--rated must be above 0 W"));
    erg_hardware *device = erg_hardware_load(&call->env, cli_catalog(call, &folders), text,
                                             err);
    if (!device)
        return false;
    *out = device->cap_w;
    erg_hardware_free(device);
    return *out > 0
        || erg_fail(err, ERG_BAD_INPUT, "--rated: of %s no power is known: give it, as in "
                    "400W", text);
}

static bool make_wish(const cli *call, erg_couple_options *wish, erg_error *err)
{
    const couple_options *options = call->options;

    *wish = (erg_couple_options){
        .pairs = options->pairs.items, .pair_count = options->pairs.count,
        .device = options->device, .detrend = options->detrend,
        .smallest = options->smallest,
        .lag_max_s = options->lag_max_s, .alpha = options->alpha, .grid_s = options->grid_s,
        .ambient_k = options->ambient_k, .tau_s = options->joint.tau_s,
        .dependent = options->dependent,
        .secondary = options->secondary,
        .one_writer = options->writer > 0,
    };
    return (!options->rated || parse_rated(call, options->rated, &wish->rated_w, err))
        && (!options->rng_key || parse_key(options->rng_key, &wish->key, err))
        && (!options->offset || parse_offset(options->offset, &wish->offset_s, err));
}

/* Both logs from one folder, one run file, or a file each. */
static bool name_files(const cli *call, erg_couple_files *files, erg_error *err)
{
    const couple_options *options = call->options;
    const char *recorded = options->joint.record;
    const char *path = recorded ? recorded : call->argv[0];

    if (cli_is_folder(path) && !erg_couple_find_files(path, files, err))
        return false;
    if (!cli_is_folder(path)) {
        snprintf(files->monitor, sizeof(files->monitor), "%s", path);
        snprintf(files->training, sizeof(files->training), "%s", path);
    }
    if (options->log && !recorded)
        snprintf(files->training, sizeof(files->training), "%s", options->log);
    return true;
}

static bool add_sheet(const cli *call, const erg_session *session,
                      const erg_couple_options *wish, erg_result *result, erg_error *err)
{
    const couple_options *options = call->options;
    const erg_data_sheet_input input = {
        .monitor = erg_session_monitor(session), .training = erg_session_training(session),
        .training_shift_ns = erg_session_zone_ns(session) + (int64_t)(wish->offset_s * 1e9),
        .facts = erg_session_facts_of(session), .name = erg_session_name(session),
        .device = options->device, .ambient_k = wish->ambient_k, .key = wish->key,
    };
    return erg_data_sheet_add(result, &input, err);
}

static erg_session *load(const cli *call, const erg_monitor_options *how, erg_error *err)
{
    const couple_options *options = call->options;
    erg_couple_files files;

    if (!options->joint.record && cli_is_folder(call->argv[0]) && !options->log)
        return erg_session_load(call->argv[0], how, err);
    return name_files(call, &files, err)
        ? erg_session_join(files.monitor, files.training, how, err) : NULL;
}

enum { OTHERS_MOST = 64 };

typedef struct company { erg_session *items[OTHERS_MOST]; size_t count; } company;

static bool load_others(const cli_list *paths, const erg_monitor_options *how, company *to,
                        erg_error *err)
{
    if (paths->count > OTHERS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "--placebo takes at most %d sessions",
                        OTHERS_MOST);
    for (size_t i = 0; i < paths->count; i++) {
        erg_session *one = erg_session_load(paths->items[i], how, err);
        if (!one)
            return false;
        to->items[to->count++] = one;
    }
    return true;
}

static void free_others(company *of)
{
    for (size_t i = 0; i < of->count; i++)
        erg_session_free(of->items[i]);
}

static erg_result *study_session(const cli *call, const erg_session *session,
                                 const erg_couple_options *wish, erg_error *err)
{
    if (!erg_session_monitor(session)) {
        erg_fail(err, ERG_BAD_INPUT, "%s holds published figures alone: no rows to study",
                 call->argv[0]);
        return NULL;
    }
    erg_result *result = erg_couple_study(erg_session_monitor(session),
                                          erg_session_training(session), wish, err);
    if (result && add_sheet(call, session, wish, result, err))
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *study(const cli *call, const erg_monitor_options *how,
                         const erg_couple_options *given, erg_error *err)
{
    const couple_options *options = call->options;
    erg_monitor_columns columns;
    erg_monitor_options wide = *how;
    erg_couple_options wish = *given;
    company others = { .count = 0 };

    if (!erg_couple_columns_of(wish.pairs, wish.pair_count, &columns, err))
        return NULL;
    wide.extra = columns.list;
    wide.extra_count = columns.count;
    erg_session *session = load(call, &wide, err);
    bool ok = session && load_others(&options->placebos, &wide, &others, err);
    wish.others = (const erg_session *const *)others.items;
    wish.other_count = others.count;
    erg_result *result = ok ? study_session(call, session, &wish, err) : NULL;
    free_others(&others);
    erg_session_free(session);
    return result;
}

/* The calibration data set: how the part warms, before anyone asks
 * what training does to it. */
static int calibrate(const cli *call, const erg_monitor_options *how)
{
    const couple_options *options = call->options;
    const cli_joint_options *joint = &options->joint;
    erg_error err = { 0 };

    if (!joint->record || call->argc < 1)
        return cli_misused(call, "--calibration needs --record FILE and a load: erg couple "
                           "--calibration soak=300s,step=100W:200W --record "
                           "cal.erg -- ./load");
    int status = thermal_record(call, &(thermal_recording){
        .file = joint->record, .plan = options->calibration,
        .rate_hz = joint->rate_hz, .ambient_k = options->ambient_k,
        .device = options->device,
        .shared = joint->shared });
    if (status != CLI_DONE)
        return status;
    const erg_thermal_options fit = { .ambient_k = options->ambient_k };
    erg_monitor *log = erg_monitor_load(joint->record, how, &err);
    erg_result *result = log
        ? erg_thermal_fit_tables(log, options->device, &fit, &err) : NULL;
    status = result ? cli_write(call, result, call->common.output, stdout)
                    : cli_refused(call, &err);
    erg_result_free(result);
    erg_monitor_free(log);
    return status;
}

static int run(const cli *call)
{
    const couple_options *options = call->options;
    const erg_monitor_options how = { .map = options->map, .zone = options->tz,
                                      .writer = options->writer };
    erg_couple_options wish;
    erg_error err = { 0 };

    bool runs = options->joint.record || options->joint.intervene;

    if (options->blank)
        return cli_couple_blank(call);
    if (options->calibration)
        return calibrate(call, &how);
    if (options->compat)
        return cli_couple_compat(call, &how, options->compat, options->log);
    if (call->argc != 1 && !runs && !options->sessions)
        return cli_misused(call,
                           "needs one RUN.erg, one folder, or one FILE and its --log");
    if (options->writer > 2)
        return cli_misused(call, "--writer is 1 or 2");
    if (!make_wish(call, &wish, &err))
        return cli_misused(call, "%s", err.text);
    if (options->sessions)
        return cli_couple_sessions(call, &how, &wish, options->gate);
    if (options->joint.intervene)
        return cli_joint_intervene(call, &options->joint, options->log, &wish);
    int recorded = options->joint.record
        ? cli_joint_record(call, &options->joint, options->log,
                           options->ambient_k)
        : CLI_DONE;
    if (recorded != CLI_DONE)
        return recorded;
    erg_result *result = study(call, &how, &wish, &err);
    int status = result ? cli_couple_write(call, result, call->common.output)
                        : cli_refused(call, &err);
    if (status == CLI_DONE && options->gate && !erg_couple_is_shown(result))
        status = CLI_NO;
    erg_result_free(result);
    return status;
}

static const char about[] =
"Puts a monitor's log and a training log on one clock and one grid, checks that a\n"
"coupling could be seen at all, and tests each pair of channels with placebos beside\n"
"it. The answer can be no, and it can be \"cannot be decided\" with the reason: then the\n"
"figures describe, and prove nothing. A FOLDER holds rle_*.csv and\n"
"training_log_*.json; a RUN.erg holds the marks step, loss, grad_norm and lr. Lags\n"
"above 0: x leads y. Columns of the training log are step, loss, grad_norm, lr, epoch,\n"
"tokens and step_s; those of a device temp, power, use, clock, fan, throttle, rle_raw\n"
"and so on. A data sheet closes the answer; --format html draws it.\n"
"\n"
"--record runs the command and keeps sensors and steps in one file, with time without\n"
"load around it, and studies that. --intervene turns a knob to and fro in pairs of\n"
"blocks, in each by chance which comes first: only what then differs was caused. The\n"
"knob is put back at the end, on a signal, and by the next erg after a kill. With\n"
"variant=A:B each block is a run of the command with A or B in place of {}.\n";

static const char examples[] =
"erg couple rle_data.csv --log training_log.json\n"
"erg couple session/ --pair grad_norm:temp --pair temp:step_s --table verdict\n"
"erg couple run.erg --smallest 0.2 --gate\n"
"erg couple monday.erg --placebo tuesday.erg\n"
"erg couple run.erg --ambient 21C --format html --output study.html\n"
"erg couple --sessions monday.erg tuesday.erg wednesday/\n"
"erg couple --compat steps session/ --output figures/\n"
"erg couple --record s1.erg --for 300s --ambient 21C --log t.jsonl -- python3 train.py\n"
"erg couple --intervene power_limit=150W:200W --block 30s -- python3 train.py\n"
"erg couple --intervene variant=fp32:fp16 -- python3 train.py --precision {}\n";

const cli_command cmd_couple = {
    .name = "couple",
    .usage =
        "erg couple [options] RUN.erg | FOLDER | FILE --log TRAINING | "
        "--sessions SESSION... | -- COMMAND [ARGUMENT...]",
    .summary = "do training and heat influence each other?",
    .about = about,
    .examples = examples,
    .options = option_rows,
    .options_size = sizeof(couple_options),
    .run = run,
};
