/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a sweep's work is done: a command that is measured, or a law that is computed.
 * The sweep turns, waits and judges; a bench only runs once and says what it saw.
 */
#ifndef ERG_SWEEP_SWEEP_BENCH_H
#define ERG_SWEEP_SWEEP_BENCH_H

#include "base/base.h"
#include "erg/sweep.h"
#include "trace/store.h"

typedef struct erg_bench_run {
    const erg_sweep_job *job;
    const erg_knob_setting *setting; /* in force, as far as the device says */
    const char *region;              /* "run" or "warmup" */
    uint64_t number;                 /* of the visit: equal numbers have equal luck */
    double progress;                 /* how far the sweep is, 0..1 */
    double timeout_s;
    const volatile int *ask_stop;
} erg_bench_run;

typedef struct erg_bench_seen {
    int64_t start_ns; /* UTC */
    double time_s, energy_j, mean_w, peak_w, temp_c, sm_clock_hz;
    double fp_active, dram_active, covered; /* covered: share that has samples */
    bool is_throttled, is_timeout, includes_start;
    bool is_short; /* for the sensor: its figure is coarse */
    int exit_status;
    double llc_misses;    /* 0: not counted */
    char said[160];       /* its last line on stdout; "": none */
    double units;         /* of work that it says it did; 0: it did not */
    char unit[24];        /* "token" */
    char output_hash[17]; /* of the file of its answers; "": none */
} erg_bench_seen;

typedef struct erg_bench erg_bench;

typedef struct erg_bench_kind {
    bool (*run)(erg_bench *bench, const erg_bench_run *what, erg_bench_seen *out,
                erg_error *err);
    /* Where visits are written, held still until give. */
    erg_store *(*take_store)(erg_bench *bench);
    void (*give_store)(erg_bench *bench);
    /* Frees it; the file is complete if end. */
    bool (*close)(erg_bench *bench, bool end, erg_error *err);
} erg_bench_kind;

struct erg_bench {
    const erg_bench_kind *kind;
};

/* devices and env must outlive the bench. path: the run file, made anew. */
typedef struct erg_bench_setup {
    const erg_env *env;
    erg_devices *devices;
    const char *path;
    bool append;          /* to the file that is at path */
    size_t device;        /* the one whose clock counts */
    double top_hz;        /* its highest clock; NAN: it has none */
    const size_t *turned; /* those whose energy counts; none: all that is measured */
    size_t turned_count;
    bool counts_cache;    /* misses of the last-level cache, where they can be counted */
    const volatile int *ask_stop;
} erg_bench_setup;

/* A clock that jumps to whatever is waited for. */
typedef struct erg_sim_clock {
    erg_clock clock;
    int64_t now_ns, utc_ns;
} erg_sim_clock;
const erg_clock *erg_sim_clock_start(erg_sim_clock *clock);
/* A law of power and time, computed on a manual clock (docs/formats.md, "Simulated
 * work"). */
erg_bench *erg_bench_sim(const erg_bench_setup *setup, const char *work, erg_error *err);
/* Units and answers, from the last line that a command wrote. */
void erg_bench_take_answer(const char *line, erg_bench_seen *out);
/* A command, measured as erg run does. */
erg_bench *erg_bench_live(const erg_bench_setup *setup, erg_error *err);

#endif
