/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a sweep, for sweep*.c only. */
#ifndef ERG_SWEEP_SWEEP_INSIDE_H
#define ERG_SWEEP_SWEEP_INSIDE_H

#include "sweep/sweep_bench.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_plan.h"

enum { ERG_SWEEP_DEVICES_MOST = 64 };

/* One knob and the devices on which it is turned, all to the same value. */
typedef struct erg_sweep_dial {
    erg_knob knob;
    size_t devices[ERG_SWEEP_DEVICES_MOST], count;
    double step; /* of a clock, for the check under load; 0: unknown */
    bool may_srun; /* where this user may not turn it, Slurm is asked to */
    bool by_srun;  /* and that is so */
} erg_sweep_dial;

/* One value of one knob of one device. */
typedef struct erg_sweep_turned {
    size_t device;
    erg_knob knob;
    double requested, clamped, enforced, took_s;
    int turns;
} erg_sweep_turned;

/* What is turned, and to what. */
typedef struct erg_sweep_setup {
    erg_devices *devices;
    erg_sweep_dial dials[ERG_KNOBS];
    size_t dial_count;
    erg_knob_setting *settings; /* from the highest down: 0 is the reference */
    size_t count;
    size_t device;     /* the one whose clock counts */
    erg_sweep_turned *turned;
    size_t turned_count, turned_capacity;
    char snapped[200]; /* note of requests that are no value here; "": none */
    char env_name[28]; /* "env:DEPTH": the variable that is swept; "": none */
} erg_sweep_setup;

/* What killed sweeps left turned, which must not become this one's baseline; what cannot
 * be put back is logged. */
void erg_sweep_put_back_left(const erg_env *env);
bool erg_sweep_prepare(const erg_env *env, const erg_sweep_options *options,
                       erg_sweep_setup *out, erg_error *err);
/* False: what moves heat only, a fan, is no setting of a sweep. */
bool erg_sweep_moves_work(const erg_sweep_setup *setup, erg_error *err);
/* The first dial that is a device's; NULL: nothing is turned. */
const erg_sweep_dial *erg_sweep_first(const erg_sweep_setup *setup);
void erg_sweep_drop(erg_sweep_setup *setup);
/* sweep_further.c: the knob that has no column of its own; NULL: none is swept. */
const erg_knob_info *erg_sweep_further(const erg_sweep_setup *setup);
bool erg_sweep_has_env(const erg_sweep_setup *setup);
/* The further coordinate's name: that, or the variable's; NULL: there is none. */
const char *erg_sweep_other(const erg_sweep_setup *setup);
/* As a visit keeps it: that knob is its further coordinate. */
erg_knob_setting erg_sweep_kept(const erg_knob_setting *setting);
/* May this one be swept beside what is? There is one further coordinate. */
bool erg_sweep_check_further(const erg_sweep_setup *setup, erg_knob which, erg_error *err);
/* sweep_environment.c: "env:DEPTH=1,2" as the next dial, in the order in which it is said,
 * and the command with it: free() the whole. */
bool erg_sweep_env_is(const char *request);
bool erg_sweep_env_add(erg_sweep_setup *setup, const char *request, erg_sweep_axis *axis,
                       erg_error *err);
char **erg_sweep_env_argv(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                          char *const argv[], erg_error *err);
/* sweep_knobs.c: requested, clamped and enforced of every value. */
bool erg_sweep_knobs_add(erg_sweep_setup *setup, const erg_sweep_dial *dial,
                         const erg_sweep_axis *axis, erg_error *err);
void erg_sweep_knobs_note(erg_sweep_setup *setup, size_t device, const erg_turn *turn);
bool erg_sweep_knobs_table(const erg_sweep_setup *setup, erg_result *result,
                           erg_error *err);
/* ", sm_clock 1110 MHz" */
void erg_sweep_put_setting(const erg_knob_setting *setting, char *to, size_t size);
/* sweep_srun.c: what srun turns, whether it turns anything, and the command behind it:
 * free() the whole. */
bool erg_sweep_srun_has(erg_knob knob);
bool erg_sweep_by_srun(const erg_sweep_setup *setup);
char **erg_sweep_srun_argv(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                           char *const argv[], erg_error *err);
/* Turns what differs from what is in force, but for what srun will. */
bool erg_sweep_turn(erg_sweep_setup *setup, const erg_knob_setting *to, bool shared,
                    erg_error *err);
/* The worst that is true of a visit, but for what only the others can tell. */
erg_visit_state erg_sweep_judge(const erg_sweep_setup *setup,
                                const erg_knob_setting *setting,
                                const erg_bench_seen *seen);

/* ---- while it runs ------------------------------------------------------------ */

typedef struct erg_sweep {
    const erg_env *env;
    const erg_sweep_options *options;
    erg_sweep_setup setup;
    erg_points *points;
    erg_bench_setup at; /* what the bench stands on */
    erg_bench *bench;
    erg_sweep_writer writer;
    size_t *applications; /* of each job, in points */
    bool *was_warmed;     /* each job: its first warm-up is over */
    size_t known;         /* visits that the file had */
    size_t planned, done; /* visits of this session, as far as known */
    int64_t begin_ns;
    bool stopped;
} erg_sweep;

typedef struct erg_sweep_place {
    size_t job;
    int block, place;
    size_t setting;
} erg_sweep_place;

bool erg_sweep_asked(const erg_sweep *s);
/* sweep_visit.c: one visit, added to the points and written. */
bool erg_sweep_visit(erg_sweep *s, const erg_sweep_place *at, erg_error *err);

/* sweep_block.c: the settings of one block in the order in which they are visited. */
typedef struct erg_sweep_order {
    const size_t *visits;
    size_t count;
} erg_sweep_order;
/* Those of them that the file does not have. */
bool erg_sweep_list(erg_sweep *s, size_t job, int block, const erg_sweep_order *order,
                    erg_error *err);

/* Each open setting once, by chance, between returns to the reference. */
bool erg_sweep_run_block(erg_sweep *s, size_t job, int block, const bool open[],
                         erg_error *err);
/* sweep_adapt.c: few clocks of one job, each chosen from those before. */
bool erg_sweep_adapt(erg_sweep *s, size_t job, erg_error *err);
bool erg_sweep_objective_is(const char *name);
/* sweep_stop.c: the visits of the blocks before this one, checked; and which settings
 * still need more. */
erg_points *erg_sweep_before(const erg_sweep *s, int block, erg_error *err);
bool erg_sweep_find_open(const erg_sweep *s, size_t job, int block, bool open[],
                         size_t *count, erg_error *err);

/* sweep_sure.c: a full sweep that ends once its choice is sure. */
bool erg_sweep_by_choice(const erg_sweep_options *options);
bool erg_sweep_is_sure(const erg_sweep *s, const erg_points *before, size_t job, int block,
                       bool *sure, erg_error *err);
/* Note CHOICE of each application; remedy: of one that is not sure. */
bool erg_sweep_tell_choice(erg_points *points, const erg_sweep_options *options,
                           const char *remedy, erg_error *err);

/* sweep_joined.c: what blocks were asked for that only all of them can do. */
bool erg_sweep_put_wish(const erg_sweep_options *options, erg_store *store, erg_error *err);
typedef struct erg_sweep_joined {
    const char *first; /* block, which says what was asked for */
    const int *nodes;  /* of each visit */
    size_t node_count;
} erg_sweep_joined;
/* Divides out of the visits of each node what that node drifts, if that was asked for. */
bool erg_sweep_correct_nodes(erg_points *points, const erg_sweep_joined *from,
                             erg_error *err);
/* Note CHOICE, if there was an objective. */
bool erg_sweep_choose_joined(erg_points *points, const char *first, erg_error *err);

/* sweep_words.c: as JSON; free() it. */
char *erg_sweep_words_text(const char *const words[], size_t count);

/* Defaults of options that are not given. */
int erg_sweep_blocks(const erg_sweep_options *options);
uint64_t erg_sweep_start(const erg_sweep_options *options, int block);
double erg_sweep_or(double given, double otherwise);
/* The name of a job: its own, or its command's as one types it, cut to fit. */
void erg_sweep_job_name(const erg_sweep_job *job, char *to, size_t size);

#endif
