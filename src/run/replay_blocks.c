/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "run/replay_blocks.h"

const int erg_block_looks[ERG_BLOCK_LOOKS] = { 20,  30,  45,  68,  100,
                                               150, 225, 340, 510, 1000, 2250 };
enum { FEW = 20 }; /* the first look */
enum { PATIENCE_FEW = 4, PATIENCE_WIDE = 8 };
static const double quartile = 0.25, nearly_all = 0.9, doubt = 0.05, crowded = 1.04;
static const double share_step = 0.01, share_most = 2, least_moved = 0.1;

bool erg_time_blocks_add(erg_time_blocks *blocks, const erg_time_block *block,
                         erg_error *err)
{
    if (!erg_grow((void **)&blocks->all, &blocks->capacity, blocks->count,
                  sizeof(*blocks->all), err))
        return false;
    blocks->all[blocks->count++] = *block;
    return true;
}

/* P(X <= k) of n trials at the quartile. */
static double binomial(double n, double k)
{
    return k < 0 ? 0 : k >= n ? 1 : erg_incomplete_beta(n - k, k + 1, 1 - quartile);
}

/* Of n values in order, the ranks between which the quartile lies but for a share of doubt;
 * where there are too few the first one has to do. */
static void ranks_of(double n, double share, double *low, double *high)
{
    *low = 1;
    while (*low < n && binomial(n, *low) <= share / 2)
        ++*low;
    *high = *low + 1;
    while (*high < n && 1 - binomial(n, *high - 1) > share / 2)
        ++*high;
}

/* How many independent ones they are worth to a rank at the quartile. */
static double worth(const double times[], size_t count, double at_s, double is_below[])
{
    for (size_t i = 0; i < count; i++)
        is_below[i] = times[i] <= at_s;
    return floor(erg_n_eff(is_below, count));
}

static bool by_rank(const double times[], size_t count, double room[], erg_block_time *out)
{
    double *in_order = room, *is_below = room + count, low, high;

    memcpy(in_order, times, count * sizeof(*times));
    out->time_s = erg_quantile(in_order, count, quartile); /* puts them in order */
    double n = worth(times, count, out->time_s, is_below);
    ranks_of(n, doubt / ERG_BLOCK_LOOKS, &low, &high);
    low = floor((low - 1) / n * (double)count);
    high = fmin(ceil(high / n * (double)count), (double)count) - 1;
    out->low_s = erg_quantile(in_order, count, low / (double)(count - 1));
    out->high_s = erg_quantile(in_order, count, high / (double)(count - 1));
    return true;
}

static bool by_mean(const double times[], size_t count, erg_block_time *out)
{
    erg_interval interval;

    if (!erg_interval_of(times, count, ERG_BLOCK_LOOKS, &interval))
        return false;
    out->time_s = interval.mean;
    out->low_s = interval.mean - interval.half_width;
    out->high_s = interval.mean + interval.half_width;
    return true;
}

/* ---- the share of the reference's drift ------------------------------------------- */

/* A crowd adds to each kernel what it has to wait for: in proportion, not as a power. */
static double moved(double beyond, double share)
{
    return fmax(1 + share * beyond, least_moved);
}

/* What the regression at the quartile makes least: residuals above it count a quarter of
 * those below, and the best level for a share is their quartile. */
static double loss(const double x[], const double y[], size_t count, double share,
                   double rest[])
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        rest[i] = y[i] - log(moved(x[i], share));
    double level = erg_quantile(rest, count, quartile);
    for (size_t i = 0; i < count; i++)
        sum += (rest[i] > level ? quartile : quartile - 1) * (rest[i] - level);
    return sum;
}

/* It has one valley in the share: thirds close in on the best one. */
static double best_share(const double x[], const double y[], size_t count, double rest[])
{
    double low = 0, high = share_most;

    while (high - low > share_step) {
        double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (loss(x, y, count, a, rest) <= loss(x, y, count, b, rest))
            high = b;
        else
            low = a;
    }
    return 0.5 * (low + high);
}

/* room: three times as many as there are blocks; x, y and what is left of them. */
static double share_of(const erg_time_block blocks[], size_t count, const erg_drift *drift,
                       double then_s, double room[], double *left)
{
    double *x = room, *y = room + count;

    if (isnan(then_s) || drift->count == 0)
        return NAN;
    if (count < FEW)
        return 1;
    for (size_t i = 0; i < count; i++) {
        x[i] = erg_drift_at(drift, blocks[i].at_s) / then_s - 1;
        y[i] = log(blocks[i].time_s / blocks[0].time_s);
    }
    double share = best_share(x, y, count, y + count);
    *left = loss(x, y, count, share, y + count) / (double)count;
    return share;
}

/* How slow the reference may be in a block that counts: while somebody has the machine the
 * kernel's own share of it is a guess. Twenty blocks are left. room: twice the blocks. */
static double most_of(const erg_time_blocks *blocks, const erg_drift *drift, double room[])
{
    double *in_order = room + blocks->count;

    for (size_t i = 0; i < blocks->count; i++)
        room[i] = erg_drift_at(drift, blocks->all[i].at_s);
    memcpy(in_order, room, blocks->count * sizeof(*room));
    double usual = erg_quantile(in_order, blocks->count, quartile); /* puts them in order */
    return fmax(crowded * usual, in_order[FEW - 1]);
}

/* Those that count, in their order. */
static size_t choose(const erg_time_blocks *blocks, const erg_drift *drift, double room[],
                     erg_time_block to[])
{
    bool has_drift = drift->count > 0 && blocks->count > FEW;
    double most = has_drift ? most_of(blocks, drift, room) : INFINITY;
    size_t count = 0;

    for (size_t i = 0; i < blocks->count; i++)
        if (!has_drift || room[i] <= most)
            to[count++] = blocks->all[i];
    return count;
}

double erg_drift_factor(const erg_drift *drift, double at_s, double then_s, double share)
{
    return isnan(share) ? 1 : 1 / moved(erg_drift_at(drift, at_s) / then_s - 1, share);
}

bool erg_time_blocks_time(const erg_time_blocks *blocks, const erg_drift *drift,
                          double then_s, erg_block_time *out)
{
    size_t all = blocks->count;
    double *times = malloc((4 * all + 1) * sizeof(*times)), *room = times + all;
    erg_time_block *chosen = calloc(all + 1, sizeof(*chosen));
    bool good = times && chosen;

    if (good) {
        size_t count = choose(blocks, drift, room, chosen);
        out->loss = NAN;
        out->reference = 0;
        out->share = share_of(chosen, count, drift, then_s, room, &out->loss);
        for (size_t i = 0; i < count; i++)
            times[i] = chosen[i].time_s
                     * erg_drift_factor(drift, chosen[i].at_s, then_s, out->share);
        good = count >= FEW ? by_rank(times, count, room, out) : by_mean(times, count, out);
    }
    free(times);
    free(chosen);
    return good;
}

bool erg_time_blocks_best(const erg_time_blocks *blocks, const erg_drift drifts[],
                          const double thens_s[], size_t count, erg_block_time *out)
{
    bool good = erg_time_blocks_time(blocks, &drifts[0], thens_s[0], out);

    for (size_t i = 1; good && i < count; i++) {
        erg_block_time other;

        if (drifts[i].count == 0
            || !erg_time_blocks_time(blocks, &drifts[i], thens_s[i], &other)
            || !(other.loss < out->loss))
            continue;
        *out = other;
        out->reference = i;
    }
    return good;
}

bool erg_block_looks_at(size_t count)
{
    for (size_t i = 0; i < ERG_BLOCK_LOOKS; i++)
        if ((size_t)erg_block_looks[i] == count)
            return true;
    return false;
}

bool erg_time_blocks_look(erg_time_blocks *blocks, const erg_drift drifts[], size_t count,
                          double half_width)
{
    double levels_s[ERG_DRIFTS] = { NAN };
    erg_block_time now;

    if (!erg_block_looks_at(blocks->count))
        return false;
    for (size_t i = 0; i < count; i++)
        levels_s[i] = erg_drift_level(&drifts[i], INFINITY);
    blocks->is_found = erg_time_blocks_best(blocks, drifts, levels_s, count, &now)
                    && now.high_s - now.low_s <= 2 * half_width * now.time_s;
    if (blocks->is_found)
        blocks->found = now;
    return blocks->is_found;
}

/* In units of the drift as it is now: those of neighbours change with their levels. */
static double since(const erg_time_blocks *blocks, const erg_drift *drift, double then_s)
{
    double found_s = erg_drift_level(drift, blocks->all[blocks->count - 1].at_s);

    return isnan(blocks->found.share) || isnan(found_s)
               ? 1 : moved(then_s / found_s - 1, blocks->found.share);
}

bool erg_time_blocks_end(const erg_time_blocks *blocks, const erg_drift drifts[],
                         const double thens_s[], size_t count, erg_block_time *out)
{
    if (!blocks->is_found)
        return erg_time_blocks_best(blocks, drifts, thens_s, count, out);
    *out = blocks->found;
    double factor = since(blocks, &drifts[out->reference], thens_s[out->reference]);
    out->time_s *= factor;
    out->low_s *= factor;
    out->high_s *= factor;
    return true;
}

double erg_time_blocks_most_s(const erg_time_blocks rows[], size_t count)
{
    double *lasts_s = malloc((count + 1) * sizeof(*lasts_s)), most_s = INFINITY;
    size_t known = 0;

    for (size_t i = 0; lasts_s && i < count; i++)
        if (rows[i].count > 0)
            lasts_s[known++] = rows[i].all[rows[i].count - 1].at_s;
    if (known > 0)
        most_s = erg_quantile(lasts_s, known, nearly_all);
    free(lasts_s);
    return most_s;
}

/* What quick kernels leave of their time goes to those that are still wide. */
static double patience_s(const erg_time_blocks rows[], size_t count, double most_s)
{
    double spent_s = 0;

    for (size_t i = 0; i < count; i++)
        spent_s += rows[i].spent_s;
    return spent_s < (double)count * most_s ? PATIENCE_WIDE * most_s : most_s;
}

bool erg_time_blocks_are_all(const erg_time_blocks rows[], size_t count, size_t row,
                             double most_s)
{
    const erg_time_blocks *of = &rows[row];

    /* Of long kernels on a crowded machine: ranks need twenty blocks. */
    return of->count >= (size_t)erg_block_looks[ERG_BLOCK_LOOKS - 1]
        || of->spent_s >= (of->count < FEW ? PATIENCE_FEW * most_s
                                           : patience_s(rows, count, most_s));
}

void erg_time_blocks_free(erg_time_blocks *blocks)
{
    free(blocks->all);
    *blocks = (erg_time_blocks){ 0 };
}
