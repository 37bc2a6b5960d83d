/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boosted trees by XGBoost (Chen, Guestrin 2016), a library that is opened when it is
 * needed and need not be there to predict. Squared error, or the relative one.
 */
#ifndef ERG_FIT_BOOSTED_H
#define ERG_FIT_BOOSTED_H

#include "math/trees.h"

typedef struct erg_boost_rows {
    const float *features;      /* count rows of feature_count */
    const float *targets;
    size_t count, feature_count;
    float *own;                 /* NULL, or what XGBoost itself predicts of each row */
    char **json;                /* NULL, or takes the model as XGBoost saves it; free()
                                 * it */
} erg_boost_rows;

typedef struct erg_boost_options {
    int rounds, depth, threads;
    double rate, row_share, feature_share, child_weight;
    bool is_exact;              /* every split is tried, not those of histograms */
    bool is_free;               /* leaves are plain means: lambda 0, else 1 */
    int parallel;               /* trees a round; 0: 1 */
    double node_share;          /* of features at each split; 0: all */
    double base;                /* where the sum begins; NAN, if is_relative: at the
                                 * constant of least error */
    int seed;                   /* 0: 1 */
    bool is_relative;           /* targets are logarithms, and the mean of |predicted /
                                 * measured - 1| is made least, not that of squares */
} erg_boost_options;

/* ERG_UNSUPPORTED: no XGBoost here. The same rows and options give the same forest,
 * which starts empty and is yours: erg_forest_free. */
bool erg_boost(const erg_boost_rows *rows, const erg_boost_options *options,
               erg_forest *out, erg_error *err);
/* The forest of a model that was saved, without the library. ERG_BAD_INPUT for a damaged
 * one. It starts empty and is yours. */
bool erg_boost_read(const char *json, size_t feature_count, erg_forest *out,
                    erg_error *err);

#endif
