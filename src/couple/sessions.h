/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a coupling repeat? Several runs of one pair, each made by erg_pair_test with the
 * same lags. Runs with one x count once: leave the others out
 * before. The caller asks for three runs or more, and corrects p for its family.
 */
#ifndef ERG_COUPLE_SESSIONS_H
#define ERG_COUPLE_SESSIONS_H

#include "couple/pair_test.h"

typedef struct erg_sessions {
    size_t runs;
    int lag;                /* of the greatest |Z_k| = |sum of sqrt(m) r_k|/sqrt(runs) */
    double z;
    double p_value;         /* permuting within every run at once, maximum over lags */
    double r, low, high;    /* random effects at that lag, Hartung and Knapp */
    double i2, tau2;        /* 0..1; tau2 of Fisher's z */
    double spread;          /* max |r_i - mean|/|mean| of the runs' own r */
    bool is_one_sign;       /* in every run */
} erg_sessions;

/* ERG_BAD_INPUT: runs of different lags; ERG_NO_DATA: fewer than two runs. */
bool erg_sessions_test(const erg_pair runs[], size_t count, const erg_pair_options *options,
                       erg_sessions *out, erg_error *err);

#endif
