/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do training and heat influence each other? Both streams on one clock and one grid, checks
 * that a coupling could be seen at all, an honest test of each pair, and a verdict that can
 * be "no" or "cannot be decided".
 *
 *   Units    SI. Lags in seconds, above 0: x leads y. Options of 0 or NULL: the defaults.
 *   Owning   The result is yours: erg_result_free.
 *   Failing  A study whose answer is "cannot be decided" is no error.
 *   Threads  None shared. Same input, options and key: the same bytes.
 *   Source   docs/couple.md.
 */
#ifndef ERG_COUPLE_H
#define ERG_COUPLE_H

#include "erg/monitor.h"
#include "erg/training.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct erg_session;     /* erg/session.h */

typedef struct erg_couple_options {
    const char *const *pairs;   /* "grad_norm:temp"; none: the default pairs */
    size_t pair_count;
    const char *device;         /* NULL: all */
    const char *detrend;        /* "linear" (NULL), "none", "diff" */
    double smallest;            /* effect that matters; 0: 0.30 */
    double lag_max_s;           /* 0: 3 s */
    double alpha;               /* 0: 0.05 */
    double grid_s;              /* 0: the larger of the two median intervals */
    double offset_s;            /* added to the stamps of the training log */
    double ambient_k;           /* measured; 0: not */
    double tau_s;               /* of heat: 5 of it settle; 0: of a fit, where one holds */
    double rated_w;             /* of the device; 0: the limit in its run file, if any */
    uint64_t key;               /* of chance */
    size_t draws;               /* 0: 2000 */
    bool dependent;             /* Benjamini and Yekutieli instead of Hochberg */
    bool secondary;             /* tables surrogates, transfer, rates and spikes, too */
    bool one_writer;            /* rows of another program were taken out before */
    /* Their y, by the time since their start, are placebos beside the times off the run;
     * erg_sessions_study takes each of its sessions for the others. */
    const struct erg_session *const *others;
    size_t other_count;
} erg_couple_options;

/* Of both logs; without one BAD_INPUT. Tables verdict, ccf, placebo, granger, checks,
 * scatter, residuals, coefficient, drops; with `secondary` those it names. */
erg_result *erg_couple_study(const erg_monitor *monitor, const erg_training *log,
                             const erg_couple_options *options, erg_error *err);
/* The answer is a coupling in every row of verdict that could be decided, and one could. */
bool erg_couple_is_shown(const erg_result *study);

/* Columns that pairs name and no log has by itself. */
bool erg_couple_columns_of(const char *const pairs[], size_t count,
                           erg_monitor_columns *out, erg_error *err);

/* The monitor's log and the training log of a session folder: rle_*.csv and
 * training_log_*.json, one of each. */
enum { ERG_COUPLE_PATH_MOST = 512 };
typedef struct erg_couple_files {
    char monitor[ERG_COUPLE_PATH_MOST], training[ERG_COUPLE_PATH_MOST];
} erg_couple_files;
bool erg_couple_find_files(const char *folder, erg_couple_files *out, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
