/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a choice share. */
#ifndef ERG_DECIDE_DECIDE_H
#define ERG_DECIDE_DECIDE_H

#include "base/base.h"
#include "erg/choose.h"

/* ---- objective.c: an objective with its constants filled in --------------------- */

typedef struct erg_scoring {
    double energy_power, time_power;    /* of a product */
    double log_energy_weight, log_time_weight;  /* of a sum */
    bool is_sum;
} erg_scoring;

bool erg_scoring_of(const erg_wish *wish, const erg_points *points, erg_scoring *out,
                    erg_error *err);
double erg_log_score(const erg_scoring *scoring, double time_s, double energy_j);
/* Ties within 1e-12 go to less energy, then less time, then the lower setting. */
bool erg_is_better(const erg_option *a, const erg_option *b, double best_log_score);
/* -1, 0, 1: a below, equal to, above b, clock first. */
int erg_setting_order(const erg_knob_setting *a, const erg_knob_setting *b);
/* The best of the allowed options [first, first + count), or ERG_NO_OPTION. */
size_t erg_best_option(const erg_option *options, size_t first, size_t count);

/* ---- limit.c: what a wish allows ------------------------------------------------ */

bool erg_wish_check(const erg_wish *wish, erg_error *err);
bool erg_limit_is_set(const erg_wish *wish, erg_wish_limit limit);
double erg_limit_bound(const erg_wish *wish, erg_wish_limit limit);
/* Why an option is refused; from ERG_REFUSED_LIMIT on by a limit. */
typedef enum erg_refusal {
    ERG_REFUSED_NOT,
    ERG_REFUSED_STATE,
    ERG_REFUSED_TIME,
    ERG_REFUSED_ENERGY,
    ERG_REFUSED_LIMIT
} erg_refusal;
/* Fills option->value, is_allowed and refusal. reference_s: NAN without one. */
void erg_limits_judge(const erg_wish *wish, double reference_s, erg_option *option,
                      double log_time_sd);
/* Is a time within all limits on time? */
bool erg_limits_allow_time(const erg_wish *wish, double reference_s, double time_s);
/* Is it within all limits that do not hang on time? A model's own is_allowed counts. */
bool erg_limits_allow_but_time(const erg_wish *wish, const erg_option *option);
/* The least bound of limit that would admit one of the options; NAN: none by it alone. */
double erg_limit_needed(const erg_wish *wish, erg_wish_limit limit,
                        const erg_option *options, size_t count);

/* ---- options.c ------------------------------------------------------------------ */

/* Means of points as options, with what is foreseen after each application's own. */
bool erg_options_gather(const erg_points *points, const erg_wish *wish, erg_choice *out,
                        erg_error *err);
/* The model's own doubt about an option; all 0 where it was measured. */
erg_foreseen erg_foreseen_of(const erg_wish *wish, const erg_option *option);

/* ---- choose.c ------------------------------------------------------------------- */

/* Scores of a pick's options, how they relate to its reference, and what is allowed. */
void erg_choice_relate(erg_choice *choice, const erg_pick *pick,
                       const erg_scoring *scoring);

/* ---- pool.c: the visits that make up the mean of each option -------------------- */

typedef struct erg_figures { double time_s, energy_j; } erg_figures;

/* Visits of option i: [starts[i], starts[i + 1]), in order of time, then energy. */
typedef struct erg_pool {
    erg_figures *visits;
    size_t *starts;
} erg_pool;

bool erg_pool_fill(erg_pool *pool, const erg_points *points, const erg_choice *choice,
                   erg_error *err);
void erg_pool_free(erg_pool *pool);

/* ---- draws.c -------------------------------------------------------------------- */

/* Shares, confidence and the set of one pick, by resampling visits. */
bool erg_choice_draw(const erg_pool *pool, const erg_scoring *scoring, erg_choice *choice,
                     erg_pick *pick, erg_error *err);

/* ---- records.c ------------------------------------------------------------------ */

erg_choice_record *erg_choice_records_parse(const char *name, const char *bytes,
                                            size_t size, size_t *count, erg_error *err);

#endif
