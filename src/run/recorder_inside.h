/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a recorder, for recorder*.c only. */
#ifndef ERG_RUN_RECORDER_INSIDE_H
#define ERG_RUN_RECORDER_INSIDE_H

#include <sys/types.h>
#include "erg/record.h"
#include "run/hint_asker.h"
#include "run/phase_teller.h"
#include "run/recording.h"

struct erg_recorder {
    erg_env env;
    erg_ring *ring;             /* to push to */
    bool owns_ring;             /* joined */
    erg_recording *rec;         /* NULL: joined */
    pid_t pid;                  /* whose threads, file and lock they are */
    erg_devices *devices;
    int lock;                   /* the job's lock file while we sample, else -1 */
    char lock_path[ERG_PATH_MOST];
    erg_phase_teller *teller;   /* NULL: ergd is not told */
    pthread_mutex_t hint_lock;  /* of the next two, as any thread may be the first */
    erg_hint_asker *asker;      /* NULL: no region has asked for anything */
    char socket[ERG_PATH_MOST]; /* of ergd; "": the usual one */
};

/* A region that had a hint has ended. */
void erg_recorder_unhint(erg_recorder *rec, erg_region_token region);

#endif
