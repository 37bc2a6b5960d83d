/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg devices --check: read all there is as often as a sensor's period asks for, find
 * that period, and hold each device's counter against its integrated power.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "erg/run.h"
#include "run/recording.h"
#include "trace/sensor.h"

/* A tenth of the period that most GPU sensors have; a tool that reads more often
 * changes the power it reads. */
static const double check_hz = 100;
static const double disagree_share = 0.05;

static const erg_column check_columns[] = {
    { "device", ERG_TEXT, "device as --sensor names it" },
    { "channel", ERG_TEXT, "what was read" },
    { "polls", ERG_INTEGER, "readings taken" },
    { "errors", ERG_INTEGER, "readings that failed" },
    { "updates", ERG_INTEGER, "readings with a new value" },
    { "update_period_s", ERG_REAL, "found from the readings, else as published" },
    { "window_s", ERG_REAL, "averaging window as published" },
    { "counter_w", ERG_REAL, "mean power by the energy counter" },
    { "integral_w", ERG_REAL, "mean power by integrating the readings" },
    { "disagreement", ERG_REAL, "counter over integral, less one" },
    { "state", ERG_TEXT, "ok, steady, silent, errors, disagrees" },
    { "reason", ERG_TEXT, "what the state means here" },
};

static const erg_column cost_columns[] = {
    { "cpu_share", ERG_REAL, "of one core, while checking" },
    { "reads_per_s", ERG_REAL, "readings of all channels" },
    { "read_us", ERG_REAL, "CPU time of one reading" },
};

typedef struct check {
    const erg_trace *trace;
    const erg_sampler *sampler;
    erg_table *table;
    bool disagrees;
} check;

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
         + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* The other reading of the same device, counter for power and the reverse; -1: none. */
static int partner(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *other = erg_trace_channel(trace, i);
        if (i != channel && other->device == info->device && erg_sampled_is_energy(other)
            && other->scope == info->scope
            && (other->kind == ERG_COUNTER) != (info->kind == ERG_COUNTER))
            return i;
    }
    return -1;
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
    return count ? (erg_span){ samples[0].t_ns, samples[count - 1].t_ns } : (erg_span){ 0, 0 };
}

/* Both over the stretch that both saw. NAN: one of them is missing. */
static double disagreement(const erg_trace *trace, int channel, double *counter_w,
                           double *integral_w, double *allowed)
{
    int other = partner(trace, channel);
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

static void judge(check *all, const erg_sampled *channel, double apart, double allowed)
{
    const erg_sampling *sampling = &channel->sampling;
    const char *state = "ok", *reason = NULL;
    if (sampling->errors == sampling->polls)
        state = "silent", reason = "every reading failed";
    else if (sampling->errors > 0)
        state = "errors", reason = "some readings failed: they are gaps in a recording";
    else if (!isnan(apart) && fabs(apart) > allowed) {
        state = "disagrees";
        reason = "counter and integrated power are more than 5 % and one update apart";
        all->disagrees = true;
    } else if (sampling->updates < 2)
        state = "steady", reason = "its value did not change: put a load on it and check again";
    erg_table_text(all->table, "state", state, NULL);
    erg_table_text(all->table, "reason", reason, NULL);
}

static bool row(check *all, int index, erg_error *err)
{
    const erg_sampled *channel = &all->sampler->channels[index];
    const erg_channel_info *info = &channel->info;
    erg_comb comb;
    size_t count;
    const erg_sample *samples = erg_trace_samples(all->trace, index, &count);
    double counter_w = NAN, integral_w = NAN, apart = NAN, allowed = 0;
    double update_s = info->update_s > 0 ? info->update_s : NAN;

    if (!erg_table_row(all->table, err))
        return false;
    if (!channel->is_slow) {
        if (erg_sensor_comb(samples, count, &comb, NULL))
            update_s = comb.update_s;
        apart = disagreement(all->trace, index, &counter_w, &integral_w, &allowed);
    }
    erg_table *table = all->table;
    const erg_device_info *device = erg_trace_device(all->trace, info->device);
    bool good = erg_table_text(table, "device", device->name, err)
        && erg_table_text(table, "channel", info->name, err)
        && erg_table_integer(table, "polls", channel->sampling.polls, err)
        && erg_table_integer(table, "errors", channel->sampling.errors, err)
        && erg_table_integer(table, "updates", channel->sampling.updates, err)
        && erg_table_real(table, "update_period_s", update_s, err)
        && erg_table_real(table, "window_s", info->window_s > 0 ? info->window_s : NAN, err)
        && erg_table_real(table, "counter_w", counter_w, err)
        && erg_table_real(table, "integral_w", integral_w, err)
        && erg_table_real(table, "disagreement", apart, err);
    if (good)
        judge(all, channel, apart, allowed);
    return good;
}

static bool put_cost(erg_result *result, const erg_sampler *sampler, double spent_s,
                     double wall_s, erg_error *err)
{
    double reads = 0;
    for (size_t i = 0; i < sampler->count; i++)
        reads += (double)sampler->channels[i].sampling.polls;
    erg_table *table = erg_result_add(result, "cost", cost_columns, ERG_COUNT(cost_columns), err);
    return table && erg_table_row(table, err)
        && erg_table_real(table, "cpu_share", wall_s > 0 ? spent_s / wall_s : NAN, err)
        && erg_table_real(table, "reads_per_s", wall_s > 0 ? reads / wall_s : NAN, err)
        && erg_table_real(table, "read_us", reads > 0 ? 1e6 * spent_s / reads : NAN, err);
}

static bool fill(erg_result *result, erg_recording *rec, bool *disagrees, erg_error *err)
{
    check all = { .sampler = erg_recording_sampler(rec) };
    all.table = erg_result_add(result, "check", check_columns, ERG_COUNT(check_columns), err);
    all.trace = erg_recording_lock(rec);
    bool good = all.table;
    for (size_t i = 0; good && i < all.sampler->count; i++)
        good = row(&all, (int)i, err);
    erg_recording_unlock(rec);
    *disagrees = all.disagrees;
    return good;
}

erg_result *erg_devices_check(erg_devices *devices, const erg_env *env, double for_s,
                              const volatile int *ask_stop, bool *disagrees, erg_error *err)
{
    erg_recording_setup setup = { .in_memory = true, .rate_hz = check_hz };
    erg_result *result = erg_result_new("devices", err);
    erg_recording *rec = result ? erg_recording_new(env, devices, &setup, err) : NULL;
    bool good = rec && erg_recording_begin(rec, err);
    if (good) {
        int64_t begin_ns = erg_env_now_ns(env);
        double cpu_before_s = cpu_s();
        erg_recording_run_until(rec, begin_ns + erg_ns_from_s(for_s), ask_stop);
        double spent_s = cpu_s() - cpu_before_s;
        double wall_s = erg_s_from_ns(erg_env_now_ns(env) - begin_ns);
        erg_recording_pause(rec);
        good = fill(result, rec, disagrees, err)
            && put_cost(result, erg_recording_sampler(rec), spent_s, wall_s, err);
    }
    erg_recording_free(rec);
    if (good)
        return result;
    erg_result_free(result);
    return NULL;
}
