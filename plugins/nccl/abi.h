/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NCCL and a profiler plug-in hand each other, as far as collectives and the kernels
 * that carry them go; in our words, from NCCL's public headers profiler_v3.h to _v5.h
 * (Apache-2.0, NCCL 2.26 to 2.29, and later ones that still take them).
 */
#ifndef ERG_PLUGIN_NCCL_ABI_H
#define ERG_PLUGIN_NCCL_ABI_H

#include <stddef.h>
#include <stdint.h>

enum { NCCL_SUCCESS = 0 };

/* Kinds of events: bits, for what a plug-in asks to be told. */
enum { NCCL_GROUP = 1, NCCL_COLLECTIVE = 2, NCCL_POINT = 4, NCCL_KERNEL = 64 };

/* The head is the same in all versions; of `type` version 3 and 4 have one byte only. */
typedef struct nccl_event {
    uint64_t type;
    void *parent;               /* our handle of the event that this one belongs to */
    int rank;
    union {
        struct { const char *name; uint64_t hash, number; const char *call; } collective_v3;
        struct { const char *name; uint64_t hash; const char *call; } point_v3;
        struct { uint64_t number; const char *call; } collective;      /* from version 4 */
        struct { const char *call; } point;
        struct { uint8_t channel; } kernel;
    } of;
} nccl_event;

_Static_assert(offsetof(nccl_event, parent) == 8 && offsetof(nccl_event, of) == 24,
               "as NCCL lays it out on 64-bit machines");

typedef int nccl_start(void *context, void **handle, nccl_event *event);
typedef int nccl_stop(void *handle);
typedef int nccl_state(void *handle, int state, void *arguments);
typedef int nccl_finish(void *context);
typedef void (*nccl_logger)(void);

typedef int nccl_init_v3(void **context, int *asked);
typedef int nccl_init_v4(void **context, int *asked, const char *name, uint64_t hash,
                         int nodes, int ranks, int rank, nccl_logger logger);
typedef int nccl_init_v5(void **context, uint64_t hash, int *asked, const char *name,
                         int nodes, int ranks, int rank, nccl_logger logger);

#define NCCL_PROFILER(version)                                                             \
    typedef struct nccl_profiler_v##version {                                              \
        const char *name;                                                                  \
        nccl_init_v##version *init;                                                        \
        nccl_start *start;                                                                 \
        nccl_stop *stop;                                                                   \
        nccl_state *state;                                                                 \
        nccl_finish *finish;                                                               \
    } nccl_profiler_v##version

NCCL_PROFILER(3);
NCCL_PROFILER(4);
NCCL_PROFILER(5);

#endif
