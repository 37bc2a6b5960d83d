/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel in one state is timed in blocks, with others between. Batches of one block share
 * what the machine did just then, so their own scatter says nothing of how well the time is
 * known; the scatter of blocks does, for each meets the machine anew.
 *
 *   Time     Others on the machine only ever make a block slower, so its time is the lower
 *            quartile of the blocks: up to three in four may be spoilt. Times are as of
 *            when the reference kernel takes a stated time (erg_drift_level).
 *   Interval between two ranks of the blocks, by the binomial law: it asks nothing of how
 *            they scatter. Fewer than twenty have a mean and Student's t.
 *   Looks    cost: they come at five fixed numbers of blocks, each at 0.05 / 5
 *            (Bonferroni), so that stopping early leaves 95 % of intervals true.
 *   Source   spec replay.md sections 4.3 and 4.7; Conover, Practical Nonparametric
 *            Statistics, section 3.2: intervals of quantiles.
 */
#ifndef ERG_RUN_REPLAY_BLOCKS_H
#define ERG_RUN_REPLAY_BLOCKS_H

#include "run/replay_time.h"

enum { ERG_BLOCK_LOOKS = 5 };
extern const int erg_block_looks[ERG_BLOCK_LOOKS]; /* 20 30 45 68 100 */

typedef struct erg_time_block {
    double at_s, time_s; /* the middle of its window; of one run */
} erg_time_block;

typedef struct erg_time_blocks {
    erg_time_block *all;
    size_t count, capacity;
    double spent_s; /* in all but the first */
} erg_time_blocks;

typedef struct erg_block_time {
    double time_s, low_s, high_s;
} erg_block_time;

bool erg_time_blocks_add(erg_time_blocks *blocks, const erg_time_block *block,
                         erg_error *err);
/* As of when the reference took then_s (NAN: there is none). False: fewer than two blocks,
 * or no memory. */
bool erg_time_blocks_time(const erg_time_blocks *blocks, const erg_drift *drift,
                          double then_s, erg_block_time *out);
/* Whether this is a number of blocks at which to look, and half_width (relative) is met. */
bool erg_time_blocks_are_enough(const erg_time_blocks *blocks, const erg_drift *drift,
                                double half_width);
void erg_time_blocks_free(erg_time_blocks *blocks);

#endif
