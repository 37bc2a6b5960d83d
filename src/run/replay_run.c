/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg replay run: recorder on, idle, the whole, kernels in an order by chance, idle,
 * recorder off, joules.
 *
 * The recorder starts before the engine: the engine keeps its thread to few cores, and
 * the sampler must be free to use the one that is left.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/driver.h"
#include "erg/energy.h"
#include "replay/files.h"
#include "replay/load.h"
#include "replay/meter.h"
#include "run/replay_bench.h"

static const double energy_least_s = 5, energy_updates = 50;
static const double slow_update_s = 1, slow_least_s = 60;

static void put_head(const erg_replay_bench *bench)
{
    bool is_locked = bench->options->clock_hz > 0;
    erg_idle_policy idle = is_locked ? ERG_IDLE_CLOCKS_LOCKED : ERG_IDLE_CONTEXT;
    char text[32];

    erg_recording_meta(bench->rec, "command", "erg replay run");
    erg_recording_meta(bench->rec, "engine", bench->options->engine);
    erg_recording_meta(bench->rec, "idle_state", erg_idle_policy_name(idle));
    snprintf(text, sizeof(text), "%llu",
             (unsigned long long)(bench->options->seed ? bench->options->seed : 1));
    erg_recording_meta(bench->rec, "kernel_order_seed", text);
}

/* ---- the day --------------------------------------------------------------------- */

/* As the slowest power sensor needs: max(5 s, 50 updates), 60 s at a meter of 1 Hz. */
static double energy_window_s(const erg_recording *rec)
{
    const erg_sampler *sampler = erg_recording_sampler(rec);
    double window_s = 0;

    for (size_t i = 0; i < sampler->count; i++) {
        const erg_channel_info *info = &sampler->channels[i].info;

        if (info->quantity != ERG_POWER && info->quantity != ERG_ENERGY)
            continue;
        window_s = fmax(window_s, energy_least_s);
        if (info->update_s > 0)
            window_s = fmax(window_s, energy_updates * info->update_s);
        if (info->update_s >= slow_update_s)
            window_s = fmax(window_s, slow_least_s);
    }
    return window_s;
}

static bool idle(const erg_replay_bench *bench, const char *name, erg_error *err)
{
    const erg_replay_run_options *options = bench->options;
    double idle_s = options->idle_s > 0   ? options->idle_s
                    : bench->energy_s > 0 ? energy_least_s
                                          : 0;

    if (!bench->rec || !(idle_s > 0))
        return true;
    erg_replay_tell(bench, "recording idle power");
    int64_t id = erg_replay_region(bench, name);
    erg_recording_run_until(
        bench->rec, erg_env_now_ns(bench->env) + erg_ns_from_s(idle_s), options->ask_stop);
    erg_replay_region_end(bench, id, NAN);
    return erg_replay_goes_on(bench, err);
}

static bool play(erg_replay_bench *bench, const erg_replay_plan *plan, erg_error *err)
{
    const erg_engine_options options = { bench->options->device, bench->options->threads };

    bench->stage = erg_stage_open(bench->engine, &options, plan, err);
    if (!bench->stage)
        return false;
    if (bench->engine->is_host)
        bench->stage->room_bytes = erg_replay_room_bytes(bench->env);
    if (bench->stage->jobs_ready == 0)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s can replay none of the %zu kernels: %.200s",
                        bench->engine->name, bench->stage->plan->kernel_count,
                        bench->stage->plan->note_count ? bench->stage->plan->notes[0] : "");
    bool good = erg_replay_log_begin(&bench->log, bench->env, err)
                && idle(bench, "idle_before", err) && erg_replay_measure(bench, err)
                && idle(bench, "idle_after", err);
    erg_replay_log_end(&bench->log);
    return good;
}

/* Put back when the devices are freed, or by the next start after a kill. */
static bool lock_clock(const erg_replay_bench *bench, erg_devices *devices, erg_error *err)
{
    erg_knob which = bench->engine->is_host ? ERG_CPU_CLOCK : ERG_SM_CLOCK;
    bool is_locked = false;

    if (!(bench->options->clock_hz > 0))
        return true;
    for (size_t i = 0; i < erg_devices_count(devices); i++) {
        erg_turn turn = { .knob = which, .requested = bench->options->clock_hz };
        if (!erg_devices_find_knob(devices, i, which))
            continue;
        if (!erg_devices_turn(devices, i, &turn, err))
            return false;
        is_locked = true;
    }
    return is_locked
           || erg_fail(err, ERG_UNSUPPORTED,
                       "no device here has the knob %s: leave --clock "
                       "out, and the clock is recorded (erg devices says "
                       "which knobs there are)", erg_knob_infos[which].name);
}

/* Sensors, regions and marks into run.erg: complete, or readable, whatever happens. */
static bool record(erg_replay_bench *bench, const erg_replay_plan *plan, const char *path,
                   erg_error *err)
{
    const erg_replay_run_options *options = bench->options;
    erg_recording_setup setup = { .path = path,
                                  .rate_hz = options->rate_hz,
                                  .no_energy = options->no_energy };
    erg_devices *devices =
        erg_devices_find(bench->env, options->sensors, options->sensor_count, err);
    bool good = devices && lock_clock(bench, devices, err)
                && (bench->rec = erg_recording_new(bench->env, devices, &setup, err))
                && erg_recording_begin(bench->rec, err);

    if (good) {
        put_head(bench);
        bench->energy_s = options->no_energy ? 0 : energy_window_s(bench->rec);
        good = play(bench, plan, err);
        erg_recording_linger(bench->rec);
        good = erg_recording_end(bench->rec, good ? err : NULL) && good;
    }
    erg_recording_free(bench->rec);
    bench->rec = NULL;
    erg_devices_free(devices);
    return good;
}

/* ---- what was found -------------------------------------------------------------- */

static void in_utc(erg_span *span, erg_span *mono, int64_t shift_ns)
{
    *mono = *span;
    if (span->end_ns > span->begin_ns) {
        span->begin_ns += shift_ns;
        span->end_ns += shift_ns;
    }
}

static bool finish(erg_replay_bench *bench, const char *path, erg_error *err)
{
    erg_replay *replay = bench->replay;
    int64_t at_ns = erg_env_now_ns(bench->env),
            shift_ns = erg_env_utc_ns(bench->env) - at_ns;

    if (path[0] && !(replay->trace = erg_trace_load(path, err)))
        return false;
    if (replay->trace && erg_trace_anchor_count(replay->trace) > 0)
        shift_ns = erg_trace_utc_ns(replay->trace, at_ns) - at_ns;
    in_utc(&replay->whole.span, &replay->whole.mono, shift_ns);
    for (size_t i = 0; i < replay->kernel_count; i++)
        in_utc(&replay->kernels[i].span, &replay->kernels[i].mono, shift_ns);
    replay->written_ns = at_ns + shift_ns;
    replay->steps = replay->plan->steps;
    erg_text_put(replay->engine, sizeof(replay->engine), bench->engine->name);
    if (bench->engine->is_host)
        erg_text_put(replay->hardware, sizeof(replay->hardware), "this-cpu");
    if (!replay->trace || (bench->options->no_energy && !bench->log.path))
        return true;
    replay->channel = erg_replay_choose_channel(replay);
    if (bench->log.path
        && !(erg_replay_log_read(&bench->log, bench->options->tz, replay->trace,
                                 &replay->channel, err)
             && erg_trace_save(replay->trace, path, err)))
        return false;
    replay->system = erg_replay_choose_system(replay);
    return replay->channel < 0 || erg_replay_meter(replay, err);
}

/* ---- its folder -------------------------------------------------------------------- */

typedef struct place {
    const char *folder;
    char recording[ERG_PATH_MOST]; /* "": nothing is recorded */
    bool is_new;                   /* the folder was not there */
} place;

/* What an earlier run left would stand beside new figures, or in their place. */
static bool clear(place *at, erg_error *err)
{
    char path[ERG_PATH_MOST];

    if (!at->folder)
        return true;
    at->is_new = access(at->folder, F_OK) != 0;
    if (!erg_folder_make(at->folder, err))
        return false;
    for (const erg_replay_file *const *file = erg_replay_files; *file; file++) {
        snprintf(path, sizeof(path), "%s/%s", at->folder, (*file)->name);
        unlink(path);
    }
    snprintf(at->recording, sizeof(at->recording), "%s/run.erg", at->folder);
    unlink(at->recording);
    return true;
}

/* What could not be begun leaves nothing behind; what was stopped leaves its recording, and
 * so does what ran out of memory when something was measured. */
static void take_back(const place *at, const erg_replay *replay, erg_code why)
{
    bool is_refused = why == ERG_BAD_INPUT || why == ERG_UNSUPPORTED;

    if (!at->recording[0])
        return;
    if (why == ERG_NO_MEMORY)
        is_refused = replay->kernel_count == 0 && !(replay->whole.runs > 0);
    if (!is_refused)
        return;
    unlink(at->recording);
    if (at->is_new)
        rmdir(at->folder);
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool find_engine(const char *name, const erg_engine **out, erg_error *err)
{
    erg_text names = { 0 };
    char why[200];

    *out = erg_engine_find(name);
    if (*out)
        return (*out)->find(why, sizeof(why))
               || erg_fail(err, ERG_UNSUPPORTED, "engine %s: %s", name, why);
    for (const erg_engine *const *engine = erg_engines; *engine; engine++)
        erg_text_add(&names, "%s%s", names.count ? ", " : "", (*engine)->name);
    erg_fail(err, ERG_BAD_INPUT, "there is no engine '%.40s', only %s", name,
             names.data ? names.data : "none");
    erg_text_free(&names);
    return false;
}

/* Of a kernel of 2 us that is 20 s; of a whole of 50 ms, six days. */
static bool is_feasible(const erg_replay_run_options *options, erg_error *err)
{
    static const double runs_most = 1e7;

    return options->runs <= runs_most
           || erg_fail(err, ERG_BAD_INPUT, "%g runs are too many: at most %g",
                       options->runs, runs_most);
}

static bool run(erg_replay_bench *bench, const erg_replay_plan *plan, place *at,
                erg_error *err)
{
    if (!clear(at, err)
        || !(at->recording[0] ? record(bench, plan, at->recording, err)
                              : play(bench, plan, err)))
        return false;
    bench->replay->plan = bench->stage->plan;
    bench->stage->plan = NULL;
    return true;
}

erg_replay *erg_replay_run(const erg_env *env, const erg_replay_plan *plan,
                           const erg_replay_run_options *options, erg_error *err)
{
    erg_replay_run_options own = *options;
    erg_replay_bench bench = {
        .env = env, .options = &own, .references = { -1, -1 }, .empty_s = NAN,
        .log = { .path = options->power_log },
    };
    place at = { .folder = options->folder };
    erg_error why = { 0 };

    own.engine = own.engine ? own.engine : "onednn";
    bool good = is_feasible(&own, &why) && find_engine(own.engine, &bench.engine, &why)
                && (bench.replay = erg_replay_new(&why)) && run(&bench, plan, &at, &why);
    erg_stage_close(bench.stage);
    if (good && finish(&bench, at.recording, &why))
        return bench.replay;
    if (!good)
        take_back(&at, bench.replay, why.code);
    if (err)
        *err = why;
    erg_replay_free(bench.replay);
    return NULL;
}

bool erg_replay_report(erg_replay *replay, const char *folder, erg_error *err)
{
    bool has_power = replay->channel >= 0;

    return erg_comparison_of(replay, err)
           && (!has_power || erg_kernel_energies_of(replay, err))
           && erg_replay_save(replay, folder, err);
}
