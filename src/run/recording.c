/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads and what is between them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "run/recording_inside.h"
#include "run/thread.h"

/* A region edge makes the counters be read, but not more often than this. */
static const int64_t edge_gap_ns = 2 * ERG_NS_PER_MS;
/* Even without a channel, look at the rings so often. */
static const int64_t idle_gap_ns = 200 * ERG_NS_PER_MS;
/* At most a second may be lost: what the commit itself takes is in it. */
static const int64_t commit_gap_ns = 850 * ERG_NS_PER_MS;
static const double queue_for_s = 2;

/* ---- the writer ------------------------------------------------------------- */

/* A run may be over before the first tick: its settings begin with what is read first. */
static void first_setting(erg_recording *rec, int channel, const erg_sample *sample)
{
    const erg_sampled *from = &rec->sampler->channels[channel];
    if (from->is_slow)
        erg_facts_setting(&rec->sink, sample->t_ns, from->info.device, from->info.name,
                          sample->value);
}

/* What lies in no run is ours, as idle is. */
static void tell_phase(const erg_recording *rec, const erg_event *event)
{
    if (!rec->teller || event->run == 0)
        return;
    if (event->kind == ERG_EVENT_BEGIN)
        erg_phase_teller_begin(rec->teller, event->id, event->name);
    else if (event->kind == ERG_EVENT_END)
        erg_phase_teller_end(rec->teller, event->id);
    else if (event->kind == ERG_EVENT_MARK)
        erg_phase_teller_mark(rec->teller, event->name, event->value);
}

void erg_recording_drain(erg_recording *rec)
{
    erg_queued item;
    erg_event event;
    while (erg_queue_get(rec->queue, &item)) {
        writer_channel *channel = &rec->written[item.channel];
        /* A sample buffer read twice hands out what we have already. */
        if (item.sample.t_ns < channel->last_ns) {
            channel->dropped++;
            continue;
        }
        channel->last_ns = item.sample.t_ns;
        if (!isnan(item.sample.value)) {
            if (isnan(channel->last))
                first_setting(rec, item.channel, &item.sample);
            channel->last = item.sample.value;
        }
        erg_sink_sample(&rec->sink, item.channel, &item.sample);
    }
    while (erg_ring_pop(rec->ring, &event)) {
        tell_phase(rec, &event);
        erg_events_take(&rec->events, &event, &rec->sink);
    }
}

static void settings(erg_recording *rec, int64_t now_ns)
{
    for (size_t i = 0; i < rec->sampler->count; i++) {
        const erg_sampled *channel = &rec->sampler->channels[i];
        if (channel->is_slow && !isnan(rec->written[i].last))
            erg_facts_setting(&rec->sink, now_ns, channel->info.device, channel->info.name,
                              rec->written[i].last);
    }
    erg_facts_drivers(&rec->sink, rec->devices, now_ns);
    erg_facts_governor(&rec->sink, rec->env, now_ns);
}

int64_t erg_recording_tick(erg_recording *rec)
{
    pthread_mutex_lock(&rec->lock);
    erg_recording_drain(rec);
    int64_t now_ns = erg_env_now_ns(rec->env);
    if (now_ns >= rec->next_commit_ns) {
        if (erg_facts_due(&rec->facts, rec->env, now_ns, &rec->sink))
            settings(rec, now_ns);
        erg_company_look(&rec->company, rec->devices, rec->sampler, now_ns, false,
                         &rec->sink);
        erg_events_write_open(&rec->events, &rec->sink);
        erg_sink_commit(&rec->sink);
        rec->next_commit_ns = now_ns + commit_gap_ns;
    }
    int64_t next_ns = rec->next_commit_ns;
    pthread_mutex_unlock(&rec->lock);
    return next_ns;
}

static void *writer(void *self)
{
    erg_recording *rec = self;
    int64_t at_ns = erg_env_now_ns(rec->env) + commit_gap_ns;
    while (!atomic_load(&rec->stop_writing)) {
        struct timespec at = { .tv_sec = at_ns / ERG_NS_PER_S,
                               .tv_nsec = at_ns % ERG_NS_PER_S };
        sem_clockwait(&rec->kicked, CLOCK_MONOTONIC, &at);
        atomic_store(&rec->is_kicked, false);
        at_ns = erg_recording_tick(rec);
    }
    return NULL;
}

static void kick_writer(erg_recording *rec)
{
    if (!atomic_exchange(&rec->is_kicked, true))
        sem_post(&rec->kicked);
}

/* ---- the sampler ------------------------------------------------------------- */

void erg_recording_hear(erg_recording *rec)
{
    erg_device_event told;

    while (erg_devices_event(rec->devices, &told)) {
        erg_event event = { .kind = ERG_EVENT_MARK, .t_ns = told.t_ns, .value = 1 };
        erg_event_name(&event, told.name);
        erg_ring_push(rec->ring, &event);
    }
}

static void *sampler(void *self)
{
    erg_recording *rec = self;
    bool edge = true;
    prctl(PR_SET_TIMERSLACK, 1UL);      /* wake on time, not 50 us late */
    while (!atomic_load(&rec->stop_sampling)) {
        int64_t next_ns = erg_sampler_step(rec->sampler, edge);
        int64_t now_ns = rec->sampler->looked_ns;
        erg_recording_hear(rec);
        if (edge && (rec->sampler->has_edges || rec->teller))
            erg_ring_want_edges(rec->ring, now_ns + edge_gap_ns);
        if (erg_queue_is_due(rec->queue) || erg_ring_is_half_full(rec->ring)
            || (edge && rec->teller))
            kick_writer(rec);
        if (next_ns > now_ns + idle_gap_ns)
            next_ns = now_ns + idle_gap_ns;
        edge = erg_ring_wait(rec->ring, next_ns);
    }
    return NULL;
}

/* ---- life -------------------------------------------------------------------- */

static size_t queue_room(const erg_sampler *plan)
{
    double per_s = 0;
    for (size_t i = 0; i < plan->count; i++)
        per_s += 1e9 / (double)plan->channels[i].period_ns;
    /* Each channel may hand out one full sample buffer at once. */
    return (size_t)(queue_for_s * per_s) + plan->count * ERG_READ_MOST + 256;
}

static bool describe(erg_recording *rec, const char *wired_to)
{
    bool good = true;
    for (size_t i = 0; good && i < erg_devices_count(rec->devices); i++) {
        erg_device_info info = *erg_devices_info(rec->devices, i);
        if (erg_devices_state(rec->devices, i) == ERG_PRESENT) {
            if (wired_to)
                erg_text_put(info.wired_to, sizeof(info.wired_to), wired_to);
            info.shared |= erg_company_is_there(&rec->company, rec->devices, i);
            good = erg_sink_device(&rec->sink, &info);
        } else
            erg_facts_absent(&rec->sink, info.name, erg_devices_reason(rec->devices, i));
    }
    for (size_t i = 0; good && i < rec->sampler->count; i++) {
        good = erg_sink_channel(&rec->sink, &rec->sampler->channels[i].info);
        rec->written[i] = (writer_channel){ .last_ns = INT64_MIN, .last = NAN };
    }
    return good;
}

erg_recording *erg_recording_new(const erg_env *env, erg_devices *devices,
                                 const erg_recording_setup *setup, erg_error *err)
{
    erg_recording *rec = calloc(1, sizeof(*rec));
    if (!rec) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a recording");
        return NULL;
    }
    rec->env = env;
    rec->devices = devices;
    rec->events.keeps_ended = setup->in_memory;
    pthread_mutex_init(&rec->lock, NULL);
    sem_init(&rec->kicked, 0, 0);
    bool good = (rec->sampler = erg_sampler_new(env, devices, setup->rate_hz, err))
        && erg_sampler_calibrate(rec->sampler, env, err);
    if (good && setup->no_energy)
        erg_sampler_drop_energy(rec->sampler);
    if (good && setup->all_at_rate)
        erg_sampler_hasten(rec->sampler, setup->rate_hz);
    good = good && (rec->queue = erg_queue_new(queue_room(rec->sampler), err))
        && (rec->ring = erg_ring_create(err))
        && erg_company_open(&rec->company, devices, err);
    if (good && !(rec->written = calloc(rec->sampler->count + 1, sizeof(*rec->written))))
        good = erg_fail(err, ERG_NO_MEMORY, "out of memory for a recording");
    if (good
        && (good = erg_sink_open(&rec->sink, &(erg_sink_setup){ setup->path, setup->append,
                                                                  setup->in_memory }, err))
        && !(good = describe(rec, setup->wired_to)) && err)
        *err = rec->sink.failure;
    if (good) {
        rec->sampler->queue = rec->queue;
        return rec;
    }
    erg_recording_free(rec);
    return NULL;
}

static bool start_thread(pthread_t *thread, void *(*body)(void *), erg_recording *rec,
                         erg_error *err)
{
    int fault = erg_thread_start(thread, body, rec);

    return fault == 0
        || erg_fail(err, ERG_NO_MEMORY, "cannot start a thread: %s", strerror(fault));
}

void erg_recording_pause(erg_recording *rec)
{
    if (!rec->has_threads)
        return;
    rec->has_threads = false;
    atomic_store(&rec->stop_sampling, true);
    erg_ring_kick(rec->ring);
    pthread_join(rec->sampling, NULL);
    atomic_store(&rec->stop_writing, true);
    kick_writer(rec);
    pthread_join(rec->writing, NULL);
}

bool erg_recording_begin(erg_recording *rec, erg_error *err)
{
    int64_t now_ns = erg_env_now_ns(rec->env);
    erg_facts_begin(&rec->facts, rec->env, now_ns, &rec->sink);
    settings(rec, now_ns);      /* of the channels nothing is known yet */
    rec->company.looked_ns = now_ns;
    rec->next_commit_ns = now_ns + commit_gap_ns;
    erg_sampler_begin(rec->sampler, now_ns);
    if (rec->env && rec->env->clock)
        return true;
    /* No commit yet: the store's first one turns syncing on, which would cost a run
     * that is over within a second 25 ms of waiting for the disk. */
    if (!start_thread(&rec->writing, writer, rec, err))
        return false;
    if (!start_thread(&rec->sampling, sampler, rec, err)) {
        atomic_store(&rec->stop_writing, true);
        kick_writer(rec);
        pthread_join(rec->writing, NULL);
        return false;
    }
    rec->has_threads = true;
    return true;
}

bool erg_recording_end(erg_recording *rec, erg_error *err)
{
    erg_recording_pause(rec);
    erg_sampler_end(rec->sampler);

    erg_recording_drain(rec);
    int64_t now_ns = erg_env_now_ns(rec->env);
    settings(rec, now_ns);
    erg_company_look(&rec->company, rec->devices, rec->sampler, now_ns, true, &rec->sink);
    for (size_t i = 0; i < rec->sampler->count; i++)
        erg_facts_sampling(&rec->sink, rec->devices, &rec->sampler->channels[i],
                           rec->written[i].dropped);
    erg_facts_end(&rec->facts, rec->env, erg_ring_dropped(rec->ring), &rec->sink);
    erg_events_write_open(&rec->events, &rec->sink);
    rec->has_ended = true;
    return erg_sink_close(&rec->sink, true, err);
}

void erg_recording_free(erg_recording *rec)
{
    if (!rec)
        return;
    erg_recording_pause(rec);
    if (!rec->has_ended)
        erg_sink_close(&rec->sink, false, NULL);
    erg_events_free(&rec->events);
    erg_sampler_free(rec->sampler);
    erg_queue_free(rec->queue);
    erg_ring_close(rec->ring);
    free(rec->written);
    erg_company_free(&rec->company);
    sem_destroy(&rec->kicked);
    pthread_mutex_destroy(&rec->lock);
    free(rec);
}

erg_ring *erg_recording_ring(const erg_recording *rec)
{
    return rec->ring;
}

const erg_sampler *erg_recording_sampler(const erg_recording *rec)
{
    return rec->sampler;
}
