/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording of a training run with its sensors, as programs leave it on disk, and the
 * figures that were published of such recordings.
 *
 *   Units    SI; stamps in ns of UTC. Not stated is NAN, "", or ERG_NONE.
 *   Owning   erg_session owns its logs and texts: erg_session_free.
 *   Failing  A folder that holds several sessions is refused: none is picked by its age.
 *   Threads  None shared.
 *   Source   docs/formats.md, "Session folders"; the published analysis: docs/couple.md.
 */
#ifndef ERG_SESSION_H
#define ERG_SESSION_H

#include "erg/couple.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* The lag analysis as it was published, or as erg_lags_of reckons it again. */
typedef struct erg_lag_figures {
    int64_t aligned;                    /* training records, matched or not */
    double grad_rle, temp_grad, loss_rle;
    int64_t peak_lag;                   /* in its own units and sign */
    double peak_r;
    int64_t is_causal;                  /* 1, 0 or ERG_NONE: "grad_norm -> RLE" */
} erg_lag_figures;

typedef struct erg_session_facts {
    char id[64], model[64], git_hash[48], git_status[32], python_version[32], version[32];
    char instrument[96], stamp[48];     /* of the analysis, as it stands there */
    double duration_s, start_s;         /* start: seconds since 1970 */
    double ambient_k;                   /* as stated: nobody measured it */
    erg_lag_figures published;
    /* Of CSV_metadata.json beside an enhanced log. */
    char mode[32], notes[160];
    double ambient_guess_k;             /* a guess by its name */
    double rate_hz;                     /* the file states a thousandth of it */
    char sidecar_trouble[200];          /* it is there and could not be read */
} erg_session_facts;

typedef struct erg_session erg_session;

/* A folder (rle_*.csv, training_log_*.json, analysis_*.json, version_*.json), a run file
 * (.erg), or timestamp_analysis.json, which holds figures alone. */
erg_session *erg_session_load(const char *path, const erg_monitor_options *how,
                              erg_error *err);
/* From a monitor's log and a training log. */
erg_session *erg_session_join(const char *log, const char *training,
                              const erg_monitor_options *how, erg_error *err);
void erg_session_free(erg_session *session);

/* The last part of the path, as people name the session. */
const char *erg_session_name(const erg_session *session);
/* NULL where only figures are left of it. */
const erg_monitor *erg_session_monitor(const erg_session *session);
const erg_training *erg_session_training(const erg_session *session);
/* From local stamps of the training log to UTC, where it states no zone: guessed, else 0.
 * The training log keeps its stamps. */
int64_t erg_session_zone_ns(const erg_session *session);
const erg_session_facts *erg_session_facts_of(const erg_session *session);
/* SHA-256 of the two files; "" where there is none. */
const char *erg_session_log_hash(const erg_session *session);
const char *erg_session_training_hash(const erg_session *session);
/* Of the files that were left aside, one sentence each. */
bool erg_session_notes(const erg_session *session, erg_result *result, erg_error *err);

/* ---- the published lag analysis: reproduced, not evidence -------------------------- */

/* Rows are training records (steps, suite) or monitor rows (rows); signs of the lag differ
 * between the three, and in steps both signs hold the same pairs. */
typedef enum erg_lag_mode {
    ERG_LAG_STEPS, ERG_LAG_ROWS, ERG_LAG_SUITE, ERG_LAG_MODES
} erg_lag_mode;
const char *erg_lag_mode_name(erg_lag_mode mode);
/* ERG_LAG_MODES if there is none of that name. */
erg_lag_mode erg_lag_mode_find(const char *name);

enum { ERG_LAGS_MOST = 21 };

typedef struct erg_lag { int lag; double r, p_value; size_t n; } erg_lag;

typedef struct erg_lags {
    erg_lag_mode mode;
    erg_lag_figures figures;
    erg_lag at[ERG_LAGS_MOST];          /* from the lowest lag up */
    size_t count;
    size_t rows, readings;              /* rows compared; monitor readings behind them */
} erg_lags;

bool erg_lags_of(const erg_session *session, erg_lag_mode mode, erg_lags *out,
                 erg_error *err);

/* Tables lags, figures and score, and the note that this is no evidence. */
erg_result *erg_lags_tables(const erg_session *const sessions[], size_t count,
                            erg_lag_mode mode, erg_error *err);
/* The files of the published programs into folder: analysis_ID.json, version_ID.json,
 * report_ID.txt of each session and lag_analysis_report.json. utc_ns: of the analysis. */
bool erg_lags_save(const erg_session *const sessions[], size_t count, erg_lag_mode mode,
                   const char *folder, int64_t utc_ns, erg_error *err);

/* The published score over sessions: four points of four. */
typedef struct erg_score {
    size_t sessions;
    double causal_share, mean_r, sd_r, sd_lag, spread;
    double score;                       /* 0, 0.25 .. 1 */
    const char *grade;                  /* HIGH, MODERATE, LOW */
} erg_score;
void erg_score_of(const erg_lag_figures figures[], size_t count, erg_score *out);

/* ---- does it repeat? ---------------------------------------------------------------- */

/* Tables reproducibility, sessions, lag_map, score: each session is studied alone; runs
 * with one x count once, and runs that a check refuses do not count. */
erg_result *erg_sessions_study(const erg_session *const sessions[], size_t count,
                               const erg_couple_options *options, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
