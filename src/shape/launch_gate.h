/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of joules and watts for launches: all that it remembers, a plain struct. */
#ifndef ERG_SHAPE_LAUNCH_GATE_H
#define ERG_SHAPE_LAUNCH_GATE_H

#include "erg/launch.h"
#include "shape/gates.h"

enum { ERG_LAUNCH_KINDS = 1024 };

typedef struct erg_launch_kind {
    uint64_t key;               /* 0: nobody's */
    double power_w, time_s;
    bool is_timed;
    uint64_t period;            /* in which one of it last ended */
} erg_launch_kind;

struct erg_launch_gate {
    erg_launch_budget budget;
    erg_bucket bucket;          /* rate_w INFINITY: none */
    erg_semaphore semaphore;
    int64_t now_ns;             /* of the last call; 0: none was made */
    int64_t until_ns;           /* the grant in force holds; 0: it does not end */
    double last_s;              /* the last launch took so long */
    double ratio;               /* of the counter to the model, of late */
    double counted_j;           /* the counter when it was last read; NAN: never */
    int64_t counted_ns;         /* when that was; 0: never */
    double charged_j;           /* for what ended and for idling since then */
    double rest_w;              /* drawn at least, where the counter is silent */
    bool at_rest;               /* and was seen while nothing ran */
    double rest_s_per_j;        /* idling, in what launches have learned to cost */
    /* Since the ratio was last taken. */
    uint64_t period;
    int64_t period_ns;
    double seen_j, model_j, longest_s, idle_s;
    erg_launch_kind kinds[ERG_LAUNCH_KINDS];
};

void erg_launch_gate_start(erg_launch_gate *gate, const erg_launch_budget *budget);

#endif
