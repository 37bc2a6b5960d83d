/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep: blocks of visits in random order, each turned, settled, warmed, measured,
 * judged and written before the next, so that whoever kills it leaves a valid file.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "erg/version.h"
#include "run/file_name.h"
#include "sweep/sweep_inside.h"

/* ---- blocks -------------------------------------------------------------------------- */

static bool adapt_all(erg_sweep *s, erg_error *err)
{
    for (size_t job = 0; job < s->options->job_count && !erg_sweep_asked(s); job++)
        if (!erg_sweep_adapt(s, job, err))
            return false;
    return true;
}

static bool run_blocks(erg_sweep *s, erg_error *err)
{
    int blocks = erg_sweep_blocks(s->options), only = s->options->only_block;
    bool *open = calloc(s->setup.count, sizeof(*open));
    bool good = open || erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");

    for (int b = only ? only - 1 : 0;
         good && b < (only ? only : blocks) && !erg_sweep_asked(s); b++)
        for (size_t job = 0; good && job < s->options->job_count && !erg_sweep_asked(s);
             job++) {
            size_t count = 0;
            good = erg_sweep_find_open(s, job, b, open, &count, err)
                   && (count == 0 || erg_sweep_run_block(s, job, b, open, err));
        }
    free(open);
    return good;
}

/* ---- head and tail ------------------------------------------------------------------- */

void erg_sweep_job_name(const erg_sweep_job *job, char *to, size_t size)
{
    erg_text text = { 0 };

    for (size_t i = 0; !job->name && job->argv && job->argv[i]; i++)
        erg_text_add(&text, "%s%s", i ? " " : "", job->argv[i]);
    erg_text_put(to, size,
                 job->name   ? job->name
                 : text.data ? text.data
                             : "simulated work");
    erg_text_free(&text);
}

/* One simulated joule among measured ones makes their sum simulated. */
static bool has_sim(const erg_sweep *s)
{
    for (size_t i = 0; i < erg_devices_count(s->setup.devices); i++)
        if (strcmp(erg_devices_info(s->setup.devices, i)->driver, "sim") == 0)
            return true;
    return false;
}

/* fp_active of a live sweep counts as the published profiles do; without the channels
 * there is none to count. */
static erg_activity definition_of(const erg_sweep *s)
{
    size_t device = s->setup.device;

    for (size_t i = 0; i < erg_devices_channel_count(s->setup.devices, device); i++)
        if (strcmp(erg_devices_channel(s->setup.devices, device, i)->name,
                   "fp32_active") == 0)
            return ERG_ACTIVITY_HALF;
    return ERG_ACTIVITY_UNKNOWN;
}

static bool add_applications(erg_sweep *s, erg_error *err)
{
    const erg_device_info *device = erg_devices_info(s->setup.devices, s->setup.device);
    const char *other = erg_sweep_other(&s->setup);

    if (other && !erg_points_name_other(s->points, other, err))
        return false;
    for (size_t i = 0; i < s->options->job_count; i++) {
        const erg_sweep_job *job = &s->options->jobs[i];
        erg_application app = { .retention = NAN,
                                .retention_low = NAN,
                                .definition = definition_of(s),
                                .is_simulated = s->options->work || has_sim(s) };
        erg_sweep_job_name(job, app.name, sizeof(app.name));
        erg_text_put(app.profile, sizeof(app.profile), job->profile);
        erg_text_put(app.settings, sizeof(app.settings), job->settings);
        erg_text_put(app.device, sizeof(app.device), device->name);
        erg_text_put(app.device_model, sizeof(app.device_model), device->model);
        erg_text_put(app.node, sizeof(app.node), device->host_id);
        if (!erg_points_application(s->points, &app, &s->applications[i], err))
            return false;
    }
    return true;
}

static bool put_words(const erg_sweep *s, erg_store *store, erg_error *err)
{
    char *words = erg_sweep_words_text(s->options->words, s->options->word_count);
    bool good = words ? erg_store_meta(store, "sweep", words, err)
                      : erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
    free(words);
    return good;
}

static bool put_requires(const erg_sweep *s, erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < s->options->require_count; i++) {
        const erg_sweep_require *one = &s->options->requires[i];
        char key[100];
        snprintf(key, sizeof(key), "requires:%s", one->name);
        if (!erg_store_meta(store, key, *one->version ? one->version : "unknown", err))
            return false;
    }
    return true;
}

static bool put_head(erg_sweep *s, erg_store *store, erg_error *err)
{
    char utc[40], blocks[16];
    const char *other = erg_sweep_other(&s->setup);

    erg_utc_format(erg_env_utc_ns(s->env), 6, utc, sizeof(utc));
    snprintf(blocks, sizeof(blocks), "%d", erg_sweep_blocks(s->options));
    if (other && !erg_store_meta(store, "sweep_other", other, err))
        return false;
    return erg_store_meta(store, "begin_utc", utc, err)
           && erg_store_meta(store, "erg_version", erg_version(), err)
           && erg_store_meta(store, "sweep_blocks", blocks, err)
           && erg_sweep_put_wish(s->options, store, err) && put_words(s, store, err)
        && put_requires(s, store, err);
}

/* Simulated time begins anew in each session: no visit may lie before the last. */
static void go_on_after(const erg_sweep *s, const erg_visit *last)
{
    int64_t ahead_ns =
        last->start_ns - erg_env_utc_ns(s->env) + erg_ns_from_s(last->time_s);

    if (last->start_ns != INT64_MIN)
        erg_env_sleep_until_ns(s->env, erg_env_now_ns(s->env) + ahead_ns);
}

static bool begin(erg_sweep *s, const char *path, erg_error *err)
{
    const erg_sweep_dial *first = erg_sweep_first(&s->setup);
    size_t jobs = s->options->job_count;
    const erg_device_knob *clock =
        erg_devices_find_knob(s->setup.devices, s->setup.device, ERG_SM_CLOCK);
    s->at = (erg_bench_setup){
        .env = s->env,
        .devices = s->setup.devices,
        .path = path,
        .append = s->options->resume,
        .device = s->setup.device,
        .top_hz = clock ? clock->high : NAN,
        .turned = first ? first->devices : NULL,
        .turned_count = first ? first->count : 0,
        .counts_cache = erg_sweep_has_env(&s->setup),
        .ask_stop = s->options->ask_stop,
    };
    s->applications = calloc(jobs, sizeof(*s->applications));
    s->was_warmed = calloc(jobs, sizeof(*s->was_warmed));
    if (!s->applications || !s->was_warmed)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");
    if (s->options->resume && !erg_sweep_read(s->points, path, err))
        return false;
    s->known = erg_points_visits(s->points);
    if (s->known && s->options->work)
        go_on_after(s, erg_points_visit_at(s->points, s->known - 1));
    s->bench = s->options->work ? erg_bench_sim(&s->at, s->options->work, err)
                                : erg_bench_live(&s->at, err);
    if (!s->bench)
        return false;
    erg_store *store = s->bench->kind->take_store(s->bench);
    bool good = erg_sweep_writer_begin(&s->writer, store, s->points, err)
                && (s->options->resume || put_head(s, store, err))
                && add_applications(s, err) && erg_sweep_writer_flush(&s->writer, err);
    s->bench->kind->give_store(s->bench);
    return good;
}

static bool end(erg_sweep *s, bool good, erg_error *err)
{
    erg_error *first = good ? err : NULL;

    if (s->setup.devices && !erg_devices_restore(s->setup.devices, first))
        good = false, first = NULL;
    if (s->bench && !s->bench->kind->close(s->bench, good && !s->stopped, first))
        good = false;
    if (good && s->options->result
        && !erg_sweep_knobs_table(&s->setup, s->options->result, err))
        good = false;
    erg_sweep_writer_free(&s->writer);
    erg_sweep_drop(&s->setup);
    free(s->was_warmed);
    return good;
}

/* One block of a job array: under its name once it is whole. */
static bool settle_name(const erg_sweep_options *options, const char *path, bool good,
                        erg_error *err)
{
    if (!options->only_block || !good)
        return good;
    return rename(path, options->output) == 0
           || erg_fail(err, ERG_IO, "cannot write %s: %s", options->output,
                       strerror(errno));
}

static bool agree(const erg_sweep_options *options, erg_error *err)
{
    if (options->job_count == 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "no command: erg sweep [options] -- COMMAND, or "
                        "--sensor sim:HARDWARE --work p0=60,...");
    for (size_t i = 0; i < options->job_count; i++)
        if (!options->work == !options->jobs[i].argv)
            return erg_fail(
                err, ERG_BAD_INPUT,
                options->work
                    ? "--work is what a simulated device does: leave the command out"
                    : "no command: erg sweep [options] -- COMMAND");
    if (options->only_block && !options->output)
        return erg_fail(err, ERG_BAD_INPUT, "--block needs --output FILE");
    if (options->objective && !erg_sweep_objective_is(options->objective))
        return erg_fail(err, ERG_BAD_INPUT, "--objective is edp, energy or ed2p, not '%s'",
                        options->objective);
    return true;
}

static bool has_command(const erg_sweep *s, erg_error *err)
{
    return !s->options->work || !erg_sweep_has_env(&s->setup)
        || erg_fail(err, ERG_BAD_INPUT, "--knob %s: simulated work has no environment",
                    s->setup.env_name);
}

/* The file keeps what was seen; whoever reads it divides the drift out again. One block
 * knows neither its node's drift nor the best setting: gathering does. */
static bool conclude(erg_sweep *s, bool by_srun, erg_error *err)
{
    bool corrects = s->options->drift_correct && !s->options->only_block;

    return (!by_srun
            || erg_points_note(s->points, err,
                               "BY_SRUN: srun was asked for the clocks that "
                               "this user may not turn"))
           && erg_points_check(s->points, err)
           && (!corrects || erg_points_correct_drift(s->points, err))
           && (s->stopped || !erg_sweep_by_choice(s->options)
               || erg_sweep_tell_choice(s->points, s->options, "raise --max-repeat", err));
}

/* A block is written aside, and has its name only when it is whole. */
static void name_file(const erg_env *env, const erg_sweep_options *options, char *to,
                      size_t size)
{
    if (!options->output)
        erg_run_file_name(env, to, size);
    else
        snprintf(to, size, "%s%s", options->output, options->only_block ? ".part" : "");
}

static bool sweep_in(const erg_env *env, const erg_sweep_options *options,
                     erg_points *points, erg_sweep_outcome *outcome, erg_error *err)
{
    erg_sweep s = { .env = env, .options = options, .points = points };

    *outcome = (erg_sweep_outcome){ .planned = 0 };
    if (!options->work)
        erg_sweep_put_back_left(env);
    if (!agree(options, err) || !erg_sweep_prepare(env, options, &s.setup, err))
        return false;
    if (!erg_sweep_moves_work(&s.setup, err) || !has_command(&s, err)) {
        erg_sweep_drop(&s.setup);
        return false;
    }
    name_file(env, options, outcome->file, sizeof(outcome->file));
    s.begin_ns = erg_env_now_ns(env);
    s.planned = (size_t)(options->only_block ? 1 : erg_sweep_blocks(options))
                * options->job_count * erg_sweep_block_most(s.setup.count);
    bool good =
        begin(&s, outcome->file, err)
        && (!*s.setup.snapped || erg_points_note(points, err, "%s", s.setup.snapped))
        && (options->adaptive ? adapt_all(&s, err) : run_blocks(&s, err));
    bool by_srun = erg_sweep_by_srun(&s.setup);
    s.stopped = erg_sweep_asked(&s);
    outcome->planned = s.planned;
    outcome->visited = s.done;
    outcome->stopped = s.stopped;
    good = end(&s, good, err);
    if (!s.stopped)
        good = settle_name(options, outcome->file, good, err);
    if (options->only_block && good)
        erg_text_put(outcome->file, sizeof(outcome->file), options->output);
    good = good && (erg_points_visits(points) == 0 || conclude(&s, by_srun, err));
    free(s.applications);
    return good;
}

/* Simulated work takes no time: the clock jumps to whatever is waited for. */
bool erg_sweep_run(const erg_env *env, const erg_sweep_options *options, erg_points *points,
                   erg_sweep_outcome *outcome, erg_error *err)
{
    erg_sim_clock clock;
    erg_env own = env ? *env : (erg_env){ 0 };

    if (options->work && !own.clock)
        own.clock = erg_sim_clock_start(&clock);
    own.activities = true;      /* of each visit: fits go by them */
    return sweep_in(&own, options, points, outcome, err);
}
