/* SPDX-License-Identifier: Apache-2.0 */
/* Spikes: readings above the robust level, or a rise that is too fast. */
#include <math.h>
#include <stdlib.h>
#include "math/numbers.h"
#include "math/stats.h"
#include "timeline/timeline.h"

static const double DEVIATIONS = 6, OF_RANGE = 0.1;
static const int64_t RISE_NS = 10 * ERG_NS_PER_MS;

/* Watts, or how far they are from the middle. */
typedef struct levels {
    const erg_rows *points;
    double middle_w;            /* NAN: the watts themselves */
    double low_w, high_w;
} levels;

static bool each(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    enum { AT_ONCE = 1 << 10 };
    const levels *of = self;
    const erg_power_point *at = of->points->items;
    double w[AT_ONCE];
    size_t filled = 0;

    (void)err;
    for (size_t i = 0; i < of->points->count; i++) {
        w[filled++] = isnan(of->middle_w) ? at[i].w : fabs(at[i].w - of->middle_w);
        if (filled == AT_ONCE || i + 1 == of->points->count) {
            take(to, w, filled);
            filled = 0;
        }
        erg_rows_pass(of->points, i);
    }
    return true;
}

static void widen(void *self, const double w[], size_t count)
{
    levels *of = self;

    for (size_t i = 0; i < count; i++) {
        of->low_w = fmin(of->low_w, w[i]);
        of->high_w = fmax(of->high_w, w[i]);
    }
}

bool erg_spike_level(const erg_rows *points, double *level_w, erg_error *err)
{
    levels of = { points, NAN, INFINITY, -INFINITY };
    erg_numbers numbers = { .each = each, .self = &of, .count = points->count };
    double median_w, distance_w;

    *level_w = NAN;
    if (!each(&of, widen, &of, err) || !erg_quantile_of(&numbers, 0.5, &median_w, err))
        return false;
    of.middle_w = median_w;
    if (!erg_quantile_of(&numbers, 0.5, &distance_w, err))
        return false;
    double sigma_w = ERG_SIGMAS_OF_MAD * distance_w;
    *level_w = median_w + fmax(DEVIATIONS * sigma_w, OF_RANGE * (of.high_w - of.low_w));
    return true;
}

/* W/s from 10 ms before to the reading; straight lines between readings. *back moves on. */
static double rise_at(const erg_power_point points[], size_t i, size_t *back)
{
    int64_t from_ns = points[i].t_ns - RISE_NS;

    if (i == 0)
        return NAN;             /* nobody saw what was before */
    while (*back + 1 < i && points[*back + 1].t_ns <= from_ns)
        ++*back;
    const erg_power_point *a = &points[*back], *b = a + 1;
    if (a->t_ns > from_ns || b->t_ns == a->t_ns) {
        double passed_s = erg_s_from_ns(points[i].t_ns - a->t_ns);
        return passed_s > 0 ? (points[i].w - a->w) / passed_s : NAN;
    }
    double share = (double)(from_ns - a->t_ns) / (double)(b->t_ns - a->t_ns);
    return (points[i].w - a->w - share * (b->w - a->w)) / erg_s_from_ns(RISE_NS);
}

static bool add(erg_rows *out, const erg_power_point *at, double rise, int64_t merge_ns,
                erg_error *err)
{
    erg_spike *last = out->count ? (erg_spike *)out->items + out->count - 1 : NULL;

    if (last && at->t_ns - last->end_ns <= merge_ns) {
        last->end_ns = at->t_ns;
        last->peak_w = fmax(last->peak_w, at->w);
        last->rise_w_per_s = fmax(last->rise_w_per_s, rise);
        return true;
    }
    erg_spike spike = { at->t_ns, at->t_ns, at->w, rise };
    return erg_rows_add(out, &spike, 1, sizeof(spike), err);
}

bool erg_spikes_find(const erg_rows *rows, const erg_spike_rule *rule, erg_rows *out,
                     erg_error *err)
{
    const erg_power_point *points = rows->items;
    int64_t merge_ns = erg_ns_from_s(rule->merge_s);
    bool before = false;
    size_t back = 0;

    for (size_t i = 0; i < rows->count; i++) {
        double rise = rise_at(points, i, &back);
        bool is_steep = rule->ramp_w_per_s > 0 && rise > rule->ramp_w_per_s;
        bool is_above = points[i].w > rule->above_w;
        bool is_one = is_above || is_steep;
        /* Readings that follow each other are one spike, however far apart. */
        if (is_one && !add(out, &points[i], rise, before ? INT64_MAX : merge_ns, err))
            return false;
        before = is_one;
        erg_rows_pass(rows, i);
    }
    return true;
}
