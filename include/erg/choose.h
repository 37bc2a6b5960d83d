/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which setting to run at: the best by a wish, among those that keep its limits.
 *
 *   Units    SI; temperatures in degrees Celsius (_c), money in the user's own.
 *            NAN: not wished for, not known.
 *   Owning   erg_choice and what hangs on it: erg_choice_free.
 *   Failing  ERG_BAD_INPUT for a wish that makes no sense, ERG_NO_DATA without a row
 *            that can be used. That nothing keeps the limits is an answer, not a
 *            failure: chosen is then ERG_NO_OPTION.
 *   Threads  None shared. The same points in any order give the same choice.
 */
#ifndef ERG_CHOOSE_H
#define ERG_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "erg/points.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define ERG_NO_OPTION SIZE_MAX

/* ---- the wish ------------------------------------------------------------------- */

enum { ERG_OBJECTIVES = 6 };

typedef struct erg_objective {
    const char *name, *unit, *about;
    double energy_power, time_power;    /* of energy and of time in a product; 0 0: a sum */
} erg_objective;

extern const erg_objective erg_objectives[ERG_OBJECTIVES];
const erg_objective *erg_objective_find(const char *name); /* NULL: none of that name */

/* Where a temperature that was not measured comes from. NAN: from the points. */
typedef struct erg_heat {
    double ambient_c, k_per_w;
    double leak_w, leak_per_k, leak_at_c;   /* leakage at leak_at_c, and its growth */
} erg_heat;

/* A setting that a model foresees but nobody has run. */
typedef struct erg_foreseen {
    size_t application;
    erg_knob_setting setting;
    double time_s, energy_j;
    double log_time_sd, log_energy_sd;
} erg_foreseen;

typedef struct erg_wish {
    const char *objective;          /* NULL: "edp" */
    double eta, most_w;             /* cost: weight of energy, highest power limit */
    double energy_price, time_price;        /* cost: per kWh, per hour */
    double carbon_g_per_kwh, carbon_g_per_h;    /* carbon: of the mains, of the hardware */
    double slowdown, power_cap_w, temp_c, quality_loss, deadline_s, throughput_hz;
    double certainty;               /* of keeping a time limit, where a model is asked */
    erg_heat heat;
    size_t draws;                   /* of the bootstrap */
    uint64_t seed;
    bool variants;                  /* applications are ways to do the same work */
    const erg_foreseen *foreseen;
    size_t foreseen_count;
} erg_wish;

/* Nothing limited, the defaults of the rest. */
erg_wish erg_wish_default(void);

/* ---- the choice ----------------------------------------------------------------- */

/* Limits, in the order of erg_wish. */
typedef enum erg_wish_limit {
    ERG_WISH_SLOWDOWN, ERG_WISH_POWER, ERG_WISH_TEMP, ERG_WISH_QUALITY,
    ERG_WISH_DEADLINE, ERG_WISH_THROUGHPUT, ERG_WISH_LIMITS
} erg_wish_limit;
const char *erg_wish_limit_name(erg_wish_limit limit);        /* "slowdown" */
const char *erg_wish_limit_unit(erg_wish_limit limit);

typedef struct erg_option {         /* one setting of one application */
    size_t application;
    erg_knob_setting setting;
    size_t visits;
    double time_s, energy_j, mean_w, peak_w, temp_c, quality_loss;
    double energy_saving, slowdown; /* against the reference; NAN without one */
    double log_score;
    double share, front_share;      /* of the draws: chosen, on the front; NAN: no draws */
    double value[ERG_WISH_LIMITS];       /* what each limit looks at */
    bool is_allowed, is_on_front, is_model, is_mean_power, is_near_best;
    bool is_throttled;              /* no visit but throttled ones */
    bool is_runaway;                /* leakage and heat drive each other on */
    bool is_usable;                 /* false: no figure to choose by */
    unsigned char refusal;          /* why not usable or not allowed: erg_option_reason */
    unsigned char state;            /* erg_visit_state of its point */
    double time_low_s, time_high_s, energy_low_j, energy_high_j; /* 95 %; NAN: one visit */
    double energy_per_unit_j;       /* of work; NAN: not said */
} erg_option;

typedef enum erg_choice_flag {      /* bits of erg_pick.flags; erg_choice_flag_name */
    ERG_NO_REFERENCE = 1, ERG_REFERENCE_SUSPECT = 2, ERG_ONE_POINT = 4, ERG_FEW_REPEATS = 8,
    ERG_CHOSEN_MODEL = 16, ERG_MEAN_POWER = 32, ERG_NOT_ALLOWED = 64,
    ERG_PER_UNIT = 128
} erg_choice_flag;
enum { ERG_CHOICE_FLAGS = 8 };
const char *erg_choice_flag_name(int bit);          /* 0..7: "NO_REFERENCE" */

typedef struct erg_pick {           /* of one application (or of all, as variants) */
    size_t application;
    size_t first, count;            /* its options: [first, first + count) */
    size_t chosen, reference, fastest;      /* options, or ERG_NO_OPTION */
    double confidence;              /* share of draws with the same setting */
    size_t set_count;               /* fewest settings with 90 % of the draws */
    size_t draws;                   /* made; 0: no visit was repeated */
    size_t frequent;                /* most often chosen in the draws */
    unsigned flags;
    double needed[ERG_WISH_LIMITS]; /* nothing allowed: least limit that admits one, if it
                                     * alone were relaxed; NAN: none does */
    double hypervolume, reference_time_s, reference_energy_j;   /* of the front */
    size_t knee;
} erg_pick;

typedef struct erg_choice {
    erg_wish wish;
    erg_option *options;
    size_t option_count;
    erg_pick *picks;
    size_t pick_count;
} erg_choice;

bool erg_choose(const erg_points *points, const erg_wish *wish, erg_choice *out,
                erg_error *err);
void erg_choice_free(erg_choice *choice);
/* Why an option is not allowed or not usable, as a sentence; "" if it is. */
void erg_option_reason(const erg_choice *choice, const erg_option *option, char *to,
                       size_t size);

/* Tables choice, front, relaxations (where nothing is allowed), rejected, options, with the
 * notes. Brief: without options, and without a rejected table that would fill screens. */
erg_result *erg_choice_result(const erg_choice *choice, const erg_points *points,
                              bool brief, erg_error *err);

/* Table mix: two settings in turn that use up the time the wish allows. */
bool erg_mix_table(const erg_choice *choice, const erg_points *points, erg_result *result,
                   erg_error *err);

/* ---- one setting for all -------------------------------------------------------- */

typedef struct erg_common {
    erg_knob_setting setting;
    bool is_found;
    size_t shared_count;            /* settings that all applications have */
    double energy_ratio, time_ratio;    /* to the references: geometric means */
    double worst_regret;            /* of any application against its own best, 0.. */
    double confidence;              /* erg_common_confidence; NAN: not asked, not known */
} erg_common;

/* Replaces every application's own choice by one for all: the least weighted mean of log
 * scores, or (minimax) the least worst regret. weights: one a pick, or NULL. */
bool erg_choose_common(erg_choice *choice, const double weights[], bool minimax,
                       erg_common *out, erg_error *err);

/* The share of draws of the visits that choose the same setting for all, into common; NAN
 * where no visit was repeated. Weights and minimax as it was chosen by. */
bool erg_common_confidence(const erg_choice *choice, const erg_points *points,
                           const double weights[], bool minimax, erg_common *common,
                           erg_error *err);

/* Table common, into the result of the choice. */
bool erg_common_table(const erg_choice *choice, const erg_points *points,
                      const erg_common *common, erg_result *result, erg_error *err);

/* ---- phases of one work --------------------------------------------------------- */

typedef struct erg_phase_costs { double switch_s, switch_j; } erg_phase_costs;

typedef struct erg_phase_part {
    size_t option;
    double faster_w, slower_w;      /* energy for time towards either side: -dE/dT */
} erg_phase_part;

typedef struct erg_phase_plan {
    erg_phase_part *phases;              /* one a pick */
    size_t count;
    bool is_found;
    double time_s, energy_j, slowdown, energy_saving;   /* of the whole */
    double fastest_s;               /* that any plan can do */
    double faster_w, slower_w;      /* -dE/dT of the whole lies between */
    double confidence;              /* erg_phase_confidence; NAN: not asked, not known */
} erg_phase_plan;

/* The applications are phases of one work, in their order: the best setting for each under
 * limits on the whole time. Replaces their own choices. */
bool erg_choose_phases(erg_choice *choice, const erg_points *points,
                       const erg_phase_costs *costs, erg_phase_plan *out, erg_error *err);
/* The share of draws of the visits that choose the same plan, into plan. */
bool erg_phase_confidence(const erg_choice *choice, const erg_points *points,
                          const erg_phase_costs *costs, erg_phase_plan *plan,
                          erg_error *err);
void erg_phase_plan_free(erg_phase_plan *plan);
/* Tables phases and whole, into the result of the choice. */
bool erg_phase_tables(const erg_choice *choice, const erg_points *points,
                      const erg_phase_plan *plan, erg_result *result, erg_error *err);

/* ---- published rules ------------------------------------------------------------ */

enum { ERG_RULES = 4 };
typedef struct erg_rule { const char *name, *about; } erg_rule;
extern const erg_rule erg_rules[ERG_RULES];

typedef struct erg_rule_pick {
    size_t application;
    double base_hz, base_s, base_j;     /* what the rule compares with */
    double edp_hz, time_s, energy_j;    /* its least E T */
    int repetition;                 /* -1: a mean over several */
    double ed2p_hz, fastest_hz;     /* NAN: the rule has none */
    double energy_saving, time_change;
    char refused[160];              /* why the saving is not to be believed; "" */
} erg_rule_pick;

/* What a published rule chooses of the rows of one application, all of them, in their
 * order. slowdown: of the rules that have a limit; repetition: of the one that takes a
 * single. */
bool erg_rule_apply(const char *rule, const erg_points *points, size_t application,
                    double slowdown, int repetition, erg_rule_pick *out, erg_error *err);
/* Table rule: that of every application. */
erg_result *erg_rule_result(const char *rule, const erg_points *points, double slowdown,
                            int repetition, erg_error *err);

/* ---- result records ------------------------------------------------------------- */

/* One object of the array that ai-inference-energy and its kin write and read. */
typedef struct erg_choice_record {
    char gpu[96], workload[192];
    double edp_mhz, ed2p_mhz, max_mhz, fastest_mhz;
    double is_max_fastest;          /* 0 or 1 */
    double edp_saving_percent, ed2p_saving_percent;
    double edp_vs_max_percent, ed2p_vs_max_percent;     /* of time; below 0 is faster */
    double edp_vs_fastest_percent, ed2p_vs_fastest_percent;
    double edp_improvement_percent, ed2p_improvement_percent;
    double edp_s, ed2p_s, edp_j, ed2p_j, edp, ed2p;
    double runs_averaged;
} erg_choice_record;

/* One a pick, under the limits of the wish; free() it. */
erg_choice_record *erg_choice_records(const erg_points *points, const erg_wish *wish,
                                      size_t *count, erg_error *err);
bool erg_choice_records_write(const erg_choice_record records[], size_t count, FILE *out,
                              erg_error *err);
/* "-" is stdin; free() it. A file that ends too soon is named with its byte. */
erg_choice_record *erg_choice_records_read(const char *path, size_t *count, erg_error *err);
/* Table published, into the result of a choice: what the records say beside it. */
bool erg_choice_records_table(const erg_choice_record theirs[], size_t their_count,
                              const erg_choice_record ours[], size_t our_count,
                              erg_result *result, erg_error *err);

/* ---- fronts --------------------------------------------------------------------- */

/* keep[i]: no other row is at most as large in all figures and smaller in one. Of equal
 * rows the first is kept; rows with NAN never are. dims: 2 or 3. */
bool erg_pareto(const double *values, size_t rows, size_t dims, bool keep[],
                erg_error *err);
/* The room between the rows and reference, which is worse than all that count. */
bool erg_hypervolume(const double *values, size_t rows, size_t dims,
                     const double reference[], double *out, erg_error *err);
/* Of the rows (time, energy) that keep names: the one farthest below the line between
 * the ends, in logs that run from 0 to 1. ERG_NO_OPTION for fewer than 3. */
size_t erg_pareto_knee(const double *values, size_t rows, const bool keep[]);

/* Two settings in turn: share of the time-to-be of the first. */
typedef struct erg_mix { size_t a, b; double share, time_s, energy_j; } erg_mix;
/* The least energy that meets the deadline by at most two of the rows (time, energy).
 * False: no row is so fast. */
bool erg_mix_for(const double *values, size_t rows, double deadline_s, erg_mix *out);

/* ---- heat ----------------------------------------------------------------------- */

/* The steady temperature at power_w without leakage, and the power with it. False:
 * runaway, no temperature below 400 C is steady. */
bool erg_heat_steady(const erg_heat *heat, double power_w, double *temp_c, double *total_w);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
