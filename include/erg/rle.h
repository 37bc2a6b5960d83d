/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RLE index in every dialect met in files, and a sound one. It is an index, not an
 * efficiency: no action hangs on it.
 *
 *   Units    SI: kelvin, watts, seconds, use 0..1. Unknown is NAN.
 *   Owning   erg_rle_state is a plain value; { .setup = ... } is a fresh one.
 *   Failing  ERG_BAD_INPUT: no such dialect or detector; ERG_NOT_FOUND: no such device.
 *   Threads  Pure functions of their arguments.
 *   Source   The RLE monitors of 2025-10 (docs/formats.md, "Monitor logs"): each dialect as
 *            its program computed it, faults included.
 */
#ifndef ERG_RLE_H
#define ERG_RLE_H

#include "erg/monitor.h"
#include "erg/training.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_rle_setup {          /* NAN or 0: the dialect's own for that device */
    char device[32];                    /* "gpu", "cpu", "storage", "network" */
    double rated_w, limit_k, ambient_k;
    double period_s;                    /* nominal; 0: 1 s */
    double reference_s;                 /* of the sound dialect; 0: 60 s */
    double time_constant_s;             /* of the dialect "math": C/G */
} erg_rle_setup;

typedef struct erg_rle_input {
    double dt_s;                        /* since the sample before; 0 for the first */
    double use, temp_k, power_w, voltage_v, current_a;
    double vram_k;                      /* of a board's memory; 0 or NAN: not known */
    double model_s;                     /* sound: time to the limit by a thermal network;
                                           0 or NAN: by the slope of the last 20 s */
} erg_rle_input;

typedef struct erg_rle {
    double stability, load, sustain_s;
    double raw, smoothed, norm, e_th, e_pw;
    double peak;
    bool is_collapse;
    double theta, t0_s, with_noise;     /* of core2; NAN elsewhere */
    double sustain_hat;                 /* core2: tau in units of t0 */
    double noise_factor;                /* core2: F_mu */
    double theta_gap;                   /* core2: 1 where dt is over three medians of it */
} erg_rle;

enum { ERG_RLE_HISTORY = 256 };

/* The last values, newest first. */
typedef struct erg_rle_history {
    double at[ERG_RLE_HISTORY];
    size_t count;
} erg_rle_history;

typedef struct erg_rle_state {
    erg_rle_setup setup;
    size_t samples;
    erg_rle_history use, temp_k, raw, rise_k_per_s, dt_s;
    double peak, elapsed_s, t0_s, theta, theta_rest, since_t0_s;
    size_t collapse_run;
} erg_rle_state;

typedef struct erg_rle_dialect {
    const char *name, *about;
    const char *collapse;               /* the detector that goes with it */
    bool runs_on;                       /* knows no stamps: its histories outlive a gap */
    void (*step)(erg_rle_state *state, const erg_rle_input *in, erg_rle *out);
} erg_rle_dialect;

size_t erg_rle_dialect_count(void);
const erg_rle_dialect *erg_rle_dialect_at(size_t index);
const erg_rle_dialect *erg_rle_dialect_find(const char *name);
void erg_rle_step(const erg_rle_dialect *dialect, erg_rle_state *state,
                  const erg_rle_input *in, erg_rle *out);

/* What the dialect's program warned of in that sample, joined by '|', into text; "" where
 * nothing is wrong. False: the dialect has no alerts. */
bool erg_rle_alerts(const erg_rle_dialect *dialect, const erg_rle_setup *setup,
                    const erg_rle_input *in, const erg_rle *out, char text[], size_t size);

/* ---- the published rules of control: printed, never acted on ----------------------- */

/* These throttle where the index is low, which is any heavy load. NAN: not known. */
typedef struct erg_rle_now {
    double index, predicted;            /* smoothed; NAN for predicted: the index */
    double norm, sustain_s, power_w, temp_k, limit_k, ambient_k;
} erg_rle_now;

typedef struct erg_rle_decision {
    const char *state;                  /* emergency aggressive moderate maintain; NULL:
                                           the index is not known */
    double cpu_clock_hz, gpu_clock_hz;  /* NAN: left alone, here and below */
    double fan, power, work;            /* shares: of full speed, of the limit, of the work
                                           that goes on */
    double fan_change;                  /* added to fan, for headroom */
    double feed_forward;                /* share of power by the norm */
    double ambient_factor;              /* of power, by the room */
    double scaled;                      /* the index at 100 W, 60 C and 300 s */
} erg_rle_decision;

void erg_rle_decide(const erg_rle_now *now, erg_rle_decision *out);

/* ---- collapse: the index falls although the device works ---------------------------- */

typedef struct erg_collapse_input {
    double time_s, raw, smoothed, use, load, temp_k, sustain_s, limit_k;
    double peak;                        /* the dialect's own; NAN: reckoned from raw */
    double work_per_j;          /* of any unit: steps per joule, or the clock's share */
    double throttle;            /* reasons as bits, as of a monitor; NAN: not recorded */
} erg_collapse_input;

typedef struct erg_collapse {
    const char *name, *about;
    bool looks_ahead;                   /* uses samples that come later */
    /* hits and peaks have n places; peaks may be NULL. */
    void (*mark)(const erg_collapse_input in[], size_t n, bool hits[], double peaks[]);
} erg_collapse;

size_t erg_collapse_count(void);
const erg_collapse *erg_collapse_at(size_t index);
const erg_collapse *erg_collapse_find(const char *name);

/* ---- a whole log -------------------------------------------------------------------- */

typedef struct erg_rle_options {
    const char *dialect;                /* NULL: "sound" */
    const char *collapse;               /* NULL: the dialect's */
    const char *device;                 /* NULL: all */
    erg_rle_setup setup;
    bool logged;                        /* mark collapses on the logged columns */
    bool decide;                        /* table decisions */
    const erg_training *training;       /* for joules per step and token; NULL: none */
} erg_rle_options;

/* Tables rle and summary, and as asked for decisions. */
erg_result *erg_rle_run(const erg_monitor *monitor, const erg_rle_options *options,
                        erg_error *err);
/* The demo of the first dialect: 300 values, erg_rle_demo_temp_k beside them. */
enum { ERG_RLE_DEMO = 300 };
void erg_rle_demo(double index[ERG_RLE_DEMO], double temp_k[ERG_RLE_DEMO],
                  size_t *collapse);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
