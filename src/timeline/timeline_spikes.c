/* SPDX-License-Identifier: Apache-2.0 */
/* Spikes: readings above the robust level, or a rise that is too fast (measure.md 11.2). */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "timeline/timeline.h"

static const double DEVIATIONS = 6, OF_RANGE = 0.1;
static const int64_t RISE_NS = 10 * ERG_NS_PER_MS;

double erg_spike_level(const erg_power_point points[], size_t count, erg_error *err)
{
    double *w = calloc(count + 1, sizeof(*w)), low = INFINITY, high = -INFINITY;

    if (!w) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NAN;
    }
    for (size_t i = 0; i < count; i++) {
        w[i] = points[i].w;
        low = fmin(low, w[i]);
        high = fmax(high, w[i]);
    }
    double median_w = erg_median(w, count);
    double sigma = erg_mad_sigma(w, count);     /* leaves distances in w */
    double level = median_w + fmax(DEVIATIONS * sigma, OF_RANGE * (high - low));
    free(w);
    return level;
}

/* W/s from 10 ms before to the reading; straight lines between readings. *back moves on. */
static double rise_at(const erg_power_point points[], size_t i, size_t *back)
{
    int64_t from_ns = points[i].t_ns - RISE_NS;

    if (i == 0)
        return 0;
    while (*back + 1 < i && points[*back + 1].t_ns <= from_ns)
        ++*back;
    const erg_power_point *a = &points[*back], *b = a + 1;
    if (a->t_ns > from_ns || b->t_ns == a->t_ns) {
        double passed_s = erg_s_from_ns(points[i].t_ns - a->t_ns);
        return passed_s > 0 ? (points[i].w - a->w) / passed_s : 0;
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

bool erg_spikes_find(const erg_power_point points[], size_t count,
                     const erg_spike_rule *rule, erg_rows *out, erg_error *err)
{
    int64_t merge_ns = erg_ns_from_s(rule->merge_s);
    bool before = false;
    size_t back = 0;

    for (size_t i = 0; i < count; i++) {
        double rise = rise_at(points, i, &back);
        bool is_steep = rule->ramp_w_per_s > 0 && rise > rule->ramp_w_per_s;
        bool is_above = points[i].w > rule->above_w;
        bool is_one = is_above || is_steep;
        /* Readings that follow each other are one spike, however far apart. */
        if (is_one && !add(out, &points[i], rise, before ? INT64_MAX : merge_ns, err))
            return false;
        before = is_one;
    }
    return true;
}
