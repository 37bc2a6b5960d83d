/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd's end of a run's hints: each is said again every 10 s, and forgotten by ergd 30 s
 * after the last word, so that neither a kill of erg run nor one of ergd leaves it behind.
 */
#ifndef ERG_RUN_HINT_ASKER_H
#define ERG_RUN_HINT_ASKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <semaphore.h>
#include "base/base.h"
#include "erg/device.h"
#include "erg/govern.h"
#include "erg/hint.h"

enum { ERG_HINT_ROWS_MOST = 64 };

/* What became of one knob of one device. */
typedef struct erg_hint_row {
    char device[32];
    erg_knob knob;
    double was, requested, clamped, enforced;   /* NAN: not known */
    const char *by;                 /* "erg", or "ergd" */
    char state[16], reason[240];
} erg_hint_row;

void erg_hint_row_say(erg_hint_row *row, const char *state, const char *reason);

typedef struct erg_hint_asker {
    char socket[ERG_PATH_MOST];
    pthread_mutex_t lock;       /* of what follows */
    struct { int64_t id; bool is_over; erg_govern_request request; }
        held[ERG_HINT_ROWS_MOST];
    size_t count;
    bool has_thread;
    pthread_t thread;
    atomic_bool ends;
    sem_t wake;
} erg_hint_asker;

/* socket "": the usual one. */
bool erg_hint_asker_begin(erg_hint_asker *asker, const erg_env *env, const char *socket,
                          erg_error *err);
/* Asks, and from then on by itself; the request of an id gives way to the next of it.
 * answer: yours, or NULL. */
bool erg_hint_asker_ask(erg_hint_asker *asker, int64_t id,
                        const erg_govern_request *request, erg_result **answer,
                        erg_error *err);
/* It is taken back soon; nobody waits for ergd. */
void erg_hint_asker_over(erg_hint_asker *asker, int64_t id);
/* Asks for the cap, or for what is of clocks, and writes down what came of it. False: ergd
 * did not take it. */
bool erg_hint_asker_add(erg_hint_asker *asker, const erg_hint *hint, erg_hint_row *row);
/* Takes back what was asked for. */
void erg_hint_asker_end(erg_hint_asker *asker);

#endif
