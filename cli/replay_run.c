/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay run: the whole and its kernels on an engine of this machine, into a folder. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "replay.h"

static const struct {
    const char *name;
    int warmup;
    double runs;
} presets[] = {
    { "quick", 10, 50 },
    { "normal", 20, 100 },
    { "high", 50, 1000 },
    { "production", 100, 10000 },
};

/* Of two words one is kept and the other is left out; another word is refused. */
static bool keep_one(const char *option, const char *word, const char *const words[2],
                     bool *leaves_first, bool *leaves_second, erg_error *err)
{
    *leaves_second = strcmp(word, words[0]) == 0;
    *leaves_first = strcmp(word, words[1]) == 0;
    return *leaves_first || *leaves_second
           || erg_fail(err, ERG_BAD_INPUT, "%s is %s or %s, not '%s'", option, words[0],
                       words[1], word);
}

static bool apply_preset(const char *name, erg_replay_run_options *options, erg_error *err)
{
    for (size_t i = 0; name && i < CLI_COUNT(presets); i++)
        if (strcmp(name, presets[i].name) == 0) {
            options->warmup = options->warmup ? options->warmup : presets[i].warmup;
            options->runs = options->runs > 0 ? options->runs : presets[i].runs;
            return true;
        }
    return !name
           || erg_fail(err, ERG_BAD_INPUT,
                       "--preset: '%s' is none of quick, normal, high, "
                       "production",
                       name);
}

static bool parse_device(const char *word, int *device, erg_error *err)
{
    char *end = NULL;
    long number = word ? strtol(word, &end, 10) : 0;

    *device = (int)number;
    return !word || (end != word && !*end && number >= 0 && number <= INT_MAX)
           || erg_fail(err, ERG_BAD_INPUT, "--device is a number, as in 0, not '%s'", word);
}

static bool parse_words(const replay_options *typed, erg_replay_run_options *options,
                        erg_error *err)
{
    static const char *const states[] = { "hot", "cold" }, *const parts[] = { "whole",
                                                                              "kernels" };
    bool has_state = typed->state && strcmp(typed->state, "both") != 0;

    if (typed->no_energy && typed->power_log)
        return erg_fail(err, ERG_BAD_INPUT, "--no-energy leaves nothing for --power-log: "
                                            "give one of them");
    if (typed->no_energy && typed->by_tier)
        return erg_fail(err, ERG_BAD_INPUT, "--by-tier is how energy is measured: leave "
                                            "--no-energy out");
    return (!has_state
            || keep_one("--state", typed->state, states, &options->no_hot,
                        &options->no_cold, err))
           && (!typed->only
               || keep_one("--only", typed->only, parts, &options->no_whole,
                           &options->no_kernels, err))
           && parse_device(typed->device, &options->device, err)
           && apply_preset(typed->preset, options, err);
}

static bool make_options(const cli *call, erg_replay_run_options *options, erg_error *err)
{
    const replay_options *typed = call->options;

    *options = (erg_replay_run_options){
        .engine = typed->engine,
        .threads = typed->threads,
        .warmup = typed->warmup,
        .runs = typed->runs,
        .no_energy = typed->no_energy,
        .by_tier = typed->by_tier,
        .clock_hz = typed->clock_hz,
        .idle_s = typed->idle_s,
        .rate_hz = typed->rate_hz,
        .half_width = typed->half_width,
        .power_log = typed->power_log,
        .tz = typed->tz,
        .seed = (uint64_t)typed->seed,
        .sensors = call->common.sensors.items,
        .sensor_count = call->common.sensors.count,
    };
    if (typed->power)
        return erg_fail(err, ERG_BAD_INPUT,
                        "--power is read by recompose and audit: a log for run is "
                        "--power-log");
    return parse_words(typed, options, err);
}

static int tell(const cli *call, const erg_replay *replay)
{
    const cli_common *common = &call->common;
    bool is_brief = !common->verbose && !common->table
                 && (!common->format || strcmp(common->format, "text") == 0);
    erg_error err = { 0 };
    erg_result *result = erg_replay_run_table(replay, &err);
    int status = !result ? cli_failed(call, &err)
               : is_brief ? cli_put(call, replay_brief, result, NULL, NULL, stdout)
                          : cli_write(call, result, NULL, stdout);

    erg_result_free(result);
    return status;
}

static bool put_text(const void *what, const void *how, FILE *out, erg_error *err)
{
    (void)how;
    return fputs(what, out) >= 0 || erg_fail(err, ERG_IO, "cannot write");
}

/* What `erg export` makes of the whole; NULL where its joules are not known. */
static char *energy_report(const erg_trace *trace)
{
    static const erg_export_options options = { .format = "energy-report",
                                                .region = "full_model" };
    char *text = NULL;
    size_t count;
    FILE *out = open_memstream(&text, &count);
    bool good = out && erg_export(trace, &options, out, NULL);

    if (out && fclose(out) != 0)
        good = false;
    if (good)
        return text;
    free(text);
    return NULL;
}

static int report_energy(const cli *call, const char *folder)
{
    char path[CLI_PATH_MOST];
    erg_error err = { 0 };
    int status = CLI_DONE;

    snprintf(path, sizeof(path), "%s/run.erg", folder);
    erg_trace *trace = erg_trace_load(path, &err);
    if (!trace)
        return cli_failed(call, &err);
    char *text = energy_report(trace);
    snprintf(path, sizeof(path), "%s/energy_report.json", folder);
    if (text)
        status = cli_put(call, put_text, text, NULL, path, stdout);
    free(text);
    erg_trace_free(trace);
    return status;
}

/* What the checks say goes into the reports; the verdict is for erg replay recompose. */
static int report(const cli *call, erg_replay *replay, const char *folder)
{
    erg_error err = { 0 };
    size_t failed = 0;
    erg_result *findings =
        erg_replay_audit(replay, &(erg_replay_audit_options){ 0 }, &failed, &err);
    bool good = findings && erg_replay_report(replay, folder, &err);

    erg_result_free(findings);
    if (!good)
        return cli_failed(call, &err);
    int status = report_energy(call, folder);
    status = status == CLI_DONE ? tell(call, replay) : status;
    if (failed && !call->common.quiet)
        fprintf(stderr, "erg replay: %zu checks failed: erg replay audit %s says which\n",
                failed, folder);
    if (!call->common.quiet)
        fprintf(stderr, "erg replay: the files are in %s\n", folder);
    return status;
}

static int run(const cli *call, const erg_replay_plan *plan,
               erg_replay_run_options *options)
{
    erg_error err = { 0 };

    options->ask_stop = cli_watch_signals();
    options->progress = cli_talks(call) ? cli_progress : NULL;
    erg_replay *replay = erg_replay_run(&call->env, plan, options, &err);
    cli_progress_end(call);
    int status = replay ? report(call, replay, options->folder) : cli_failed(call, &err);
    if (!replay && *options->ask_stop)
        status = 128 + abs(*options->ask_stop);
    erg_replay_free(replay);
    return status;
}

int replay_run(const cli *call)
{
    const replay_options *typed = call->options;
    erg_replay_run_options options;
    erg_error err = { 0 };
    int status = CLI_DONE;
    char folder[64];
    time_t now = time(NULL);
    struct tm utc;

    if (!make_options(call, &options, &err))
        return cli_misused(call, "%s", err.text);
    strftime(folder, sizeof(folder), "replay-%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    options.folder = typed->output ? typed->output : folder;
    erg_replay_plan *plan = replay_plan_read(call, &status);
    if (plan)
        status = run(call, plan, &options);
    erg_replay_plan_free(plan);
    return status;
}
