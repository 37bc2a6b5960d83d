/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NCCL's collectives start later by an offset of their communicator, so that groups which
 * do the same do not do it at the same instant. The host waits before the call: what is in
 * a stream already is not held. A communicator that was not seen being made is left alone.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "launch/launch.h"
#include "recording.h"

/* Wrapped calls are declared in no header of ours. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

enum { NCCL_OK = 0, NCCL_SYSTEM_ERROR = 2, ID_BYTES = 128, LISTS = 64 };

typedef struct nccl_comm *nccl_comm;
typedef struct nccl_id { char bytes[ID_BYTES]; } nccl_id;   /* handed over by value */

typedef struct member {
    struct member *next;
    nccl_comm comm;
    uint64_t key, sequence, splits;
} member;

static struct {
    pthread_mutex_t lock;
    member *lists[LISTS];
} the = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const gate_family family = { .library = "libnccl" };

static double wished_s(void) { return offset_most_s(&launch_settings()->offset); }

/* ---- communicators ------------------------------------------------------------------- */

static member **place_of(nccl_comm comm)
{
    member **at = &the.lists[((uintptr_t)comm >> 4) % LISTS];

    while (*at && (*at)->comm != comm)
        at = &(*at)->next;
    return at;
}

static void learn(nccl_comm comm, uint64_t key)
{
    pthread_mutex_lock(&the.lock);
    member **at = place_of(comm);
    if (!*at)
        *at = calloc(1, sizeof(**at));
    if (*at) {                          /* without memory it is one that is left alone */
        member *next = (*at)->next;
        **at = (member){ .next = next, .comm = comm, .key = key };
    }
    pthread_mutex_unlock(&the.lock);
}

static void forget(nccl_comm comm)
{
    pthread_mutex_lock(&the.lock);
    member **at = place_of(comm), *gone = *at;
    if (gone)
        *at = gone->next;
    pthread_mutex_unlock(&the.lock);
    free(gone);
}

/* All ranks of the parent split it together, those without a colour too. */
static bool key_of_split(nccl_comm parent, int colour, uint64_t *key)
{
    pthread_mutex_lock(&the.lock);
    member *of = *place_of(parent);
    if (of)
        *key = offset_key_split(of->key, of->splits++, colour);
    pthread_mutex_unlock(&the.lock);
    return of != NULL;
}

/* ---- each collective ----------------------------------------------------------------- */

static double delay_s(nccl_comm comm)
{
    double wait_s = 0;

    pthread_mutex_lock(&the.lock);
    member *of = *place_of(comm);
    if (of)
        wait_s = offset_s(&launch_settings()->offset, of->key, of->sequence++);
    pthread_mutex_unlock(&the.lock);
    return wait_s;
}

static void hold(nccl_comm comm)
{
    double wait_s = wished_s() > 0 ? delay_s(comm) : 0;
    struct timespec left = { .tv_sec = (time_t)wait_s,
                             .tv_nsec = (long)(1e9 * (wait_s - floor(wait_s))) };

    if (!(wait_s > 0))
        return;
    erg_region_token region = recording_begin("NCCL offset");
    while (nanosleep(&left, &left) != 0)
        continue;
    recording_end(region);
}

static launch_function real(launch_slot *slot, const char *name)
{
    return launch_real(slot, &family, name);
}

/* ---- blocks of its kernels ----------------------------------------------------------- */

/* NCCL reads its limits with the first communicator. Who set one knows better. */
static void bound_blocks(void)
{
    static const char *const names[] = { "NCCL_MAX_CTAS", "NCCL_MAX_NCHANNELS" };
    int most = (int)launch_settings()->nccl_ctas;
    char text[16];

    snprintf(text, sizeof(text), "%d", most);
    for (size_t i = 0; most > 0 && i < sizeof(names) / sizeof(*names); i++)
        setenv(names[i], text, 0);
}

static launch_function real_init(launch_slot *slot, const char *name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, bound_blocks);
    return real(slot, name);
}

/* ---- what the program calls ---------------------------------------------------------- */

typedef int nccl_init(nccl_comm *comm, int ranks, nccl_id id, int rank);

LAUNCH_PUBLIC int ncclCommInitRank(nccl_comm *comm, int ranks, nccl_id id, int rank)
{
    static launch_slot slot;
    nccl_init *call = (nccl_init *)real_init(&slot, "ncclCommInitRank");
    int rc = call ? call(comm, ranks, id, rank) : NCCL_SYSTEM_ERROR;

    if (call && wished_s() > 0 && comm && *comm)
        learn(*comm, offset_key(&id, sizeof(id)));
    return rc;
}

typedef int nccl_init_config(nccl_comm *comm, int ranks, nccl_id id, int rank, void *how);

LAUNCH_PUBLIC int ncclCommInitRankConfig(nccl_comm *comm, int ranks, nccl_id id, int rank,
                                         void *how)
{
    static launch_slot slot;
    nccl_init_config *call =
        (nccl_init_config *)real_init(&slot, "ncclCommInitRankConfig");
    int rc = call ? call(comm, ranks, id, rank, how) : NCCL_SYSTEM_ERROR;

    if (call && wished_s() > 0 && comm && *comm)
        learn(*comm, offset_key(&id, sizeof(id)));
    return rc;
}

typedef int nccl_split(nccl_comm parent, int colour, int order, nccl_comm *comm, void *how);

LAUNCH_PUBLIC int ncclCommSplit(nccl_comm parent, int colour, int order, nccl_comm *comm,
                                void *how)
{
    static launch_slot slot;
    nccl_split *call = (nccl_split *)real(&slot, "ncclCommSplit");
    uint64_t key;
    int rc = call ? call(parent, colour, order, comm, how) : NCCL_SYSTEM_ERROR;

    if (call && wished_s() > 0 && key_of_split(parent, colour, &key) && comm && *comm)
        learn(*comm, key);
    return rc;
}

typedef int nccl_end(nccl_comm comm);

LAUNCH_PUBLIC int ncclCommDestroy(nccl_comm comm)
{
    static launch_slot slot;
    nccl_end *call = (nccl_end *)real(&slot, "ncclCommDestroy");

    forget(comm);
    return call ? call(comm) : NCCL_SYSTEM_ERROR;
}

LAUNCH_PUBLIC int ncclCommAbort(nccl_comm comm)
{
    static launch_slot slot;
    nccl_end *call = (nccl_end *)real(&slot, "ncclCommAbort");

    forget(comm);
    return call ? call(comm) : NCCL_SYSTEM_ERROR;
}

typedef int nccl_reduce(const void *from, void *to, size_t count, int type, int operation,
                        nccl_comm comm, cuda_stream stream);

LAUNCH_PUBLIC int ncclAllReduce(const void *from, void *to, size_t count, int type,
                                int operation, nccl_comm comm, cuda_stream stream)
{
    static launch_slot slot;
    nccl_reduce *call = (nccl_reduce *)real(&slot, "ncclAllReduce");

    if (!call)
        return NCCL_SYSTEM_ERROR;
    hold(comm);
    return call(from, to, count, type, operation, comm, stream);
}

LAUNCH_PUBLIC int ncclReduceScatter(const void *from, void *to, size_t count, int type,
                                    int operation, nccl_comm comm, cuda_stream stream)
{
    static launch_slot slot;
    nccl_reduce *call = (nccl_reduce *)real(&slot, "ncclReduceScatter");

    if (!call)
        return NCCL_SYSTEM_ERROR;
    hold(comm);
    return call(from, to, count, type, operation, comm, stream);
}

typedef int nccl_gather(const void *from, void *to, size_t count, int type, nccl_comm comm,
                        cuda_stream stream);

LAUNCH_PUBLIC int ncclAllGather(const void *from, void *to, size_t count, int type,
                                nccl_comm comm, cuda_stream stream)
{
    static launch_slot slot;
    nccl_gather *call = (nccl_gather *)real(&slot, "ncclAllGather");

    if (!call)
        return NCCL_SYSTEM_ERROR;
    hold(comm);
    return call(from, to, count, type, comm, stream);
}
