/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel in one state is timed in blocks, with others between. Batches of one block share
 * what the machine did just then, so their own scatter says nothing of how well the time is
 * known; the scatter of blocks does, for each meets the machine anew.
 *
 *   Time     Others on the machine only ever make a block slower, so its time is the lower
 *            quartile of the blocks: up to three in four may be spoilt. Times are as of
 *            when the reference kernel takes a stated time (erg_drift_level), that of the
 *            rounds in which most were timed (erg_time_blocks_most_s).
 *   Share    of what moves the reference that moves this kernel too: a clock moves both, a
 *            crowd on the memory's bus moves what streams and leaves what computes. Where
 *            the reference takes x longer the kernel takes share * x longer, by regression
 *            at the same quartile: a share of one would put the reference's own scatter on
 *            kernels that stand. Some are moved more than it, up to twice as much.
 *   Which    of one reference that computes, one that streams and all other kernels of the
 *            kind (replay_others.h) is that which the regression leaves the least to.
 *   Crowded  blocks, in which the reference is 4 % above its own lower quartile, are left
 *            out while twenty are left: with somebody on the machine the share is a guess,
 *            and not the same for each that comes. (2 % leaves out blocks by the
 *            reference's own scatter, 5 % has intervals that cover too little.)
 *   Interval between two ranks of the blocks, by the binomial law: it asks nothing of how
 *            they scatter. Blocks are worth as many as their being under the quartile
 *            repeats from one to the next; how far a spoilt one is off does not matter to
 *            a rank. Fewer than twenty have a mean and Student's t, and a share of one.
 *   Looks    cost: they come at eleven fixed numbers of blocks, each at 0.05 / 11
 *            (Bonferroni), so that stopping early leaves 95 % of intervals true. What the
 *            look found that ended it stands: only the level that the reference has for
 *            all is put in place of the one it had then.
 *   Source   Conover, Practical Nonparametric Statistics, section 3.2: intervals of
 *            quantiles; Koenker and Bassett, Regression quantiles, Econometrica 46 (1978).
 */
#ifndef ERG_RUN_REPLAY_BLOCKS_H
#define ERG_RUN_REPLAY_BLOCKS_H

#include "run/replay_time.h"

enum { ERG_BLOCK_LOOKS = 11 };
extern const int erg_block_looks[ERG_BLOCK_LOOKS]; /* 20 30 45 68 100 .. 2250 */

typedef struct erg_time_block {
    double at_s, time_s; /* the middle of its window; of one run */
} erg_time_block;

typedef struct erg_block_time {
    double time_s, low_s, high_s;
    double share; /* of the reference's drift; 0..2, NAN: there is no reference */
    double loss;  /* of that regression, a block; NAN: none was made */
    size_t reference; /* which of several it was */
} erg_block_time;

typedef struct erg_time_blocks {
    erg_time_block *all;
    size_t count, capacity;
    double spent_s; /* in all but the first */
    int kind;       /* kernels of a kind meet the same: replay_others.h */
    bool is_found;
    erg_block_time found; /* at the look that was narrow enough */
} erg_time_blocks;

bool erg_time_blocks_add(erg_time_blocks *blocks, const erg_time_block *block,
                         erg_error *err);
/* As of when the reference took then_s (NAN: there is none). False: fewer than two blocks,
 * or no memory. */
bool erg_time_blocks_time(const erg_time_blocks *blocks, const erg_drift *drift,
                          double then_s, erg_block_time *out);
/* What a time at at_s is multiplied by to be as of then_s; 1 where share is NAN. */
double erg_drift_factor(const erg_drift *drift, double at_s, double then_s, double share);
/* By that of several references which leaves the least of this kernel's scatter: the first,
 * where none was asked. */
bool erg_time_blocks_best(const erg_time_blocks *blocks, const erg_drift drifts[],
                          const double thens_s[], size_t count, erg_block_time *out);
bool erg_block_looks_at(size_t count);
/* Whether this is a number of blocks at which to look, and half_width (relative) is met:
 * then it is found. */
bool erg_time_blocks_look(erg_time_blocks *blocks, const erg_drift drifts[], size_t count,
                          double half_width);
/* What was found, else the best of all blocks, as of thens_s. */
bool erg_time_blocks_end(const erg_time_blocks *blocks, const erg_drift drifts[],
                         const double thens_s[], size_t count, erg_block_time *out);
/* When nine in ten rows were known. Times are as of the drift until then: who is timed on
 * for minutes knows his share of it, who was known after twenty blocks only guesses his. */
double erg_time_blocks_most_s(const erg_time_blocks rows[], size_t count);
/* Whether this row of so many has had what it may: twenty blocks within four times most_s,
 * the last look, and otherwise most_s, or what the others leave of most_s for each row. */
bool erg_time_blocks_are_all(const erg_time_blocks rows[], size_t count, size_t row,
                             double most_s);
void erg_time_blocks_free(erg_time_blocks *blocks);

#endif
