/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts put together and held to the whole.
 *
 *   T_pred = sum n_k t_k                     one stream; several: the longest path
 *   E_pred = sum n_k e_dyn,k + P_base T_model        never sum n_k e_gross,k: static power
 *                                            also flows between kernels
 *   Source   docs/replay.md, "erg replay recompose".
 */
#ifndef ERG_REPLAY_RECOMPOSE_H
#define ERG_REPLAY_RECOMPOSE_H

#include "replay/replay.h"

/* Of one step, unless it says otherwise. Energies without a base are NAN, and so is an
 * uncertainty that nobody knows: an interval without width would be none. */
typedef struct erg_share {
    size_t kernels;
    size_t below_base;          /* of them: drew less than the base, beyond all doubt */
    double launches;
    double time_s;              /* sum n t */
    double dynamic_j;           /* sum n e_dyn of those measured */
    double gross_j;             /* sum n e_gross of those measured */
    double estimated_j;         /* sum n e_dyn of those estimated: apart, in no sum */
    double metered_launches, estimated_launches, silent_launches;
    double metered_s;           /* sum n window / runs: what the base was taken off for */
    double time_u2, dynamic_u2; /* sum n^2 u^2 */
    double updates;             /* of the meter behind the joules */
    double window_s, window_j;  /* of the windows themselves, whatever was launched */
    double shared_j;            /* of the whole by time alone; NAN: not asked for */
} erg_share;

typedef struct erg_recomposed {
    erg_replay_state state;
    double steps;
    erg_share all, tiers[ERG_TIERS];
    double predicted_s, predicted_u_s, measured_s, measured_u_s;
    bool is_path;               /* predicted_s is the longest path of several streams */
    double base_w, base_j;
    double predicted_j, predicted_u_j;      /* with the gain */
    double measured_j, measured_u_j;
    double agreement_en;        /* E_n; without the gain of a meter that saw both */
    double unattributed_j;      /* measured, in no kernel and not the base */
    double tokens;              /* of a step: marks `tokens` in the whole run; NAN */
} erg_recomposed;

/* Of the kernels in one state. The replay is metered (replay/meter.h) and has steps. */
bool erg_recompose(const erg_replay *replay, erg_replay_state state, erg_recomposed *out,
                   erg_error *err);
bool erg_recompose_has(const erg_replay *replay, erg_replay_state state);
/* n_k of a step. */
double erg_recompose_count(const erg_replay *replay, const erg_kernel_timing *kernel);
/* Joules of the whole to its tiers by their time alone. What is put together from these is
 * the whole again, and predicts nothing. Fails where nothing measured the whole. */
bool erg_recompose_by_time(erg_recomposed *of, erg_error *err);
/* Longest path through the launches of a step: a launch waits for the one before it on its
 * stream and for who wrote what it touches. NAN without launches, or with one stream. */
double erg_recompose_path_s(const erg_replay *replay, erg_replay_state state,
                            erg_error *err);

typedef struct erg_recompose_told {
    const char *refused_by;     /* codes of checks that failed and refuse; "": none */
    size_t top;                 /* rows of table kernels; 0: 20 */
    size_t repaired;            /* kernels whose runs were found from their window */
    bool by_time;               /* joules of tiers by erg_recompose_by_time */
} erg_recompose_told;
bool erg_recompose_notes(const erg_replay *replay, const erg_recomposed *r,
                         const erg_recompose_told *told, erg_result *result,
                         erg_error *err);
/* Table data_set: a row for each kernel that was metered. */
bool erg_recompose_data_set(const erg_replay *replay, erg_result *result, erg_error *err);
/* *agrees: no verdict but "agrees". */
bool erg_recompose_tables(const erg_replay *replay, const erg_recompose_told *told,
                          erg_result *result, bool *agrees, erg_error *err);

#endif
