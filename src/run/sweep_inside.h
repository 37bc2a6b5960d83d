/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a sweep, for sweep*.c only. */
#ifndef ERG_RUN_SWEEP_INSIDE_H
#define ERG_RUN_SWEEP_INSIDE_H

#include "run/sweep_bench.h"
#include "run/sweep_file.h"
#include "run/sweep_plan.h"

enum { ERG_SWEEP_DEVICES_MOST = 64 };

/* One knob and the devices on which it is turned, all to the same value. */
typedef struct erg_sweep_dial {
    erg_knob knob;
    size_t devices[ERG_SWEEP_DEVICES_MOST], count;
    double step; /* of a clock, for the check under load; 0: unknown */
} erg_sweep_dial;

/* What is turned, and to what. */
typedef struct erg_sweep_setup {
    erg_devices *devices;
    erg_sweep_dial dials[ERG_KNOBS];
    size_t dial_count;
    erg_knob_setting *settings; /* from the highest down: 0 is the reference */
    size_t count;
    size_t device; /* the one whose clock counts */
} erg_sweep_setup;

/* What killed sweeps left turned, which must not become this one's baseline; what cannot
 * be put back is logged. */
void erg_sweep_put_back_left(const erg_env *env);
bool erg_sweep_prepare(const erg_env *env, const erg_sweep_options *options,
                       erg_sweep_setup *out, erg_error *err);
void erg_sweep_drop(erg_sweep_setup *setup);
/* Turns what differs from what is in force. */
bool erg_sweep_turn(erg_sweep_setup *setup, const erg_knob_setting *to, bool shared,
                    erg_error *err);
/* The worst that is true of a visit, but for what only the others can tell. */
erg_visit_state erg_sweep_judge(const erg_sweep_setup *setup,
                                const erg_knob_setting *setting,
                                const erg_bench_seen *seen);

/* Defaults of options that are not given. */
int erg_sweep_blocks(const erg_sweep_options *options);
double erg_sweep_or(double given, double otherwise);
/* The name of a job: its own, or its command's as one types it, cut to fit. */
void erg_sweep_job_name(const erg_sweep_job *job, char *to, size_t size);

#endif
