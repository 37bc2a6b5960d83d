/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep: blocks of visits in random order, each turned, settled, warmed, measured,
 * judged and written before the next, so that whoever kills it leaves a valid file.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "erg/version.h"
#include "math/random.h"
#include "run/file_name.h"
#include "run/sweep_inside.h"

static const double settle_s = 2, timeout_s = 1800, agreed = 0.05;
enum { FIRST_WARMUPS_MOST = 5, RUNS_PER_VISIT_MOST = 64 };

typedef struct sweep {
    const erg_env *env;
    const erg_sweep_options *options;
    erg_sweep_setup setup;
    erg_points *points;
    erg_bench_setup at; /* what the bench stands on */
    erg_bench *bench;
    erg_sweep_writer writer;
    size_t *applications; /* of each job, in points */
    bool *was_warmed;     /* each job: its first warm-up is over */
    size_t known;         /* visits that the file had */
    size_t planned, done; /* visits of this session, as far as known */
    int64_t begin_ns;
    bool stopped;
} sweep;

typedef struct place {
    size_t job;
    int block, place;
    size_t setting;
} place;

static bool asked(const sweep *s) { return s->options->ask_stop && *s->options->ask_stop; }

/* ---- progress ------------------------------------------------------------------------ */

static void put_setting(const erg_knob_setting *setting, char *to, size_t size)
{
    erg_text text = { 0 };

    for (size_t k = 0; k < ERG_KNOBS; k++)
        if (!isnan(setting->at[k]) && k != ERG_OTHER_SETTING)
            erg_text_add(&text, ", %s %g %s", erg_knob_infos[k].name,
                         setting->at[k] / erg_knob_infos[k].per_column_unit,
                         erg_knob_infos[k].per_column_unit == 1e6 ? "MHz" : "W");
    erg_text_put(to, size, text.data ? text.data : "");
    erg_text_free(&text);
}

static void tell(const sweep *s, const place *at)
{
    char text[200], setting[100], left[40] = "";
    double spent_s = erg_s_from_ns(erg_env_now_ns(s->env) - s->begin_ns);
    double left_s =
        s->done ? spent_s / (double)s->done * (double)(s->planned - s->done) : NAN;

    if (!s->options->progress)
        return;
    if (left_s >= 90)
        snprintf(left, sizeof(left), ", about %.0f min left", left_s / 60);
    else if (left_s >= 0)
        snprintf(left, sizeof(left), ", about %.0f s left", left_s);
    put_setting(&s->setup.settings[at->setting], setting, sizeof(setting));
    snprintf(text, sizeof(text), "visit %zu of %zu, block %d%s%s", s->done + 1, s->planned,
             at->block + 1, setting, left);
    s->options->progress(s->options->progress_self, text);
}

/* ---- one visit -------------------------------------------------------------------------- */

static double share_done(const sweep *s, const place *at)
{
    double per_block = (double)(erg_sweep_block_most(s->setup.count));
    double all = per_block * erg_sweep_blocks(s->options);
    return all > 1 ? (per_block * at->block + at->place) / (all - 1) : 0;
}

static bool run_once(sweep *s, const place *at, int number, const char *region,
                     erg_bench_seen *seen, erg_error *err)
{
    uint64_t luck = s->options->random + (uint64_t)at->job * 0x100000001b3u;
    luck = erg_random_mix(luck) ^ (uint64_t)at->block << 32 ^ (uint64_t)at->place << 8;
    const erg_bench_run what = {
        .job = &s->options->jobs[at->job],
        .setting = &s->setup.settings[at->setting],
        .region = region,
        .number = luck ^ (uint64_t)number,
        .progress = share_done(s, at),
        .timeout_s = erg_sweep_or(s->options->timeout_s, timeout_s),
        .ask_stop = s->options->ask_stop,
    };
    return s->bench->kind->run(s->bench, &what, seen, err);
}

/* The first visit of a job is warm when two runs in a row agree: caches, downloads and
 * compilers are behind it then. */
static bool warm_up(sweep *s, const place *at, erg_error *err)
{
    bool is_first = !s->was_warmed[at->job];
    int wanted = s->options->warmup < 0   ? 0
                 : s->options->warmup > 0 ? s->options->warmup
                                          : 1;
    int most = is_first && wanted ? FIRST_WARMUPS_MOST : wanted;
    double last_s = NAN;

    s->was_warmed[at->job] = true;
    for (int i = 1; i <= most && !asked(s); i++) {
        erg_bench_seen seen;
        if (!run_once(s, at, i, "warmup", &seen, err))
            return false;
        if (seen.is_timeout || seen.exit_status != 0)
            return true; /* the visit itself will tell */
        if (is_first && i >= wanted && fabs(seen.time_s - last_s) <= agreed * last_s)
            return true;
        last_s = seen.time_s;
    }
    return true;
}

static bool add_visit(sweep *s, const place *at, const erg_bench_seen *seen, erg_error *err)
{
    const erg_knob_setting *setting = &s->setup.settings[at->setting];
    const erg_visit visit = {
        .application = s->applications[at->job],
        .setting = *setting,
        .block = at->block,
        .place = at->place,
        .start_ns = seen->start_ns,
        .time_s = seen->time_s,
        .energy_j = seen->energy_j,
        .mean_w = seen->mean_w,
        .peak_w = seen->peak_w,
        .temp_c = seen->temp_c,
        .sm_clock_seen_hz = seen->sm_clock_hz,
        .fp_active = seen->fp_active,
        .dram_active = seen->dram_active,
        .state = erg_sweep_judge(&s->setup, setting, seen),
        .exit_status = seen->exit_status,
    };
    if (!erg_points_add(s->points, &visit, err))
        return false;
    if (seen->includes_start
        && !erg_points_note(
            s->points, err,
            "INCLUDES_START: time and energy are of the whole "
            "command, with its start-up; mark a region `work` in it to leave "
            "that out"))
        return false;
    s->bench->kind->take_store(s->bench);
    bool good = erg_sweep_writer_flush(&s->writer, err);
    s->bench->kind->give_store(s->bench);
    return good;
}

static bool visit(sweep *s, const place *at, erg_error *err)
{
    erg_bench_seen seen;

    tell(s, at);
    if (!erg_sweep_turn(&s->setup, &s->setup.settings[at->setting], s->options->shared,
                        err))
        return false;
    if (s->setup.dial_count)
        erg_env_sleep_until_ns(
            s->env, erg_env_now_ns(s->env)
                        + erg_ns_from_s(erg_sweep_or(s->options->settle_s, settle_s)));
    if (!warm_up(s, at, err))
        return false;
    if (asked(s) || !run_once(s, at, 0, "run", &seen, err))
        return asked(s);
    if (asked(s))
        return true; /* cut short: it is not a visit */
    s->done++;
    return add_visit(s, at, &seen, err);
}

/* ---- blocks ------------------------------------------------------------------------------ */

static bool is_known(const sweep *s, const place *at)
{
    for (size_t i = 0; i < s->known; i++) {
        const erg_visit *old = erg_points_visit_at(s->points, i);
        if (old->application == s->applications[at->job] && old->block == at->block
            && old->place == at->place)
            return true;
    }
    return false;
}

static bool run_block(sweep *s, size_t job, int block, const bool open[], erg_error *err)
{
    size_t *visits = calloc(erg_sweep_block_most(s->setup.count), sizeof(*visits));
    bool good = visits || erg_fail(err, ERG_NO_MEMORY, "out of memory for a block");
    uint64_t start = (s->options->random ? s->options->random : 1) + (uint64_t)block;
    size_t count = good ? erg_sweep_block(s->setup.count, open, start, visits) : 0;

    for (size_t i = 0; good && i < count && !asked(s); i++) {
        place at = { job, block, (int)i, visits[i] };
        if (!is_known(s, &at))
            good = visit(s, &at, err);
    }
    free(visits);
    return good;
}

/* Whether both intervals of a point are as narrow as is wanted. */
static bool is_narrow(const erg_point *point, double until)
{
    double time = (point->time_high_s - point->time_low_s) / 2 / point->time_s;
    double energy = (point->energy_high_j - point->energy_low_j) / 2 / point->energy_j;
    return time <= until && energy <= until;
}

/* Which settings of a job still need visits; how many. */
static bool find_open(sweep *s, size_t job, bool open[], size_t *count, erg_error *err)
{
    size_t points, narrow = 0;

    for (size_t i = 0; i < s->setup.count; i++)
        open[i] = true;
    *count = s->setup.count;
    if (!(s->options->until > 0))
        return true;
    if (erg_points_visits(s->points) && !erg_points_check(s->points, err))
        return false;
    erg_error none = { 0 };
    erg_point *means = erg_points_means(s->points, &points, &none);
    for (size_t p = 0; means && p < points; p++)
        for (size_t i = 0; i < s->setup.count; i++)
            if (means[p].application == s->applications[job]
                && erg_knob_setting_equal(&means[p].setting, &s->setup.settings[i])
                && is_narrow(&means[p], s->options->until)) {
                open[i] = false;
                narrow++;
            }
    free(means);
    *count -= narrow;
    return none.code == ERG_OK || erg_fail(err, none.code, "%s", none.text);
}

static bool run_blocks(sweep *s, erg_error *err)
{
    int blocks = erg_sweep_blocks(s->options), only = s->options->only_block;
    bool *open = calloc(s->setup.count, sizeof(*open));
    bool good = open || erg_fail(err, ERG_NO_MEMORY, "out of memory for a sweep");

    for (int b = only ? only - 1 : 0; good && b < (only ? only : blocks) && !asked(s); b++)
        for (size_t job = 0; good && job < s->options->job_count && !asked(s); job++) {
            size_t count = 0;
            good = find_open(s, job, open, &count, err)
                   && (count == 0 || run_block(s, job, b, open, err));
        }
    free(open);
    return good;
}

/* ---- head and tail -------------------------------------------------------------------------- */

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
static bool has_sim(const sweep *s)
{
    for (size_t i = 0; i < erg_devices_count(s->setup.devices); i++)
        if (strcmp(erg_devices_info(s->setup.devices, i)->driver, "sim") == 0)
            return true;
    return false;
}

static bool add_applications(sweep *s, erg_error *err)
{
    const erg_device_info *device = erg_devices_info(s->setup.devices, s->setup.device);

    for (size_t i = 0; i < s->options->job_count; i++) {
        const erg_sweep_job *job = &s->options->jobs[i];
        erg_application app = { .retention = NAN,
                                .retention_low = NAN,
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

static bool put_head(sweep *s, erg_store *store, erg_error *err)
{
    char utc[40], blocks[16];

    erg_utc_format(erg_env_utc_ns(s->env), 6, utc, sizeof(utc));
    snprintf(blocks, sizeof(blocks), "%d", erg_sweep_blocks(s->options));
    return erg_store_meta(store, "begin_utc", utc, err)
           && erg_store_meta(store, "erg_version", erg_version(), err)
           && erg_store_meta(store, "sweep_blocks", blocks, err)
           && (!s->options->words
               || erg_store_meta(store, "sweep", s->options->words, err));
}

/* Simulated time begins anew in each session: no visit may lie before the last. */
static void go_on_after(const sweep *s, const erg_visit *last)
{
    int64_t ahead_ns =
        last->start_ns - erg_env_utc_ns(s->env) + erg_ns_from_s(last->time_s);

    if (last->start_ns != INT64_MIN)
        erg_env_sleep_until_ns(s->env, erg_env_now_ns(s->env) + ahead_ns);
}

static bool begin(sweep *s, const char *path, erg_error *err)
{
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
        .turned = s->setup.dials[0].devices,
        .turned_count = s->setup.dials[0].count,
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

static bool end(sweep *s, bool good, erg_error *err)
{
    erg_error *first = good ? err : NULL;

    if (s->setup.devices && !erg_devices_restore(s->setup.devices, first))
        good = false, first = NULL;
    if (s->bench && !s->bench->kind->close(s->bench, good && !s->stopped, first))
        good = false;
    erg_sweep_writer_free(&s->writer);
    erg_sweep_drop(&s->setup);
    free(s->applications);
    free(s->was_warmed);
    return good;
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
    return true;
}

static bool sweep_in(const erg_env *env, const erg_sweep_options *options,
                     erg_points *points, erg_sweep_outcome *outcome, erg_error *err)
{
    sweep s = { .env = env, .options = options, .points = points };

    *outcome = (erg_sweep_outcome){ .planned = 0 };
    erg_text_put(outcome->file, sizeof(outcome->file), options->output);
    if (!options->work)
        erg_sweep_put_back_left(env);
    if (!agree(options, err) || !erg_sweep_prepare(env, options, &s.setup, err))
        return false;
    if (!options->output)
        erg_run_file_name(env, outcome->file, sizeof(outcome->file));
    s.begin_ns = erg_env_now_ns(env);
    s.planned = (size_t)(options->only_block ? 1 : erg_sweep_blocks(options))
                * options->job_count * erg_sweep_block_most(s.setup.count);
    bool good = begin(&s, outcome->file, err) && run_blocks(&s, err);
    s.stopped = asked(&s);
    outcome->planned = s.planned;
    outcome->visited = s.done;
    outcome->stopped = s.stopped;
    good = end(&s, good, err);
    return good && (erg_points_visits(points) == 0 || erg_points_check(points, err));
}

/* Simulated work takes no time: the clock jumps to whatever is waited for. */
bool erg_sweep_run(const erg_env *env, const erg_sweep_options *options, erg_points *points,
                   erg_sweep_outcome *outcome, erg_error *err)
{
    erg_sim_clock clock;
    erg_env own = env ? *env : (erg_env){ 0 };

    if (options->work && !own.clock)
        own.clock = erg_sim_clock_start(&clock);
    return sweep_in(&own, options, points, outcome, err);
}
