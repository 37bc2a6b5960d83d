/* SPDX-License-Identifier: Apache-2.0 */
/* How often the load repeats, from the begins of equal regions or equal marks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/window.h"

/* Repeats that vary by more than this share drift through every phase. */
static const double REGULAR = 0.1;
enum { FEWEST_BEGINS = 4, MOST_NAMES = 64 };

/* i-th name of a kind of event, and its moment; false past the last. */
typedef bool event_at(const erg_trace *trace, size_t i, const char **name, int64_t *t_ns);

static bool region_begin(const erg_trace *trace, size_t i, const char **name, int64_t *t_ns)
{
    const erg_region *region = erg_trace_region(trace, i);
    if (region) {
        *name = region->name;
        *t_ns = region->begin_ns;
    }
    return region != NULL;
}

static bool mark_moment(const erg_trace *trace, size_t i, const char **name, int64_t *t_ns)
{
    const erg_mark_row *mark = erg_trace_mark(trace, i);
    if (mark) {
        *name = mark->name;
        *t_ns = mark->t_ns;
    }
    return mark != NULL;
}

/* Distances between the events of one name; how many. */
static size_t distances(const erg_trace *trace, event_at *at, const char *wanted,
                        double to[], erg_span *span)
{
    const char *name;
    int64_t t_ns, last_ns = INT64_MIN;
    size_t count = 0;

    for (size_t i = 0; at(trace, i, &name, &t_ns); i++) {
        if (strcmp(name, wanted) != 0)
            continue;
        if (last_ns == INT64_MIN)
            span->begin_ns = t_ns;
        else if (t_ns > last_ns)
            to[count++] = erg_s_from_ns(t_ns - last_ns);
        last_ns = t_ns > last_ns ? t_ns : last_ns;
    }
    span->end_ns = last_ns;
    return count;
}

static double period_of(const erg_trace *trace, event_at *at, const char *wanted,
                        double scratch[], erg_span window)
{
    erg_span span = { 0 };
    size_t count = distances(trace, at, wanted, scratch, &span);

    if (count + 1 < FEWEST_BEGINS || !erg_span_overlaps(span, window))
        return NAN;
    double mean_s = erg_mean(scratch, count);
    double period_s = erg_median(scratch, count);
    double spread_s = erg_mad_sigma(scratch, count);
    if (spread_s > REGULAR * period_s)
        return NAN;
    /* Stamps jitter, the mean does not: unless a pause is among the distances. */
    return fabs(mean_s - period_s) < REGULAR * period_s ? mean_s : period_s;
}

static double shortest(const erg_trace *trace, event_at *at, double scratch[],
                       erg_span window)
{
    const char *seen[MOST_NAMES], *name;
    size_t names = 0;
    int64_t t_ns;
    double best_s = NAN;

    for (size_t i = 0; names < MOST_NAMES && at(trace, i, &name, &t_ns); i++) {
        size_t k = 0;
        while (k < names && strcmp(seen[k], name) != 0)
            k++;
        if (k < names)
            continue;
        seen[names++] = name;
        best_s = fmin(best_s, period_of(trace, at, name, scratch, window));
    }
    return best_s;
}

double erg_load_period_s(const erg_trace *trace, erg_span span)
{
    size_t most = erg_trace_region_count(trace) + erg_trace_mark_count(trace);
    double *scratch = malloc((most + 1) * sizeof(*scratch));
    if (!scratch)
        return NAN;
    double period_s = shortest(trace, mark_moment, scratch, span);
    if (isnan(period_s))
        period_s = shortest(trace, region_begin, scratch, span);
    free(scratch);
    return period_s;
}
