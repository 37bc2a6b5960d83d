/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marking what a program does: regions and marks, from C, Python or a plugin.
 *
 *   Units    Time is taken inside, CLOCK_MONOTONIC.
 *   Owning   An erg_recorder * is yours: erg_recorder_free it. A region is a value.
 *   Failing  rec NULL: every call is a cheap no-op, so a program need not ask.
 *   Threads  Any. A region may end on another thread than it began on. A child
 *            of fork shares the recorder.
 *   Source   docs/adr/0006-ring-of-regions.md.
 *   GPU work is asynchronous: end a region after the stream has been waited
 *   for, or its joules fall into the next region.
 */
#ifndef ERG_RECORD_H
#define ERG_RECORD_H

#include "erg/energy.h"
#include "erg/env.h"
#include "erg/hint.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_recorder erg_recorder;

typedef struct erg_region_token { int64_t id; } erg_region_token;

typedef struct erg_record_options {
    const char *const *sensors; /* as erg_devices_find; NULL: every real one */
    size_t sensor_count;
    double rate_hz;             /* 0: auto */
    const char *output;         /* a .erg file to leave, or NULL */
    const char *job;            /* processes of one node that give the same name elect
                                   one to sample, the others join it; NULL: alone */
} erg_record_options;

/* Under `erg run`: env->ring is getenv("ERG_RING"). ERG_NOT_FOUND outside it. */
erg_recorder *erg_recorder_join(const erg_env *env, erg_error *err);
/* On its own: a sampler thread in this process. */
erg_recorder *erg_recorder_start(const erg_env *env, const erg_record_options *options,
                                 erg_error *err);
/* Stops sampling and closes the file; in a child of fork it leaves both to the parent.
 * NULL is fine. */
void erg_recorder_free(erg_recorder *rec);

erg_region_token erg_region_begin(erg_recorder *rec, const char *name);
void erg_region_end(erg_recorder *rec, erg_region_token region);
void erg_mark(erg_recorder *rec, const char *name, double value);

/* From now on ergd hears of the phases of this process: its regions right inside `work`,
 * or its outermost ones where there is none of that name, but load and warmup. A region is
 * one unit of work, or as many as its marks `units` say; a mark `epoch_s` tells what its
 * own work of a step took, for the policy balance. No other call waits for ergd, and
 * without it the regions are what they were. socket NULL: the usual one; device NULL: all
 * GPUs; job NULL: the user's one (a rack balances named ones alone). ERG_NOT_FOUND: none
 * listens. ERG_REFUSED: it does not take it, and says why. */
bool erg_recorder_govern(erg_recorder *rec, const char *socket, const char *device,
                         const char *job, erg_error *err);

/* From now until the region ends (or the next hint of it): asked of ergd, which alone
 * writes where it governs; the least of all hints is in force. It waits for the answer, no
 * longer than 5 s; the end of the region waits for nobody. A process that dies is forgotten
 * after 30 s. ERG_NOT_FOUND: no ergd listens; ERG_NO_ACCESS: socket.work does not list this
 * user; the region goes on as it was. dvfs is of a process that erg_recorder_govern
 * tells. */
bool erg_region_hint(erg_recorder *rec, erg_region_token region, const erg_hint *hint,
                     erg_error *err);

typedef struct erg_power_samples { erg_sample *at; size_t count; } erg_power_samples;

/* What the sensor truly gave, not what was asked for; NAN: not known. */
typedef struct erg_delivery {
    double interval_s;          /* median time between samples */
    double jitter_p99_s;        /* that 99 % of the times lie within of it */
    int64_t missed;             /* samples that did not come */
    double update_s;            /* of the sensor itself: from 50 changes of its value on as
                                 * measured, else as its driver says */
    double window_s;            /* the sensor's mean; the longer of both is what it sees */
} erg_delivery;

/* Watts in [begin_ns, end_ns) on CLOCK_MONOTONIC. channel as "nvml:0/power"; NULL: the
 * first of power. *out is yours: erg_power_samples_free. how may be NULL. Only for a
 * recorder that was started (ERG_UNSUPPORTED); ERG_NO_DATA: no sample lies there. */
bool erg_power_trace(erg_recorder *rec, const char *channel, int64_t begin_ns,
                     int64_t end_ns, erg_power_samples *out, erg_delivery *how,
                     erg_error *err);
void erg_power_samples_free(erg_power_samples *samples);

/* Energy of an ended region; channel NULL picks the best. Only for a recorder
 * that was started: under `erg run` the answer is in the run file
 * (ERG_UNSUPPORTED says so). */
bool erg_region_energy(erg_recorder *rec, erg_region_token region, const char *channel,
                       erg_energy *out, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
