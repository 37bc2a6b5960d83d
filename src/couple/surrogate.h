/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three other ways to ask whether two series are coupled, beside the primary test: shifts,
 * random phases, blocks. They keep each series' memory instead of taking it out, and find
 * too much in series with trends or few values. So each comes with its measured size: the
 * share it finds in pairs without any tie, simulated from the models of these two series.
 * None of them decides.
 *
 * The statistic is the largest |correlation| over the lags, of the detrended series;
 * shifts and phases read it in a circle, where the end meets the beginning.
 */
#ifndef ERG_COUPLE_SURROGATE_H
#define ERG_COUPLE_SURROGATE_H

#include "base/base.h"
#include "math/series.h"

typedef enum erg_surrogate_kind {
    ERG_SURROGATE_SHIFT,    /* every shift of x in a circle that leaves the lags */
    ERG_SURROGATE_PHASE,    /* the spectrum of x with phases by chance: Theiler (1992) */
    ERG_SURROGATE_BLOCKS,   /* blocks of x of random length: Politis and Romano (1994) */
    ERG_SURROGATE_KINDS
} erg_surrogate_kind;

enum { ERG_SURROGATE_LAGS = 3 };       /* each side, where none are asked for */

const char *erg_surrogate_name(erg_surrogate_kind kind);

typedef struct erg_surrogate_options {
    size_t lags;                /* each side; 0: ERG_SURROGATE_LAGS */
    erg_detrend detrend;        /* linear */
    size_t draws;               /* of phases and blocks; 0: 2000 */
    size_t size_runs;           /* pairs simulated for the size; 0: 200 */
    size_t size_n;              /* their longest; 0: 500 */
    uint64_t key;
    double alpha;               /* 0: 0.05 */
    int threads;                /* 0: as many as help */
} erg_surrogate_options;

typedef struct erg_surrogate {
    double r;                   /* largest |correlation| */
    double p_value;
    double size;                /* share of null pairs below alpha; NAN: none was made */
    size_t size_n, size_runs;   /* how long and how many they were */
    double block;               /* mean length, of ERG_SURROGATE_BLOCKS */
} erg_surrogate;

/* ERG_NO_DATA: fewer than 4 lags + 8 places, or a series that does not move. A gap is taken
 * for the mean. */
bool erg_surrogate_test(erg_surrogate_kind kind, const double x[], const double y[],
                        size_t n, const erg_surrogate_options *options, erg_surrogate *out,
                        erg_error *err);
/* p alone, without a size. */
bool erg_surrogate_p(erg_surrogate_kind kind, const double x[], const double y[], size_t n,
                     const erg_surrogate_options *options, erg_surrogate *out,
                     erg_error *err);

#endif
