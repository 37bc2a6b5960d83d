/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap over items (Efron 1979): corpus metrics are computed anew for each draw. */
#include <math.h>
#include <stdlib.h>
#include "math/random.h"
#include "math/stats.h"
#include "quality/tally.h"

/* Draws times items times width: a few seconds. */
static const double cost_most = 1e10;

bool erg_tally_make(erg_tally *tally, size_t items, size_t width, erg_error *err)
{
    tally->items = items;
    tally->width = width;
    tally->counts = calloc(items * width + 1, sizeof(double));
    tally->is_scored = calloc(items + 1, sizeof(bool));
    return (tally->counts && tally->is_scored)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

void erg_tally_free(erg_tally *tally)
{
    if (tally->free_state)
        tally->free_state(tally->state);
    free(tally->counts);
    free(tally->is_scored);
    *tally = (erg_tally){ 0 };
}

double erg_tally_mean(const erg_tally *tally, const double sums[])
{
    (void)tally;
    return sums[1] > 0 ? sums[0] / sums[1] : NAN;
}

size_t erg_tally_scored(const erg_tally *tally)
{
    size_t count = 0;

    for (size_t i = 0; i < tally->items; i++)
        count += tally->is_scored[i];
    return count;
}

enum { WIDTH_MOST = 16 };

static double value_of(const erg_tally *tally, const uint32_t weights[])
{
    double sums[WIDTH_MOST] = { 0 };

    if (tally->weigh)
        return tally->weigh(tally, weights);
    for (size_t i = 0; i < tally->items; i++) {
        const double *counts = tally->counts + i * tally->width;
        /* Not 0 * x: x may be infinite. */
        if (weights[i] == 0 || !tally->is_scored[i])
            continue;
        for (size_t j = 0; j < tally->width; j++)
            sums[j] += weights[i] * counts[j];
    }
    return tally->value(tally, sums);
}

double erg_tally_item(const erg_tally *tally, size_t item)
{
    if (!tally->is_scored[item] || tally->weigh || tally->has_no_items)
        return NAN;
    return (tally->item ? tally->item : tally->value)(tally,
                                                      tally->counts + item * tally->width);
}

double erg_tally_value(const erg_tally *tally)
{
    uint32_t *ones = malloc((tally->items + 1) * sizeof(*ones));

    if (!ones)
        return NAN;
    for (size_t i = 0; i < tally->items; i++)
        ones[i] = tally->is_scored[i];
    double value = value_of(tally, ones);
    free(ones);
    return value;
}

double erg_retention_of(erg_retention_rule rule, double value, double baseline)
{
    switch (rule) {
    case ERG_RETAIN_HIGHER:
        return baseline > 0 ? value / baseline : NAN;
    case ERG_RETAIN_LOWER:
        return baseline > 0 && value > 0 ? baseline / value : NAN;
    case ERG_RETAIN_ERROR:
        if (!(baseline < 1) || isnan(value))
            return NAN;
        return value > 1 ? 0 : (1 - value) / (1 - baseline);
    case ERG_RETAIN_DISTANCE:
        return 1 - value;
    case ERG_RETAIN_NONE:
        return NAN;
    }
    return NAN;
}

/* ---- draws ------------------------------------------------------------------------ */

typedef struct lottery {
    size_t *items, count;       /* those that both score */
    uint32_t *weights, *places;
    erg_random random;
    size_t draws;
    bool is_whole;              /* every draw there is, in turn */
} lottery;

static void lottery_free(lottery *from)
{
    free(from->items);
    free(from->weights);
    free(from->places);
}

static bool lottery_make(lottery *to, const erg_tally *a, const erg_tally *b, size_t draws,
                         erg_error *err)
{
    to->items = malloc((a->items + 1) * sizeof(*to->items));
    to->weights = calloc(a->items + 1, sizeof(*to->weights));
    to->places = calloc(a->items + 1, sizeof(*to->places));
    if (!to->items || !to->weights || !to->places)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < a->items; i++)
        if (a->is_scored[i] && (!b || b->is_scored[i]))
            to->items[to->count++] = i;
    double all = pow((double)to->count, (double)to->count);
    to->is_whole = all <= (double)draws;
    to->draws = to->is_whole ? (size_t)all : draws;
    return true;
}

/* Without a division: tens of millions are drawn. For n items one place in 2^32 / n is
 * a little more likely than the rest. */
static size_t draw_below(lottery *from, size_t count)
{
    return (size_t)(((erg_random_next(&from->random) >> 32) * (uint64_t)count) >> 32);
}

static void draw(lottery *from)
{
    for (size_t i = 0; i < from->count; i++)
        from->weights[from->items[i]] = 0;
    for (size_t i = 0; i < from->count; i++) {
        size_t place = from->is_whole ? from->places[i] : draw_below(from, from->count);
        from->weights[from->items[place]]++;
    }
    for (size_t i = 0; from->is_whole && i < from->count; i++) {
        if (++from->places[i] < from->count)
            break;
        from->places[i] = 0;
    }
}

static double cost_of(const erg_tally *tally)
{
    double items = (double)tally->items;
    return tally->weigh && tally->cost > 0 ? tally->cost * items
         : items * (double)(tally->width + 1);
}

static double share_drawn(const lottery *from, erg_retention_rule rule,
                          const erg_tally *mine, const erg_tally *baseline)
{
    double value = value_of(mine, from->weights);

    return baseline
        ? erg_retention_of(rule, value, value_of(baseline, from->weights)) : value;
}

/* The values of all draws that have one. */
static size_t draw_all(lottery *from, erg_retention_rule rule, const erg_tally *mine,
                       const erg_tally *baseline, double values[])
{
    size_t count = 0;

    for (size_t i = 0; i < from->draws; i++) {
        draw(from);
        double value = share_drawn(from, rule, mine, baseline);
        if (!isnan(value))
            values[count++] = value;
    }
    return count;
}

static bool spread(erg_retention_rule rule, const erg_tally *mine,
                   const erg_tally *baseline, size_t draws, double tail, erg_spread *out,
                   erg_error *err)
{
    lottery from = { 0 };
    double *values = malloc((draws + 1) * sizeof(*values));
    bool ok = values ? lottery_make(&from, mine, baseline, draws, err)
                     : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    if (ok && from.count > 1) {
        size_t count = draw_all(&from, rule, mine, baseline, values);
        out->low = erg_quantile(values, count, tail);
        out->high = erg_quantile(values, count, 1 - tail);
    }
    lottery_free(&from);
    free(values);
    return ok;
}

bool erg_tally_spread(const erg_tally *tally, size_t draws, erg_spread *out, bool *too_long,
                      erg_error *err)
{
    *out = (erg_spread){ NAN, NAN };
    *too_long = cost_of(tally) * (double)draws > cost_most;
    return *too_long || spread(ERG_RETAIN_NONE, tally, NULL, draws, 0.025, out, err);
}

bool erg_retention_spread(erg_retention_rule rule, const erg_tally *mine,
                          const erg_tally *baseline, size_t draws, erg_spread *out,
                          erg_error *err)
{
    *out = (erg_spread){ NAN, NAN };
    if (mine->items != baseline->items
        || (cost_of(mine) + cost_of(baseline)) * (double)draws > cost_most)
        return true;
    return spread(rule, mine, baseline, draws, 0.05, out, err);
}
