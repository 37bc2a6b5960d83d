/* SPDX-License-Identifier: Apache-2.0 */
/* erg sweep: one workload at many settings of the knobs, each visit checked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "sweep_jobs.h"

typedef struct sweep_options {
    cli_list knobs;
    cli_profile_options profile;
    const char *mode, *device, *work, *name, *objective, *model, *resume, *gather, *block;
    const char *partition, *account, *time, *mem, *cpus;
    double floor_hz, until, slowdown, power_cap_w, settle_s, timeout_s;
    int repeat, max_repeat, warmup, random;
    bool no_warmup, shared, adaptive, drift_correct, dry_run, slurm, srun, exclusive;
} sweep_options;

#define AT(field) offsetof(sweep_options, field)

static const cli_option option_rows[] = {
    { 'k', "knob", CLI_LIST, AT(knobs), "KNOB=VALUES",
      "any knob of erg devices: low:high:step, a list, or all (MHz, W); or env:NAME=1,2" },
    { 0, "profile", CLI_TEXT, AT(profile.profile), "NAME",
      "a workload profile instead of a command; list names them" },
    { 0, "set", CLI_LIST, AT(profile.sets), "NAME=VALUE[,..]",
      "settings of the profile; all combinations are visited" },
    { 0, "force", CLI_FLAG, AT(profile.force), NULL,
      "take values that the profile does not list" },
    { 0, "variant", CLI_TEXT, AT(profile.variant), "LIST",
      "the command once for each word of a list, in place of {}; choose --variants picks" },
    { 0, "mode", CLI_TEXT, AT(mode), "NAME",
      "custom (default with --knob), dvfs (default: every clock) or baseline (no knob)" },
    { 'r', "repeat", CLI_WHOLE, AT(repeat), "N", "visits of each setting (5)", true },
    { 0, "until", CLI_RATIO, AT(until), "RATIO",
      "repeat each setting until time and energy are known within RATIO, as in 1%", true },
    { 0, "max-repeat", CLI_WHOLE, AT(max_repeat), "N",
      "with --until: at most N visits (20)", true },
    { 'w', "warmup", CLI_WHOLE, AT(warmup), "N", "runs before each visit, not counted (1)",
      true },
    { 0, "no-warmup", CLI_FLAG, AT(no_warmup), NULL, "no runs before a visit" },
    { 0, "random", CLI_WHOLE, AT(random), "N", "start of the random order (1)", true },
    { 0, "device", CLI_TEXT, AT(device), "LIST",
      "which boards are turned, as in 0,1, or all" },
    { 0, "floor", CLI_HERTZ, AT(floor_hz), "CLOCK",
      "lowest clock of dvfs and =all (510MHz)", true },
    { 0, "settle", CLI_SECONDS, AT(settle_s), "TIME", "wait after turning (2s)", true },
    { 0, "timeout", CLI_SECONDS, AT(timeout_s), "TIME",
      "end a run that takes longer (1800s)", true },
    { 'a', "adaptive", CLI_FLAG, AT(adaptive), NULL,
      "measure few clocks, each chosen from those before" },
    { 0, "objective", CLI_TEXT, AT(objective), "NAME",
      "edp (default of --adaptive), energy or ed2p; without --adaptive: repeat, at most "
      "--max-repeat times, until it is sure which setting is best by it; with --slurm: "
      "--gather tells which is" },
    { 0, "with", CLI_TEXT, AT(model), "MODEL.json",
      "of --adaptive: what erg fit learned of this GPU model" },
    { 0, "slowdown", CLI_RATIO, AT(slowdown), "RATIO",
      "of the best by --objective: most extra time against the highest clock, as in 5%",
      true },
    { 0, "power-cap", CLI_WATTS, AT(power_cap_w), "POWER",
      "of the best by --objective: highest power", true },
    { 0, "drift-correct", CLI_FLAG, AT(drift_correct), NULL,
      "divide out what the reference drifts over the hours; with --slurm: --gather does, "
      "node by node" },
    { 0, "work", CLI_TEXT, AT(work), "KEY=VALUE,...",
      "what a simulated device does, instead of a command" },
    { 0, "name", CLI_TEXT, AT(name), "NAME", "name of the application (the command)" },
    { 0, "shared", CLI_FLAG, AT(shared), NULL, "turn a device that others use too" },
    { 'n', "dry-run", CLI_FLAG, AT(dry_run), NULL, "print the plan, touch nothing" },
    { 0, "resume", CLI_TEXT, AT(resume), "SWEEP", "do what that file lacks" },
    { 0, "gather", CLI_TEXT, AT(gather), "FOLDER", "join the blocks of a job array" },
    { 0, "slurm", CLI_FLAG, AT(slurm), NULL,
      "submit a job array, a block a task, into the folder --output; with --dry-run print "
      "it" },
    { 0, "srun", CLI_FLAG, AT(srun), NULL,
      "in a job of Slurm: let srun set, for each run, a clock that this user may not turn; "
      "--slurm says it to its tasks" },
    { 0, "block", CLI_TEXT, AT(block), "N",
      "do only that block, from 0: a task of a job array" },
    { 0, "partition", CLI_TEXT, AT(partition), "NAME", "of --slurm, handed to sbatch" },
    { 0, "account", CLI_TEXT, AT(account), "NAME", "of --slurm, handed to sbatch" },
    { 0, "time", CLI_TEXT, AT(time), "LIMIT", "of --slurm, handed to sbatch" },
    { 0, "mem", CLI_TEXT, AT(mem), "SIZE", "of --slurm, handed to sbatch" },
    { 0, "cpus-per-task", CLI_TEXT, AT(cpus), "N", "of --slurm, handed to sbatch" },
    { 0, "exclusive", CLI_FLAG, AT(exclusive), NULL,
      "of --slurm: a node for each task alone" },
    { 0 },
};

/* What a sweep's file, or its job script, says in another way. */
static const char *const not_of_the_sweep[] = {
    "dry-run", "resume", "gather", "slurm",         "block",     "partition",
    "account", "time",   "mem",    "cpus-per-task", "exclusive", NULL,
};

static bool prints_one_table(const cli *call)
{
    const char *format = call->common.format;

    return !format || strcmp(format, "text") == 0 || strcmp(format, "csv") == 0;
}

/* Visits are many: as text only where they are asked for. */
static int show(const cli *call, const erg_points *points, erg_result *result)
{
    erg_error err = { 0 };
    bool good = erg_points_table(points, result, &err);
    cli brief = *call;

    if (!call->common.table && !call->common.verbose && prints_one_table(call))
        brief.common.table = "points";
    return good ? cli_write(&brief, result, NULL, stdout) : cli_failed(call, &err);
}

static int sweep(const cli *call, erg_sweep_options *options)
{
    erg_error err = { 0 };
    erg_sweep_outcome outcome = { 0 };
    erg_points *points = erg_points_new(&err);

    options->ask_stop = cli_watch_signals();
    options->result = points ? erg_result_new("sweep", &err) : NULL;
    options->progress = cli_talks(call) ? cli_progress : NULL;
    bool good = options->result
        && erg_sweep_run(&call->env, options, points, &outcome, &err);
    cli_progress_end(call);
    int status = good ? show(call, points, options->result) : cli_failed(call, &err);
    if (status == CLI_DONE && !outcome.stopped && cli_has_nothing_good(points))
        status = CLI_NO;
    if (good && outcome.stopped) {
        fprintf(stderr,
                "erg sweep: stopped after %zu visits; go on with erg sweep --resume %s\n",
                outcome.visited, outcome.file);
        status = 128 + abs(*options->ask_stop);
    }
    erg_result_free(options->result);
    erg_points_free(points);
    return status;
}

static int plan(const cli *call, const erg_sweep_options *options)
{
    erg_error err = { 0 };
    erg_result *result = erg_sweep_plan_table(&call->env, options, &err);
    int status = result ? cli_write(call, result, call->common.output, stdout)
                        : cli_failed(call, &err);
    erg_result_free(result);
    return status;
}

static int slurm(const cli *call, const sweep_options *own,
                 const erg_sweep_options *options)
{
    erg_error err = { 0 };
    char said[200];
    erg_slurm_options how = {
        .folder = call->common.output,
        .blocks = options->repeat ? options->repeat : 5,
        .words = options->words,
        .word_count = options->word_count,
        .argv = call->argc ? call->argv : NULL,
        .partition = own->partition,
        .account = own->account,
        .time = own->time,
        .mem = own->mem,
        .cpus = own->cpus,
        .exclusive = own->exclusive,
    };

    if (options->until > 0 || options->adaptive)
        return cli_misused(call,
                           "--slurm runs all blocks at once: --until and --adaptive need "
                           "one after the other");
    if (own->dry_run) {
        char *script = erg_slurm_script(&how, &err);
        if (!script)
            return cli_failed(call, &err);
        fputs(script, stdout);
        free(script);
        return CLI_DONE;
    }
    if (!erg_slurm_submit(&call->env, &how, said, &err))
        return cli_failed(call, &err);
    printf("%s\n", said);
    return CLI_DONE;
}

static int gather(const cli *call, const char *folder)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    erg_result *result = points ? erg_result_new("sweep", &err) : NULL;
    bool good =
        result && erg_sweep_gather(&call->env, folder, call->common.output, points, &err);
    int status = good ? show(call, points, result) : cli_refused(call, &err);

    erg_result_free(result);
    erg_points_free(points);
    return status;
}

/* Runs before a visit that the profile asks for, unless the command line does. */
static int warmup_of(const sweep_options *own, const cli_jobs *jobs)
{
    int asked = jobs->recipe ? erg_recipe_facts_of(jobs->recipe)->warmup : -1;

    return own->no_warmup ? -1 : own->warmup || asked < 0 ? own->warmup
        : asked == 0 ? -1 : asked;
}

static erg_sweep_options options_of(const cli *call, const cli_jobs *jobs)
{
    const sweep_options *own = call->options;

    return (erg_sweep_options){
        .sensors = call->common.sensors.items,
        .sensor_count = call->common.sensors.count,
        .jobs = jobs->items, .job_count = jobs->count,
        .requires = jobs->requires, .require_count = jobs->require_count,
        .knobs = own->knobs.items, .knob_count = own->knobs.count,
        .device = own->device,
        .floor_hz = own->floor_hz,
        .repeat = own->repeat, .until = own->until, .max_repeat = own->max_repeat,
        .warmup = warmup_of(own, jobs),
        .random = (uint64_t)own->random,
        .settle_s = own->settle_s, .timeout_s = own->timeout_s,
        .work = own->work,
        .shared = own->shared,
        .srun = own->srun,
        .output = call->common.output,
        .adaptive = own->adaptive,
        .objective = own->objective,
        .slowdown = own->slowdown, .power_cap_w = own->power_cap_w,
        .drift_correct = own->drift_correct,
    };
}

static int run_jobs(const cli *call, const char *resume, const cli_jobs *jobs)
{
    const sweep_options *own = call->options;
    erg_sweep_options options = options_of(call, jobs);
    cli_words words;
    erg_error err = { 0 };

    if (own->model && !own->adaptive)
        return cli_misused(call, "--with goes with --adaptive");
    if (!cli_take_knee(own->model, &options, &err))
        return cli_refused(call, &err);
    if (resume)
        options.output = resume;
    options.resume = resume != NULL;
    if (own->mode && !erg_sweep_mode_parse(own->mode, &options.mode))
        return cli_misused(call, "--mode is baseline, dvfs or custom, not '%s'", own->mode);
    if (own->block && !cli_read_block(own->block, &options.only_block))
        return cli_misused(call, "--block is a whole number from 0, not '%s'", own->block);
    if (!cli_words_of(call, not_of_the_sweep, &words)) {
        cli_words_free(&words);
        return cli_misused(call, "more than %d options", CLI_WORDS_MOST);
    }
    if (own->slurm && !own->srun)
        cli_words_add(&words, "--srun");
    if (!own->slurm && call->argc)
        cli_words_add(&words, "--");
    for (int i = 0; !own->slurm && i < call->argc; i++)
        cli_words_add(&words, call->argv[i]);
    options.words = (const char *const *)words.items;
    options.word_count = words.count;
    int status = own->slurm   ? slurm(call, own, &options)
               : own->dry_run ? plan(call, &options)
                              : sweep(call, &options);
    cli_words_free(&words);
    return status;
}

static int run_as_said(const cli *call, const char *resume)
{
    const sweep_options *own = call->options;
    cli_profile_options wish = own->profile;
    erg_error err = { 0 };
    cli_jobs jobs;
    int status;

    wish.no_check = own->dry_run || own->slurm;
    if (!wish.profile && (wish.sets.count || wish.force))
        return cli_misused(call, "--set and --force are of --profile");
    if (wish.profile && (call->argc || own->name))
        return cli_misused(call, "--profile brings its own command and name");
    if (wish.variant && (wish.profile || own->name || own->work))
        return cli_misused(call, "--variant is of a command, which names each");
    if (wish.profile && strcmp(wish.profile, "list") == 0)
        return cli_list_profiles(call);
    if (wish.profile && !cli_jobs_of_profile(call, &wish, own->work != NULL, &jobs, &err))
        status = cli_failed(call, &err);
    else if (wish.variant && !cli_jobs_of_variants(call, wish.variant, &jobs, &err))
        status = cli_refused(call, &err);
    else {
        if (!wish.profile && !wish.variant)
            cli_jobs_of_command(call, own->name, own->work != NULL, &jobs);
        status = run_jobs(call, resume, &jobs);
    }
    cli_jobs_free(&jobs);
    return status;
}

/* The command as it was asked for, seen and written as this call wants it. */
static int run_again(const cli *call, const char *path, char *const words[], size_t count)
{
    sweep_options options = { 0 };
    cli again = { .command = call->command };
    char *argv[CLI_WORDS_MOST + 2] = { (char *)(uintptr_t) "sweep" };

    if (count > CLI_WORDS_MOST)
        return cli_misused(call, "%s: more than %d words", path, CLI_WORDS_MOST);
    memcpy(argv + 1, words, count * sizeof(*argv));
    if (!cli_parse(&again, &options, (int)count + 1, argv))
        return CLI_USAGE;
    again.env = call->env;
    again.env.root = again.common.root;
    again.env.nvml = again.common.nvml;
    again.places = call->places;
    again.common.format = call->common.format;
    again.common.table = call->common.table;
    again.common.quiet = call->common.quiet;
    return run_as_said(&again, path);
}

/* The file knows how it was asked for: nothing else may be said. */
static int resume(const cli *call, const char *path)
{
    erg_error err = { 0 };
    cli_words said;
    size_t count = 0;

    cli_words_of(call, not_of_the_sweep, &said);
    size_t extra = said.count + (size_t)call->argc;
    cli_words_free(&said);
    if (extra)
        return cli_misused(call,
                           "--resume takes all options and the command from the file");
    char **words = erg_sweep_words(path, &count, &err);
    if (!words)
        return cli_refused(call, &err);
    int status = run_again(call, path, words, count);
    free(words);
    return status;
}

static int run(const cli *call)
{
    const sweep_options *own = call->options;

    if (own->gather)
        return gather(call, own->gather);
    if (own->resume)
        return resume(call, own->resume);
    return run_as_said(call, NULL);
}

static const char about[] =
    "Turns the knobs to each setting in random order, again and again, runs COMMAND once\n"
    "at each, and leaves one file (--output) that erg fit, erg choose and erg report\n"
    "read. Each visit is checked; one that failed, was throttled or did not reach its\n"
    "clock is kept but not counted. Knobs are put back, whatever happens.\n";

static const char examples[] =
    "erg sweep --knob sm_clock=510:1410:15 --repeat 5 --output s.erg -- ./bench\n"
    "erg sweep --knob sm_clock=all --adaptive --objective edp --output s.erg -- ./bench\n"
    "erg sweep --knob power_limit=100,150 --knob cpu_clock=1200:3000:600 -- ./bench\n"
    "erg sweep --sensor sim:a100-sxm4-80gb --work noise=1% --output s.erg\n"
    "erg sweep --profile llama --set precision=fp16,int8 --knob sm_clock=510:1410:90\n"
    "erg sweep --variant 16,32,64 --output s.erg -- ./bench --tile {}\n"
    "erg sweep --profile list\n"
    "erg sweep --resume s.erg\n"
    "erg sweep --slurm --partition gpu --output blocks -- ./bench\n"
    "erg sweep --gather blocks --output s.erg\n";

const cli_command cmd_sweep = {
    .name = "sweep",
    .usage = "erg sweep [options] (--profile NAME | -- COMMAND [ARGUMENT...])",
    .summary = "measure a command at many clocks or power limits",
    .about = about,
    .examples = examples,
    .options = option_rows,
    .options_size = sizeof(sweep_options),
    .runs_command = true,
    .run = run,
};
