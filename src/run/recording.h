/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording: sampler, ring and writer, into a run file, memory, or both.
 *
 * The sampler thread only reads and queues. The writer thread commits once a second;
 * all it holds is under one lock that the sampler never takes. With a manual clock
 * there are no threads: erg_recording_run_until does the work of both in turn.
 */
#ifndef ERG_RUN_RECORDING_H
#define ERG_RUN_RECORDING_H

#include "erg/device.h"
#include "erg/trace.h"
#include "run/phase_teller.h"
#include "run/ring.h"
#include "run/sampler.h"
#include "trace/store.h"

typedef struct erg_recording erg_recording;

typedef struct erg_recording_setup {
    const char *path;       /* run file; NULL: none */
    bool append;            /* to the run file that is there */
    bool in_memory;         /* keep a trace that can be asked while recording */
    double rate_hz;
    bool no_energy;         /* neither power nor counters */
    bool all_at_rate;       /* temperatures and clocks too: what a joint run needs */
    const char *wired_to;
} erg_recording_setup;

/* devices and env must outlive it. Nothing is read before begin. */
erg_recording *erg_recording_new(const erg_env *env, erg_devices *devices,
                                 const erg_recording_setup *setup, erg_error *err);
bool erg_recording_begin(erg_recording *rec, erg_error *err);
/* Stops the threads and drains them: the sampler may be looked at. */
void erg_recording_pause(erg_recording *rec);
/* Last polls, last rows. False if anything could not be written. */
bool erg_recording_end(erg_recording *rec, erg_error *err);
/* Without an end before it, the file stays "interrupted". */
void erg_recording_free(erg_recording *rec);

erg_ring *erg_recording_ring(const erg_recording *rec);
const erg_sampler *erg_recording_sampler(const erg_recording *rec);
/* Sleeps; false once *ask_stop (may be NULL) is set. */
bool erg_recording_run_until(erg_recording *rec, int64_t at_ns,
                             const volatile int *ask_stop);
/* Until the sensors have seen what has just ended; at most 2 s. */
void erg_recording_linger(erg_recording *rec);
/* Until each power or counter channel has given so many updates, at most for_s. */
void erg_recording_wait_updates(erg_recording *rec, long updates, double for_s,
                                const volatile int *ask_stop);

/* is_run: what the command begins meanwhile lies in it. 0: the ring is full. */
int64_t erg_recording_region(erg_recording *rec, const char *name, bool is_run);
/* The stamp of the end; runs: equal runs inside, or NAN. */
int64_t erg_recording_region_end(erg_recording *rec, int64_t id, double runs);
/* The first so many regions "run" of the file are named "warmup" from now on; needs
 * in_memory, whose trace keeps the old name. */
void erg_recording_count_as_warmup(erg_recording *rec, size_t runs);
void erg_recording_flag(erg_recording *rec, const erg_flag *flag);
void erg_recording_meta(erg_recording *rec, const char *key, const char *value);
void erg_recording_mark(erg_recording *rec, const erg_mark_row *mark);

/* Before begin: ergd hears of the regions and marks of each run. Borrowed; NULL: it does
 * not. */
void erg_recording_tell(erg_recording *rec, erg_phase_teller *teller);

/* ---- asking while it runs (in_memory) ---------------------------------------- */

/* All that was read so far, held still until unlock. */
const erg_trace *erg_recording_lock(erg_recording *rec);
void erg_recording_unlock(erg_recording *rec);
/* Under the lock: the run file, for rows of one's own; NULL where there is none. */
erg_store *erg_recording_store(erg_recording *rec);
/* Under the lock: an ended region, or NULL. */
const erg_region *erg_recording_find_region(const erg_recording *rec, int64_t id);

#endif
