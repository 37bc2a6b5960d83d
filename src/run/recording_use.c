/* SPDX-License-Identifier: Apache-2.0 */
/* What the thread that measures does with a recording: let time pass, add to it. */
#include <math.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "run/recording_inside.h"

static const double linger_most_s = 2;
static const int64_t signal_gap_ns = 50 * ERG_NS_PER_MS;

/* ---- time ---------------------------------------------------------------------- */

static void run_by_hand(erg_recording *rec, int64_t at_ns)
{
    for (;;) {
        int64_t next_ns = erg_sampler_step(rec->sampler, false);
        erg_recording_hear(rec);
        erg_recording_tick(rec);
        if (next_ns > at_ns)
            break;
        erg_env_sleep_until_ns(rec->env, next_ns);
    }
    erg_env_sleep_until_ns(rec->env, at_ns);
}

bool erg_recording_run_until(erg_recording *rec, int64_t at_ns,
                             const volatile int *ask_stop)
{
    if (!rec->has_threads) {
        run_by_hand(rec, at_ns);
        return !(ask_stop && *ask_stop);
    }
    while (!(ask_stop && *ask_stop)) {
        int64_t now_ns = erg_env_now_ns(rec->env);
        if (now_ns >= at_ns)
            return true;
        bool far = ask_stop && at_ns - now_ns > signal_gap_ns;
        erg_env_sleep_until_ns(rec->env, far ? now_ns + signal_gap_ns : at_ns);
    }
    return false;
}

/* An update is a new value, but a steady load may give the same value again: so
 * many known update periods after the first are as good. */
static bool has_updates(const erg_recording *rec, long updates, double for_s)
{
    for (size_t i = 0; i < rec->sampler->count; i++) {
        erg_sampled *channel = &rec->sampler->channels[i];
        long seen = atomic_load_explicit(&channel->updates, memory_order_relaxed);
        double update_s = channel->info.update_s;
        bool steady = seen > 0 && update_s > 0 && for_s >= (double)updates * update_s;
        if (!channel->is_slow && seen < updates && !steady)
            return false;
    }
    return true;
}

void erg_recording_wait_updates(erg_recording *rec, long updates, double for_s,
                                const volatile int *ask_stop)
{
    int64_t begin_ns = erg_env_now_ns(rec->env), now_ns = begin_ns;
    int64_t until_ns = now_ns + erg_ns_from_s(for_s);
    while (now_ns < until_ns
           && !has_updates(rec, updates, erg_s_from_ns(now_ns - begin_ns))) {
        if (!erg_recording_run_until(rec, now_ns + 5 * ERG_NS_PER_MS, ask_stop))
            return;
        now_ns = erg_env_now_ns(rec->env);
    }
}

void erg_recording_linger(erg_recording *rec)
{
    double most_s = 0;
    for (size_t i = 0; i < rec->sampler->count; i++) {
        const erg_channel_info *info = &rec->sampler->channels[i].info;
        double one_s = erg_s_from_ns(rec->sampler->channels[i].period_ns);
        one_s += info->update_s > 0 ? info->update_s : 0;
        one_s += info->window_s > 0 ? info->window_s / 2 : 0;
        one_s += info->delay_s > 0 ? info->delay_s : 0;
        if (!rec->sampler->channels[i].is_slow)
            most_s = fmax(most_s, one_s);
    }
    erg_recording_run_until(rec, erg_env_now_ns(rec->env)
                            + erg_ns_from_s(fmin(most_s, linger_most_s)), NULL);
}

/* ---- what the measuring thread adds -------------------------------------------- */

/* The command may have filled the ring: wait for the writer, the region must be in. */
static void push(erg_recording *rec, const erg_event *event)
{
    for (int tries = 0; tries < 1000 && !erg_ring_push(rec->ring, event); tries++)
        erg_recording_tick(rec);
    erg_ring_edge(rec->ring, event->t_ns);
}

int64_t erg_recording_region(erg_recording *rec, const char *name, bool is_run)
{
    erg_event event = {
        .id = erg_ring_next_id(rec->ring), .thread = syscall(SYS_gettid),
        .kind = ERG_EVENT_BEGIN, .t_ns = erg_env_now_ns(rec->env),
    };
    erg_event_name(&event, name);
    push(rec, &event);
    if (is_run)
        erg_ring_set_run(rec->ring, event.id);
    return event.id;
}

int64_t erg_recording_region_end(erg_recording *rec, int64_t id, double runs)
{
    erg_event event = { .id = id, .kind = ERG_EVENT_END, .value = runs,
                        .t_ns = erg_env_now_ns(rec->env) };
    erg_ring_set_run(rec->ring, 0);
    push(rec, &event);
    return event.t_ns;
}

void erg_recording_count_as_warmup(erg_recording *rec, size_t runs)
{
    pthread_mutex_lock(&rec->lock);
    erg_recording_drain(rec);
    for (size_t i = 0; i < rec->events.ended_count && runs > 0; i++) {
        erg_region region = rec->events.ended[i];
        if (strcmp(region.name, "run") != 0)
            continue;
        runs--;
        erg_text_put(region.name, sizeof(region.name), "warmup");
        if (rec->sink.store && rec->sink.failure.code == ERG_OK)
            erg_store_region(rec->sink.store, &region, &rec->sink.failure);
    }
    pthread_mutex_unlock(&rec->lock);
}

void erg_recording_flag(erg_recording *rec, const erg_flag *flag)
{
    pthread_mutex_lock(&rec->lock);
    erg_sink_flag(&rec->sink, flag);
    pthread_mutex_unlock(&rec->lock);
}

void erg_recording_meta(erg_recording *rec, const char *key, const char *value)
{
    pthread_mutex_lock(&rec->lock);
    erg_sink_meta(&rec->sink, key, value);
    pthread_mutex_unlock(&rec->lock);
}

void erg_recording_mark(erg_recording *rec, const erg_mark_row *mark)
{
    pthread_mutex_lock(&rec->lock);
    erg_sink_mark(&rec->sink, mark);
    pthread_mutex_unlock(&rec->lock);
}

const erg_trace *erg_recording_lock(erg_recording *rec)
{
    pthread_mutex_lock(&rec->lock);
    erg_recording_drain(rec);
    return rec->sink.trace;
}

void erg_recording_unlock(erg_recording *rec)
{
    pthread_mutex_unlock(&rec->lock);
}

const erg_region *erg_recording_find_region(const erg_recording *rec, int64_t id)
{
    return erg_events_find_ended(&rec->events, id);
}

void erg_recording_tell(erg_recording *rec, erg_phase_teller *teller)
{
    rec->teller = teller;
}

erg_store *erg_recording_store(erg_recording *rec)
{
    return rec->sink.store;
}
