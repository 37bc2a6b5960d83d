/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is recorded behind every launch; the launch that comes in_flight later first
 * waits for it. Kernels may wait for others that are launched later (collectives do), so a
 * wait for what is under way ends after most_s whatever the event says: the gate slows, it
 * never locks. Under a budget an event before each launch tells how long it ran.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "launch/gate.h"
#include "recording.h"

#define JOULES_MOST_S 1.0       /* a launch waits for joules at most so long */
#define NAP_MOST_S 1e-3
#define NOT_READY_MOST 4        /* of one stream they end in order, and streams are few */

typedef enum slot_state { SLOT_FREE, SLOT_ENTERED, SLOT_UNDER_WAY } slot_state;

typedef struct slot {
    slot_state state;
    cuda_event begin, end;
    bool is_timed;              /* begin is in the stream */
    erg_launch_item item;       /* under a budget */
} slot;

struct gate {
    gate_config config;
    pthread_mutex_t lock;
    cuda_event_new *event_new;
    cuda_event_record *record;
    cuda_event_query *query;
    cuda_capturing *capturing;
    cuda_event_between *between;
    budget *budget;             /* NULL: none */
    slot slots[GATE_MOST];
    size_t size, next;          /* slots in use; the oldest */
};

gate *gate_new(const gate_config *config, budget *joules, const gate_family *family,
               void (*(*find)(const gate_family *family, const char *name))(void))
{
    gate *of = config->in_flight >= 1 ? calloc(1, sizeof(*of)) : NULL;

    if (!of)
        return NULL;
    of->config = *config;
    of->budget = joules;
    of->size = (size_t)config->in_flight;
    pthread_mutex_init(&of->lock, NULL);
    of->event_new = (cuda_event_new *)find(family, family->names[0]);
    of->record = (cuda_event_record *)find(family, family->names[1]);
    of->query = (cuda_event_query *)find(family, family->names[2]);
    of->capturing = (cuda_capturing *)find(family, family->names[3]);
    of->between = (cuda_event_between *)find(family, family->names[4]);
    if (of->event_new && of->record && of->query && of->capturing && of->between)
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

/* ---- what is under way --------------------------------------------------------------- */

static double took_s(const gate *of, const slot *at)
{
    float ms;

    if (!at->is_timed || of->between(&ms, at->begin, at->end) != CUDA_OK)
        return NAN;
    return 1e-3 * (double)ms;
}

static void forget(gate *of, slot *at, double ran_s)
{
    if (of->budget)
        budget_done(of->budget, &at->item, ran_s);
    at->state = SLOT_FREE;
}

/* Anything but "not ready" is no reason to wait: an error is the program's to find. */
static void look(gate *of)
{
    int not_ready = 0;

    for (size_t i = 0; i < of->size && not_ready < NOT_READY_MOST; i++) {
        slot *at = &of->slots[(of->next + i) % of->size];
        if (at->state != SLOT_UNDER_WAY)
            continue;
        if (of->query(at->end) == CUDA_NOT_READY)
            not_ready++;
        else
            forget(of, at, took_s(of, at));
    }
}

/* 0: the pass has a slot, or need not have one. Else how long to wait; INFINITY: for what
 * is under way. */
static double try_to_enter(gate *of, gate_pass *pass, bool must)
{
    double wait_s = 0;

    pthread_mutex_lock(&of->lock);
    look(of);
    slot *at = &of->slots[of->next];
    if (at->state == SLOT_UNDER_WAY && must)
        forget(of, at, NAN);
    if (at->state != SLOT_FREE)
        wait_s = must ? 0 : INFINITY;
    else {
        if (of->budget)
            wait_s = budget_admit(of->budget, pass->kind, must, &at->item);
        if (wait_s == 0) {
            at->state = SLOT_ENTERED;
            at->is_timed = false;
            pass->slot = (int)of->next;
            of->next = (of->next + 1) % of->size;
        }
    }
    pthread_mutex_unlock(&of->lock);
    return wait_s;
}

/* True: it had to wait long enough, and goes. */
static bool wait_for(const gate *of, double wait_s, double begin_s)
{
    double left_s = begin_s - now_s()
        + (isinf(wait_s) ? of->config.most_s : JOULES_MOST_S);

    if (!(left_s > 0))
        return true;
    nap(isinf(wait_s) ? of->config.poll_s : fmin(fmin(wait_s, left_s), NAP_MOST_S));
    return false;
}

static void wait_to_enter(gate *of, gate_pass *pass)
{
    double wait_s = try_to_enter(of, pass, false);

    if (wait_s == 0)
        return;
    double begin_s = now_s();
    erg_region_token region = recording_begin("launch gate");
    while (wait_s > 0)
        wait_s = try_to_enter(of, pass, wait_for(of, wait_s, begin_s));
    recording_end(region);
}

/* ---- each launch --------------------------------------------------------------------- */

static bool record(const gate *of, cuda_event *event, cuda_stream stream)
{
    unsigned flags = of->budget ? 0 : CUDA_EVENT_NO_TIMING;

    return (*event || of->event_new(event, flags) == CUDA_OK)
        && of->record(*event, stream) == CUDA_OK;
}

void gate_enter(gate *of, gate_pass *pass)
{
    int state = 0;

    pass->slot = -1;
    /* An event recorded into a capture would become a part of the program's graph; and
     * nothing of it runs now. */
    if (!of || of->capturing(pass->stream, &state) != CUDA_OK || state != 0)
        return;
    wait_to_enter(of, pass);
    if (!of->budget || pass->slot < 0)
        return;
    pthread_mutex_lock(&of->lock);
    slot *at = &of->slots[pass->slot];
    at->is_timed = record(of, &at->begin, pass->stream);
    pthread_mutex_unlock(&of->lock);
}

void gate_leave(gate *of, const gate_pass *pass, bool is_launched)
{
    if (!of || pass->slot < 0)
        return;
    pthread_mutex_lock(&of->lock);
    slot *at = &of->slots[pass->slot];
    if (is_launched && record(of, &at->end, pass->stream))
        at->state = SLOT_UNDER_WAY;
    else
        forget(of, at, is_launched ? NAN : 0);
    pthread_mutex_unlock(&of->lock);
}
