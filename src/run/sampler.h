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

/* Between two polls, and how far polls came late. */
typedef struct erg_sampling {
    int64_t polls, updates, errors;
    int64_t deadlines;      /* polls at one; the others were at a region's edge */
    int64_t misses;         /* polls skipped because an earlier one took too long */
    int64_t lost;           /* samples the writer had no room for */
    double late_s, late_most_s, late_square;    /* sums over deadlines, the largest */
    int64_t first_ns, last_ns;                  /* of the polls at deadlines */
} erg_sampling;

typedef struct erg_sampled {
    size_t device, channel; /* in erg_devices */
    int64_t period_ns;
    bool at_edges;          /* a counter: read when a region begins or ends */
    bool is_slow;           /* clocks, limits, temperature: what settings are made of */
    double last;
    erg_sampling sampling;
    atomic_long updates;    /* as sampling.updates, for other threads */
    erg_channel_info info;  /* info.device counts only devices that are read */
} erg_sampled;

typedef struct erg_sampler {
    const erg_env *env;
    erg_devices *devices;
    erg_queue *queue;
    erg_sampled *channels;
    /* When each is read next; INT64_MAX: gone. Apart from the rest, as every wake looks at
     * all of them and reads few. */
    int64_t *next_ns;
    size_t count;
    bool has_edges;
    erg_reading reading;
} erg_sampler;

/* A power or counter channel: what joules come from. */
bool erg_sampled_is_energy(const erg_channel_info *info);
/* rate_hz 0: auto (measure.md 1.2). devices and env must outlive the sampler. */
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
double erg_sampling_interval_s(const erg_sampling *sampling);
double erg_sampling_jitter_s(const erg_sampling *sampling);

#endif
