/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long one run of something takes, by a rule in seconds: a fixed count of runs is no
 * measurement of kernels that differ a million times in length.
 *
 *   Batches  of at least a millisecond are stamped, so that the clock costs nothing. One in
 *            which the system gave the core to somebody else is not the kernel's time, and
 *            is left out while enough are left. Where they are not, as of a launch of 80 ms
 *            on a busy machine, it counts by the time that its thread was on the core.
 *   Centre   of a window is the mean of the middle half of its batches: a quarter of them
 *            may be spoilt by what nobody sees, as the host of a virtual machine.
 *   Source   docs/replay.md, "erg replay run".
 */
#ifndef ERG_RUN_REPLAY_TIME_H
#define ERG_RUN_REPLAY_TIME_H

#include "base/base.h"
#include "erg/trace.h"

typedef struct erg_time_rule {
    int warmup; /* runs; and until times stand, or warmup_s */
    double warmup_s;
    double runs, least_s; /* at least so many, and so long */
    double batch_s;
    double half_width; /* relative, that is aimed at; 0: none */
    double most_s;     /* goes on no longer for half_width */
    bool on_core;      /* the calling thread does all the work: its processor time counts */
    const volatile int *ask_stop;
} erg_time_rule;

/* Launches runs first .. first + count - 1, and waits for the last. */
typedef struct erg_timed_work {
    bool (*run)(void *self, size_t first, size_t count, erg_error *err);
    void *self;
    /* Optional, both: makes ready for batches of at least this many, outside of any window,
     * and gives how many a batch then holds (0 and err: none); and the seconds of the last
     * batch by the device's own clock, where the host's would hold its own work too. */
    size_t (*ready)(void *self, size_t count, erg_error *err);
    double (*device_s)(const void *self);
} erg_timed_work;

typedef struct erg_timed {
    double mean_s, median_s, min_s, max_s; /* of one run, over batches */
    double centre_s;      /* mean of the middle half of them */
    double low_s, high_s; /* 95 % of the mean, for as many as are independent */
    double requested, executed;
    double dropped; /* share of batches that were interrupted */
    double lost_s;  /* of the window, over its runs at the centre: others had the core */
    erg_span span;  /* of the runs only, monotonic */
    double *values; /* of one run, by batch, without those left out; yours */
    size_t count;
} erg_timed;

/* Seconds of one run after warming up; NAN and err. */
double erg_time_warm(const erg_env *env, const erg_time_rule *rule,
                     const erg_timed_work *work, erg_error *err);
/* run_s: what erg_time_warm found. */
bool erg_time_measure(const erg_env *env, const erg_time_rule *rule,
                      const erg_timed_work *work, double run_s, erg_timed *out,
                      erg_error *err);
void erg_timed_free(erg_timed *timed);
/* Seconds, of both ends. */
static inline double erg_span_middle_s(erg_span span)
{
    return 0.5 * (erg_s_from_ns(span.begin_ns) + erg_s_from_ns(span.end_ns));
}
/* Seconds of the processor that this thread has had so far. */
double erg_time_core_s(void);
/* The mean of the middle half; sorts them. NAN: there are none. */
double erg_time_centre(double values[], size_t count);

/* ---- drift of the machine, seen by a reference kernel ------------------------------ */

/* One that computes and one that streams: what they meet is not the same. And the drift
 * that a kernel's neighbours show, of each its own (replay_others.h). */
enum { ERG_REFERENCES = 2, ERG_DRIFTS = ERG_REFERENCES + 1 };

typedef struct erg_drift_point {
    double at_s, time_s;
} erg_drift_point;
typedef struct erg_drift {
    erg_drift_point *points;
    size_t count, capacity;
} erg_drift;

bool erg_drift_add(erg_drift *drift, double at_s, double time_s, erg_error *err);
/* The reference kernel's time then, linear between measurements, each taken as the lower
 * quartile of itself and its neighbours: a moment's crowd is no drift. NAN: none. */
double erg_drift_at(const erg_drift *drift, double at_s);
/* The lower quartile of its times until then. NAN: there are none, or no memory. */
double erg_drift_level(const erg_drift *drift, double until_s);
void erg_drift_free(erg_drift *drift);

#endif
