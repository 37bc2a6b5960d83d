/* SPDX-License-Identifier: Apache-2.0 */
/* erg sweep: one workload at many settings of the knobs, each visit checked. */
#include <string.h>
#include <unistd.h>
#include "cli.h"

typedef struct sweep_options {
    cli_list knobs;
    const char *mode, *device, *work, *name;
    double floor_hz, until, settle_s, timeout_s;
    int repeat, max_repeat, warmup, random;
    bool no_warmup, shared;
} sweep_options;

#define AT(field) offsetof(sweep_options, field)

static const cli_option option_rows[] = {
    { 'k', "knob", CLI_LIST, AT(knobs), "KNOB=VALUES",
      "sm_clock, power_limit or cpu_clock: low:high:step, a list or all; MHz or W" },
    { 0, "mode", CLI_TEXT, AT(mode), "NAME",
      "custom (default with --knob), dvfs (default: every clock) or baseline (no knob)" },
    { 'r', "repeat", CLI_WHOLE, AT(repeat), "N", "visits of each setting (5)", true },
    { 0, "until", CLI_RATIO, AT(until), "RATIO",
      "repeat each setting until time and energy are known within RATIO, as in 1%", true },
    { 0, "max-repeat", CLI_WHOLE, AT(max_repeat), "N", "with --until: at most N visits (20)", true },
    { 'w', "warmup", CLI_WHOLE, AT(warmup), "N", "runs before each visit, not counted (1)", true },
    { 0, "no-warmup", CLI_FLAG, AT(no_warmup), NULL, "no runs before a visit" },
    { 0, "random", CLI_WHOLE, AT(random), "N", "start of the random order (1)", true },
    { 0, "device", CLI_TEXT, AT(device), "LIST", "which boards are turned, as in 0,1, or all" },
    { 0, "floor", CLI_HERTZ, AT(floor_hz), "CLOCK", "lowest clock of dvfs and =all (510MHz)", true },
    { 0, "settle", CLI_SECONDS, AT(settle_s), "TIME", "wait after turning (2s)", true },
    { 0, "timeout", CLI_SECONDS, AT(timeout_s), "TIME", "end a run that takes longer (1800s)", true },
    { 0, "work", CLI_TEXT, AT(work), "KEY=VALUE,...",
      "what a simulated device does, instead of a command" },
    { 0, "name", CLI_TEXT, AT(name), "NAME", "name of the application (the command)" },
    { 0, "shared", CLI_FLAG, AT(shared), NULL, "turn a device that others use too" },
    { 0 },
};

static void show_progress(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "\r\033[K%s", text);
}

static int show(const cli *call, const erg_points *points)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_new("sweep", &err);
    bool good = result && erg_points_table(points, result, &err);
    cli brief = *call;

    if (!call->common.table && !call->common.verbose
        && (!call->common.format || strcmp(call->common.format, "text") == 0))
        brief.common.table = "points";
    int status = good ? cli_write(&brief, result, NULL, stdout) : cli_failed(call, &err);

    erg_result_free(result);
    return status;
}

static int sweep(const cli *call, erg_sweep_options *options)
{
    erg_error err = { 0 };
    erg_sweep_outcome outcome;
    erg_points *points = erg_points_new(&err);
    bool talks = isatty(STDERR_FILENO) && !call->common.quiet;

    options->ask_stop = cli_watch_signals();
    if (talks)
        options->progress = show_progress;
    bool good = points && erg_sweep_run(&call->env, options, points, &outcome, &err);
    if (talks)
        fputs("\r\033[K", stderr);
    int status = good ? show(call, points) : cli_failed(call, &err);
    erg_points_free(points);
    return status;
}

static int run(const cli *call)
{
    const sweep_options *own = call->options;
    erg_sweep_job job = { .argv = call->argc ? call->argv : NULL, .name = own->name };
    erg_sweep_options options = {
        .sensors = call->common.sensors.items, .sensor_count = call->common.sensors.count,
        .jobs = &job, .job_count = call->argc || own->work ? 1 : 0,
        .knobs = own->knobs.items, .knob_count = own->knobs.count, .device = own->device,
        .floor_hz = own->floor_hz, .repeat = own->repeat, .until = own->until,
        .max_repeat = own->max_repeat, .warmup = own->no_warmup ? -1 : own->warmup,
        .random = (uint64_t)own->random, .settle_s = own->settle_s,
        .timeout_s = own->timeout_s, .work = own->work, .shared = own->shared,
        .output = call->common.output,
    };

    if (own->mode && !erg_sweep_mode_parse(own->mode, &options.mode))
        return cli_misused(call, "--mode is baseline, dvfs or custom, not '%s'", own->mode);
    return sweep(call, &options);
}

const cli_command cmd_sweep = {
    .name = "sweep",
    .usage = "erg sweep [options] -- COMMAND [ARGUMENT...]",
    .summary = "measure a command at many clocks or power limits",
    .about =
        "Turns the knobs to each setting in random order, again and again, runs COMMAND once\n"
        "at each, and leaves one file (--output) that erg fit, erg choose and erg report\n"
        "read. Each visit is checked; one that failed, was throttled or did not reach its\n"
        "clock is kept but not counted. Knobs are put back, whatever happens.\n",
    .examples =
        "erg sweep --knob sm_clock=510:1410:15 --repeat 5 --output s.erg -- ./bench\n",
    .options = option_rows,
    .options_size = sizeof(sweep_options),
    .runs_command = true,
    .run = run,
};
