/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule of the polls. Deadlines are begin + k * period, so that channels of
 * one period are read in one wake and a late poll does not push the later ones.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/sampler.h"

static const double unknown_power_hz = 20, counter_hz = 10;
static const double most_hz = 100e3, slowest_power_hz = 0.5;
static const int64_t slow_ns = ERG_NS_PER_S;

bool erg_sampled_is_energy(const erg_channel_info *info)
{
    return info->quantity == ERG_POWER || info->quantity == ERG_ENERGY;
}

/* A counter that returns to 0 is read at least four times in between. */
static double counter_rate_hz(const erg_channel_info *info)
{
    double wrap_hz = info->range_j > 0 && info->max_w > 0
        ? 4 * info->max_w / info->range_j : 0;
    return fmax(counter_hz, wrap_hz);
}

static double auto_rate_hz(const erg_channel_info *info)
{
    if (info->kind == ERG_COUNTER)
        return counter_rate_hz(info);
    if (info->update_s > 0)
        return fmin(fmax(2 / info->update_s, slowest_power_hz), 1000);
    return unknown_power_hz;
}

static bool is_limit(const erg_channel_info *info)
{
    return strstr(info->name, "limit") != NULL;
}

static void plan(erg_sampled *channel, double rate_hz)
{
    const erg_channel_info *info = &channel->info;
    channel->is_slow = !erg_sampled_is_energy(info) || is_limit(info);
    channel->at_edges = info->kind == ERG_COUNTER && !channel->is_slow;
    channel->last = NAN;
    if (channel->is_slow) {
        channel->period_ns = is_limit(info) ? 10 * slow_ns : slow_ns;
        return;
    }
    double hz = fmin(rate_hz > 0 ? rate_hz : auto_rate_hz(info), most_hz);
    channel->period_ns = erg_ns_from_s(1 / hz);
}

void erg_sampler_hasten(erg_sampler *sampler, double rate_hz)
{
    int64_t period_ns = rate_hz > 0 ? erg_ns_from_s(1 / fmin(rate_hz, most_hz)) : INT64_MAX;

    for (size_t i = 0; i < sampler->count; i++)
        if (sampler->channels[i].is_slow && sampler->channels[i].period_ns > period_ns)
            sampler->channels[i].period_ns = period_ns;
}

static size_t count_channels(const erg_devices *devices)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_devices_count(devices); i++)
        if (erg_devices_state(devices, i) == ERG_PRESENT)
            count += erg_devices_channel_count(devices, i);
    return count;
}

erg_sampler *erg_sampler_new(const erg_env *env, erg_devices *devices, double rate_hz,
                             erg_error *err)
{
    size_t count = count_channels(devices);
    erg_sampler *sampler = calloc(1, sizeof(*sampler));
    erg_sampled *channels = calloc(count + 1, sizeof(*channels));
    int64_t *next_ns = calloc(count + 1, sizeof(*next_ns));
    if (!sampler || !channels || !next_ns) {
        free(sampler);
        free(channels);
        free(next_ns);
        erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu channels", count);
        return NULL;
    }
    sampler->env = env;
    sampler->devices = devices;
    sampler->channels = channels;
    sampler->next_ns = next_ns;

    int present = 0;
    for (size_t i = 0; i < erg_devices_count(devices); i++) {
        if (erg_devices_state(devices, i) != ERG_PRESENT)
            continue;
        for (size_t c = 0; c < erg_devices_channel_count(devices, i); c++) {
            erg_sampled *channel = &channels[sampler->count++];
            channel->device = i;
            channel->channel = c;
            channel->info = *erg_devices_channel(devices, i, c);
            channel->info.device = present;
            plan(channel, rate_hz);
            sampler->has_edges |= channel->at_edges;
        }
        present++;
    }
    return sampler;
}

void erg_sampler_drop_energy(erg_sampler *sampler)
{
    size_t kept = 0;

    for (size_t i = 0; i < sampler->count; i++)
        if (sampler->channels[i].is_slow)
            sampler->channels[kept++] = sampler->channels[i];
    sampler->count = kept;
    sampler->has_edges = false;
}

void erg_sampler_free(erg_sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->channels);
    free(sampler->next_ns);
    free(sampler);
}

void erg_sampler_begin(erg_sampler *sampler, int64_t now_ns)
{
    for (size_t i = 0; i < sampler->count; i++)
        sampler->next_ns[i] = now_ns;
}

static void keep(erg_sampler *sampler, erg_sampled *channel, const erg_sample *sample)
{
    erg_sampling *sampling = &channel->sampling;
    erg_queued item = { .channel = (int)(channel - sampler->channels), .sample = *sample };
    if (isnan(sample->value))
        sampling->errors++;
    else if (!(sample->value == channel->last)) {
        channel->last = sample->value;
        sampling->updates++;
        atomic_store_explicit(&channel->updates, sampling->updates, memory_order_relaxed);
    }
    if (!erg_queue_put(sampler->queue, &item))
        sampling->lost++;
}

static void read_one(erg_sampler *sampler, erg_sampled *channel, int64_t *clock_ns)
{
    erg_reading *reading = &sampler->reading;
    channel->sampling.polls++;
    if (!erg_devices_read_next(sampler->devices, channel->device, channel->channel,
                               clock_ns, reading, NULL)) {
        /* Gone, not silent: a gap of its own, and no more polls. */
        erg_sample gap = { .t_ns = erg_env_now_ns(sampler->env), .value = NAN };
        keep(sampler, channel, &gap);
        sampler->next_ns[channel - sampler->channels] = INT64_MAX;
        return;
    }
    for (size_t i = 0; i < reading->count; i++)
        keep(sampler, channel, &reading->at[i]);
}

static void note_late(erg_sampled *channel, int64_t due_ns, int64_t now_ns)
{
    erg_sampling *sampling = &channel->sampling;
    double late_s = erg_s_from_ns(now_ns - due_ns);
    sampling->deadlines++;
    sampling->late_s += late_s;
    sampling->late_square += late_s * late_s;
    if (late_s > sampling->late_most_s)
        sampling->late_most_s = late_s;
    if (!sampling->first_ns)
        sampling->first_ns = now_ns;
    sampling->last_ns = now_ns;
}

static int64_t after(erg_sampled *channel, int64_t due_ns, int64_t now_ns)
{
    due_ns += channel->period_ns;
    if (due_ns > now_ns)
        return due_ns;
    int64_t behind = (now_ns - due_ns) / channel->period_ns + 1;
    channel->sampling.misses += behind;
    return due_ns + behind * channel->period_ns;
}

static bool is_gone(const erg_sampler *sampler, size_t i)
{
    return sampler->next_ns[i] == INT64_MAX;
}

int64_t erg_sampler_step(erg_sampler *sampler, bool edge)
{
    /* One look at the clock a wake: at 1 kHz over many channels it is a tenth of the
     * cost. What falls due during the reads is due at the next step, at once. */
    int64_t now_ns = erg_env_now_ns(sampler->env), clock_ns = now_ns, next_ns = INT64_MAX;
    for (size_t i = 0; i < sampler->count; i++) {
        int64_t due_ns = sampler->next_ns[i];
        bool is_due = now_ns >= due_ns;
        if (is_due || edge) {
            erg_sampled *channel = &sampler->channels[i];
            if (is_due)
                note_late(channel, due_ns, now_ns);
            if (is_due || (channel->at_edges && !is_gone(sampler, i)))
                read_one(sampler, channel, &clock_ns);
            if (is_due && !is_gone(sampler, i))
                sampler->next_ns[i] = after(channel, due_ns, now_ns);
        }
        if (sampler->next_ns[i] < next_ns)
            next_ns = sampler->next_ns[i];
    }
    return next_ns;
}

void erg_sampler_end(erg_sampler *sampler)
{
    int64_t clock_ns = erg_env_now_ns(sampler->env);

    for (size_t i = 0; i < sampler->count; i++)
        if (!is_gone(sampler, i))
            read_one(sampler, &sampler->channels[i], &clock_ns);
}

double erg_sampling_interval_s(const erg_sampling *sampling)
{
    if (sampling->deadlines < 2 || sampling->last_ns <= sampling->first_ns)
        return NAN;
    return erg_s_from_ns(sampling->last_ns - sampling->first_ns)
        / (double)(sampling->deadlines - 1);
}

double erg_sampling_jitter_s(const erg_sampling *sampling)
{
    double n = (double)sampling->deadlines;
    if (n < 2)
        return NAN;
    double mean_s = sampling->late_s / n;
    return sqrt(fmax(0, sampling->late_square / n - mean_s * mean_s));
}
