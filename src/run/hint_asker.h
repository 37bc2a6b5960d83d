/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd's end of a run's hints: each is said again every 10 s, and forgotten by ergd 30 s
 * after the last word, so that neither a kill of erg run nor one of ergd leaves it behind.
 */
#ifndef ERG_RUN_HINT_ASKER_H
#define ERG_RUN_HINT_ASKER_H

#include <pthread.h>
#include <semaphore.h>
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
    erg_govern_request requests[ERG_HINT_ROWS_MOST];
    size_t count;
    bool has_thread;
    pthread_t thread;
    sem_t stop;
} erg_hint_asker;

bool erg_hint_asker_begin(erg_hint_asker *asker, const erg_env *env, erg_error *err);
/* Asks for the cap, or for what is of clocks, and writes down what came of it. False: ergd
 * did not take it. */
bool erg_hint_asker_add(erg_hint_asker *asker, const erg_hint *hint, erg_hint_row *row);
/* From now on by itself. */
void erg_hint_asker_keep(erg_hint_asker *asker);
/* Takes back what was asked for. */
void erg_hint_asker_end(erg_hint_asker *asker);

#endif
