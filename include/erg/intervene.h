/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to "caused by": a knob is turned by chance while a program trains, and what
 * differs between the two settings was caused by it.
 *
 *   Units    SI. Zero in an option means unset, and unset means the default.
 *   Owning   An erg_result * is yours: erg_result_free.
 *   Failing  false or NULL and err; every knob is put back, also by the next start of erg
 *            after a kill.
 *   Threads  One call at a time; no signal handler is installed: ask_stop is polled.
 *   Source   docs/thermal.md, "Interventions"; Fisher 1935 (randomisation).
 */
#ifndef ERG_INTERVENE_H
#define ERG_INTERVENE_H

#include "erg/device.h"
#include "erg/training.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_intervene_options {
    const char *const *sensors; /* as erg_devices_find */
    size_t sensor_count;
    const char *change;         /* "power_limit=150W:200W"; sm_clock, cpu_clock, fan;
                                 * "variant=A:B": in place of {} in the command */
    const char *device;         /* "0,1" or "all": which are turned; NULL: the only one */
    const char *log;            /* training log of the command; NULL: it marks its steps */
    const char *output;         /* run file; NULL: a UTC name .erg in this folder */
    double block_s;             /* 0: 30 */
    int blocks;                 /* in all, made even; 0: 20 */
    double rate_hz;             /* 0: 10 Hz */
    uint64_t key;               /* of the order; 0: 1 */
    bool shared;                /* turn a device that others use too */
    const volatile int *ask_stop;
    void (*progress)(void *self, const char *text);
    void *progress_self;
} erg_intervene_options;

typedef struct erg_intervene_outcome {
    char file[512];
    int exit_status;            /* of the command; 0 where erg ended it after the blocks */
    int blocks;                 /* that are over */
} erg_intervene_outcome;

/* Runs the command, and in blocks turns the knob low and high: pairs, in each by chance
 * which comes first. Leaves a run file. */
bool erg_intervene(const erg_env *env, char *const argv[],
                   const erg_intervene_options *options, erg_intervene_outcome *out,
                   erg_error *err);

typedef struct erg_intervention_options {
    double drop_s;              /* from the begin of each block; 0: a fifth of it */
    double tau_s;               /* of heat: three of it are dropped too; 0: not known */
    double alpha;               /* 0: 0.05 */
    double smallest;            /* correlation that would matter; 0: 0.30 */
    uint64_t key;               /* of draws, where pairs are many; 0: 1 */
} erg_intervention_options;

/* What so many pairs of blocks could show at all, before any is run. Effects are in units
 * of what the means of blocks scatter by at one setting. */
typedef struct erg_intervention_reach {
    size_t pairs, pairs_least;  /* least: fewer show nothing that moves one figure */
    double least_p;             /* of any outcome, by flipping signs */
    double least_effect;        /* of one figure alone: found in four of five */
    double least_r;             /* the same as a correlation */
    size_t pairs_to_exclude;    /* for "no coupling shown", where there is none */
} erg_intervention_reach;

/* alpha and smallest as in the options. */
erg_intervention_reach erg_intervention_reach_of(size_t pairs, double alpha,
                                                 double smallest);
/* In one sentence, with the cure. */
void erg_intervention_reach_text(const erg_intervention_reach *reach, char *to,
                                 size_t size);

/* What such a run file says: tables verdict (of couple, evidence caused) and blocks. */
erg_result *erg_intervention_study(const erg_trace *trace,
                                   const erg_intervention_options *options, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
