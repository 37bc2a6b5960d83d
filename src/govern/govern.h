/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a governor. One step: sense (govern_sense.c), limits of the node
 * (govern_limit.c), shares of its devices (govern_share.c), turning (govern_turn.c and
 * govern_clock.c).
 */
#ifndef ERG_GOVERN_GOVERN_H
#define ERG_GOVERN_GOVERN_H

#include "base/base.h"
#include "erg/device.h"
#include "erg/govern.h"
#include "govern/journal.h"
#include "govern/phase_table.h"
#include "shape/admission.h"
#include "shape/balance.h"
#include "shape/breaker.h"
#include "shape/gates.h"
#include "shape/heat_guard.h"
#include "shape/op_clock.h"
#include "shape/phase_clock.h"
#include "shape/policy.h"
#include "shape/water_fill.h"

enum { ERG_GOVERN_DEVICES_MOST = 64, ERG_GOVERN_CHANNELS_MOST = 40, ERG_GOVERN_RULES = 6,
       ERG_GOVERN_PHASES_MOST = 16, ERG_GOVERN_HINTS_MOST = 64, ERG_GOVERN_BURNT = 12,
       ERG_GOVERN_LEARNED = 5, ERG_GOVERN_KNOBS_MOST = 512 };

typedef struct erg_govern_value { double value; int64_t t_ns; } erg_govern_value;

typedef struct erg_govern_user_cap { double cap_w; int64_t until_ns; } erg_govern_user_cap;

typedef struct erg_govern_user_clock {
    double cap_hz;
    int64_t until_ns;
} erg_govern_user_clock;

/* The clock of a device: held down, or free to go where it likes. */
typedef struct erg_governed_clock {
    bool is_there, is_turned, has_no_policy;
    erg_knob knob;                  /* of a GPU its SM clock, of a CPU its clock */
    int seen_at;                    /* channel of the clock it runs at; -1: none */
    erg_govern_user_clock set;
    double cap_hz, phase_hz;        /* as users, as the policy want it; NAN: they do not */
    char why[80];                   /* the policy does */
    double wanted_hz;               /* a supported one; NAN: it shall be free */
    double requested_hz, enforced_hz;   /* NAN: not turned; enforced: as read back */
    const char *rule;               /* that wants it; NULL: none does */
    char state[16], reason[200];
    int64_t retry_ns;               /* after a turn that failed; 0: none did */
    int64_t turned_ns;
    double turn_s;                  /* what the last turn took, with reading back */
} erg_governed_clock;

/* The policy op_clock on a GPU whose job tells its phases. */
typedef struct erg_governed_ops {
    erg_op_clock state;
    int64_t seen_ns;                /* the last look; 0: none */
    double wanted_hz;               /* NAN: the policy wants nothing */
    char why[80];
    int64_t timed_ns;               /* the turn whose time is being measured */
    bool is_settling;               /* it is not seen to be done */
    double switch_s;                /* the longest; NAN: none was seen */
} erg_governed_ops;

typedef struct erg_govern_phase {
    char name[32];
    double told;                    /* units, as last told; NAN: never */
    double units, time_s, energy_j; /* since the first word */
    double metered_s;               /* of time_s, with a power sensor that spoke */
    double best_hz;                 /* by the policy; NAN: it does not run */
    const char *word;               /* of the policy; NULL */
} erg_govern_phase;

/* What a job says that a GPU does. */
typedef struct erg_govern_work {
    bool is_told;                   /* and not forgotten yet */
    int64_t uid;
    char job[32];
    int64_t seen_ns, until_ns;
    erg_govern_phase phases[ERG_GOVERN_PHASES_MOST];
    size_t count;
    int phase;                      /* now; -1: in none that is known */
    double units;                   /* of all phases */
} erg_govern_work;

/* Seconds that a GPU's own work of a step took, as its job tells them. */
typedef struct erg_governed_epochs {
    bool is_told;
    double times_s[ERG_BALANCE_EPOCHS];
    int count, looks;               /* of times; of the power since the last share */
    double epoch_s;                 /* the middle one of the last five; NAN: not yet */
    double peak_w;                  /* seen since the last share */
    double cap_w;                   /* as shared out last; NAN: it has no part in one */
    double recent_s[ERG_BALANCE_EPOCHS];    /* the last, of steps told so far: */
    uint64_t steps;
} erg_governed_epochs;

/* A node as one rank of the job that has all its GPUs (shape/lease.h says it to a rack). */
typedef struct erg_govern_rank {
    char job[56];                   /* UID/NAME; "": no job that has a name has them all */
    uint64_t steps;
    double epoch_s;                 /* NAN: not known yet */
} erg_govern_rank;

/* What a job asks for while it runs. 0, "": nothing. */
typedef struct erg_govern_wish {
    int64_t uid, until_ns;
    char job[32], device[32], objective[24], dvfs[8];
    double cap_w, clock_delta_hz, slowdown;
} erg_govern_wish;

/* The least mean of a second since the start, for one reading may come too soon after
 * another. least_w NAN: none was seen. */
typedef struct erg_governed_rest {
    double sum_w, least_w;
    int count;
    bool was_idle, is_seen;         /* at the end of the last second; for a whole one */
} erg_governed_rest;

/* What a filler has burnt, least and most, from t_ns on. */
typedef struct erg_govern_burnt { int64_t t_ns; double low_w, high_w; } erg_govern_burnt;

/* shaper.floor (govern_floor.c). */
typedef struct erg_governed_floor {
    erg_policy_state state;
    double load_w;                  /* the node's power without the filler; NAN: unknown */
    double level_w, want_w, share;  /* held now, missing now, of full_w */
    bool is_simulated, is_running;  /* a process: there is one */
    double simulated_w;             /* that all devices together can take */
    double taken;                   /* share that the process has burnt; NAN: as asked */
    double full_w, assumed_w;       /* of share 1: now, before anything was learned */
    double learned_w[ERG_GOVERN_LEARNED];
    int lessons;
    double seen_w, seen_share;      /* when all was settled last */
    double memory_s;                /* of the sensors */
    erg_govern_burnt past[ERG_GOVERN_BURNT];
    size_t past_count;
    double burned_j;
    int64_t seen_ns;
    int64_t asked_ns, burnt_ns;     /* the share last changed; something was last burnt */
    bool is_noted;                  /* the journal has its beginning */
    const char *status;
    char reason[120], process[120]; /* process: why it does not run */
} erg_governed_floor;

/* A knob of a device that is held, in its own unit. NAN: nobody asks; not turned. */
typedef struct erg_governed_knob {
    size_t index;                   /* of the device */
    erg_knob knob;
    double hold, set;               /* by the configuration, by a user */
    int64_t until_ns;               /* of set */
    double requested, enforced;     /* enforced: as read back */
    bool is_turned;
    int64_t retry_ns;               /* after what failed; 0: nothing did */
    char state[16], reason[200];
} erg_governed_knob;

/* One for each GPU that is told of: it is large. */
typedef struct erg_govern_policy {
    erg_phase_clock state;
    double table_hz[ERG_GOVERN_PHASES_MOST];    /* the state borrows it */
} erg_govern_policy;

typedef struct erg_governed {
    size_t index;                   /* in devices */
    bool is_gpu, is_node, is_part;  /* part: its watts are in the sum of a node */
    bool has_limit;                 /* a power limit whose range is known */
    int power_at, energy_at, heat_at, use_at;   /* channels; -1: none */
    erg_govern_value values[ERG_GOVERN_CHANNELS_MOST];
    int64_t counted_ns;             /* when the energy counter was last differenced */
    double counted_j;
    double power_w, temp_k;         /* NAN: not known now */
    erg_governed_rest rest;         /* of power_w */
    double lagged_w, lagged_s;      /* power behind a lag like that of the heat; for so
                                     * long */
    int64_t seen_ns;
    erg_demand demand;
    erg_heat_guard guard;
    double demand_w, least_w, most_w, grant_w, heat_cap_w;
    erg_govern_user_cap set;
    erg_governed_clock clock;
    erg_govern_work work;
    erg_governed_epochs epochs;
    erg_governed_ops ops;
    erg_govern_policy *policy;      /* NULL: none runs */
    double requested_w, enforced_w; /* NAN: never turned; enforced: as read back */
    const char *most_rule;          /* what holds most_w down; NULL: the device */
    const char *rule;
    char state[16], reason[200];
    int64_t retry_ns;               /* after a turn that failed */
} erg_governed;

struct erg_governor {
    const erg_govern_config *config;
    erg_env env;
    erg_devices *devices;
    erg_governed items[ERG_GOVERN_DEVICES_MOST];
    size_t count;
    erg_journal *journal;
    int64_t now_ns, slow_ns, band_ns;   /* last step; last full reading; last look of the
                                         * bands */
    double power_w, base_w;         /* of the node; what no knob holds */
    erg_governed_rest rest;         /* of power_w */
    bool has_meter;
    double limits_w[ERG_GOVERN_RULES];  /* in the order of erg_govern_rules */
    double limit_w, budget_w, trim_w;
    double band_sum_w;              /* above the limit since the last look; how often */
    int band_count;
    erg_ramp ramp;
    erg_bands bands;
    erg_breaker breaker;            /* as if it had gone on like this before; rating_w 0:
                                     * none */
    bool is_braked, is_short, is_started;
    erg_error fault;                /* the journal's last */
    int64_t fault_ns;
    bool wants_release, is_let_go;  /* of a rack: asked for; done, so that nothing is
                                     * turned */
    const char *rule;               /* that sets limit_w; NULL: none does */
    erg_govern_user_cap set;
    erg_govern_user_clock set_clock;    /* of all GPUs */
    erg_phase_table phase_table;
    erg_govern_lease lease;
    bool has_lease;
    const erg_govern_lent *lent;    /* a coordinator's */
    size_t lent_count;
    erg_admission jobs;
    erg_govern_wish wishes[ERG_GOVERN_HINTS_MOST];
    size_t wish_count;
    erg_governed_floor floor;
    erg_governed_knob knobs[ERG_GOVERN_KNOBS_MOST];
    size_t knob_count;
    erg_govern_room room;           /* a coordinator's */
    bool has_room;
};

typedef struct erg_govern_rule {
    const char *name, *about;
    double (*limit)(const erg_governor *governor);  /* INFINITY: it does not bite */
    bool is_wish;                   /* protects nothing: may be come to slowly */
} erg_govern_rule;
extern const erg_govern_rule erg_govern_rules[ERG_GOVERN_RULES];

/* dt_s: since the last step; 0 at the first. */
void erg_govern_sense_begin(erg_governor *governor);
void erg_govern_sense(erg_governor *governor, double dt_s);
void erg_govern_limit(erg_governor *governor, double dt_s);
void erg_govern_share(erg_governor *governor, double dt_s);
void erg_govern_turn(erg_governor *governor);
void erg_govern_clock_begin(const erg_governor *governor, erg_governed *item);
void erg_govern_clocks(erg_governor *governor);
/* What it shall be, by all who ask; nothing is turned. */
void erg_govern_clock_find(const erg_governor *governor, erg_governed *item);
void erg_govern_clock_step(erg_governor *governor, erg_governed *item);
/* Every clock as it was, before the governor ends. */
bool erg_govern_clocks_back(erg_governor *governor, erg_error *err);
/* item NULL: of any GPU. */
bool erg_govern_may_clock(const erg_governor *governor, const erg_governed *item,
                          erg_error *err);
/* The policy phase_clock, where gpu.dvfs is auto: a look at what has been since the last
 * one, and its wish in item->clock. */
bool erg_govern_runs_phases(const erg_govern_config *config);
bool erg_govern_phase_open(erg_governor *governor, erg_error *err);
void erg_govern_phase_look(erg_governor *governor, erg_governed *item, double dt_s);
void erg_govern_phase_end(erg_governed *item);
/* The policy op_clock, where the configuration has ops: a look at what has been since the
 * last one, and its wish in item->ops. */
bool erg_govern_runs_ops(const erg_govern_config *config, const erg_governed *item);
void erg_govern_ops_begin(erg_governed *item);
void erg_govern_ops_look(const erg_governor *governor, erg_governed *item, int64_t now_ns);
/* Phases and work, as jobs tell them. */
void erg_govern_work_step(erg_governor *governor);
bool erg_govern_tell_work(erg_governor *governor, const erg_govern_request *request,
                          erg_error *err);
bool erg_govern_add_work(const erg_governor *governor, erg_result *result, erg_error *err);
bool erg_govern_add_clocks(const erg_governor *governor, erg_result *result,
                           erg_error *err);

/* What dead processes left turned; *is_busy: some of them live. */
bool erg_govern_put_back(const erg_env *env, const char *who, erg_journal *journal,
                         bool *is_busy, erg_error *err);
/* In a rack, before all else: limits at most the fallback, for good. */
bool erg_govern_fall_back(erg_governor *governor, erg_error *err);

/* The tables that answer a request. */
erg_result *erg_govern_tables_for(const erg_governor *governor, erg_govern_verb verb,
                                  erg_error *err);

/* Jobs that ask before they start (govern_jobs.c). */
void erg_govern_jobs_step(erg_governor *governor, double dt_s);
bool erg_govern_admit(erg_governor *governor, const erg_govern_request *request,
                      erg_error *err);
bool erg_govern_done(erg_governor *governor, const erg_govern_request *request,
                     erg_error *err);
bool erg_govern_add_jobs(const erg_governor *governor, erg_result *result, erg_error *err);

/* Watts between the GPUs of a synchronous job (govern_balance.c), after shares. */
bool erg_govern_runs_balance(const erg_govern_config *config);
void erg_govern_epoch_hear(erg_governed *item, double epoch_s);
void erg_govern_epoch_forget(erg_governed *item);
void erg_govern_balance(erg_governor *governor);
erg_govern_rank erg_govern_rank_of(const erg_governor *governor);
bool erg_govern_add_epochs(const erg_governor *governor, erg_result *result,
                           erg_error *err);

/* Hints (govern_hint.c). INFINITY, NULL: none bears on the device. */
bool erg_govern_hint(erg_governor *governor, const erg_govern_request *request,
                     const char *who, erg_error *err);
void erg_govern_hints_step(erg_governor *governor);
void erg_govern_hints_drop(erg_governor *governor, const char *device);
double erg_govern_hint_cap_w(const erg_governor *governor, const erg_governed *item);
double erg_govern_hint_clock_hz(const erg_governor *governor, const erg_governed *item);
const erg_govern_wish *erg_govern_hint_phases(const erg_governor *governor,
                                              const erg_governed *item);
bool erg_govern_add_hints(const erg_governor *governor, erg_result *result, erg_error *err);

/* A floor held by a filler (govern_floor.c). */
void erg_govern_floor_begin(erg_governor *governor);
void erg_govern_floor_step(erg_governor *governor, double dt_s);
/* Part of what is measured that is no load. */
double erg_govern_burnt_w(const erg_governor *governor);
bool erg_govern_add_floor(const erg_governor *governor, erg_result *result, erg_error *err);

bool erg_govern_add_settings(const erg_governor *governor, erg_result *result,
                             erg_error *err);
/* Nothing where no launch gate is configured. */
bool erg_govern_add_budgets(const erg_governor *governor, erg_result *result,
                            erg_error *err);

/* What the launches of a job on it may draw by a gate; INFINITY: there is none. */
double erg_govern_launch_w(const erg_governor *governor, const erg_governed *item);
/* Its own floor is above what it may draw: why, in a sentence (govern_least.c). */
bool erg_govern_is_floored(const erg_governor *governor, const erg_governed *item,
                           char *why, size_t size);

/* The power limit of a device; NULL: it has none. */
static inline const erg_device_knob *erg_govern_knob(const erg_governor *governor,
                                                     const erg_governed *item)
{
    return erg_devices_find_knob(governor->devices, item->index, ERG_POWER_LIMIT);
}

/* The least of a device that does not say it: a CPU held to a watt answers nobody. */
static inline double erg_govern_least_w(const erg_device_knob *knob)
{
    const double least_share = 0.25;

    return knob->low > 0 ? knob->low : least_share * knob->high;
}

/* A line of the journal about a device (NULL: the node). */
typedef struct erg_govern_change {
    const erg_governed *item;
    const char *rule, *who;
    double old_w, requested_w, clamped_w, enforced_w;
} erg_govern_change;
void erg_govern_note(erg_governor *governor, const erg_govern_change *change);
/* The journal could not be written: told by the tables for a while. */
void erg_govern_note_fault(erg_governor *governor, const erg_error *fault);

/* The same about the clock of a device. */
typedef struct erg_govern_clock_change {
    const erg_governed *item;
    const char *rule, *who;
    double old_hz, requested_hz, clamped_hz, enforced_hz;
} erg_govern_clock_change;
void erg_govern_note_clock(erg_governor *governor, const erg_govern_clock_change *change);

/* govern_held.c: knobs that gpu.hold or a user holds; put back before the rest becomes what
 * was. */
bool erg_govern_may_hold(erg_knob knob);
void erg_govern_holds_begin(erg_governor *governor);
void erg_govern_held_step(erg_governor *governor);
void erg_govern_holds_end(erg_governor *governor);
/* item NULL: every device that has the knob. ERG_UNSUPPORTED: none has. */
bool erg_govern_may_set_knob(const erg_governor *governor, const erg_governed *item,
                             const erg_govern_request *request, erg_error *err);
void erg_govern_set_knob(erg_governor *governor, const erg_governed *item,
                         const erg_govern_request *request, const char *who);
void erg_govern_release_knobs(erg_governor *governor, const erg_governed *item);
/* One of them alone. ERG_NOT_FOUND: no user holds it. */
bool erg_govern_release_knob(erg_governor *governor, const erg_governed *item,
                             const char *name, const char *who, erg_error *err);
bool erg_govern_add_held(const erg_governor *governor, erg_result *result, erg_error *err);

#endif
