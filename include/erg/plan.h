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
 *   Units    SI. Owning: a plain value. Failing: a part that is none is ERG_BAD_INPUT.
 *   Source   m-sequences: Golomb, Shift Register Sequences; docs/thermal.md.
 */
#ifndef ERG_PLAN_H
#define ERG_PLAN_H

#include "erg/error.h"
#include <stddef.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum { ERG_PLAN_PARTS = 16, ERG_PLAN_LEVELS = 16 };

typedef enum erg_plan_kind {
    ERG_PLAN_SOAK, ERG_PLAN_STEP, ERG_PLAN_PRBS, ERG_PLAN_HOLD, ERG_PLAN_RAMP, ERG_PLAN_SINE,
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
/* What is to be drawn t_s after the start; 0: nothing, in a soak and outside of the plan. */
double erg_plan_power_w(const erg_plan *plan, double t_s);
/* NULL outside of the plan. */
const erg_plan_part *erg_plan_part_at(const erg_plan *plan, double t_s);
/* Chip i of the m-sequence of 2^bits - 1 chips: 1 or 0. bits is 5 or 6. */
int erg_plan_chip(int bits, size_t i);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
