/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions and marks on their way from any thread of any process to the recording:
 * a shared file in /dev/shm, a bounded queue without locks. A full ring drops and
 * counts; a producer never waits.
 */
#ifndef ERG_RUN_RING_H
#define ERG_RUN_RING_H

#include "base/base.h"

typedef struct erg_ring erg_ring;

typedef enum erg_event_kind {
    ERG_EVENT_BEGIN = 1, ERG_EVENT_END, ERG_EVENT_MARK
} erg_event_kind;

typedef struct erg_event {
    int64_t t_ns;
    int64_t id;
    int64_t run;        /* id of the repetition it fell into, or 0 */
    int64_t thread;
    double value;
    uint32_t kind;      /* erg_event_kind, as found in shared memory: check it */
    char name[64];
} erg_event;

/* The creator consumes; the file goes when it closes. */
erg_ring *erg_ring_create(erg_error *err);
/* path is the value of ERG_RING. ERG_NOT_FOUND when nobody records there. */
erg_ring *erg_ring_open(const char *path, erg_error *err);
void erg_ring_close(erg_ring *ring);
const char *erg_ring_path(const erg_ring *ring);

/* Into event->name. A longer text ends in ~ and six digits of its hash: it is seen to be
 * cut, and two that begin alike stay two. */
void erg_event_name(erg_event *event, const char *name);

/* ---- producers ----------------------------------------------------------- */

int64_t erg_ring_next_id(erg_ring *ring);
/* False: full (counted) or nobody listens any more. */
bool erg_ring_push(erg_ring *ring, const erg_event *event);
/* Something began or ended at now_ns: wakes the sampler if it asked for edges. */
void erg_ring_edge(erg_ring *ring, int64_t now_ns);

/* ---- the one consumer ----------------------------------------------------- */

bool erg_ring_pop(erg_ring *ring, erg_event *out);
uint64_t erg_ring_dropped(const erg_ring *ring);
bool erg_ring_is_half_full(const erg_ring *ring);
void erg_ring_set_run(erg_ring *ring, int64_t run);
/* From when on an edge shall wake the sampler; INT64_MAX: none shall. */
void erg_ring_want_edges(erg_ring *ring, int64_t from_ns);
/* Sleeps until the CLOCK_MONOTONIC stamp; true: an edge or a kick came first. */
bool erg_ring_wait(erg_ring *ring, int64_t until_ns);
void erg_ring_kick(erg_ring *ring);

#endif
