/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a replay measured, wherever it was written down: the whole, each kernel alone, and
 * the record of power. Recomposition and audit read this and nothing else.
 *
 *   Owning   erg_replay_new gives what is yours: erg_replay_free; plan and trace in it are
 *            owned by it.
 *   Source   docs/replay.md.
 */
#ifndef ERG_REPLAY_REPLAY_H
#define ERG_REPLAY_REPLAY_H

#include "erg/trace.h"
#include "replay/plan.h"

typedef enum erg_replay_state {
    ERG_STATE_UNKNOWN, ERG_STATE_HOT, ERG_STATE_COLD, ERG_STATES
} erg_replay_state;

/* A kernel timed alone, in one state. Spans are UTC as the file says (stamp_zone_known). */
typedef struct erg_kernel_timing {
    char name[ERG_KERNEL_NAME];
    int32_t kernel;             /* in the plan; -1: not in it */
    erg_tier tier;
    erg_replay_state state;
    double count;               /* launches it stands for, as the file says */
    double time_s, low_s, high_s;       /* of one launch; low, high: 95 % of the mean */
    double median_s, min_s, max_s, empty_s;
    double drift;               /* by which the times above were multiplied; NAN: nobody
                                 * says */
    double runs_requested, runs_executed;   /* NAN: the file does not say */
    double lost_s;              /* of its window, when others had the processor; NAN: not
                                 * known */
    double runs_used;           /* by which its energy is divided; erg_replay_repair_runs */
    erg_span span;              /* of its runs only; 0, 0: unknown */
    erg_span mono;              /* the same on the clock of trace; 0, 0: unknown */
    double clock_hz;
    double flop, bytes;         /* of one launch as it was run; NAN: nobody says */
    int64_t ran[3];             /* M, N, K that a benchmark says it ran; 0: it does not */
    bool launch_bound;
    /* Energy, as measured in span or as a file says; NAN: none. */
    double gross_j, gross_u_j;          /* of one launch, and its standard uncertainty
                                         * without gain */
    double dynamic_j, dynamic_u_j;
    double updates;             /* readings behind it */
    double mean_w;
    double system_j;            /* of one launch, gross: of all the machine; NAN: not
                                 * known */
    const char *quality;        /* of its joules: erg_quality_name; NULL: no reading is */
    char method[16];            /* "measured", "simulated"; "model", "estimated",
                                 * "time_share"; "": none */
    struct json_t *kept;        /* what its file says beyond this (files.h); NULL:
                                 * nothing */
} erg_kernel_timing;

typedef struct erg_whole_timing {       /* the full model, a pass */
    double time_s, min_s, max_s, median_s, low_s, high_s;
    double runs;
    erg_span span, mono;        /* UTC as the file says; on the clock of trace */
    double energy_j, energy_u_j;        /* of a pass; u without the gain of the meter */
    double modelled_j;          /* of a pass, by a model of power: in no sum */
    double mean_w;
    double traced_s;            /* of a pass: medians of its launches, each stamped */
    double traced_share;        /* of a pass's wall time that lies in its launches */
    double updates;             /* of the meter behind energy_j */
    double system_j, system_u_j;        /* of a pass, by a meter of all the machine; NAN */
} erg_whole_timing;

/* A region "tier:gemm:hot" holds the kernels of a tier in the proportion of their
 * counts. */
#define ERG_REPLAY_TIER "tier:"

typedef struct erg_tier_energy {        /* of a step; steps 0: not metered by itself */
    double steps, window_s;
    double gross_j, gross_u_j, dynamic_j, mean_w, updates;
    double system_j;            /* gross, by a meter of all the machine; NAN: none saw it */
} erg_tier_energy;

struct erg_replay {
    erg_replay_plan *plan;             /* NULL: only timings are known */
    erg_whole_timing whole;
    erg_kernel_timing *kernels;
    size_t kernel_count, kernel_capacity;
    erg_trace *trace;           /* power and regions; NULL: none */
    int channel;                /* of power in trace; -1 */
    int system;                 /* of all the machine, beside it and in no sum; -1 */
    double steps;               /* steps that `count` covers; NAN: not stated */
    double base_w, base_u_w;    /* NAN: no idle recorded */
    double gain_u;              /* of the meter, relative, common to all its windows; NAN:
                                 * not known */
    char base_policy[32];       /* "clocks_locked_idle", "context_idle".. ; "" */
    bool has_tiers;             /* metered by tier: then no kernel has joules of its own */
    erg_tier_energy tiers[ERG_TIERS][ERG_STATES];
    char engine[16];            /* that ran it here; "": a file of others */
    char hardware[48];          /* for peaks: a name of the catalogue; "" */
    bool local_time;            /* stamps without a zone */
    int64_t written_ns;         /* when the timing files say they end, UTC; 0 */
    double runs;                /* asked of each kernel, as its file says */
    double predicted_s;         /* sum of the kernels, as their file says; NAN: nobody
                                 * does */
    erg_span kernels_span;      /* of all kernels */
    double stated_j;            /* of the whole, all its runs, as its timing file says */
    struct erg_comparison *comparison;          /* files.h; NULL: there is none */
    struct erg_kernel_energies *energies;       /* files.h; NULL: there is none */
    struct json_t *kept[2];     /* foreign keys of the two timing files (files.h) */
    char (*notes)[256];         /* on what was read, and what was not */
    size_t note_count, note_capacity;
};

erg_replay *erg_replay_new(erg_error *err);
/* A sentence for who reads the figures; erg_replay_put_notes puts all of them. */
bool erg_replay_note(erg_replay *replay, erg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool erg_replay_put_notes(const erg_replay *replay, erg_result *result, erg_error *err);
/* A meter of all the machine: at its plug, or between it and its supply. */
bool erg_replay_sees_node(const erg_trace *trace, int channel);
/* A model stands in the meter's place: nothing that comes of its watts was measured. */
bool erg_replay_is_modelled(const erg_replay *replay);

/* ---- kernels (timings.c) ------------------------------------------------------------ */

/* A kernel of which nothing is known yet, to be filled in and added. */
erg_kernel_timing erg_kernel_timing_unknown(void);
/* Readings of a meter, real or simulated, stand behind this kernel's joules. */
bool erg_kernel_is_metered(const erg_kernel_timing *kernel);
/* Is this row in a sum over the kernels? Of two states the hot one is. */
bool erg_kernel_is_summed(const erg_replay *replay, const erg_kernel_timing *kernel);
/* Steps that counts cover: 1 where nobody said so, as in files of others. */
double erg_replay_steps_or_one(const erg_replay *replay);
/* Takes kernel->kept, whatever comes. */
bool erg_replay_add(erg_replay *replay, const erg_kernel_timing *kernel, erg_error *err);

#endif
