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

/* Events of one name that come at equal distances. */
typedef struct rhythm { erg_span span; double period_s; bool is_mark; } rhythm;

static rhythm rhythm_of(const erg_trace *trace, event_at *at, const char *wanted,
                        double scratch[])
{
    rhythm out = { .period_s = NAN, .is_mark = at == mark_moment };
    size_t count = distances(trace, at, wanted, scratch, &out.span);

    if (count + 1 < FEWEST_BEGINS)
        return out;
    double mean_s = erg_mean(scratch, count);
    double median_s = erg_median(scratch, count);
    if (erg_mad_sigma(scratch, count) > REGULAR * median_s)
        return out;
    /* Stamps jitter, the mean does not: unless a pause is among the distances. */
    out.period_s = fabs(mean_s - median_s) < REGULAR * median_s ? mean_s : median_s;
    return out;
}

static void find_rhythms(const erg_trace *trace, event_at *at, double scratch[],
                         erg_rows *rhythms)
{
    const char *seen[MOST_NAMES], *name;
    size_t names = 0;
    int64_t t_ns;

    for (size_t i = 0; names < MOST_NAMES && at(trace, i, &name, &t_ns); i++) {
        size_t k = 0;
        while (k < names && strcmp(seen[k], name) != 0)
            k++;
        if (k < names)
            continue;
        seen[names++] = name;
        rhythm found = rhythm_of(trace, at, name, scratch);
        if (!isnan(found.period_s))
            erg_rows_add(rhythms, &found, 1, sizeof(found), NULL);
    }
}

/* Once for all windows: a run may hold many thousand regions and marks. */
static void build_rhythms(const erg_trace *trace)
{
    erg_trace *own = (erg_trace *)trace;    /* what is kept is not what is seen */
    size_t most = erg_trace_region_count(trace) + erg_trace_mark_count(trace);
    double *scratch = malloc((most + 1) * sizeof(*scratch));

    if (!scratch)
        return;
    find_rhythms(trace, mark_moment, scratch, &own->rhythms);
    find_rhythms(trace, region_begin, scratch, &own->rhythms);
    own->has_rhythms = true;
    free(scratch);
}

double erg_load_period_s(const erg_trace *trace, erg_span span)
{
    double marks_s = NAN, regions_s = NAN;

    pthread_mutex_lock(trace->lock);
    if (!trace->has_rhythms)
        build_rhythms(trace);
    const rhythm *rhythms = trace->rhythms.items;
    for (size_t i = 0; i < trace->rhythms.count; i++) {
        double *best_s = rhythms[i].is_mark ? &marks_s : &regions_s;
        if (erg_span_overlaps(rhythms[i].span, span))
            *best_s = fmin(*best_s, rhythms[i].period_s);
    }
    pthread_mutex_unlock(trace->lock);
    return isnan(marks_s) ? regions_s : marks_s;
}
