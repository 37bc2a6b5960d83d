/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay: one command, a verb for each step of the way (cmd_replay.c has the table). */
#ifndef ERG_CLI_REPLAY_H
#define ERG_CLI_REPLAY_H

#include "cli.h"

/* One struct for all verbs; what a verb does not know it leaves alone. */
typedef struct replay_options {
    const char *output;                 /* a plan, a folder, a table: each verb says
                                         * which */
    double steps;                       /* 0: not stated */
    const char *engine;
    /* plan */
    const char *step_mark, *comm, *device, *precision;
    bool keep_stream;
    int batch, seq, step_kind;
    cli_list dims;
    /* recompose */
    const char *full, *kernels, *power, *tz, *base, *base_policy, *method;
    int top;
    /* audit */
    const char *timing, *report, *on;
    double peak_bytes_per_s, peak_flop_per_s;   /* 0: not stated */
    /* run */
    const char *state, *preset, *only, *power_log;
    int warmup, threads;
    double runs, seed, idle_s, rate_hz, half_width;
    bool no_energy, by_tier;
    double clock_hz;
} replay_options;

/* What was named: by options, and behind the verb. */
typedef struct replay_files { const char *paths[24]; size_t count; } replay_files;
/* Words from argv[first] on: one folder, and files. False: a sentence was printed. */
bool replay_source_of(const cli *call, int first, replay_files *files,
                      erg_replay_source *out);

typedef struct replay_verb {
    const char *name;
    int (*run)(const cli *call);        /* argv[0] is the verb */
} replay_verb;

int replay_plan(const cli *call);
int replay_recompose(const cli *call);
int replay_audit(const cli *call);
int replay_run(const cli *call);
/* The plan that the arguments name; NULL: *status has been told. */
erg_replay_plan *replay_plan_read(const cli *call, int *status);
/* A cli_body: the whole, and the kernels that take longest; what: the result of a run. */
bool replay_brief(const void *what, const void *how, FILE *out, erg_error *err);

#endif
