/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload at many settings: in random order, again and again, each visit checked.
 *
 *   Units    SI. Zero in an option means unset, and unset means the default.
 *   Owning   Options are borrowed for the call; points stay yours. An erg_result * is
 *            yours: erg_result_free.
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

/* What a workload's runner needs, as it was found. */
typedef struct erg_sweep_require {
    const char *name;
    char version[64]; /* "": not told */
} erg_sweep_require;

typedef struct erg_sweep_options {
    const char *const *sensors; /* as erg_devices_find */
    size_t sensor_count;
    const erg_sweep_job *jobs;
    size_t job_count;
    erg_sweep_mode mode;
    const char *const *knobs; /* "sm_clock=510:1410:15", "power_limit=100,150", "=all" */
    size_t knob_count;
    const char *device;       /* "0,1" or "all": which are turned; NULL: the only one */
    double floor_hz;          /* dvfs: no clock below; 0: 510 MHz */
    int repeat;               /* blocks; 0: 5 */
    double until;             /* a point is done when both half-widths are within it */
    int max_repeat;           /* blocks with until; 0: 20 */
    int warmup;               /* runs before each visit; 0: 1, below 0: none */
    uint64_t random;          /* order of the first block; 0: 1 */
    double settle_s;          /* after turning; 0: 2, below 0: none */
    double timeout_s;         /* of one run; 0: 1800 */
    bool adaptive;            /* few clocks, each chosen from those before */
    const char *objective;    /* of adaptive: edp (default), energy or ed2p */
    double slowdown;          /* of adaptive: most extra time to accept, 0..1; 0: any */
    double power_cap_w;       /* of adaptive: highest mean power; 0: any */
    double knee, low_voltage; /* of the device model, from a fit; 0: 0.80 and 0.85 */
    const char *work;         /* what a simulated device does: "p0=60,c=140,..." */
    const char *output;       /* run file; NULL: a UTC name .erg in this folder */
    bool resume;              /* output holds a part of this very sweep: add the rest */
    int only_block;           /* 1 + the one block to do (Slurm); 0: all */
    bool shared;              /* turn a device that others use too */
    bool srun;                /* a clock that this user may not turn is asked of srun */
    bool drift_correct;
    const char *const *words; /* how the sweep was asked for, kept for --resume */
    size_t word_count;
    const erg_sweep_require *requires; /* kept with the sweep */
    size_t require_count;
    erg_result *result;       /* gets table knobs: requested, clamped, enforced; NULL: no */
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

/* Table plan (block, place, application, knobs) and nothing touched. */
erg_result *erg_sweep_plan_table(const erg_env *env, const erg_sweep_options *options,
                                 erg_error *err);

/* How a sweep's file says that it was asked for (options->words), with a NULL behind the
 * last; free() the whole. */
char **erg_sweep_words(const char *path, size_t *count, erg_error *err);

/* Joins DIR/block-N.erg into one file at output and its visits into points. Blocks that
 * are missing are a note; one that is there twice, or another GPU model, fails. Drift that
 * the blocks were asked to correct is divided out node by node; an objective is chosen
 * by. */
bool erg_sweep_gather(const erg_env *env, const char *folder, const char *output,
                      erg_points *points, erg_error *err);

/* ---- Slurm ------------------------------------------------------------------ */

typedef struct erg_slurm_options {
    const char *folder;       /* of sweep.sh and the blocks; NULL: "." */
    int blocks;               /* tasks of the array */
    const char *const *words; /* options of erg sweep, without those of Slurm */
    size_t word_count;
    char *const *argv;                                   /* the command; NULL: none */
    const char *partition, *account, *time, *mem, *cpus; /* passed through; NULL: not */
    bool exclusive;
} erg_slurm_options;

/* A job array, one task a block, so that each holds all settings and what differs between
 * nodes cancels. free() it. */
char *erg_slurm_script(const erg_slurm_options *options, erg_error *err);
/* Writes FOLDER/sweep.sh and hands it to sbatch of env->path, whose line comes back in
 * said. ERG_NOT_FOUND: there is no sbatch. */
bool erg_slurm_submit(const erg_env *env, const erg_slurm_options *options, char said[200],
                      erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
