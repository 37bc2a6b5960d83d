/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each channel is read, and what came of it. One step reads what is due and
 * says when the next is; a thread, or a manual clock, calls it. Allocates nothing.
 */
#ifndef ERG_RUN_SAMPLER_H
#define ERG_RUN_SAMPLER_H

#include <stdatomic.h>
#include "base/base.h"
#include "erg/device.h"
#include "run/queue.h"

/* How far polls came late. */
typedef struct erg_lateness {
    int64_t deadlines;      /* polls at one; the others were at a region's edge */
    int64_t misses;         /* polls skipped because an earlier one took too long */
    double late_s, late_most_s, late_square;    /* sums over deadlines, the largest */
    int64_t first_ns, last_ns;                  /* of the polls at deadlines */
} erg_lateness;

typedef struct erg_sampling {
    int64_t polls, updates, errors;
    int64_t lost;           /* samples the writer had no room for */
} erg_sampling;

/* What each poll needs comes first, in one cache line. */
typedef struct erg_sampled {
    _Alignas(64) uint16_t device;   /* in erg_devices, */
    uint16_t channel;               /* of it */
    bool at_edges;          /* a counter: read when a region begins or ends */
    bool is_slow;           /* clocks, limits, temperature: what settings are made of */
    bool is_gone;
    double last;
    erg_sampling sampling;
    atomic_long updates;    /* as sampling.updates, for other threads */
    int64_t quickest_ns;    /* of its reads so far; of counters alone */
    int64_t period_ns;
    erg_lateness lateness;  /* once it is gone, or the sampler has ended */
    erg_channel_info info;  /* info.device counts only devices that are read */
} erg_sampled;

/* Channels of one period, read in one wake. */
typedef struct erg_schedule {
    int64_t period_ns;
    int64_t next_ns;        /* INT64_MAX: all are gone */
    size_t first, count;    /* in erg_sampler.order */
    size_t left;            /* not gone */
    bool has_edges;
    erg_lateness lateness;
} erg_schedule;

typedef struct erg_sampler {
    const erg_env *env;
    erg_devices *devices;
    erg_queue *queue;
    erg_sampled *channels;
    size_t count;
    erg_schedule *schedules;    /* since begin */
    size_t schedule_count;
    size_t *order;              /* of channels, by schedule */
    bool has_edges;
    int64_t looked_ns;          /* at the clock, the last time in a step */
    erg_reading reading;
} erg_sampler;

/* A power or counter channel: what joules come from. */
bool erg_sampled_is_energy(const erg_channel_info *info);
/* rate_hz 0: auto, 2 / T_u (counters 10 Hz). devices and env must outlive the sampler. */
erg_sampler *erg_sampler_new(const erg_env *env, erg_devices *devices, double rate_hz,
                             erg_error *err);
/* Gain, offset and window of single sensors from env's state folder (run/calibrate.c). */
bool erg_sampler_calibrate(erg_sampler *sampler, const erg_env *env, erg_error *err);
/* What is slow is read at that rate as well; 0 leaves it. */
void erg_sampler_hasten(erg_sampler *sampler, double rate_hz);
/* Power and counters are not read: a run that wants no joules leaves none. */
void erg_sampler_drop_energy(erg_sampler *sampler);
void erg_sampler_free(erg_sampler *sampler);
void erg_sampler_begin(erg_sampler *sampler, int64_t now_ns);
/* Reads what is due (after an edge, the counters too); returns the next deadline. */
int64_t erg_sampler_step(erg_sampler *sampler, bool edge);
/* Reads everything once more, whatever is due. */
void erg_sampler_end(erg_sampler *sampler);
double erg_sampling_interval_s(const erg_lateness *lateness);
double erg_sampling_jitter_s(const erg_lateness *lateness);

#endif
