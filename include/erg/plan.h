/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a calibration plays: parts in order, each a power over a time.
 *
 *   soak=300s             idle, until it is settled at the latest
 *   step=100W:200W[:T]    low, then high; T each (300 s)
 *   prbs=15s:900s         low or high, an m-sequence of such chips
 *   hold=150W:60s
 *   ramp=100W:200W:120s
 *   sine=150W:40W:0.02Hz:300s     base, amplitude, frequency
 *   steps=100W/150W/200W:60s      each so long
 *
 *   Units    SI.
 *   Owning   A plan is a plain value; options are borrowed for the call.
 *   Failing  ERG_BAD_INPUT: a part that is none, or powers out of reach.
 *   Threads  A plan may be read by any. erg_plan_record: one at a time.
 *   Source   m-sequences: Golomb, Shift Register Sequences; docs/thermal.md.
 */
#ifndef ERG_PLAN_H
#define ERG_PLAN_H

#include <stddef.h>
#include "erg/env.h"
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum { ERG_PLAN_PARTS = 16, ERG_PLAN_LEVELS = 16 };

typedef enum erg_plan_kind {
    ERG_PLAN_SOAK, ERG_PLAN_STEP, ERG_PLAN_PRBS, ERG_PLAN_HOLD, ERG_PLAN_RAMP,
    ERG_PLAN_SINE,
    ERG_PLAN_STEPS
} erg_plan_kind;
const char *erg_plan_kind_name(erg_plan_kind kind);

typedef struct erg_plan_part {
    erg_plan_kind kind;
    double begin_s, duration_s;         /* from the plan's start */
    double chip_s, hz;
    size_t levels;
    double level_w[ERG_PLAN_LEVELS];    /* low and high; base and amplitude; the steps */
} erg_plan_part;

typedef struct erg_plan {
    erg_plan_part parts[ERG_PLAN_PARTS];
    size_t count;
    double duration_s, low_w, high_w;   /* over all parts; 0 and 0: only a soak */
} erg_plan;

/* prbs takes the levels of the step before it, or after it. */
bool erg_plan_parse(const char *text, erg_plan *out, erg_error *err);
/* What is to be drawn t_s after the start; 0: nothing, in a soak and outside of the
 * plan. */
double erg_plan_power_w(const erg_plan *plan, double t_s);
/* NULL outside of the plan. */
const erg_plan_part *erg_plan_part_at(const erg_plan *plan, double t_s);
/* Chip i of the m-sequence of 2^bits - 1 chips: 1 or 0. bits is 5 or 6. */
int erg_plan_chip(int bits, size_t i);

/* ---- played and recorded ------------------------------------------------------------- */

typedef struct erg_plan_options {
    const char *const *sensors;         /* as erg_devices_find */
    size_t sensor_count;
    const char *device;                 /* what is turned and watched, by name; NULL: the
                                         * first board, else the first that can be turned */
    const char *output;                 /* the run file */
    double rate_hz;                     /* 0: 10 Hz */
    const char *drive;                  /* file that takes the share of the highest power, 0
                                         * to 1, for a load that knows better; NULL: none */
    bool by_limit;                      /* the power limit moves power; false: the duty of
                                         * the load, which is stopped and continued */
    double fan;                         /* 0..1, held there; 0: 0.7 where it can be held;
                                         * below 0: left as it is */
    double ambient_k;                   /* measured in the room; 0: not */
    bool shared;                        /* turn a device that others use too */
    const volatile int *ask_stop;
    void (*say)(void *self, const char *line);  /* a line for each part; may be NULL */
    void *say_self;
} erg_plan_options;

/* Plays a plan by a load (argv NULL: what is simulated or driven needs none) and leaves a
 * run file with a region plan_KIND for each part. A soak ends once the board's temperature
 * has settled. Knobs are turned as a sweep does it and put back. ERG_BAD_INPUT: the power
 * limit does not reach the plan's powers; ERG_NO_DATA: the load ended before its plan. */
bool erg_plan_record(const erg_env *env, char *const argv[], const erg_plan *plan,
                     const erg_plan_options *options, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
