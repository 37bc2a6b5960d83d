/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy phase_clock: which clock each phase of a workload (prefill and decode, forward
 * and backward) should run at, out of a table that a sweep made, or learnt while it runs by
 * comparing neighbours (shape/phase_search.h).
 *
 * step() is told what has been during the dt_s that is over, and answers with the clock for
 * what comes next. It reads no clock, allocates nothing, and keeps all in its state, whose
 * arrays of the setup are borrowed: a copy by memcpy goes on as the first would.
 *
 *   Dwell    what one measurement takes: max(10 switch_s, 2 window_s, 1 s) of a phase's
 *            own time, and until a unit of work ends. A phase may come and go meanwhile.
 *   Changes  of a phase's clock: at most one a dwell. On the way from one phase to another:
 *            at most one in between_s. Only a cap comes at once.
 *   Sharing  phases whose stays are shorter than max(10 switch_s, 2 window_s) in the mean
 *            share one clock, searched for as if they were one phase.
 *   Units    SI. Unmeasured is NAN.
 *   Threads  one at a time for each state.
 *   Source   sections 6.7 and 6.8 of the specification of clocks; docs/govern.md.
 */
#ifndef ERG_SHAPE_PHASE_CLOCK_H
#define ERG_SHAPE_PHASE_CLOCK_H

#include "base/base.h"
#include "shape/phase_search.h"

enum { ERG_PHASES_MOST = 16 };

/* Zero is unset where a figure of zero makes no sense; NAN is "none". */
typedef struct erg_phase_clock_setup {
    const double *clocks_hz;    /* count, ascending, as the device offers them */
    size_t count;
    const double *table_hz;     /* clock of phase i out of a sweep; NAN: it has none. NULL:
                                 * all is learnt */
    size_t table_count;
    double time_exponent;       /* of the score E T^k: 0 energy, 1 EDP, 2 ED2P */
    double slowdown_most;       /* against the highest clock: 0.05; NAN: any */
    double switch_s;            /* that a change of clock takes; measured, or NAN: 0.1 */
    double window_s;            /* that the power sensor takes the mean of; NAN: 0.1 */
    double floor_hz, cap_hz;    /* NAN: none */
    double hot_k;               /* lower the clock to stay below; NAN: no limit */
    double r_k_per_w;           /* thermal resistance; NAN: unknown, a clock at a time */
    double inlet_k;             /* NAN: temp_k - r P */
    double dwell_s;             /* at least; 0: the rule above alone */
    double between_s;           /* 0: 10 switch_s */
    double check_s;             /* of a phase's own time; 0: 180, at least 40 dwells */
} erg_phase_clock_setup;

typedef struct erg_phase_clock_in {
    int phase;          /* during dt_s: 0..ERG_PHASES_MOST-1, else none is known (-1) */
    double work;        /* units done since some start, rising; NAN: not told */
    double power_w;     /* mean of dt_s */
    double energy_j;    /* a counter that rises: goes before power_w; NAN: none */
    double temp_k;
    double clock_hz;    /* in force; NAN: cannot be seen, so the wish is believed */
    double floor_hz, cap_hz;    /* of now, beside those of the setup; NAN: none */
} erg_phase_clock_in;

/* All unmeasured, no phase: fill in what is known. */
erg_phase_clock_in erg_phase_clock_nothing(void);

typedef enum erg_phase_clock_word {
    ERG_CLOCK_EXPLORING,
    ERG_CLOCK_HELD,         /* settled */
    ERG_CLOCK_CHECKING,     /* settled, and looks at a neighbour */
    ERG_CLOCK_TABLE,        /* as the sweep says */
    ERG_CLOCK_NO_WORK,      /* no unit ended for long: nothing can be learnt, held */
    ERG_CLOCK_NO_POWER,     /* no power was told for long: the same */
    ERG_CLOCK_NOT_REACHED,  /* the device is at another clock than wanted */
    ERG_CLOCK_FIXED         /* one clock only may be used */
} erg_phase_clock_word;

/* What the clock is by. */
typedef enum erg_phase_clock_reason {
    ERG_BY_BEST,            /* the best found so far */
    ERG_BY_NEIGHBOUR,       /* being tried */
    ERG_BY_REFERENCE,       /* the highest, to know what slowdown is against */
    ERG_BY_TABLE, ERG_BY_CAP, ERG_BY_FLOOR, ERG_BY_HEAT,
    ERG_BY_WAIT             /* another is wanted, but between_s is not over */
} erg_phase_clock_reason;

typedef struct erg_phase_clock_out {
    double clock_hz;        /* wanted: one of clocks_hz */
    double best_hz;         /* of this phase, so far */
    erg_phase_clock_word word;
    erg_phase_clock_reason reason;
    bool is_shared;         /* this phase shares its clock with other short ones */
    bool changes;           /* clock_hz is not what it was */
} erg_phase_clock_out;

/* What is gathered about a phase, or about all that share. */
typedef struct erg_phase_slot {
    bool is_begun;
    bool is_aligned;            /* a unit of work has ended since the clock was reached */
    bool has_no_work, has_no_power, has_missed;
    erg_phase_search search;
    size_t at;                  /* the clock that the dwell is of */
    double time_s, work;        /* of this dwell, from an end of a unit to an end */
    double pending_s;           /* since the last end of a unit */
    double energy_j, energy_s;  /* of its power */
    double blind_s;             /* without power */
    double missed_s;            /* at a clock that is not the wanted one */
} erg_phase_slot;

typedef struct erg_phase_stay {
    double mean_s;              /* of the stays in a phase */
    int count;
    bool is_short;
} erg_phase_stay;

enum { ERG_PHASE_SHARED = ERG_PHASES_MOST + 1, ERG_PHASE_SLOTS };

typedef struct erg_phase_clock {
    erg_phase_clock_setup setup;        /* with what was unset filled in */
    erg_search_goal goal;
    erg_phase_slot slots[ERG_PHASE_SLOTS];  /* by phase, no phase, sharing */
    erg_phase_stay stays[ERG_PHASES_MOST + 1];
    size_t slot;                        /* in force */
    int phase;                          /* -2: none yet */
    double stay_s;
    size_t want;                        /* the clock, a place in clocks_hz */
    size_t want_slot;                   /* for whom */
    double since_change_s;
    double grace_s, quiet_s;    /* the device still switches, the sensor still mixes */
    double last_work, last_energy_j;
    size_t heat_high;                   /* the highest that heat allows */
    double heat_s, heat_j, heat_from_k; /* this look at it */
    erg_phase_clock_out out;
} erg_phase_clock;

/* clock_hz: in force; NAN: the highest. setup's arrays must outlive the state. BAD_INPUT:
 * no clocks, ones that do not ascend, or figures that make no sense. */
bool erg_phase_clock_start(erg_phase_clock *state, const erg_phase_clock_setup *setup,
                           double clock_hz, erg_error *err);
/* dt_s not above 0: the same answer again. */
erg_phase_clock_out erg_phase_clock_step(erg_phase_clock *state,
                                         const erg_phase_clock_in *in, double dt_s);
double erg_phase_clock_dwell_s(const erg_phase_clock *state);

/* "exploring", "no_work"; "best", "cap": for tables and journals. */
const char *erg_phase_clock_word_name(erg_phase_clock_word word);
const char *erg_phase_clock_reason_name(erg_phase_clock_reason reason);

#endif
