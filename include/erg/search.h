/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adaptive sweep: from the clocks measured so far, which to measure next, or that
 * it is enough and which is best. Pure: the caller measures.
 *
 *   Units    SI. NAN: not measured.
 *   Owning   Nothing is allocated that outlives a call.
 *   Failing  Takes erg_error *err last; returns false.
 *   Threads  Any number: no state is kept between calls.
 *   Source   Expected improvement: Jones, Schonlau, Welch, J. Global Optimization 13
 *            (1998); the curves are those of the fit `physical`.
 */
#ifndef ERG_SEARCH_H
#define ERG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* The mean of the kept visits at one clock. */
typedef struct erg_search_point {
    double clock_hz;            /* as requested and snapped */
    double time_s, mean_w;
    double time_error, power_error;     /* standard error over mean; NAN: one visit */
    bool is_capped;             /* throttled: may be the answer, teaches nothing */
} erg_search_point;

typedef struct erg_search_wish {        /* zero means unset */
    double time_weight;         /* score P T^weight: 1 energy, 2 EDP (default), 3 ED2P */
    double knee, low_voltage;   /* (xk, vm) of the device model; default (0.80, 0.85) */
    double time_limit_s, power_limit_w;
    double certainty;           /* that a limit holds; default 0.95 */
    double gain;                /* stop below this expected gain of ln score; 0.005 */
    size_t most;                /* measured clocks, the proof among them; default 8, at
                                 * least 4 */
    bool is_proved;             /* the proof was measured: answer among measured clocks */
    bool has_no_law;            /* another knob than the clock: no form is known */
} erg_search_wish;

typedef struct erg_search_step {
    bool is_done;               /* clock_hz is the answer, else measure it next */
    bool is_proof;              /* measure it once more, then ask with is_proved */
    bool is_feasible;           /* false: no clock keeps the limits; clock_hz is NAN */
    double clock_hz;
    double gain;                /* greatest expected gain left in ln score */
} erg_search_step;

/* clocks_hz: those that may be set, in any order, with those measured among them.
 * points: each clock once. ERG_BAD_INPUT for a figure <= 0 or a clock not in the list. */
bool erg_search_next(const erg_search_point *points, size_t count, const double *clocks_hz,
                     size_t clock_count, const erg_search_wish *wish, erg_search_step *out,
                     erg_error *err);

typedef struct erg_search_curve {
    double clock_hz, mean_w, time_s;
    double power_sd, time_sd;   /* of the logarithms */
} erg_search_curve;

/* What the search believes: a row per clock. At least two points that are not capped. */
bool erg_search_predict(const erg_search_point *points, size_t count,
                        const double *clocks_hz, size_t clock_count,
                        const erg_search_wish *wish, erg_search_curve out[],
                        erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
