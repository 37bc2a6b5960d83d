/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a command is repeated, and when it is enough.
 * An observation is so many runs as fill max(5 s, 50 updates); its value is joules
 * per run. The first of them, where they are warm-up, are cut (MSER-5).
 */
#ifndef ERG_RUN_REPEAT_H
#define ERG_RUN_REPEAT_H

#include "erg/trace.h"
#include "math/stats.h"

typedef struct erg_repeat {
    double until;               /* relative half-width to reach */
    int looks;                  /* ERG_LOOKS, or 1 for naive looks */
    size_t most;                /* observations */
    double window_s;            /* what an observation must fill */
    double filled_s;
    erg_span *runs;             /* of the observation being filled */
    size_t run_count, run_capacity;
    double *values;             /* J per run, one an observation */
    size_t count, capacity;
    size_t *sizes, size_capacity;   /* runs, one an observation */
    erg_interval interval;      /* at the last look, of those after the warm-up */
    size_t warmup;              /* observations, then */
    bool has_converged;
} erg_repeat;

void erg_repeat_free(erg_repeat *repeat);
/* max(5 s, 50 updates of the slowest energy channel). */
double erg_repeat_window_s(const erg_trace *trace);
/* True once the runs since the last observation fill its window. */
bool erg_repeat_add(erg_repeat *repeat, erg_span run, erg_error *err);
/* Closes the observation; true when no more are needed or wanted. */
bool erg_repeat_look(erg_repeat *repeat, const erg_trace *trace, erg_error *err);

/* How many runs are in the observations of the warm-up. */
size_t erg_repeat_warmup_runs(const erg_repeat *repeat);

/* Joules of a window over the outermost scopes; NAN: nothing was measured. */
double erg_repeat_energy_j(const erg_trace *trace, erg_span window);

#endif
