/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power and time against the clock, learned from applications that were swept, for one
 * of which only an anchor or a few are known.
 *
 *   Units    SI: clocks in hertz. NAN: not measured, not known, no band.
 *   Owning   A model or a validation returned here is yours to free.
 *   Failing  ERG_NO_DATA where there is nothing to learn from or no anchor;
 *            ERG_REFUSED where activities are of another definition.
 *   Threads  A model may be read by any number of threads.
 *   Errors   Of an application: mean of |predicted - measured| / measured over its rows,
 *            in watts, seconds or joules, anchor rows left out. Folds never split an
 *            application.
 */
#ifndef ERG_FIT_H
#define ERG_FIT_H

#include "erg/points.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_target {
    ERG_TARGET_POWER, ERG_TARGET_TIME, ERG_TARGET_ENERGY, ERG_TARGETS
} erg_target;
const char *erg_target_name(erg_target target);             /* "power" */

/* ---- kinds of models ------------------------------------------------------- */

typedef struct erg_fit erg_fit;

size_t erg_fit_count(void);
const erg_fit *erg_fit_at(size_t index);
const erg_fit *erg_fit_find(const char *name);              /* NULL: there is none */
const char *erg_fit_name(const erg_fit *fit);
const char *erg_fit_about(const erg_fit *fit);
const char *erg_fit_not_for(const erg_fit *fit);          /* what it may not be used for */

/* ---- training and prediction ----------------------------------------------- */

typedef struct erg_model erg_model;

typedef struct erg_fit_options {    /* zero means unset */
    int degree;                 /* polynomial: 1 (default), 2, 3 */
    bool no_anchor;             /* from activities and clock alone, for comparison */
    bool tune;                  /* boosted: search depth, rate and rounds, by folds of
                                 * applications; minutes */
    const erg_model *source;    /* of another device: stay near its coefficients */
    double nearness;            /* how near: weight of the source in rows; 0: 1 */
} erg_fit_options;

/* Trains both targets where the fit has both. */
erg_model *erg_fit_train(const erg_fit *fit, const erg_points *points,
                         const erg_fit_options *options, erg_error *err);
void erg_model_free(erg_model *model);
/* Adds what other has to model and empties other: a model file holds several fits. */
bool erg_model_join(erg_model *model, erg_model *other, erg_error *err);
bool erg_model_save(const erg_model *model, const char *path, erg_error *err);
/* ERG_BAD_INPUT with the place for a damaged file. */
erg_model *erg_model_load(const char *path, erg_error *err);
bool erg_model_table(const erg_model *model, erg_result *result, erg_error *err);

/* A mean at one clock of the application in question. Errors: standard error over mean. */
typedef struct erg_clock_point {
    double clock_hz, power_w, time_s;
    double power_error, time_error;
    double fp_active, dram_active;
} erg_clock_point;

/* Measured points of one application, highest clock first; the first is its reference. */
typedef struct erg_anchors {
    const erg_clock_point *at;
    size_t count;
    erg_activity definition;
} erg_anchors;

/* The kept points of an application whose knob is the SM clock alone; free() them.
 * most: evenly spaced clocks from the highest on; 0: all. */
erg_clock_point *erg_anchors_take(const erg_points *points, size_t application, size_t most,
                                  erg_anchors *out, erg_error *err);

typedef struct erg_curve_point {
    double clock_hz;
    double power_w, power_low_w, power_high_w;
    double time_s, time_low_s, time_high_s;
    double energy_j, energy_low_j, energy_high_j;
    bool is_extrapolated;       /* beyond what training has seen */
} erg_curve_point;

typedef struct erg_curve_about {
    const erg_fit *power, *time;    /* which fits spoke */
    double level;                   /* of low and high: 0.95, 0.80; NAN: no band */
    size_t applications_needed;     /* for a band of 0.95 */
} erg_curve_about;

/* name: this fit; NULL: the chosen ones, or physical from three anchors on. about may be
 * NULL. */
bool erg_model_predict(const erg_model *model, const erg_anchors *anchors,
                       const double clock_hz[], size_t count, erg_curve_point out[],
                       erg_error *err);
bool erg_model_predict_by(const erg_model *model, const char *name,
                          const erg_anchors *anchors, const double clock_hz[], size_t count,
                          erg_curve_point out[], erg_curve_about *about, erg_error *err);
/* Adds sentences on a prediction to a result: which applications this one is like. */
bool erg_model_explain(const erg_model *model, const erg_anchors *anchors,
                       erg_result *result, erg_error *err);
/* The knee (clock over highest, voltage over highest) of the device; false: not known. */
bool erg_model_knee(const erg_model *model, double *xk, double *vm);

/* ---- validation ------------------------------------------------------------ */

typedef struct erg_validation erg_validation;

typedef struct erg_validate_options {
    erg_fit_options fit;
    const char *const *models;  /* only these, NULL-terminated; NULL: all */
    int anchors;                /* evenly spaced clocks; 0: 1, at the highest */
    const erg_env *env;         /* clock for train_s and predict_us; NULL: not timed */
} erg_validate_options;

typedef struct erg_fit_score {
    const erg_fit *fit;
    erg_target target;
    double mape, mape_low, mape_high, median_ape, worst_ape;    /* ratios */
    size_t rows, groups;
    bool is_test, is_chosen;
    double train_s, predict_s;      /* all folds; one row */
} erg_fit_score;

/* Leave-one-application-out over points; tests (may be NULL) are scored by what all of
 * points trained. Needs two applications, or one and tests. */
erg_validation *erg_fit_validate(const erg_points *points, const erg_points *tests,
                                 const erg_validate_options *options, erg_error *err);
void erg_validation_free(erg_validation *validation);
size_t erg_validation_count(const erg_validation *validation);
const erg_fit_score *erg_validation_at(const erg_validation *validation, size_t index);
/* The fit that is chosen for a target; NULL: none could be judged. */
const erg_fit *erg_validation_chosen(const erg_validation *validation, erg_target target);
/* Gives a model of these points its bands: the scores of applications left out. */
bool erg_model_calibrate(erg_model *model, const erg_validation *validation,
                         erg_error *err);
/* Tables models, errors (a row an application), and notes. */
bool erg_validation_table(const erg_validation *validation, erg_result *result,
                          erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
