/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to spend power over time: the table of policies, pure functions that the simulator
 * and the daemon both call.
 *
 * step() is told what has been since its last call, dt_s ago, and answers for what comes
 * next. A policy reads no clock, allocates nothing, and keeps all in its state, the random
 * numbers included: a copy by memcpy goes on as the first would, to the bit.
 *
 *   Units    SI; ratios 0..1. INFINITY is "no limit".
 *   Source   specs of shaping, section 5; docs/shape.md.
 */
#ifndef ERG_SHAPE_POLICY_H
#define ERG_SHAPE_POLICY_H

#include "base/base.h"
#include "shape/gates.h"
#include "shape/lock.h"

enum { ERG_POLICY_VALUES = 6, ERG_POLICY_CHAIN = 4 };

/* Whom a policy looks at. */
typedef enum erg_policy_scope {
    ERG_PER_UNIT,       /* a GPU: what runs a step's work */
    ERG_PER_GROUP,      /* units that may be shifted together: a job */
    ERG_PER_RACK,       /* units behind one breaker, alike */
    ERG_ON_SUPPLY,      /* a rack's supply: out.supply_w */
    ERG_OVER_RACK,      /* a rack's budget: out.cap_w, shared out among its units */
    ERG_OVER_JOB        /* a job's: out.cap_w a unit, shared out by their epochs */
} erg_policy_scope;

typedef struct erg_policy_setup {
    double values[ERG_POLICY_VALUES];   /* as the policy's forms name them; NAN: not
                                         * given */
    uint64_t key;       /* of its random numbers: the user's key */
    uint64_t entity;    /* its own number among all that draw */
    int group, groups;  /* of stagger: 0..groups-1 */
    double shift_s, slower_s;   /* of a policy that plans: found for this job */
    size_t unit, units; /* of ERG_PER_UNIT: 0..units-1 of the scenario */
    double idle_w, most_w;      /* of a unit */
} erg_policy_setup;

typedef struct erg_policy_in {
    double power_w;     /* drawn during the dt_s that is over, or asked for now */
    double unpaid_w;    /* the part of it that no admitted item has paid for */
    double wait_w;      /* what is drawn while the policy lets it wait */
    double item_j;      /* of the item that wants to start; 0: none does */
    double period_s;    /* of the training steps; NAN: unknown */
    double drawn_w;     /* by this unit during the dt_s that is over */
    double heat;        /* of the rack's breaker, of that at which it trips; NAN: none */
    bool step_begins;   /* a training step wants to start */
} erg_policy_in;

/* Ramps are told over 10 ms: where a policy moves power slowly no step of it may be longer,
 * or the figure would be that of the step. */
#define ERG_POLICY_STEP_MOST_S 0.01

typedef struct erg_policy_out {
    double cap_w;       /* at most; INFINITY: no limit */
    double floor_w;     /* at least; 0: no floor */
    double wait_s;      /* before that item or step may start; 0: it has started */
    double supply_w;    /* what the supply sees; NAN: as drawn */
    double again_s;     /* ask again after so long; INFINITY: when something happens */
} erg_policy_out;

/* ---- states -------------------------------------------------------------------------- */

typedef struct erg_limit { double cap_w; } erg_limit;

/* Firmware: looks at the mean of a period, and moves its cap by half of what is over. */
typedef struct erg_firmware {
    double limit_w, period_s, most_w, cap_w, seen_s, seen_j;
} erg_firmware;

/* A cap that begins at idle when its turn comes. */
typedef struct erg_start { erg_soft_start plan; double now_s; } erg_start;

/* A cap that follows what is wanted, upwards at most so fast. */
typedef struct erg_slope { erg_ramp ramp; double want_w; } erg_slope;

typedef struct erg_rack_cap { erg_bands bands; double period_s, cap_w; } erg_rack_cap;

typedef struct erg_jitter { double low_s, high_s; erg_xoshiro random; } erg_jitter;

typedef struct erg_stagger { double share; bool started; } erg_stagger;

/* slower_s: waited before each step but the first. */
typedef struct erg_interleave { double shift_s, slower_s; bool started; } erg_interleave;

/* late_s: all its delays so far; steps: counted; since_s: the last began. */
typedef struct erg_lock {
    double share, most_s, late_s, delay_s, since_s, times_s[ERG_LOCK_TIMES];
    int steps;
} erg_lock;

typedef struct erg_floor {
    double level_w, hold_s, fall_w_per_s;
    double want_w, low_s;       /* wanted since the last step; below the floor so long */
} erg_floor;

/* The supply follows the load with tau; a battery gives and takes the difference. */
typedef struct erg_storage {
    double tau_s, capacity_j, most_w, charge_eta, discharge_eta, pull_w_per_s, rest;
    double supply_w, stored_j, lost_j, supplied_j;
    bool started;
} erg_storage;

typedef union erg_policy_state {
    erg_limit limit;
    erg_bucket bucket;
    erg_firmware firmware;
    erg_start start;
    erg_slope slope;
    erg_rack_cap rack;
    erg_jitter jitter;
    erg_stagger stagger;
    erg_interleave interleave;
    erg_lock lock;
    erg_floor floor;
    erg_storage storage;
} erg_policy_state;

/* ---- the table ----------------------------------------------------------------------- */

typedef struct erg_policy_form {
    const char *name, *unit;    /* unit as erg_quantity_parse takes it */
    double least;               /* allowed */
    bool needed;
} erg_policy_form;

typedef struct erg_policy {
    const char *name;
    const char *about;
    erg_policy_form forms[ERG_POLICY_VALUES];
    erg_policy_scope scope;
    bool admits;        /* items, one by one: only one such policy may act */
    bool burns;         /* energy, by intent */
    bool plans;         /* needs shift_s and slower_s, found from all jobs' profiles */
    bool begins;        /* acts on how a load begins: no warm-up hides it */
    bool (*check)(const double values[], erg_error *err);   /* NULL: any will do */
    void (*start)(erg_policy_state *state, const erg_policy_setup *setup);
    void (*step)(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out);
} erg_policy;

extern const erg_policy erg_policy_limit, erg_policy_firmware, erg_policy_ramp,
    erg_policy_soft_start, erg_policy_rack_cap, erg_policy_balance, erg_policy_bucket,
    erg_policy_jitter,
    erg_policy_jitter_rack, erg_policy_stagger, erg_policy_interleave, erg_policy_scatter,
    erg_policy_lock, erg_policy_floor, erg_policy_storage;
extern const erg_policy *const erg_policies[];      /* NULL behind the last */

const erg_policy *erg_policy_find(const char *name, size_t count);
/* What a policy grants that has nothing to say: fill *out with it before step(). */
erg_policy_out erg_policy_free(void);

/* Policies that act together: "none", "limit=850W", "limit=850W+floor=700W". */
typedef struct erg_policy_chain {
    char text[96];
    const erg_policy *policies[ERG_POLICY_CHAIN];
    double values[ERG_POLICY_CHAIN][ERG_POLICY_VALUES];
    size_t count;       /* 0: none */
} erg_policy_chain;

/* text[0..count) */
bool erg_policy_parse(const char *text, size_t count, erg_policy_chain *out,
                      erg_error *err);

#endif
