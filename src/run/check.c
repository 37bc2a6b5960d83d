/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg devices --check: read all there is ten times as often as the sensors update, find
 * their periods, hold each device's counter against its integrated power and, under a
 * load, find window and gain and keep them for the runs to come.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "erg/run.h"
#include "run/identify.h"
#include "run/keep.h"
#include "run/marker.h"
#include "run/recording.h"
#include "run/spawn.h"

/* Ten polls an update find its period, most GPU sensors' being 100 ms; a tool that
 * reads more often than that changes the power it reads. */
static const double polls_per_update = 10, least_hz = 100, most_hz = 1000;
/* Rest before and after a load: with it, two levels of 5 s that give the gain. */
static const double rest_s = 6, usual_s = 60;
static const double disagree_share = 0.05;

static const erg_column check_columns[] = {
    { "device", ERG_TEXT, "device as --sensor names it" },
    { "channel", ERG_TEXT, "what was read" },
    { "polls", ERG_INTEGER, "readings taken" },
    { "errors", ERG_INTEGER, "readings that failed" },
    { "updates", ERG_INTEGER, "readings with a new value" },
    { "update_period_s", ERG_REAL, "found from the readings, else as published" },
    { "window_s", ERG_REAL, "averaging window, found under a load, else as published" },
    { "counter_w", ERG_REAL, "mean power by the energy counter" },
    { "integral_w", ERG_REAL, "mean power by integrating the readings" },
    { "disagreement", ERG_REAL, "counter over integral, less one" },
    { "state", ERG_TEXT, "ok, steady, silent, errors, disagrees" },
    { "reason", ERG_TEXT, "what the state means here" },
    { "delay_s", ERG_REAL, "found under a load" },
    { "gain", ERG_REAL, "found: reading = gain x true + offset" },
    { "offset_w", ERG_REAL, "found" },
    { "against", ERG_TEXT, "what window and gain were found against" },
    { "missing", ERG_TEXT, "why window or gain were not found, and the cure" },
};

static const erg_column cost_columns[] = {
    { "cpu_share", ERG_REAL, "of one core, while checking" },
    { "reads_per_s", ERG_REAL, "readings of all channels" },
    { "read_us", ERG_REAL, "CPU time of one reading" },
};

typedef struct check {
    const erg_trace *trace;
    const erg_sampler *sampler;
    const erg_check_options *options;
    erg_table *table;
    erg_keep keep;
    bool disagrees;
} check;

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
         + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static double mean_w(const erg_trace *trace, int channel, erg_span window, double *step_w)
{
    erg_energy energy;
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    if (!erg_trace_energy(trace, channel, window, &energy, NULL))
        return NAN;
    if (step_w && info->update_s > 0)
        *step_w = energy.mean_w * info->update_s / energy.window_s;
    return energy.mean_w;
}

static erg_span span_of(const erg_trace *trace, int channel)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    return count
        ? (erg_span){ samples[0].t_ns, samples[count - 1].t_ns } : (erg_span){ 0, 0 };
}

/* Both over the stretch that both saw. NAN: one of them is missing. */
static double disagreement(const erg_trace *trace, int channel, double *counter_w,
                           double *integral_w, double *allowed)
{
    int other = erg_partner(trace, channel);
    bool counts = erg_trace_channel(trace, channel)->kind == ERG_COUNTER;
    erg_span window = span_of(trace, channel);
    double step_w = 0;
    if (other >= 0) {
        erg_span its = span_of(trace, other);
        window.begin_ns = its.begin_ns > window.begin_ns ? its.begin_ns : window.begin_ns;
        window.end_ns = its.end_ns < window.end_ns ? its.end_ns : window.end_ns;
    }
    double own_w = mean_w(trace, channel, window, counts ? &step_w : NULL);
    double its_w = other < 0 ? NAN : mean_w(trace, other, window, counts ? NULL : &step_w);
    *counter_w = counts ? own_w : its_w;
    *integral_w = counts ? its_w : own_w;
    *allowed = disagree_share + step_w / fabs(*counter_w);
    return *counter_w / *integral_w - 1;
}

static void judge(check *all, const erg_sampled *channel, int other, const double w[2],
                  double allowed)
{
    const erg_sampling *sampling = &channel->sampling;
    const char *state = "ok", *reason = NULL;
    char text[512];
    double apart = w[0] / w[1] - 1;
    if (sampling->errors == sampling->polls)
        state = "silent", reason = "every reading failed";
    else if (sampling->errors > 0)
        state = "errors", reason = "some readings failed: they are gaps in a recording";
    else if (!isnan(apart) && fabs(apart) > allowed) {
        state = "disagrees";
        snprintf(text, sizeof(text),
                 "its counter says %.4g W and its integrated power %.4g W: "
                 "%+.1f %%, more than 5 %% and one update (%s, %s)", w[0], w[1],
                 100 * apart, channel->info.name,
                 erg_trace_channel(all->trace, other)->name);
        reason = text;
        all->disagrees = true;
    } else if (sampling->updates < 2)
        state = "steady",
                reason = "its value did not change: put a load on it and check again";
    erg_table_text(all->table, "state", state, NULL);
    erg_table_text(all->table, "reason", reason, NULL);
}

static bool put_identified(erg_table *table, const erg_identified *found, erg_error *err)
{
    return erg_table_real(table, "delay_s", found->delay_s, err)
        && erg_table_real(table, "gain", found->gain, err)
        && erg_table_real(table, "offset_w", found->offset, err)
        && erg_table_text(table, "against", *found->against ? found->against : NULL, err)
        && erg_table_text(table, "missing", *found->why_not ? found->why_not : NULL, err);
}

static double known_or(double found, double published)
{
    return !isnan(found) ? found : published > 0 ? published : NAN;
}

static bool row(check *all, int index, erg_error *err)
{
    const erg_sampled *channel = &all->sampler->channels[index];
    const erg_channel_info *info = &channel->info;
    erg_identified found = { NAN, NAN, NAN, NAN, NAN, NAN, "", "" };
    double w[2] = { NAN, NAN }, apart = NAN, allowed = 0;

    if (!erg_table_row(all->table, err))
        return false;
    if (!channel->is_slow) {
        if (!erg_identify(all->trace, index, all->options->reference, &found, err)
            || !erg_keep_put(&all->keep, erg_trace_device(all->trace, info->device),
                             info->name, &found, err))
            return false;
        apart = disagreement(all->trace, index, &w[0], &w[1], &allowed);
    }
    erg_table *table = all->table;
    const erg_device_info *device = erg_trace_device(all->trace, info->device);
    bool good = erg_table_text(table, "device", device->name, err)
        && erg_table_text(table, "channel", info->name, err)
        && erg_table_integer(table, "polls", channel->sampling.polls, err)
        && erg_table_integer(table, "errors", channel->sampling.errors, err)
        && erg_table_integer(table, "updates", channel->sampling.updates, err)
        && erg_table_real(table, "update_period_s",
                          known_or(found.update_s, info->update_s), err)
        && erg_table_real(table, "window_s", known_or(found.window_s, info->window_s), err)
        && erg_table_real(table, "counter_w", w[0], err)
        && erg_table_real(table, "integral_w", w[1], err)
        && erg_table_real(table, "disagreement", apart, err)
        && put_identified(table, &found, err);
    if (good)
        judge(all, channel, erg_partner(all->trace, index), w, allowed);
    return good;
}

static bool put_cost(erg_result *result, const erg_sampler *sampler, double spent_s,
                     double wall_s, erg_error *err)
{
    double reads = 0;
    for (size_t i = 0; i < sampler->count; i++)
        reads += (double)sampler->channels[i].sampling.polls;
    erg_table *table = erg_result_add(result, "cost", cost_columns, ERG_COUNT(cost_columns),
                                      err);
    return table && erg_table_row(table, err)
        && erg_table_real(table, "cpu_share", wall_s > 0 ? spent_s / wall_s : NAN, err)
        && erg_table_real(table, "reads_per_s", wall_s > 0 ? reads / wall_s : NAN, err)
        && erg_table_real(table, "read_us", reads > 0 ? 1e6 * spent_s / reads : NAN, err);
}

static bool fill(erg_result *result, erg_recording *rec, const erg_env *env, check *all,
                 erg_error *err)
{
    char path[ERG_PATH_MOST];
    all->sampler = erg_recording_sampler(rec);
    all->table = erg_result_add(result, "check", check_columns, ERG_COUNT(check_columns),
                                err);
    all->trace = erg_recording_lock(rec);
    bool good = all->table && erg_keep_begin(&all->keep, env, err);
    for (size_t i = 0; good && i < all->sampler->count; i++)
        good = row(all, (int)i, err);
    erg_recording_unlock(rec);
    erg_error why = { 0 };
    if (good && !erg_keep_end(&all->keep, env, path, &why))
        good = erg_result_note(result, err, "what was found is not kept: %s", why.text);
    else if (good && all->keep.changed)
        good = erg_result_note(result, err,
                               "what was found is kept in %s and used by every "
                               "run from now on; remove the file to forget it", path);
    erg_keep_free(&all->keep);
    return good;
}

static bool wants_meter(const erg_devices *devices, const char *reference, erg_error *err)
{
    char name[96] = "";
    for (size_t i = 0; reference && i < erg_devices_count(devices); i++)
        for (size_t k = 0; k < erg_devices_channel_count(devices, i); k++) {
            snprintf(name, sizeof(name), "%s/%s", erg_devices_info(devices, i)->name,
                     erg_devices_channel(devices, i, k)->name);
            if (strcmp(name, reference) == 0)
                return true;
        }
    return !reference
        || erg_fail(err, ERG_BAD_INPUT, "no channel is called %s: it is DEVICE/CHANNEL as "
                    "erg devices lists them", reference);
}

static double rate_hz(const erg_devices *devices)
{
    double hz = least_hz;
    for (size_t i = 0; i < erg_devices_count(devices); i++)
        for (size_t k = 0; k < erg_devices_channel_count(devices, i); k++) {
            const erg_channel_info *info = erg_devices_channel(devices, i, k);
            if (info->quantity == ERG_POWER && info->update_s > 0)
                hz = fmax(hz, fmin(polls_per_update / info->update_s, most_hz));
        }
    return hz;
}

static void rest(erg_recording *rec, const erg_env *env, const erg_check_options *options)
{
    erg_recording_run_until(rec, erg_env_now_ns(env) + erg_ns_from_s(rest_s),
                            options->ask_stop);
}

static bool load(erg_recording *rec, const erg_env *env, const erg_check_options *options,
                 erg_error *err)
{
    erg_child child = { .out = 0 };
    int status;

    rest(rec, env, options);
    if (options->ask_stop && *options->ask_stop)
        return true;
    int64_t id = erg_recording_region(rec, "load", true);
    bool started = erg_spawn(&child, options->argv,
                             erg_ring_path(erg_recording_ring(rec)), &status, err);
    if (started)
        status = erg_spawn_wait(&child, options->ask_stop);
    erg_recording_region_end(rec, id, NAN);
    rest(rec, env, options);
    return started
        && (status == 0 || (options->ask_stop && *options->ask_stop)
            || erg_fail(err, ERG_BAD_INPUT, "the load ended with status %d: nothing was "
                        "checked", status));
}

/* A second at a time, so that whoever waits sees that it goes on. */
static void watch_for(erg_recording *rec, const erg_env *env,
                      const erg_check_options *options, double for_s)
{
    int64_t begin_ns = erg_env_now_ns(env), end_ns = begin_ns + erg_ns_from_s(for_s);
    char text[80];

    for (int64_t at_ns = begin_ns;
         at_ns < end_ns && !(options->ask_stop && *options->ask_stop);) {
        snprintf(text, sizeof(text), "reading every sensor: %.0f of %.0f s",
                 erg_s_from_ns(at_ns - begin_ns), for_s);
        if (options->progress)
            options->progress(options->progress_self, text);
        at_ns = end_ns - at_ns > ERG_NS_PER_S ? at_ns + ERG_NS_PER_S : end_ns;
        erg_recording_run_until(rec, at_ns, options->ask_stop);
    }
}

static bool watch(erg_recording *rec, const erg_env *env, const erg_check_options *options,
                  erg_error *err)
{
    double for_s = options->for_s > 0 ? options->for_s : usual_s;
    if (options->marker)
        erg_marker_play(rec, env, options->ask_stop);
    if (options->argv)
        return load(rec, env, options, err);
    if (!options->marker)
        watch_for(rec, env, options, for_s);
    return true;
}

static bool check_and_tell(erg_recording *rec, const erg_env *env, check *all,
                           erg_result *result, erg_error *err)
{
    if (!erg_recording_begin(rec, err))
        return false;
    int64_t begin_ns = erg_env_now_ns(env);
    double cpu_before_s = cpu_s();
    bool good = watch(rec, env, all->options, err);
    double spent_s = cpu_s() - cpu_before_s;
    double wall_s = erg_s_from_ns(erg_env_now_ns(env) - begin_ns);
    erg_recording_pause(rec);
    return good && fill(result, rec, env, all, err)
        && put_cost(result, erg_recording_sampler(rec), spent_s, wall_s, err);
}

erg_result *erg_devices_check(erg_devices *devices, const erg_env *env,
                              const erg_check_options *options, bool *disagrees,
                              erg_error *err)
{
    erg_recording_setup setup = { .in_memory = true, .rate_hz = rate_hz(devices) };
    check all = { .options = options };
    erg_result *result = NULL;
    erg_recording *rec = NULL;

    if (options->argv && env && env->clock) {
        erg_fail(err, ERG_UNSUPPORTED, "a load cannot be run on a manual clock");
        return NULL;
    }
    bool good = wants_meter(devices, options->reference, err)
        && (result = erg_result_new("devices", err))
        && (rec = erg_recording_new(env, devices, &setup, err))
        && check_and_tell(rec, env, &all, result, err);
    erg_recording_free(rec);
    *disagrees = all.disagrees;
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
