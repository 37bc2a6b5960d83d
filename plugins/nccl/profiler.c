/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NCCL's collectives as regions of `erg run`: NCCL_PROFILER_PLUGIN names this library, and
 * NCCL tells it what it starts. No header of NCCL's and no GPU is needed to build it.
 *
 * NCCL stops a collective's event when it is enqueued, not when it is done. So a region
 * lasts while kernels of the collective run, which NCCL's proxy thread sees by counters
 * that they keep: from the first channel to the last.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nccl/abi.h"
#include "recording.h"

#define PUBLIC __attribute__((visibility("default")))
/* So many collectives may be under way in a communicator at once; then the oldest's place
 * is taken, as NCCL does not say when it has named a parent for the last time. */
enum { PLACES = 1024, NAME_MOST = 40 };

typedef struct communicator communicator;

typedef struct operation {
    communicator *of;
    char name[NAME_MOST];
    int running;                /* channels of its kernel */
    erg_region_token region;
} operation;

struct communicator {
    pthread_mutex_t lock;
    operation places[PLACES];
    unsigned next;
};

static operation *begin_operation(communicator *of, const char *call)
{
    pthread_mutex_lock(&of->lock);
    operation *own = &of->places[of->next++ % PLACES];
    if (own->running > 0)
        recording_end(own->region);
    *own = (operation){ .of = of };
    snprintf(own->name, sizeof(own->name), "nccl %.30s", call ? call : "operation");
    pthread_mutex_unlock(&of->lock);
    return own;
}

static void begin_channel(operation *own)
{
    pthread_mutex_lock(&own->of->lock);
    if (own->running++ == 0)
        own->region = recording_begin(own->name);
    pthread_mutex_unlock(&own->of->lock);
}

static void end_channel(operation *own)
{
    pthread_mutex_lock(&own->of->lock);
    if (own->running > 0 && --own->running == 0)
        recording_end(own->region);
    pthread_mutex_unlock(&own->of->lock);
}

/* ---- what NCCL calls ---------------------------------------------------------------- */

/* The handle of a channel is its operation, marked in the lowest bit: a stop has no
 * more. */
static void *handle_of_channel(operation *own)
{
    return (char *)own + 1;
}

static bool is_channel(const void *handle)
{
    return (uintptr_t)handle & 1;
}

static int start(void *context, void **handle, uint64_t type, nccl_event *event,
                 const char *call)
{
    *handle = NULL;
    if (!context)
        return NCCL_SUCCESS;
    if (type == NCCL_COLLECTIVE || type == NCCL_POINT) {
        *handle = begin_operation(context, call);
    } else if (type == NCCL_KERNEL && event->parent && !is_channel(event->parent)) {
        begin_channel(event->parent);
        *handle = handle_of_channel(event->parent);
    }
    return NCCL_SUCCESS;
}

static int start_v3(void *context, void **handle, nccl_event *event)
{
    uint64_t type = event->type & 0xff;

    return start(context, handle, type, event,
                 type == NCCL_COLLECTIVE ? event->of.collective_v3.call
                 : type == NCCL_POINT    ? event->of.point_v3.call
                                         : NULL);
}

static int start_named(void *context, void **handle, uint64_t type, nccl_event *event)
{
    return start(context, handle, type, event,
                 type == NCCL_COLLECTIVE ? event->of.collective.call
                 : type == NCCL_POINT    ? event->of.point.call
                                         : NULL);
}

static int start_v4(void *context, void **handle, nccl_event *event)
{
    return start_named(context, handle, event->type & 0xff, event);
}

static int start_v5(void *context, void **handle, nccl_event *event)
{
    return start_named(context, handle, event->type, event);
}

static int stop(void *handle)
{
    if (is_channel(handle))
        end_channel((operation *)(void *)((char *)handle - 1));
    return NCCL_SUCCESS;
}

static int state(void *handle, int which, void *arguments)
{
    (void)handle;
    (void)which;
    (void)arguments;
    return NCCL_SUCCESS;
}

/* When nobody records nothing is asked for, and NCCL calls nothing more. */
static int init(void **context, int *asked)
{
    *context = NULL;
    *asked = 0;
    if (!recording_join())
        return NCCL_SUCCESS;
    communicator *own = calloc(1, sizeof(*own));
    if (!own || pthread_mutex_init(&own->lock, NULL) != 0) {
        free(own);
        fprintf(stderr, "erg: out of memory: a communicator of NCCL is not recorded\n");
        return NCCL_SUCCESS;
    }
    *context = own;
    *asked = NCCL_COLLECTIVE | NCCL_POINT | NCCL_KERNEL;
    return NCCL_SUCCESS;
}

static int init_v4(void **context, int *asked, const char *name, uint64_t hash, int nodes,
                   int ranks, int rank, nccl_logger logger)
{
    (void)name, (void)hash, (void)nodes, (void)ranks, (void)rank, (void)logger;
    return init(context, asked);
}

static int init_v5(void **context, uint64_t hash, int *asked, const char *name, int nodes,
                   int ranks, int rank, nccl_logger logger)
{
    (void)name, (void)hash, (void)nodes, (void)ranks, (void)rank, (void)logger;
    return init(context, asked);
}

static int finish(void *context)
{
    communicator *own = context;

    if (!own)
        return NCCL_SUCCESS;
    for (size_t i = 0; i < PLACES; i++)
        if (own->places[i].running > 0)
            recording_end(own->places[i].region);
    pthread_mutex_destroy(&own->lock);
    free(own);
    return NCCL_SUCCESS;
}

/* NCCL takes the newest that it knows. */
extern PUBLIC const nccl_profiler_v3 ncclProfiler_v3;
extern PUBLIC const nccl_profiler_v4 ncclProfiler_v4;
extern PUBLIC const nccl_profiler_v5 ncclProfiler_v5;
const nccl_profiler_v3 ncclProfiler_v3 = { "erg", init, start_v3, stop, state, finish };
const nccl_profiler_v4 ncclProfiler_v4 = { "erg", init_v4, start_v4, stop, state, finish };
const nccl_profiler_v5 ncclProfiler_v5 = { "erg", init_v5, start_v5, stop, state, finish };
