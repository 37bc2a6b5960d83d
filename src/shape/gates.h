/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small parts of a governor, all pure: a semaphore of watts, rate limits, soft start, and
 * the three bands around a rack's limit with their brake.
 *
 *   Source   docs/shape.md.
 */
#ifndef ERG_SHAPE_GATES_H
#define ERG_SHAPE_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include "math/xoshiro.h"

/* Bounds power at an instant: an item goes if it fits beside the others, or alone. */
typedef struct erg_semaphore { double slot_w, used_w; size_t live; } erg_semaphore;
bool erg_semaphore_admit(erg_semaphore *state, double item_w);
void erg_semaphore_release(erg_semaphore *state, double item_w);

/* Bounds energy over any time tau: an item takes its joules out or waits; R dt flow in, up
 * to B = R W. Below 0 after an item that is larger than B. */
typedef struct erg_bucket { double rate_w, size_j, tokens_j; } erg_bucket;
/* unpaid_w: drawn meanwhile without an item. */
void erg_bucket_refill(erg_bucket *state, double unpaid_w, double dt_s);
/* 0: it has taken them. Else how long until it may, if wait_w are drawn meanwhile;
 * INFINITY: never. */
double erg_bucket_take(erg_bucket *state, double item_j, double wait_w);
/* What was taken was too little by so much; below 0: too much. */
void erg_bucket_settle(erg_bucket *state, double more_j);

/* y follows u by at most so many watts a second. */
typedef struct erg_ramp { double up_w_per_s, down_w_per_s, level_w; } erg_ramp;
double erg_ramp_step(erg_ramp *state, double want_w, double dt_s);

/* Limits of nodes that come up one after the other over ramp_s. */
typedef struct erg_soft_start {
    double idle_w, cap_w, ramp_s;
    size_t node, nodes;
    double jitter_s;        /* of its own start */
    bool is_smooth;         /* (1 - cos)/2 instead of a straight line */
} erg_soft_start;
double erg_soft_start_begin_s(const erg_soft_start *plan);
double erg_soft_start_at(const erg_soft_start *plan, double t_s);
size_t erg_soft_start_running(size_t nodes, double ramp_s, double t_s);

/* Above 0.99 L: down to 0.95 L at once. Below 0.90 L for hold_s: up by the slew, never
 * above 0.95 L. Between: hold. */
typedef struct erg_bands {
    double limit_w, hold_s, slew_w_per_s;
    double cut_at, target, raise_at, brake_at;  /* 0: 0.99 0.95 0.90 1.05 of the limit */
    double low_s;           /* below raise_at for so long */
    bool is_braked;
    double release_s;       /* until the brake is let go, drawn by chance */
    erg_xoshiro random;
} erg_bands;
typedef struct erg_bands_out {
    double change_w;        /* of all caps together; below 0: cut */
    bool brake;             /* low classes to their least, at once */
} erg_bands_out;
/* heat: of the breaker, of that at which it trips. */
erg_bands_out erg_bands_step(erg_bands *state, double power_w, double heat, double dt_s);

/* Takes cut_w from caps: lowest rank first, in a rank the heaviest first, bucket by bucket
 * of bucket_w, nobody below its least. Returns what could not be taken. */
typedef struct erg_cut_node { double cap_w, least_w; int rank; } erg_cut_node;
double erg_bands_cut(erg_cut_node nodes[], size_t n, double cut_w, double bucket_w);

#endif
