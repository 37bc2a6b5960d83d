/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg run: measure a command and change nothing of it.
 *
 * stdout belongs to the command. Where it is a terminal, or a --format was asked
 * for, the table follows there; in a pipe it goes to stderr instead, so that
 * `erg run -- cmd | next` hands on what cmd wrote and nothing else.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli.h"
#include "run_sensors.h"

enum { ERG_ITSELF = 125 };

typedef struct run_options {
    double rate_hz, until, max_time_s, idle_s, for_s, co2_g, power_cap_w, slowdown;
    int repeat, max_repeat, warmup;
    const char *preset, *idle_state, *dither, *looks, *log, *wired_to, *stop, *devices,
               *tape, *sim, *per, *objective, *dvfs;
    cli_list tags;
    bool marker, no_wait, detach, strict;
} run_options;

#define AT(field) offsetof(run_options, field)

static const cli_option option_rows[] = {
    { 'r', "repeat", CLI_WHOLE, AT(repeat), "N", "run the command N times (1)", true },
    { 0, "until", CLI_RATIO, AT(until), "RATIO",
      "repeat until the 95 % interval of energy per run is within RATIO, as in 1%", true },
    { 0, "max-repeat", CLI_WHOLE, AT(max_repeat), "N",
      "with --until: at most N observations, of 5 s or more each (200)", true },
    { 0, "max-time", CLI_SECONDS, AT(max_time_s), "TIME",
      "with --until: at most this long", true },
    { 'w', "warmup", CLI_WHOLE, AT(warmup), "N",
      "first N repetitions are recorded as region warmup and not counted" },
    { 'p', "preset", CLI_TEXT, AT(preset), "NAME",
      "warm-up and repeats: quick 10/50, normal 20/100, high 50/1000, "
      "production 100/10000" },
    { 'i', "idle", CLI_SECONDS, AT(idle_s), "TIME",
      "record idle that long before and after; without it there is no net energy" },
    { 0, "idle-state", CLI_TEXT, AT(idle_state), "NAME",
      "which idle: context_idle (default), deep_idle or clocks_locked_idle" },
    { 0, "rate", CLI_HERTZ, AT(rate_hz), "RATE",
      "polls per second (a moving mean beside a counter: at most 10 an update); default "
      "twice per sensor update, counters 10 Hz and at region edges", true },
    { 0, "dither", CLI_TEXT, AT(dither), "WHEN",
      "auto (default), on or off: spread repetitions over a part-time sensor's phase" },
    { 0, "looks", CLI_TEXT, AT(looks), "RULE",
      "with --until: bonferroni (default) or naive, which drops the factor for ten looks" },
    { 0, "marker", CLI_FLAG, AT(marker), NULL,
      "play a marker load that finds a meter's clock" },
    { 0, "no-wait", CLI_FLAG, AT(no_wait), NULL,
      "do not wait for the sensors' first updates" },
    { 0, "device", CLI_TEXT, AT(devices), "LIST",
      "sensors as --sensor, with commas between; ,KEY=VALUE goes on with a sim" },
    { 0, "tape", CLI_TEXT, AT(tape), "FILE", "play a recording as a device" },
    { 0, "sim", CLI_TEXT, AT(sim), "SPEC", "simulate a device" },
    { 0, "wired-to", CLI_TEXT, AT(wired_to), "HOST",
      "the machine whose power the meters show" },
    { 0, "detach", CLI_FLAG, AT(detach), NULL,
      "log power in the background, without a command" },
    { 0, "for", CLI_SECONDS, AT(for_s), "TIME",
      "without a command: stop after TIME", true },
    { 0, "stop", CLI_TEXT, AT(stop), "RUN", "end the background logger that writes RUN" },
    { 0, "per", CLI_TEXT, AT(per), "MARK",
      "energy per unit, counted by the program's marks of that name, as in tokens" },
    { 0, "co2", CLI_NUMBER, AT(co2_g), "GRAMS", "CO2 of the grid in g per kWh (400)" },
    { 0, "log", CLI_TEXT, AT(log), "FILE",
      "training log that the command writes (JSON, JSON lines, CSV), kept as marks" },
    { 't', "tag", CLI_LIST, AT(tags), "KEY=VALUE", "a note to keep in the run file" },
    { 0, "power-cap", CLI_WATTS, AT(power_cap_w), "POWER",
      "while it runs, hold each GPU to that; without one, each CPU package", true },
    { 0, "dvfs", CLI_TEXT, AT(dvfs), "WHEN",
      "auto: ergd holds each phase of the command at its best clock; off: it does not" },
    { 0, "objective", CLI_TEXT, AT(objective), "NAME",
      "of --dvfs auto: throughput_per_watt or energy, edp, ed2p" },
    { 0, "slowdown", CLI_RATIO, AT(slowdown), "RATIO",
      "of --dvfs auto: most extra time, as in 3%", true },
    { 0, "strict", CLI_FLAG, AT(strict), NULL, "any flag becomes exit status 1" },
    { 0 },
};

typedef struct preset { const char *name; int warmup, repeat; } preset;

static const preset presets[] = {
    { "quick",  10,    50 }, { "normal",      20,   100 },
    { "high",   50,  1000 }, { "production", 100, 10000 },
};

static bool use_preset(const run_options *options, erg_measure_options *measure,
                       erg_error *err)
{
    if (!options->preset)
        return true;
    for (size_t i = 0; i < CLI_COUNT(presets); i++)
        if (strcmp(presets[i].name, options->preset) == 0) {
            if (!measure->warmup)
                measure->warmup = presets[i].warmup;
            if (!measure->repeat)
                measure->repeat = presets[i].repeat;
            return true;
        }
    return erg_fail(err, ERG_BAD_INPUT,
                    "--preset is quick, normal, high or production, not '%s'",
                    options->preset);
}

static bool use_words(const run_options *options, erg_measure_options *measure,
                      erg_error *err)
{
    const char *dither = options->dither ? options->dither : "auto";
    const char *looks = options->looks ? options->looks : "bonferroni";

    if (strcmp(dither, "auto") && strcmp(dither, "on") && strcmp(dither, "off"))
        return erg_fail(err, ERG_BAD_INPUT, "--dither is auto, on or off, not '%s'",
                        dither);
    measure->dither = strcmp(dither, "on") == 0 ? 1 : strcmp(dither, "off") == 0 ? -1 : 0;
    if (strcmp(looks, "bonferroni") && strcmp(looks, "naive"))
        return erg_fail(err, ERG_BAD_INPUT, "--looks is bonferroni or naive, not '%s'",
                        looks);
    measure->naive_looks = strcmp(looks, "naive") == 0;
    /* gross is what there is without --idle; an idle state it is not. */
    if (options->idle_state
        && (!erg_idle_policy_parse(options->idle_state, &measure->idle_state)
            || measure->idle_state == ERG_IDLE_GROSS))
        return erg_fail(err, ERG_BAD_INPUT, "--idle-state is context_idle, deep_idle or "
                        "clocks_locked_idle, not '%s'", options->idle_state);
    for (size_t i = 0; i < options->tags.count; i++)
        if (!strchr(options->tags.items[i] + (options->tags.items[i][0] == '='), '='))
            return erg_fail(err, ERG_BAD_INPUT, "--tag is KEY=VALUE, not '%s'",
                            options->tags.items[i]);
    return true;
}

static int hand_on(const cli *call, const run_options *options,
                   const erg_measure_outcome *outcome)
{
    erg_error err = { 0 };
    bool asked = call->common.format != NULL;
    FILE *stream = asked || isatty(STDOUT_FILENO) ? stdout : stderr;

    if (call->common.quiet && !asked && !options->strict)
        return outcome->exit_status;
    erg_trace *trace = erg_trace_load_aside(outcome->file, &err);
    if (!trace || !erg_trace_check(trace, &err)) {
        erg_trace_free(trace);
        cli_failed(call, &err);
        return outcome->exit_status ? outcome->exit_status : ERG_ITSELF;
    }
    const erg_summary_options summary = { .command = "run", .file = outcome->file,
                                          .co2_g_per_kwh = options->co2_g,
                                          .per = options->per };
    int status = CLI_DONE;
    if (asked || !call->common.quiet)
        status = cli_write_trace(call, trace, &summary, NULL, stream);
    if (ferror(stream) && stream == stderr)
        status = CLI_DONE;      /* nobody listens to the talk: no fault of the command's */
    if (options->strict)
        status = cli_strict(call, trace, &summary, status);
    erg_trace_free(trace);
    if (outcome->exit_status)
        return outcome->exit_status;
    return status == CLI_DONE || status == CLI_NO ? status : ERG_ITSELF;
}

static int record(const cli *call, const run_options *options, erg_measure_options *measure)
{
    erg_error err = { 0 };
    erg_measure_outcome outcome = { 0 };
    char *const *argv = call->argc ? call->argv : NULL;

    measure->ask_stop = cli_watch_signals();
    measure->pass_on = argv ? cli_keep_signals() : NULL;
    measure->progress = cli_talks(call) ? cli_progress : NULL;
    bool good = erg_measure(&call->env, argv, measure, &outcome, &err);
    cli_progress_end(call);
    if (!good) {
        cli_failed(call, &err);
        return outcome.exit_status ? outcome.exit_status
                                   : err.code == ERG_BAD_INPUT
            && !argv ? CLI_USAGE : ERG_ITSELF;
    }
    return hand_on(call, options, &outcome);
}

static int log_until_stopped(const cli *call, const run_options *options,
                             erg_measure_options *measure)
{
    cli quiet = *call;
    erg_error err = { 0 };
    erg_logger *logger = erg_logger_begin(&call->env, measure->output, &err);

    if (!logger)
        return cli_failed(call, &err), ERG_ITSELF;
    quiet.common.quiet = true;
    quiet.common.format = NULL;
    measure->quiet = true;
    int status = record(&quiet, options, measure);
    erg_logger_end(logger);
    return status;
}

/* A session of its own that holds nothing of the caller's: a pipe or an ssh that
 * waits for our stderr to close would wait for the whole recording. */
static int log_in_background(const cli *call, const run_options *options,
                             erg_measure_options *measure, int talk)
{
    setsid();
    signal(SIGPIPE, SIG_IGN);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 2 && nothing >= 0; fd++)
        dup2(nothing, fd);
    dup2(talk, STDERR_FILENO);
    return log_until_stopped(call, options, measure);
}

static void hand_on_talk(int from)
{
    char text[512];
    ssize_t count;
    while ((count = read(from, text, sizeof(text))) > 0)
        fwrite(text, 1, (size_t)count, stderr);
}

static bool has_appeared(const char *path, const struct stat *before)
{
    struct stat now;
    return stat(path, &now) == 0
        && (now.st_ino != before->st_ino || now.st_dev != before->st_dev);
}

/* The parent returns once the new file is there, or the logger has said why not. */
static int detach(const cli *call, const run_options *options, erg_measure_options *measure)
{
    struct stat before = { 0 };
    int talk[2], status;
    pid_t child;

    if (call->argc || !measure->output)
        return cli_misused(call, "--detach needs --output RUN and no command"), ERG_ITSELF;
    stat(measure->output, &before);
    if (pipe2(talk, O_CLOEXEC | O_NONBLOCK) != 0 || (child = fork()) < 0) {
        perror("erg run: cannot start a logger");
        return ERG_ITSELF;
    }
    if (child == 0)
        _exit(log_in_background(call, options, measure, talk[1]));
    for (int i = 0; i < 500 && !has_appeared(measure->output, &before); i++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            hand_on_talk(talk[0]);
            return WIFEXITED(status) ? WEXITSTATUS(status) : ERG_ITSELF;
        }
        usleep(10000);
    }
    hand_on_talk(talk[0]);
    return CLI_DONE;
}

static int stop(const cli *call, const char *run)
{
    erg_error err = { 0 };
    if (erg_logger_stop(&call->env, run, 10, &err))
        return CLI_DONE;
    cli_failed(call, &err);
    return ERG_ITSELF;
}

/* Pairs that say two different things; the first that is given wins nothing. */
static bool agree(const cli *call, const run_options *options, erg_error *err)
{
    const struct { bool both; const char *why; } faults[] = {
        { options->until > 0 && options->repeat,
          "--until and --repeat exclude each other" },
        { options->until > 0 && options->preset,
          "--until and --preset exclude each other" },
        { options->until >= 1, "--until is a share below 100%, as in 1%" },
        { options->max_repeat && options->until <= 0, "--max-repeat bounds --until" },
        { options->max_time_s > 0 && options->until <= 0, "--max-time bounds --until" },
        { options->looks && options->until <= 0, "--looks is a rule for --until" },
        { options->log && !call->argc, "--log is of a command that trains" },
        { options->for_s > 0 && call->argc, "--for is for a recording without a command" },
    };

    for (size_t i = 0; i < CLI_COUNT(faults); i++)
        if (faults[i].both)
            return erg_fail(err, ERG_BAD_INPUT, "%s", faults[i].why);
    return true;
}

/* False: a word is wrong. */
static bool take_hint(const run_options *options, erg_hint *hint,
                      erg_measure_options *measure, erg_error *err)
{
    *hint = (erg_hint){ .power_cap_w = options->power_cap_w, .dvfs = options->dvfs,
                        .objective = options->objective, .slowdown = options->slowdown };
    if (!hint->dvfs && !hint->objective && !(hint->power_cap_w > 0)
        && !(hint->slowdown > 0))
        return true;
    measure->hint = hint;
    return erg_hint_check(hint, err);
}

static erg_measure_options measure_of(const cli *call, const run_options *options)
{
    return (erg_measure_options){
        .output = call->common.output,
        .rate_hz = options->rate_hz,
        .log = options->log,
        .repeat = options->repeat,
        .until = options->until,
        .max_repeat = options->max_repeat,
        .max_time_s = options->max_time_s,
        .warmup = options->warmup,
        .idle_s = options->idle_s,
        .marker = options->marker,
        .no_wait = options->no_wait,
        .quiet = call->common.quiet,
        .for_s = options->for_s,
        .wired_to = options->wired_to,
        .tags = options->tags.items,
        .tag_count = options->tags.count,
    };
}

static int run(const cli *call)
{
    const run_options *options = call->options;
    const char *format = call->common.format;
    erg_measure_options measure = measure_of(call, options);
    cli_sensors sensors = { 0 };
    erg_error err = { 0 };
    erg_hint hint;

    if (options->stop)
        return stop(call, options->stop);
    if (!call->argc && !options->detach && options->for_s <= 0)
        return cli_misused(call, "no command: erg run [options] -- COMMAND, or --for TIME"),
                           ERG_ITSELF;
    if (format && !cli_is_writer(format) && !cli_is_exporter(format))
        return cli_misused(call, "--format %s is not known", format), ERG_ITSELF;
    if (!agree(call, options, &err)
        || !cli_sensors_gather(call, options->devices, options->tape, options->sim,
                               &sensors, &err)
        || !take_hint(options, &hint, &measure, &err)
        || !use_preset(options, &measure, &err) || !use_words(options, &measure, &err)) {
        cli_failed(call, &err);
        return ERG_ITSELF;
    }
    measure.sensors = sensors.items;
    measure.sensor_count = sensors.count;
    return options->detach
        ? detach(call, options, &measure) : record(call, options, &measure);
}

static const char about[] =
    "Samples every sensor while COMMAND runs and leaves one run file (--output RUN, by\n"
    "default the UTC time with .erg). COMMAND keeps its stdin, stdout, signals and exit\n"
    "status. The table follows on stdout if that is a terminal or a --format is given,\n"
    "else on stderr. Failures of erg itself are 125, a command that cannot be executed\n"
    "126, one that is not found 127, one killed by signal N 128 + N.\n"
    "\n"
    "Signals that come to erg are handed on to COMMAND while it runs, real-time ones too\n"
    "(without their value; of equal ones that come at once, one). While none runs, as\n"
    "between repeats, the next one could not know them yet and would be ended by them:\n"
    "they are dropped, but INT, TERM and HUP, which end the runs.\n"
    "\n"
    "With --power-cap the limit is asked of ergd where that governs the device; else it\n"
    "is written here, read back, and put back at the end, after a kill, too. Where it may\n"
    "not be written, COMMAND runs all the same and the reason is told (docs/govern.md).\n";

const cli_command cmd_run = {
    .name = "run",
    .usage = "erg run [options] -- COMMAND [ARGUMENT...]",
    .summary = "measure the energy of a command",
    .about = about,
    .examples =
        "erg run --repeat 5 --idle 2s --output a.erg -- python3 infer.py\n"
        "erg run --until 1% -- ./bench\n"
        "erg run --power-cap 275W --dvfs auto --slowdown 3% -- ./train\n"
        "erg run --sensor sim:a100-sxm4-80gb -- sleep 5\n"
        "erg run --detach --output power.erg; ./bench; erg run --stop power.erg\n",
    .options = option_rows,
    .options_size = sizeof(run_options),
    .formats = "text (default), json, csv, html, prometheus, openmetrics or energy-report",
    .runs_command = true,
    .hands_on = true,
    .run = run,
};
