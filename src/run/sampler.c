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
static const double most_hz = 100e3, slowest_power_hz = 0.5, polls_of_a_mean = 10;
static const int64_t slow_ns = ERG_NS_PER_S;
/* A read that took so much longer than others of its channel was interrupted. */
static const int64_t interrupted_ns = ERG_NS_PER_MS;
enum { INTERRUPTED_TIMES = 8 };

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
    channel->quickest_ns = INT64_MAX / INTERRUPTED_TIMES;
    if (channel->is_slow) {
        channel->period_ns = is_limit(info) ? 10 * slow_ns : slow_ns;
        return;
    }
    double hz = fmin(rate_hz > 0 ? rate_hz : auto_rate_hz(info), most_hz);
    channel->period_ns = erg_ns_from_s(1 / hz);
}

static bool has_joules_beside(const erg_sampler *sampler, const erg_sampled *mean)
{
    for (size_t i = 0; i < sampler->count; i++) {
        const erg_sampled *other = &sampler->channels[i];
        if (other->device == mean->device && !other->is_slow
            && other->info.kind != ERG_SMOOTHED && other->info.scope == mean->info.scope)
            return true;
    }
    return false;
}

/* A moving mean that stands beside a counter or a nearer power shows all it has to tell in
 * ten polls an update; more would be calls of the driver for nothing. */
static void slow_means(erg_sampler *sampler)
{
    for (size_t i = 0; i < sampler->count; i++) {
        erg_sampled *channel = &sampler->channels[i];
        int64_t enough_ns = channel->info.update_s > 0
            ? erg_ns_from_s(channel->info.update_s / polls_of_a_mean) : 0;
        if (!channel->is_slow && channel->info.kind == ERG_SMOOTHED
            && channel->period_ns < enough_ns && has_joules_beside(sampler, channel))
            channel->period_ns = enough_ns;
    }
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

void erg_sampler_free(erg_sampler *sampler)
{
    if (!sampler)
        return;
    free(sampler->channels);
    free(sampler->schedules);
    free(sampler->order);
    free(sampler);
}

static erg_sampler *make_room(size_t count, erg_error *err)
{
    size_t bytes = (count + 1) * sizeof(erg_sampled);
    erg_sampler *sampler = calloc(1, sizeof(*sampler));

    if (sampler && (sampler->channels = aligned_alloc(_Alignof(erg_sampled), bytes))
        && (sampler->schedules = calloc(count + 1, sizeof(*sampler->schedules)))
        && (sampler->order = calloc(count + 1, sizeof(*sampler->order)))) {
        memset(sampler->channels, 0, bytes);
        return sampler;
    }
    erg_sampler_free(sampler);
    erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu channels", count);
    return NULL;
}

erg_sampler *erg_sampler_new(const erg_env *env, erg_devices *devices, double rate_hz,
                             erg_error *err)
{
    erg_sampler *sampler = make_room(count_channels(devices), err);
    int present = 0;

    if (!sampler)
        return NULL;
    sampler->env = env;
    sampler->devices = devices;
    for (size_t i = 0; i < erg_devices_count(devices); i++) {
        if (erg_devices_state(devices, i) != ERG_PRESENT)
            continue;
        for (size_t c = 0; c < erg_devices_channel_count(devices, i); c++) {
            erg_sampled *channel = &sampler->channels[sampler->count++];
            channel->device = (uint16_t)i;
            channel->channel = (uint16_t)c;
            channel->info = *erg_devices_channel(devices, i, c);
            channel->info.device = present;
            plan(channel, rate_hz);
            sampler->has_edges |= channel->at_edges;
        }
        present++;
    }
    slow_means(sampler);
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

/* Gone, not silent: a gap of its own, and no more polls. */
static void lose(erg_sampler *sampler, erg_schedule *schedule, erg_sampled *channel)
{
    erg_sample gap = { .t_ns = erg_env_now_ns(sampler->env), .value = NAN };

    keep(sampler, channel, &gap);
    channel->is_gone = true;
    channel->lateness = schedule->lateness;
    schedule->left--;
}

static bool read_next(erg_sampler *sampler, erg_sampled *channel, int64_t *clock_ns)
{
    channel->sampling.polls++;
    return erg_devices_read_next(sampler->devices, channel->device, channel->channel,
                                 clock_ns, &sampler->reading, NULL);
}

/* The thread lost its processor between the stamps: when the counter stood there is not
 * known, and joules would be off by all that it counted meanwhile. */
static bool was_interrupted(erg_sampled *channel, const erg_reading *reading,
                            int64_t took_ns)
{
    if (!channel->at_edges || reading->count != 1)
        return false;
    if (took_ns < channel->quickest_ns)
        channel->quickest_ns = took_ns;
    return took_ns >= interrupted_ns && took_ns > INTERRUPTED_TIMES * channel->quickest_ns
        && reading->at[0].half_width_ns == took_ns / 2;     /* a stamp of ours */
}

/* Instead of the one before, if it gives any. */
static bool read_again(erg_sampler *sampler, erg_sampled *channel, int64_t *clock_ns)
{
    erg_reading *reading = &sampler->reading;
    erg_sample first = reading->at[0];
    bool is_there = read_next(sampler, channel, clock_ns);

    if (is_there && reading->count == 0) {
        reading->at[0] = first;
        reading->count = 1;
    }
    return is_there;
}

static void read_one(erg_sampler *sampler, erg_schedule *schedule, erg_sampled *channel,
                     int64_t *clock_ns)
{
    const erg_reading *reading = &sampler->reading;
    int64_t before_ns = *clock_ns;
    bool is_there = read_next(sampler, channel, clock_ns);

    if (is_there && was_interrupted(channel, reading, *clock_ns - before_ns))
        is_there = read_again(sampler, channel, clock_ns);
    if (!is_there) {
        lose(sampler, schedule, channel);
        return;
    }
    for (size_t i = 0; i < reading->count; i++)
        keep(sampler, channel, &reading->at[i]);
}

/* edges: only what is read at them. */
static void read_all(erg_sampler *sampler, erg_schedule *schedule, bool edges,
                     int64_t *clock_ns)
{
    for (size_t i = 0; i < schedule->count; i++) {
        erg_sampled *channel = &sampler->channels[sampler->order[schedule->first + i]];
        if (!channel->is_gone && (channel->at_edges || !edges))
            read_one(sampler, schedule, channel, clock_ns);
    }
}

/* ---- the schedule ------------------------------------------------------------ */

static erg_schedule *find_schedule(const erg_sampler *sampler, int64_t period_ns)
{
    for (size_t i = 0; i < sampler->schedule_count; i++)
        if (sampler->schedules[i].period_ns == period_ns)
            return &sampler->schedules[i];
    return NULL;
}

void erg_sampler_begin(erg_sampler *sampler, int64_t now_ns)
{
    size_t placed = 0;

    sampler->schedule_count = 0;
    for (size_t i = 0; i < sampler->count; i++) {
        int64_t period_ns = sampler->channels[i].period_ns;
        if (find_schedule(sampler, period_ns))
            continue;
        erg_schedule *schedule = &sampler->schedules[sampler->schedule_count++];
        *schedule = (erg_schedule){ .period_ns = period_ns, .next_ns = now_ns,
                                    .first = placed };
        for (size_t k = i; k < sampler->count; k++) {
            if (sampler->channels[k].period_ns != period_ns)
                continue;
            sampler->order[placed++] = k;
            schedule->has_edges |= sampler->channels[k].at_edges;
        }
        schedule->count = schedule->left = placed - schedule->first;
    }
}

static void note_late(erg_lateness *lateness, int64_t due_ns, int64_t now_ns)
{
    double late_s = erg_s_from_ns(now_ns - due_ns);
    lateness->deadlines++;
    lateness->late_s += late_s;
    lateness->late_square += late_s * late_s;
    if (late_s > lateness->late_most_s)
        lateness->late_most_s = late_s;
    if (!lateness->first_ns)
        lateness->first_ns = now_ns;
    lateness->last_ns = now_ns;
}

static int64_t after(erg_schedule *schedule, int64_t now_ns)
{
    int64_t due_ns = schedule->next_ns + schedule->period_ns;
    if (schedule->left == 0)
        return INT64_MAX;
    if (due_ns > now_ns)
        return due_ns;
    int64_t behind = (now_ns - due_ns) / schedule->period_ns + 1;
    schedule->lateness.misses += behind;
    return due_ns + behind * schedule->period_ns;
}

int64_t erg_sampler_step(erg_sampler *sampler, bool edge)
{
    /* One look at the clock a wake: at 1 kHz over many channels it is a tenth of the
     * cost. What falls due during the reads is due at the next step, at once. */
    int64_t now_ns = erg_env_now_ns(sampler->env), clock_ns = now_ns, next_ns = INT64_MAX;
    for (size_t i = 0; i < sampler->schedule_count; i++) {
        erg_schedule *schedule = &sampler->schedules[i];
        if (now_ns >= schedule->next_ns) {
            note_late(&schedule->lateness, schedule->next_ns, now_ns);
            read_all(sampler, schedule, false, &clock_ns);
            schedule->next_ns = after(schedule, now_ns);
        } else if (edge && schedule->has_edges) {
            read_all(sampler, schedule, true, &clock_ns);
        }
        if (schedule->next_ns < next_ns)
            next_ns = schedule->next_ns;
    }
    sampler->looked_ns = clock_ns;
    return next_ns;
}

void erg_sampler_end(erg_sampler *sampler)
{
    int64_t clock_ns = erg_env_now_ns(sampler->env);

    for (size_t i = 0; i < sampler->schedule_count; i++) {
        erg_schedule *schedule = &sampler->schedules[i];
        read_all(sampler, schedule, false, &clock_ns);
        for (size_t k = 0; k < schedule->count; k++) {
            erg_sampled *channel = &sampler->channels[sampler->order[schedule->first + k]];
            if (!channel->is_gone)
                channel->lateness = schedule->lateness;
        }
    }
}

double erg_sampling_interval_s(const erg_lateness *lateness)
{
    if (lateness->deadlines < 2 || lateness->last_ns <= lateness->first_ns)
        return NAN;
    return erg_s_from_ns(lateness->last_ns - lateness->first_ns)
        / (double)(lateness->deadlines - 1);
}

double erg_sampling_jitter_s(const erg_lateness *lateness)
{
    double n = (double)lateness->deadlines;
    if (n < 2)
        return NAN;
    double mean_s = lateness->late_s / n;
    return sqrt(fmax(0, lateness->late_square / n - mean_s * mean_s));
}
