/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a recording, for recording*.c only. */
#ifndef ERG_RUN_RECORDING_INSIDE_H
#define ERG_RUN_RECORDING_INSIDE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include "run/company.h"
#include "run/events.h"
#include "run/facts.h"
#include "run/queue.h"
#include "run/recording.h"

typedef struct writer_channel {
    int64_t last_ns;
    double last;
    int64_t dropped;
} writer_channel;

struct erg_recording {
    const erg_env *env;
    erg_devices *devices;
    erg_sampler *sampler;
    erg_queue *queue;
    erg_ring *ring;
    pthread_t sampling, writing;
    bool has_threads;
    atomic_bool stop_sampling, stop_writing, is_kicked;
    sem_t kicked;
    /* Under the lock. */
    pthread_mutex_t lock;
    bool has_ended;
    erg_sink sink;
    erg_events events;
    erg_facts facts;
    erg_company company;
    erg_phase_teller *teller;   /* NULL: nobody is told of phases */
    writer_channel *written;
    int64_t next_commit_ns;
};

/* What meters told with the reads since become marks. Of the thread that reads. */
void erg_recording_hear(erg_recording *rec);
/* Writes what has been queued; the lock is held. */
void erg_recording_drain(erg_recording *rec);
/* Takes the lock, drains, commits when it is time; returns when it is to be called next. */
int64_t erg_recording_tick(erg_recording *rec);

#endif
