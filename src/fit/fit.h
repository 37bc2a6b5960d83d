/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind of model is one file with one erg_fit, and one line in fits.c.
 *
 *   f clock, f_m the highest clock of the application, x = f/f_m,
 *   L = ln((1 + f_m)/(1 + f)) with f in MHz: 0 at f_m;
 *   y = ln((1 + P)/(1 + P_m)), the log ratio of power to that at f_m; of time alike.
 */
#ifndef ERG_FIT_FIT_H
#define ERG_FIT_FIT_H

#include "base/base.h"
#include "erg/fit.h"

/* One application at the other knobs' values: its means by clock, highest first. */
typedef struct erg_fit_curve {
    const char *name;
    size_t group;               /* application: folds leave out a whole one */
    const erg_clock_point *at;
    size_t count;
} erg_fit_curve;

typedef struct erg_fit_curves {
    erg_fit_curve *at;
    size_t count, groups;
    erg_activity definition;
    erg_clock_point *rows;
    erg_point *means;
    char *skipped;              /* sentence of the applications left out, or NULL */
} erg_fit_curves;

bool erg_fit_curves_make(erg_fit_curves *to, const erg_points *points, erg_error *err);
void erg_fit_curves_free(erg_fit_curves *curves);

typedef struct erg_term { char name[48]; double value; } erg_term;

/* What a fit keeps of an application it was trained on (neighbours). */
typedef struct erg_memory {
    char name[192];
    double key[3];              /* fp, dr, ln(1 + P_m) */
    double *x, *residual;       /* rising x */
    size_t count;
} erg_memory;

enum { ERG_MEMBERS_MOST = 3 };

/* Greatest |ln measured - ln predicted| of each application when it was left out, sorted;
 * in units of the fit's own sd where it knows one. */
typedef struct erg_scores {
    double *at;
    size_t count;
    bool of_sd;
} erg_scores;

void erg_scores_free(erg_scores *scores);
bool erg_scores_copy(erg_scores *to, const erg_scores *from, erg_error *err);
/* Half-width in ln of the band at 95 %, else 80 %; NAN and level NAN: too few. */
double erg_scores_band(const erg_scores *scores, double *level);

/* A fit of one target. Terms, memories, members and the booster are what a file holds. */
typedef struct erg_trained erg_trained;
struct erg_trained {
    const erg_fit *fit;
    erg_target target;
    bool is_raw;                /* --no-anchor */
    erg_activity definition;
    size_t applications;        /* it was trained on */
    erg_term *terms;
    size_t term_count, term_capacity;
    erg_memory *memories;
    size_t memory_count, memory_capacity;
    double ratio_low, ratio_high;   /* of y in training; NAN: not known */
    char *booster;              /* trees, in XGBoost's JSON */
    void *live;                 /* the fit's own, made by train or wake, freed by drop */
    erg_trained *members[ERG_MEMBERS_MOST];
    size_t member_count;
    bool is_chosen;
    size_t keepers;             /* besides the first: see erg_trained_pool */
    erg_scores scores;
    erg_scores energy_scores;   /* of power x time by this fit; kept with the power */
};

/* What was trained on the same curves already, so that what two fits need is trained once.
 * All that lie in it are read only. */
enum { ERG_POOL_MOST = 16 };
typedef struct erg_trained_pool {
    erg_trained *at[ERG_POOL_MOST];
    size_t count;
} erg_trained_pool;

void erg_trained_pool_empty(erg_trained_pool *pool);

typedef struct erg_train {
    const erg_fit_curve *curves;
    size_t count, groups;
    erg_activity definition;
    const erg_fit_options *options;
    erg_trained_pool *pool;     /* NULL: none */
} erg_train;

/* An application to predict. Its own activities by clock are known only where it is
 * being judged (fits without anchors). */
typedef struct erg_case {
    erg_anchors anchors;
    const double *clock_hz;
    size_t count;
    const double *fp_own, *dram_own;    /* NULL: not known */
} erg_case;

struct erg_fit {
    const char *name, *about, *not_for;
    size_t anchors_least;           /* measured points of a new application */
    size_t groups_least;            /* applications to train on */
    bool targets[ERG_TARGET_ENERGY];
    bool needs_activity;
    bool own_activity;              /* looks at the activities of each clock */
    bool has_raw;                   /* can be trained without an anchor */
    /* Fills terms and the like; out has fit, target and is_raw. */
    bool (*train)(const erg_train *in, erg_trained *out, erg_error *err);
    /* out in W or s; sd (may be NULL): of ln out, left NAN by fits that know none. */
    bool (*predict)(const erg_trained *trained, const erg_case *of, double out[],
                    double sd[], erg_error *err);
    bool (*wake)(erg_trained *trained, erg_error *err);     /* after load; may be NULL */
    void (*drop)(erg_trained *trained);                     /* may be NULL */
};

/* In the order of the comparison: of equals the earlier is chosen. NULL ends it. */
extern const erg_fit *const erg_fits[];
extern const erg_fit erg_fit_fgcs, erg_fit_fgcs_anchored, erg_fit_fgcs_refit,
    erg_fit_anchored, erg_fit_neighbours, erg_fit_polynomial, erg_fit_ensemble,
    erg_fit_physical, erg_fit_forest, erg_fit_boosted;

bool erg_trained_term(erg_trained *trained, erg_error *err, double value, const char *name,
                      ...) __attribute__((format(printf, 4, 5)));
double erg_trained_value(const erg_trained *trained, const char *name);     /* NAN: none */
erg_trained *erg_trained_new(const erg_fit *fit, erg_target target, erg_error *err);
void erg_trained_free(erg_trained *trained);
/* A fit trained by its train, with what all have in common; NULL and ERG_NO_DATA where
 * there are too few applications or no activities. */
erg_trained *erg_fit_train_target(const erg_fit *fit, erg_target target,
                                  const erg_train *in, erg_error *err);
bool erg_fit_predict_target(const erg_trained *trained, const erg_case *of, double out[],
                            double sd[], erg_error *err);

struct erg_model {
    erg_trained **parts;        /* one a fit and target */
    size_t count, capacity;
    erg_activity definition;
    erg_scores energy_scores;   /* of power x time by the chosen parts, where they differ */
};

erg_model *erg_model_new(erg_error *err);
bool erg_model_add(erg_model *model, erg_trained *part, erg_error *err);    /* takes part */
/* name NULL: the chosen part, else the first; NULL: none. */
const erg_trained *erg_model_part(const erg_model *model, const char *name,
                                  erg_target target);

/* ---- what fits compute with --------------------------------------------------- */

double erg_clock_point_value(const erg_clock_point *point, erg_target target);
bool erg_clock_point_has_activity(const erg_clock_point *point);
double erg_fit_log_step(double top_hz, double clock_hz);    /* L */
double erg_fit_log_ratio(double value, double top);         /* y */
double erg_fit_from_ratio(double ratio, double top);        /* (1 + top) e^y - 1 */
/* Marks evenly spaced rows from the highest clock on; returns how many. most 0: all. */
size_t erg_fit_spread(const erg_clock_point rows[], size_t count, size_t most,
                      bool taken[]);

#endif
