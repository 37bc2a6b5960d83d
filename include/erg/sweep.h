/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload at many settings: in random order, again and again, each visit checked.
 *
 *   Units    SI. Zero in an option means unset, and unset means the default.
 *   Failing  false and err. What was visited before lies in the file, which is valid
 *            at any moment; every knob is put back.
 *   Threads  One call at a time; no signal handler is installed: ask_stop is polled.
 *   Source   docs/formats.md, "Sweeps", gives the tables of the file.
 */
#ifndef ERG_SWEEP_H
#define ERG_SWEEP_H

#include "erg/device.h"
#include "erg/points.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* AUTO: custom where a knob is named, else dvfs. BASELINE touches no knob. */
typedef enum erg_sweep_mode {
    ERG_SWEEP_AUTO,
    ERG_SWEEP_BASELINE,
    ERG_SWEEP_DVFS,
    ERG_SWEEP_CUSTOM
} erg_sweep_mode;
bool erg_sweep_mode_parse(const char *name, erg_sweep_mode *out);

/* One workload of a sweep: what is run, and under which name its points belong together. */
typedef struct erg_sweep_job {
    char *const *argv;              /* NULL where the work is simulated */
    const char *name;               /* NULL: the command's */
    const char *profile, *settings; /* NULL: none */
} erg_sweep_job;

typedef struct erg_sweep_options {
    const char *const *sensors; /* as erg_devices_find */
    size_t sensor_count;
    const erg_sweep_job *jobs;
    size_t job_count;
    erg_sweep_mode mode;
    const char *const *knobs; /* "sm_clock=510:1410:15", "power_limit=100,150", "=all" */
    size_t knob_count;
    const char *device; /* "0,1" or "all": which are turned; NULL: the only one */
    double floor_hz;    /* dvfs: no clock below; 0: 510 MHz */
    int repeat;         /* blocks; 0: 5 */
    double until;       /* a point is done when both half-widths are within it */
    int max_repeat;     /* blocks with until; 0: 20 */
    int warmup;         /* runs before each visit; 0: 1, below 0: none */
    uint64_t random;    /* order of the first block; 0: 1 */
    double settle_s;    /* after turning; 0: 2, below 0: none */
    double timeout_s;   /* of one run; 0: 1800 */
    const char *work;   /* what a simulated device does: "p0=60,c=140,..." */
    const char *output; /* run file; NULL: a UTC name .erg in this folder */
    bool resume;        /* output holds a part of this very sweep: add the rest */
    int only_block;     /* 1 + the one block to do (Slurm); 0: all */
    bool shared;        /* turn a device that others use too */
    bool drift_correct;
    const char *words; /* how the sweep was asked for, kept for --resume */
    const volatile int *ask_stop;
    void (*progress)(void *self, const char *text);
    void *progress_self;
} erg_sweep_options;

typedef struct erg_sweep_outcome {
    char file[512];
    size_t planned, visited; /* visits; planned: as far as known */
    bool stopped;            /* by ask_stop: resume does the rest */
} erg_sweep_outcome;

/* Adds the visits, also those that were in the file, to points and checks them. */
bool erg_sweep_run(const erg_env *env, const erg_sweep_options *options, erg_points *points,
                   erg_sweep_outcome *outcome, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
