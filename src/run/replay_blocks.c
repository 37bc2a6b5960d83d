/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "run/replay_blocks.h"

const int erg_block_looks[ERG_BLOCK_LOOKS] = { 20, 30, 45, 68, 100 };
static const double quartile = 0.25, doubt = 0.05;

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

/* Values that follow each other are worth fewer ranks than they have. */
static void by_rank(double times[], size_t count, erg_block_time *out)
{
    double n = floor(erg_n_eff(times, count)), low, high;

    ranks_of(n, doubt / ERG_BLOCK_LOOKS, &low, &high);
    low = floor((low - 1) / n * (double)count);
    high = fmin(ceil(high / n * (double)count), (double)count) - 1;
    out->time_s = erg_quantile(times, count, quartile); /* puts them in order */
    out->low_s = erg_quantile(times, count, low / (double)(count - 1));
    out->high_s = erg_quantile(times, count, high / (double)(count - 1));
}

static bool by_mean(const double times[], size_t count, erg_block_time *out)
{
    erg_interval interval;

    if (!erg_interval_of(times, count, ERG_BLOCK_LOOKS, &interval))
        return false;
    *out = (erg_block_time){ interval.mean, interval.mean - interval.half_width,
                             interval.mean + interval.half_width };
    return true;
}

bool erg_time_blocks_time(const erg_time_blocks *blocks, const erg_drift *drift,
                          double then_s, erg_block_time *out)
{
    double *times = malloc((blocks->count + 1) * sizeof(*times));
    bool has_reference = !isnan(then_s) && drift->count > 0;
    bool good = times != NULL;

    for (size_t i = 0; good && i < blocks->count; i++) {
        const erg_time_block *block = &blocks->all[i];
        times[i] = block->time_s
                 * (has_reference ? then_s / erg_drift_at(drift, block->at_s) : 1);
    }
    if (good && blocks->count >= (size_t)erg_block_looks[0])
        by_rank(times, blocks->count, out);
    else
        good = good && by_mean(times, blocks->count, out);
    free(times);
    return good;
}

bool erg_time_blocks_are_enough(const erg_time_blocks *blocks, const erg_drift *drift,
                                double half_width)
{
    double any_s = drift->count ? drift->points[0].time_s : NAN;
    erg_block_time now;
    bool is_look = false;

    for (size_t i = 0; i < ERG_BLOCK_LOOKS; i++)
        is_look = is_look || (size_t)erg_block_looks[i] == blocks->count;
    return is_look && erg_time_blocks_time(blocks, drift, any_s, &now)
        && now.high_s - now.low_s <= 2 * half_width * now.time_s;
}

void erg_time_blocks_free(erg_time_blocks *blocks)
{
    free(blocks->all);
    *blocks = (erg_time_blocks){ 0 };
}
