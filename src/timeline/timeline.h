/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mathematics of the timeline, on plain arrays: spikes and
 * what starts them, joules shared among what ran, who limited the clock.
 */
#ifndef ERG_TIMELINE_TIMELINE_H
#define ERG_TIMELINE_TIMELINE_H

#include "base/base.h"
#include "erg/timeline.h"
#include "trace/spill.h"
#include "trace/stream.h"

/* ---- spikes ------------------------------------------------------------------------- */

typedef struct erg_power_point { int64_t t_ns; double w; } erg_power_point;

typedef struct erg_spike {
    int64_t begin_ns, end_ns;   /* first and last reading above */
    double peak_w, rise_w_per_s;
} erg_spike;

typedef struct erg_spike_rule {
    double above_w;             /* readings above it are a spike */
    double ramp_w_per_s;        /* and so is a faster rise over 10 ms; 0: not asked */
    double merge_s;             /* runs closer than this are one */
} erg_spike_rule;

/* Of erg_power_point: median + max(6 MAD/0.6745, 10 % of the range); NAN without
 * readings. */
bool erg_spike_level(const erg_rows *points, double *level_w, erg_error *err);
/* Adds erg_spike to out, in time order. */
bool erg_spikes_find(const erg_rows *points, const erg_spike_rule *rule, erg_rows *out,
                     erg_error *err);

/* ---- causes ------------------------------------------------------------------------- */

enum { ERG_SHIFTS = 1000 };

/* A spike at t looks for begins in [t - before, t + after]. shifts 0: no p is asked. */
typedef struct erg_reach {
    erg_span span;
    int64_t before_ns, after_ns;
    int shifts;
} erg_reach;

typedef struct erg_moments { const int64_t *items; size_t count; } erg_moments;

typedef struct erg_lift {
    size_t begins, near;        /* begins of the class; spikes that have one in reach */
    double lift;                /* P(a begin near a spike)/P(near a random time); NAN */
    double p_value;             /* (1 + shifts that do as well)/(1 + shifts), or 50/shifts
                                 * tried where 50 did sooner; NAN */
} erg_lift;

/* The moments that have a begin in reach, as spans apart from each other, counted from the
 * begin of reach->span: never more than reaches fit into it, however many begins there are.
 * All zero is empty. */
typedef struct erg_cover {
    erg_rows spans;             /* erg_span, and one behind them that ends never */
    size_t begins;
} erg_cover;

void erg_cover_free(erg_cover *cover);
/* In time order, within reach->span. */
bool erg_cover_add(erg_cover *cover, int64_t t_ns, const erg_reach *reach, erg_error *err);
/* t_ns: from the begin of reach->span. */
bool erg_cover_holds(const erg_cover *cover, int64_t t_ns);

/* Of a cover only what a lift without p needs: a few bytes, however long the record. All
 * zero is empty. */
typedef struct erg_tally {
    size_t begins, near, next;  /* next: the first spike that may still be in reach */
    int64_t end_ns, covered_ns;
} erg_tally;

/* As erg_cover_add; the same spikes, in time order, each time. */
void erg_tally_add(erg_tally *tally, int64_t t_ns, const erg_reach *reach,
                   const erg_moments *spikes);
erg_lift erg_lift_of_tally(const erg_tally *tally, const erg_moments *spikes,
                           const erg_reach *reach);

/* Spikes in time order, within reach->span. */
bool erg_lift_of_cover(const erg_cover *begins, const erg_moments *spikes,
                       const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err);
/* Both in time order, within reach->span. */
bool erg_lift_of(const erg_moments *begins, const erg_moments *spikes,
                 const erg_reach *reach, uint64_t key, erg_lift *out, erg_error *err);

/* ---- sharing ------------------------------------------------------------------------ */

/* What the sensor says at one of its updates: the mean power of [look, end), and the joules
 * of [begin, end), of which the look is the last part. */
typedef struct erg_sensor_step {
    int64_t begin_ns, look_ns, end_ns;
    double look_w;              /* NAN: nothing was seen */
    double energy_j;
} erg_sensor_step;

/* Something that ran. Of what runs at once each has its weight's part of the time. */
typedef struct erg_work {
    int64_t begin_ns, end_ns;
    uint32_t class;
    float weight;               /* occupancy; 0: not known, as 1 */
} erg_work;

/* By begin, in memory or in a spill. */
typedef struct erg_work_list {
    const erg_work *items;      /* NULL: aside */
    size_t count, classes;
    const erg_spill *aside;
    size_t first;               /* record of aside that is number 0 here */
} erg_work_list;

enum { ERG_WORKS_AT_ONCE = 1 << 12 };
/* Some works from number `at` on, at least one where there is one. room: ERG_WORKS_AT_ONCE
 * works, for what is not in memory. NULL: it could not be read. */
const erg_work *erg_works_some(const erg_work_list *list, size_t at, erg_work room[],
                               size_t *count, erg_error *err);
/* Those behind number `first`. */
erg_work_list erg_works_from(const erg_work_list *list, size_t first);

/* Adjoining each other, in memory or in a spill. */
typedef struct erg_step_list {
    const erg_sensor_step *items;   /* NULL: aside */
    size_t count;
    const erg_spill *aside;
    size_t first;               /* record of aside that is number 0 here */
    int64_t shift_ns;           /* added to the stamps of those aside */
    double factor;              /* times the joules of those aside; 0: 1 */
} erg_step_list;

enum { ERG_STEPS_AT_ONCE = 1 << 12 };
/* As erg_works_some, of steps. */
const erg_sensor_step *erg_steps_some(const erg_step_list *list, size_t at,
                                      erg_sensor_step room[], size_t *count,
                                      erg_error *err);
/* count of them from number `first` on. */
erg_step_list erg_steps_part(const erg_step_list *list, size_t first, size_t count);
/* Visits all, some at a time. */
typedef void erg_steps_visit(void *self, const erg_sensor_step steps[], size_t count);
bool erg_steps_each(const erg_step_list *list, erg_steps_visit *visit, void *self,
                    erg_error *err);

/* Seconds of a class in one step, of them in the look. */
typedef struct erg_class_time { double all_s, look_s; size_t step; } erg_class_time;

/* One step with all that ran in it. */
typedef struct erg_step_view {
    const erg_sensor_step *step;
    const uint32_t *classes;    /* that ran */
    size_t count;
    const erg_class_time *time; /* by class */
    double free_s, free_look_s; /* nothing ran */
} erg_step_view;

typedef void erg_step_visit(void *self, const erg_step_view *view);

/* Steps adjoin each other. One pass over both, n log(what runs at once). */
bool erg_overlaps_sweep(const erg_work_list *work, const erg_step_list *steps,
                        erg_step_visit *visit, void *self, erg_error *err);

typedef struct erg_prior {
    const double *class_w;      /* from an estimate; NULL, or NAN: not known */
    double free_w;              /* while nothing runs; NAN: not known */
} erg_prior;

/* What one class took. Index `classes` of a list is what is in none. */
typedef struct erg_part {
    double duration_s;          /* of its own: time at once with others is divided */
    double energy_j;
    double u_j;                 /* standard uncertainty, the meter's gain left out */
    double most_j;              /* of all steps that hold any of it */
} erg_part;

typedef struct erg_sharing {
    double noise_w;             /* of a look, about what the classes explain */
    bool has_learnt;            /* watts came from the looks, not from the prior alone */
} erg_sharing;

/* parts: classes + 1 of them. Their joules add up to those of the steps. */
bool erg_share_energy(const erg_work_list *work, const erg_step_list *steps,
                      const erg_prior *prior, erg_part parts[], erg_sharing *out,
                      erg_error *err);

/* ---- what the looks say of the classes' watts ---------------------------------------- */

enum { ERG_WATTS_MOST = 32 };   /* classes with a column of their own, by time */

/* Normal equations of the looks: mean power = sum of share of the time x watts. */
typedef struct erg_watts {
    size_t columns;             /* own classes, then all others, then nothing running */
    double products[(ERG_WATTS_MOST + 2) * (ERG_WATTS_MOST + 2)];
    double moments[ERG_WATTS_MOST + 2];
    double squares;
    size_t looks;
    double prior_w[ERG_WATTS_MOST + 2], prior_u_w;
    double w[ERG_WATTS_MOST + 2];
    double u_squares[(ERG_WATTS_MOST + 2) * (ERG_WATTS_MOST + 2)];  /* covariance, W^2 */
    double errors[(ERG_WATTS_MOST + 2) * (ERG_WATTS_MOST + 2)];     /* products x error^2 */
    size_t tried;               /* looks in errors */
    double noise_w;
    bool has_learnt;
} erg_watts;

/* shares: of the look's time, by column. */
void erg_watts_add(erg_watts *watts, const size_t columns[], const double shares[],
                   size_t count, double look_w);
/* Fills w, u_squares and noise_w. Without LAPACK they are the prior's. */
bool erg_watts_solve(erg_watts *watts, erg_error *err);
/* How far a look was from what the watts explain. */
void erg_watts_try(erg_watts *watts, const size_t columns[], const double shares[],
                   size_t count, double error_w);
/* Widens u_squares where few looks with large errors decided. */
void erg_watts_widen(erg_watts *watts);

/* ---- limits ------------------------------------------------------------------------- */

typedef enum erg_hold { ERG_HOLD_NONE, ERG_HOLD_IDLE, ERG_HOLD_OTHER, ERG_HOLD_POWER,
                        ERG_HOLD_THERMAL } erg_hold;

/* Of NVML's clocks event reasons; the strongest of those that are set. */
erg_hold erg_hold_of(uint64_t reasons);
const char *erg_hold_name(erg_hold hold);

/* Shares 0..1; NAN: not read. */
typedef struct erg_limits {
    double errors;              /* ECC or link errors in that second */
    double memory_used, temperature, power, use, fabric, memory_bandwidth;
    double reasons;             /* the mask */
} erg_limits;

const char *erg_limiter_of(const erg_limits *limits);

#endif
