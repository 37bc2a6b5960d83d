/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doing it, on a clock: measure a command, log power without one, check sensors.
 *
 *   Units    SI. Zero in an option means unset, and unset means the default.
 *   Owning   Options are borrowed for the call. An erg_logger * is yours until
 *            erg_logger_end, an erg_result * until erg_result_free.
 *   Failing  false and err; the run file then does not exist or is complete.
 *   Threads  One call at a time. erg_measure starts one sampler thread and
 *            installs no signal handler: ask_stop is polled instead.
 */
#ifndef ERG_RUN_H
#define ERG_RUN_H

#include "erg/device.h"
#include "erg/energy.h"
#include "erg/hint.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_measure_options {
    const char *const *sensors; /* as erg_devices_find */
    size_t sensor_count;
    const char *const *tags;    /* "KEY=VALUE" */
    size_t tag_count;
    const char *output;         /* NULL: UTC name .erg in the current folder */
    const char *wired_to;       /* host whose power the meters show */
    double rate_hz;             /* 0: auto (2 / T_u; counters 10 Hz) */
    bool all_at_rate;           /* rate_hz holds for temperatures and clocks too */
    const char *log;            /* training log of the command, kept as marks, as
                                 * all_at_rate; NULL: none */
    const erg_hint *hint;       /* asked of the hardware while it lasts, and what came of it
                                 * is table hints of the run; NULL: nothing */
    double ambient_k;           /* measured in the room; 0: not */
    int repeat;                 /* 0: 1 */
    double until;               /* relative half-width to reach; 0: not used */
    int max_repeat;             /* 0: 200 */
    double max_time_s;          /* 0: none */
    int warmup;
    double idle_s;              /* before and after; 0: none, net is NAN */
    bool idle_as_run;           /* after: as long as the runs took, at most 600 s */
    erg_idle_policy idle_state; /* GROSS (0) means context_idle */
    int dither;                 /* 0 auto, 1 on, -1 off */
    bool naive_looks;           /* drop the Bonferroni factor of the stopping rule */
    bool marker;                /* play a marker load that finds a meter's clock */
    bool no_wait;               /* do not wait for first updates */
    bool quiet;
    double for_s;               /* how long: a command is ended then, which is no failure of
                                 * it; without one 0 is until asked */
    /* Set to a signal number by the caller, and passed on to the command; to minus
     * the number when the terminal has sent it to the command too (si_code SI_KERNEL). */
    const volatile int *ask_stop;
    void (*progress)(void *self, const char *text);
    void *progress_self;
    /* Signals that are the command's alone: the caller sets bit N - 1 for number N, which
     * is taken and passed on. What comes while no command runs is dropped. NULL: none. */
    volatile uint64_t *pass_on;
} erg_measure_options;

typedef struct erg_measure_outcome {
    int exit_status;            /* the command's, as env(1) hands it on: 125-127, 128+N */
    char file[512];             /* the run file that was left */
} erg_measure_outcome;

/* argv NULL: record without a command for for_s or until *ask_stop. */
bool erg_measure(const erg_env *env, char *const argv[], const erg_measure_options *options,
                 erg_measure_outcome *out, erg_error *err);

/* ---- loggers in the background: erg run --detach ------------------------- */

typedef struct erg_logger erg_logger;

typedef struct erg_logger_info {
    char file[512];             /* the run file, absolute */
    int64_t begin_utc_ns;
    int pid;
    bool is_running;            /* false: it was killed; its file is interrupted */
} erg_logger_info;

/* In the process that will record (after the fork), before erg_measure without argv:
 * notes it under env->state_dir. ERG_REFUSED if the file is being recorded already. */
erg_logger *erg_logger_begin(const erg_env *env, const char *file, erg_error *err);
/* Takes the note away. NULL is fine. */
void erg_logger_end(erg_logger *logger);
/* Asks the logger of that file to end (SIGTERM) and waits until its file is complete.
 * ERG_NOT_FOUND if nobody records it. */
bool erg_logger_stop(const erg_env *env, const char *file, double wait_s, erg_error *err);
/* Up to most of them into infos; the count, or -1. */
int erg_logger_list(const erg_env *env, erg_logger_info infos[], int most, erg_error *err);

typedef struct erg_check_options {
    double for_s;               /* 0: 60; with a load or a marker: as long as that runs */
    char *const *argv;          /* a load that shows window and gain; NULL: none */
    bool marker;                /* play the marker load of erg_measure */
    const char *reference;      /* "DEVICE/CHANNEL" of a meter that sees the same power;
                                 * NULL: the device's own counter */
    const volatile int *ask_stop;
    void (*progress)(void *self, const char *text); /* about once a second; NULL: none */
    void *progress_self;
} erg_check_options;

/* Reads everything for a while: table check (device, channel, polls, errors, updates,
 * update_period_s, window_s, counter_w, integral_w, disagreement, state, reason, delay_s,
 * gain, offset_w, against, missing) and table cost (cpu_share, reads_per_s, read_us).
 * Windows and gains found are kept in env->state_dir, by uuid. */
erg_result *erg_devices_check(erg_devices *devices, const erg_env *env,
                              const erg_check_options *options, bool *disagrees,
                              erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
