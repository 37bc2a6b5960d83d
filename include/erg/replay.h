/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel replay: a trace becomes unique kernels with counts; each is timed and metered
 * alone; the sum, put together rightly, must equal the whole. Where it does not, the audit
 * says which step failed.
 *
 *   Units    SI: _s _j _w _hz. Files of others are in us and W: the border converts.
 *   Unknown  NAN, never 0. A kernel without a shape stays in the list, not replayable.
 *   Owning   What is loaded or run is yours, by its own _free; results by erg_result_free.
 *   Failing  ERG_BAD_INPUT: a file, with its place; ERG_UNSUPPORTED: the engine is not
 *            here.
 *   Threads  One at a time.
 *   Source   docs/replay.md.
 */
#ifndef ERG_REPLAY_H
#define ERG_REPLAY_H

#include <stdio.h>
#include "erg/device.h"
#include "erg/error.h"
#include "erg/hardware.h"
#include "erg/table.h"
#include "erg/workload.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_replay_plan erg_replay_plan;           /* unique kernels and counts:
                                                           * `replay plan` */
typedef struct erg_replay erg_replay;       /* a plan with what was measured: a folder */

/* ---- plans: what is to be replayed ---------------------------------------- */

typedef struct erg_replay_plan_options {  /* zero means unset, unset means the default */
    double steps;               /* that the input holds (as it says itself) */
    const char *step_mark;      /* a kernel or mark that comes once a step */
    const char *device;         /* kernels of this one alone (all), as the input names it */
    int step_kind;              /* of a trace's steps of unlike kinds this one alone: 1 is
                                 * the commonest; 0: all */
    bool drop_collectives;
    bool keep_stream;           /* a kernel on two streams is two */
    erg_graph_options graph;    /* of inputs that are graphs */
} erg_replay_plan_options;

/* Inputs of one run: a Chrome trace, kernel lists, a oneDNN log, a graph, a plan. Several
 * are joined by name; ERG_BAD_INPUT where they do not agree. */
erg_replay_plan *erg_replay_plan_load(const char *const paths[], size_t count,
                                      const erg_replay_plan_options *options,
                                      erg_error *err);
bool erg_replay_plan_save(const erg_replay_plan *plan, FILE *out, erg_error *err);
/* Table kernels: a row each. */
erg_result *erg_replay_plan_table(const erg_replay_plan *plan, erg_error *err);
void erg_replay_plan_free(erg_replay_plan *plan);
/* ---- replays: what was measured --------------------------------------------- */

typedef struct erg_replay_source {  /* zero means unset */
    const char *folder;         /* of the guide's files, by their names or names that end
                                 * so */
    /* Each may hold any of them, told apart by content: reports, a plan or what one is made
     * of, a power log, a recording. They come before what the folder has. */
    const char *const *files;
    size_t file_count;
    const char *tz;             /* of stamps without a zone */
    double steps;               /* that the counts cover */
} erg_replay_source;

/* Power of the kernels is not computed yet: what the files say stands. */
erg_replay *erg_replay_load(const erg_replay_source *source, erg_error *err);
void erg_replay_free(erg_replay *replay);

/* ---- held against what can go wrong ------------------------------------------- */

typedef struct erg_replay_audit_options {   /* zero means unset */
    const erg_hardware *hardware;       /* peaks to hold figures to; NULL: none */
    double peak_bytes_per_s, peak_flop_per_s;   /* in its place */
} erg_replay_audit_options;

/* Every check of what can go wrong on the way from kernels to a whole: table findings, a
 * row each. Counts how often kernels ran and meters them on the way. *failed: how many
 * did. */
erg_result *erg_replay_audit(erg_replay *replay, const erg_replay_audit_options *options,
                             size_t *failed, erg_error *err);

/* ---- put together ------------------------------------------------------------ */

typedef struct erg_recompose_options {  /* zero means unset */
    double base_w;              /* power of the idle device (the idle record's) */
    const char *base_policy;    /* of base_w: "clocks_locked_idle"; default: "stated" */
    size_t top;                 /* rows of table kernels (20) */
    bool by_tier;               /* joules of tiers, or an error */
    bool time_share;            /* joules of tiers: the whole's by time, as if all drew the
                                 * same power; no energy is predicted */
    bool data_set;              /* adds table data_set: what was metered alone, for
                                 * learning */
    const erg_replay_audit_options *audit;      /* NULL: nothing is stated */
} erg_recompose_options;

/* Tables totals, tiers, kernels, after an audit: where one of its checks refuses there is
 * no verdict. *agrees: every row's verdict is "agrees". What the sums say of the replay is
 * kept in it, for erg_replay_save. */
erg_result *erg_replay_recompose(erg_replay *replay, const erg_recompose_options *options,
                                 bool *agrees, erg_error *err);
/* The guide's files of all that the replay holds, into a folder, which is made. */
bool erg_replay_save(const erg_replay *replay, const char *folder, erg_error *err);

/* The record of this processor with what its replayed kernels sustain: FLOP/s of large
 * products when hot, bytes/s of streams when cold; source and the date of the replay stand
 * beside them. Table terms. */
erg_result *erg_replay_calibrate_cpu(const erg_env *env, const erg_catalog *catalog,
                                     const erg_replay *replay, const char *source,
                                     erg_error *err);

/* Joules of kernels by regression over windows of the running model: a data set (CSV
 * model,module_name,kernel_name,invocation_count,..) or a recording with regions of kernels
 * in regions of runs. replay: kernels that were also measured alone; NULL: none. */
erg_result *erg_replay_regress(const char *path, erg_replay *replay,
                               const erg_recompose_options *options, bool *agrees,
                               erg_error *err);
/* ---- runs: what an engine takes for it -------------------------------------- */

typedef struct erg_replay_run_options {  /* zero means unset, unset means the default */
    const char *engine;         /* onednn */
    int device;                 /* of a GPU */
    int threads;                /* of a processor; 0: all but one, left to the sampler */
    const char *folder;         /* where run.erg goes; NULL: nothing is recorded */
    const char *const *sensors; /* as erg_devices_find */
    size_t sensor_count;
    double rate_hz;
    int warmup;                 /* runs; 10 */
    double runs;                /* at least; 100 */
    bool no_hot, no_cold;       /* states that are left out */
    bool no_whole, no_kernels;
    bool no_energy;             /* windows only as long as times need */
    bool by_tier;               /* a long window for each tier, and none for single
                                 * kernels */
    double clock_hz;            /* locked meanwhile: of the processor, or of the GPU's
                                 * SMs */
    double idle_s;              /* before and after; 5 with energy */
    double half_width;          /* relative, of each time; 0.01 */
    double most_s;              /* that one kernel may take to get there; 10 */
    uint64_t seed;              /* of the order of kernels; 1 */
    const char *power_log;      /* made by hand if it is there, else nvidia-smi writes it */
    const char *tz;             /* of its stamps, if they have none */
    const volatile int *ask_stop;
    void (*progress)(void *self, const char *text);
    void *progress_self;
} erg_replay_run_options;

/* Times and meters the whole plan and every kernel of it. With a folder it leaves run.erg
 * there, readable whatever happens, and nothing else. */
erg_replay *erg_replay_run(const erg_env *env, const erg_replay_plan *plan,
                           const erg_replay_run_options *options, erg_error *err);
/* The reports of what was run: all of them or none. */
bool erg_replay_report(erg_replay *replay, const char *folder, erg_error *err);
/* Tables kernels and whole. */
erg_result *erg_replay_run_table(const erg_replay *replay, erg_error *err);
/* Table engines: name, state, reason. */
erg_result *erg_replay_engines(erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
