/* SPDX-License-Identifier: Apache-2.0 */
/* The acceptance gate: clauses that a change of power must all meet, each with its
 * reason. */
#ifndef ERG_GOVERN_SHAPE_GATE_H
#define ERG_GOVERN_SHAPE_GATE_H

#include "erg/shape.h"
#include "govern/shape_sim.h"

/* What the gate compares, of base and of new. NAN: not measured, not to be seen. */
typedef struct erg_gate_side {
    double peak_10ms_w, ramp_w_per_s, band_rms;
    double throughput_loss;         /* upper end of its 95 % interval; of new */
    double energy_per_step_j;
    double collective_p99_s, throttled_s, timeouts;
    bool burns, has_tripped;
} erg_gate_side;

/* A value against what it may be at most; NAN: not measured, not to be seen. */
typedef struct erg_gate_weighed {
    double value, limit;
    const char *what;               /* how it reads where it is too much */
    bool is_ramp;                   /* watts a second, no share */
} erg_gate_weighed;

typedef struct erg_gate_clause {
    const char *name;
    const char *about;
    erg_gate_weighed (*weigh)(const erg_gate_side *base, const erg_gate_side *new,
                              const erg_shape_options *options);
    bool is_event;                  /* which has no figure worth saying */
    bool needed;                    /* not to be judged: not assessable; else: passed
                                     * over */
} erg_gate_clause;

extern const erg_gate_clause erg_gate_clauses[];    /* name NULL behind the last */

bool erg_gate_is_judged(const erg_gate_weighed *weighed);
bool erg_gate_is_met(const erg_gate_weighed *weighed);

typedef struct erg_gate_result {
    erg_verdict verdict;
    char reason[160];               /* the first clause that fails, or what was won */
} erg_gate_result;

erg_gate_result erg_gate_judge(const erg_gate_side *base, const erg_gate_side *new,
                               const erg_shape_options *options);

#endif
