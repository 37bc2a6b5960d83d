/* SPDX-License-Identifier: Apache-2.0 */
/* What validation keeps of each fit and target. */
#ifndef ERG_FIT_VALIDATE_H
#define ERG_FIT_VALIDATE_H

#include "fit/fit.h"

/* Predictions of every row of a set of curves by one fit. */
typedef struct erg_judged {
    const erg_fit *fit;
    bool is_test;
    bool was_judged[ERG_TARGETS];
    double *ratio[ERG_TARGETS];     /* predicted / measured; NAN: anchors, not judged */
    double *sd[ERG_TARGETS];        /* of ln; NAN where the fit knows none */
    int64_t train_ns, predict_ns;
    size_t predicted;               /* rows, for predict_ns */
} erg_judged;

/* Curves with their rows numbered through. */
typedef struct erg_judged_set {
    erg_fit_curves curves;
    size_t *first;                  /* row of each curve */
    size_t rows;
} erg_judged_set;

struct erg_validation {
    erg_judged_set points, tests;   /* tests.rows 0: none */
    erg_judged *judged;
    size_t judged_count;
    erg_fit_score *scores;
    size_t score_count;
    const erg_fit *chosen[ERG_TARGETS];
    erg_text notes;                 /* one a line */
    int anchors;
};

/* Mean |ratio - 1| of each group with a scored row, in order; returns how many. */
size_t erg_judged_errors(const erg_judged *of, const erg_judged_set *set, erg_target target,
                         double errors[], size_t groups[], size_t *rows);
/* The greatest |ln ratio| of each group, sorted; NULL at for none. */
bool erg_judged_scores(const erg_judged *of, const erg_judged_set *set, erg_target target,
                       erg_scores *out, erg_error *err);
/* Fills scores and chosen. */
bool erg_validation_score(erg_validation *validation, bool is_timed, erg_error *err);

#endif
