/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg run: sensors, sampler, idle, warm-up, the command so often as asked, idle,
 * and one complete run file, whatever happened on the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "erg/run.h"
#include "run/file_name.h"
#include "run/hints.h"
#include "run/marker.h"
#include "run/recording.h"
#include "run/repeat.h"
#include "run/spawn.h"
#include "run/training_log.h"

static const double first_updates_s = 3;
static const int first_updates = 2;
static const size_t repeat_most = 200;
static const double idle_most_s = 600;
/* A part-time sensor's phase is spread over so many steps. */
static const int dither_steps = 32;

typedef struct session {
    const erg_env *env;
    const erg_measure_options *options;
    char *const *argv;
    erg_recording *rec;
    erg_hints *hints;           /* NULL: nothing is asked of the hardware */
    double dither_s;            /* step of the delay; 0: none */
    int counted;                /* runs that ended well */
    int status;                 /* of the last command */
    bool cannot_start, has_run;
    int64_t first_ns;           /* begin of the first run, warm-up or not */
    erg_span last;              /* the last run */
    erg_repeat repeat;
} session;

static int asked(const session *s)
{
    int number = s->options->ask_stop ? *s->options->ask_stop : 0;
    return number < 0 ? -number : number;
}

static void tell(const session *s, const char *format, int first, int second)
{
    char text[120];
    if (!s->options->progress || s->options->quiet)
        return;
    snprintf(text, sizeof(text), format, first, second);
    s->options->progress(s->options->progress_self, text);
}

/* ---- the file's head ----------------------------------------------------------- */

static void put_command(const session *s)
{
    erg_text text = { 0 };
    for (size_t i = 0; s->argv && s->argv[i]; i++) {
        bool plain = s->argv[i][0] && !strpbrk(s->argv[i], " \t\n'\"\\$`");
        erg_text_add(&text, plain ? "%s%s" : "%s'%s'", i ? " " : "", s->argv[i]);
    }
    char *line = erg_text_take(&text);
    if (line && s->argv)
        erg_recording_meta(s->rec, "command", line);
    free(line);
}

static void put_tags(const session *s)
{
    for (size_t i = 0; i < s->options->tag_count; i++) {
        const char *tag = s->options->tags[i], *value = strchr(tag, '=');
        char key[128];
        snprintf(key, sizeof(key), "tag:%.*s", (int)(value ? value - tag : 100), tag);
        erg_recording_meta(s->rec, key, value ? value + 1 : "");
    }
}

static void put_number(const session *s, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.10g", value);
    erg_recording_meta(s->rec, key, text);
}

static void put_flag(const session *s, erg_flag_code code, const char *text)
{
    erg_flag flag = { .code = code, .channel = -1, .span = s->last };
    erg_text_put(flag.text, sizeof(flag.text), text);
    erg_recording_flag(s->rec, &flag);
}

/* ---- what is done in order -------------------------------------------------------- */

/* The update period of a power sensor that does not look all the time; 0: none. */
static double part_time_s(const erg_sampler *sampler)
{
    for (size_t i = 0; i < sampler->count; i++) {
        const erg_channel_info *info = &sampler->channels[i].info;
        if (!sampler->channels[i].is_slow && info->quantity == ERG_POWER
            && info->window_s > 0
            && info->window_s < 0.75 * info->update_s)
            return info->update_s;
    }
    return 0;
}

static void plan_dither(session *s)
{
    double period_s = part_time_s(erg_recording_sampler(s->rec));
    if (s->options->dither < 0)
        return;
    if (s->options->dither > 0 && !(period_s > 0))
        period_s = 0.1;     /* what most GPU sensors have */
    s->dither_s = period_s / dither_steps;
}

static void record_idle(session *s, const char *name, double idle_s)
{
    if (!(idle_s > 0) || asked(s))
        return;
    tell(s, "recording idle power", 0, 0);
    int64_t id = erg_recording_region(s->rec, name, false);
    int64_t until_ns = erg_env_now_ns(s->env) + erg_ns_from_s(idle_s);
    erg_recording_run_until(s->rec, until_ns, s->options->ask_stop);
    erg_recording_region_end(s->rec, id, NAN);
}

/* After a joint run a baseline as long as the run serves its placebos. */
static double idle_after_s(const session *s)
{
    double runs_s = erg_s_from_ns(s->last.end_ns - s->first_ns);
    return s->options->idle_as_run ? fmin(runs_s, idle_most_s) : s->options->idle_s;
}

static bool run_once(session *s, const char *name, erg_error *err)
{
    erg_child child = { .pass_on = s->options->pass_on };
    int64_t id = erg_recording_region(s->rec, name, true);
    s->last.begin_ns = erg_env_now_ns(s->env);
    if (!s->first_ns)
        s->first_ns = s->last.begin_ns;
    bool started = erg_spawn(&child, s->argv, erg_ring_path(erg_recording_ring(s->rec)),
                             &s->status, err);
    if (started)
        child.settled_ns = s->last.begin_ns + ERG_SETTLED_NS;
    if (started && s->options->for_s > 0)
        child.deadline_ns = s->last.begin_ns + erg_ns_from_s(s->options->for_s);
    if (started)
        s->status = erg_spawn_wait(&child, s->options->ask_stop);
    if (child.is_late)
        s->status = 0;
    s->cannot_start = !started;
    s->has_run |= started;
    s->last.end_ns = erg_recording_region_end(s->rec, id, s->status == 0 ? 1 : NAN);
    return started && s->status == 0 && !asked(s);
}

static void delay(session *s, int index)
{
    if (s->dither_s > 0 && index % dither_steps)
        erg_recording_run_until(s->rec, erg_env_now_ns(s->env)
                                + erg_ns_from_s(s->dither_s * (index % dither_steps)),
                                s->options->ask_stop);
}

static bool is_over_time(const session *s, int64_t begin_ns)
{
    double most_s = s->options->max_time_s;
    return most_s > 0 && erg_s_from_ns(erg_env_now_ns(s->env) - begin_ns) >= most_s;
}

static bool is_enough(session *s, erg_error *err)
{
    if (!erg_repeat_add(&s->repeat, s->last, err))
        return false;
    erg_recording_linger(s->rec);
    bool enough = erg_repeat_look(&s->repeat, erg_recording_lock(s->rec), err);
    erg_recording_unlock(s->rec);
    tell(s, "observation %d of at most %d", (int)s->repeat.count, (int)s->repeat.most);
    return enough;
}

/* They are as those of --warmup: recorded, and not counted. */
static void cut_warmup(session *s)
{
    size_t runs = erg_repeat_warmup_runs(&s->repeat);

    if (runs == 0)
        return;
    put_number(s, "observations_warmup", (double)s->repeat.warmup);
    erg_recording_count_as_warmup(s->rec, runs);
    s->counted -= (int)runs;
}

static void repeat_until(session *s, erg_error *err)
{
    const erg_measure_options *options = s->options;
    int64_t begin_ns = erg_env_now_ns(s->env);
    s->repeat.until = options->until;
    s->repeat.looks = options->naive_looks ? 1 : ERG_LOOKS;
    s->repeat.most = options->max_repeat > 0 ? (size_t)options->max_repeat : repeat_most;
    s->repeat.window_s = erg_repeat_window_s(erg_recording_lock(s->rec));
    erg_recording_unlock(s->rec);

    bool enough = false;
    for (int i = 0; !enough && !asked(s) && !is_over_time(s, begin_ns); i++) {
        delay(s, i);
        if (!run_once(s, "run", err))
            return;
        s->counted++;
        enough = is_enough(s, err);
    }
    put_number(s, "until", options->until);
    put_number(s, "observations", (double)s->repeat.count);
    put_number(s, "observation_mean_j", s->repeat.interval.mean);
    put_number(s, "observation_half_width_j", s->repeat.interval.half_width);
    cut_warmup(s);
    if (!s->repeat.has_converged)
        put_flag(s, ERG_FLAG_NOT_CONVERGED,
                 "the wanted interval was not reached: allow more "
                 "with --max-repeat or --max-time, or ask for less with --until");
}

static void repeat_times(session *s, erg_error *err)
{
    int times = s->options->repeat > 0 ? s->options->repeat : 1;
    int64_t begin_ns = erg_env_now_ns(s->env);
    for (int i = 0; i < times && !asked(s); i++) {
        if (i && is_over_time(s, begin_ns))
            return;
        if (times > 1) {
            tell(s, "run %d of %d", i + 1, times);
            delay(s, i);
        }
        if (!run_once(s, "run", err))
            return;
        s->counted++;
    }
}

static void run_command(session *s, erg_error *err)
{
    for (int i = 0; i < s->options->warmup; i++) {
        tell(s, "warm-up %d of %d", i + 1, s->options->warmup);
        if (asked(s) || !run_once(s, "warmup", err))
            return;
    }
    if (s->options->until > 0)
        repeat_until(s, err);
    else
        repeat_times(s, err);
}

/* A second at a time, so that whoever waits sees that it goes on. */
static void record_only(session *s)
{
    double for_s = s->options->for_s;
    int64_t begin_ns = erg_env_now_ns(s->env), settled_ns = begin_ns + ERG_SETTLED_NS;
    int64_t until_ns = for_s > 0 ? begin_ns + erg_ns_from_s(for_s) : INT64_MAX;

    for (int64_t at_ns = begin_ns; at_ns < until_ns && !asked(s);) {
        tell(s, for_s > 0 ? "recording: %d of %d s" : "recording: %d s, until Ctrl-C",
             (int)((at_ns - begin_ns) / ERG_NS_PER_S), (int)fmin(for_s, INT_MAX));
        at_ns = until_ns - at_ns > ERG_NS_PER_S ? at_ns + ERG_NS_PER_S : until_ns;
        erg_recording_run_until(s->rec, at_ns, s->options->ask_stop);
        if (at_ns < settled_ns)
            continue;
        erg_give_back_memory();
        settled_ns += ERG_SETTLE_AGAIN_NS;
    }
}

static void play(session *s, erg_error *err)
{
    const erg_measure_options *options = s->options;
    if (!options->no_wait)
        erg_recording_wait_updates(s->rec, first_updates, first_updates_s,
                                   options->ask_stop);
    if (options->marker && !asked(s))
        erg_marker_play(s->rec, s->env, options->ask_stop);
    plan_dither(s);
    record_idle(s, "idle_before", options->idle_s);
    if (s->argv && !asked(s))
        run_command(s, err);
    else if (s->argv)
        s->status = 128 + asked(s);
    else
        record_only(s);
    record_idle(s, "idle_after", idle_after_s(s));
    if (s->argv && !options->no_wait && !(options->idle_s > 0))
        erg_recording_linger(s->rec);
}

/* ---- head and tail ------------------------------------------------------------------ */

static void put_head(const session *s)
{
    const erg_measure_options *options = s->options;
    put_command(s);
    put_tags(s);
    if (options->ambient_k > 0)
        put_number(s, "ambient_k", options->ambient_k);
    if (options->wired_to)
        erg_recording_meta(s->rec, "wired_to", options->wired_to);
    if (options->idle_s > 0)
        erg_recording_meta(s->rec, "idle_state",
                           erg_idle_policy_name(options->idle_state ? options->idle_state
                                                                    : ERG_IDLE_CONTEXT));
}

static void put_tail(const session *s)
{
    char text[120];
    if (!s->argv)
        return;
    put_number(s, "repeats", s->counted);
    put_number(s, "exit_status", s->status);
    if (s->dither_s > 0 && s->counted > 1)
        put_number(s, "dither_s", s->dither_s);
    if (s->status == 0)
        return;
    snprintf(text, sizeof(text), "the command ended with status %d: "
             "no energy per run is given", s->status);
    put_flag(s, ERG_FLAG_COMMAND_FAILED, text);
}

/* What was logged before the first run is not of it: logs are appended to. */
static bool keep_log(const session *s, erg_error *err)
{
    const erg_span runs = { s->first_ns, s->last.end_ns };
    return erg_record_training_log(s->rec, s->env, s->options->log, runs, err);
}

static bool record(session *s, erg_error *err)
{
    put_head(s);
    erg_hints_keep(s->hints, s->rec);
    if (!erg_recording_begin(s->rec, err))
        return false;
    play(s, err);
    if (s->cannot_start)
        return false;
    put_tail(s);
    bool joined = !s->options->log || keep_log(s, err);
    return erg_recording_end(s->rec, joined ? err : NULL) && joined;
}

bool erg_measure(const erg_env *env, char *const argv[], const erg_measure_options *options,
                 erg_measure_outcome *out, erg_error *err)
{
    session s = { .env = env, .options = options, .argv = argv };
    *out = (erg_measure_outcome){ .exit_status = ERG_EXIT_OWN };
    if (argv && env && env->clock)
        return erg_fail(err, ERG_UNSUPPORTED, "a command cannot be run on a manual clock");
    if (options->output)
        erg_text_put(out->file, sizeof(out->file), options->output);
    else
        erg_run_file_name(env, out->file, sizeof(out->file));

    erg_recording_setup setup = { .path = out->file, .in_memory = options->until > 0,
                                  .rate_hz = options->rate_hz,
                                  .all_at_rate = options->all_at_rate || options->log,
                                  .wired_to = options->wired_to };
    if (options->hint && !(s.hints = erg_hints_begin(env, options->hint, err)))
        return false;
    erg_devices *devices = erg_devices_find(env, options->sensors,
                                            options->sensor_count, err);
    if (devices)
        erg_hints_apply(s.hints, devices);
    bool good = devices && (s.rec = erg_recording_new(env, devices, &setup, err));
    bool has_file = good;
    good = good && record(&s, err);
    erg_recording_free(s.rec);
    erg_hints_end(s.hints, devices);
    erg_devices_free(devices);
    erg_repeat_free(&s.repeat);
    if (s.cannot_start || (!has_file && !options->output))
        unlink(out->file);
    if (good || s.cannot_start || s.has_run)
        out->exit_status = s.status;
    return good;
}
