/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is recorded behind every launch; the launch that comes in_flight later first
 * waits for it. Kernels may wait for others that are launched later (collectives do), so a
 * wait ends after most_s whatever the event says: the gate slows, it never locks.
 */
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "launch/gate.h"
#include "recording.h"
#include "settings.h"

#define AT(field) offsetof(gate_config, field)

static const plugin_key keys[] = {
    { "in_flight", AT(in_flight), NULL, "",  GATE_MOST },
    { "most",      AT(most_s),    NULL, "s", 60 },
    { "poll",      AT(poll_s),    NULL, "s", 1 },
    { "stagger",   AT(offset.stagger_s), NULL, "s", 3600 },
    { "slack",     AT(offset.slack_s),   NULL, "s", 3600 },
    { "timeout",   AT(offset.timeout_s), NULL, "s", 1e6 },
    { "every",     AT(offset.every),     NULL, "",  1e6 },
};

static const plugin_keys all = { "ERG_LAUNCH", keys, sizeof(keys) / sizeof(*keys) };

static const gate_config neutral = { .most_s = 10e-3, .poll_s = 20e-6,
                                    .offset = { .slack_s = INFINITY, .timeout_s = 600,
                                                .every = 1 } };

struct gate {
    gate_config config;
    pthread_mutex_t lock;
    cuda_event_new *event_new;
    cuda_event_record *record;
    cuda_event_query *query;
    cuda_capturing *capturing;
    cuda_event events[GATE_MOST];
    bool pending[GATE_MOST];
    size_t size, next;          /* events in use; the oldest */
};

bool gate_config_parse(const char *text, gate_config *out, erg_error *err)
{
    gate_config config = neutral;
    bool good = plugin_settings_read(&all, text, &config, err);

    *out = good ? config : neutral;
    return good;
}

gate *gate_new(const gate_config *config, const gate_family *family,
               void (*(*find)(const gate_family *family, const char *name))(void))
{
    gate *of = config->in_flight >= 1 ? calloc(1, sizeof(*of)) : NULL;

    if (!of)
        return NULL;
    of->config = *config;
    of->size = (size_t)config->in_flight;
    pthread_mutex_init(&of->lock, NULL);
    of->event_new = (cuda_event_new *)find(family, family->names[0]);
    of->record = (cuda_event_record *)find(family, family->names[1]);
    of->query = (cuda_event_query *)find(family, family->names[2]);
    of->capturing = (cuda_capturing *)find(family, family->names[3]);
    if (of->event_new && of->record && of->query && of->capturing)
        return of;
    free(of);
    return NULL;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void nap(double nap_s)
{
    struct timespec t = { .tv_sec = (time_t)nap_s,
                          .tv_nsec = (long)(1e9 * (nap_s - floor(nap_s))) };
    nanosleep(&t, NULL);
}

/* Anything but "not ready" is no reason to wait: an error is the program's to find. */
static bool is_under_way(gate *of)
{
    pthread_mutex_lock(&of->lock);
    size_t oldest = of->next;
    if (of->pending[oldest] && of->query(of->events[oldest]) != CUDA_NOT_READY)
        of->pending[oldest] = false;
    bool under_way = of->pending[oldest];
    pthread_mutex_unlock(&of->lock);
    return under_way;
}

void gate_enter(gate *of)
{
    if (!of || !is_under_way(of))
        return;
    double end_s = now_s() + of->config.most_s;
    erg_region_token region = recording_begin("launch gate");
    do
        nap(of->config.poll_s);
    while (is_under_way(of) && now_s() < end_s);
    recording_end(region);
}

void gate_launched(gate *of, cuda_stream stream)
{
    int state = 0;

    /* An event recorded into a capture would become a part of the program's graph. */
    if (!of || of->capturing(stream, &state) != CUDA_OK || state != 0)
        return;
    pthread_mutex_lock(&of->lock);
    size_t at = of->next;
    if (of->events[at] || of->event_new(&of->events[at], CUDA_EVENT_NO_TIMING) == CUDA_OK)
        of->pending[at] = of->record(of->events[at], stream) == CUDA_OK;
    of->next = (at + 1) % of->size;
    pthread_mutex_unlock(&of->lock);
}
