/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The idle level that is subtracted. The median, because idle
 * traces have spikes; a straight line between the two records, because it drifts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/window.h"

static const double MEDIAN_COST = 1.2533;   /* SE of a median over that of a mean */
static const double DRIFT_SHARE = 0.03;
/* Counter steps jitter with the polls: levels are taken over so many updates. */
enum { COUNTER_STEPS = 10 };

/* Mean power of group after group of pieces that lie in the span. */
static size_t group_means(const erg_stream *stream, erg_span span, double to[], size_t most)
{
    const erg_piece *pieces = stream->pieces.items;
    size_t first = erg_piece_after(stream, span.begin_ns), groups = 0;
    size_t inside = 0;

    while (first + inside < stream->pieces.count
           && pieces[first + inside].begin_ns < span.end_ns)
        inside++;
    size_t size = inside / most + 1;
    if (stream->updates.count && size < COUNTER_STEPS && inside >= 3 * COUNTER_STEPS
        && pieces[first].begin_w == pieces[first].end_w)
        size = COUNTER_STEPS;
    for (size_t i = 0; i + size <= inside; i += size) {
        erg_span one = { pieces[first + i].begin_ns, pieces[first + i + size - 1].end_ns };
        one.begin_ns = one.begin_ns > span.begin_ns ? one.begin_ns : span.begin_ns;
        one.end_ns = one.end_ns < span.end_ns ? one.end_ns : span.end_ns;
        erg_window seen = erg_window_of(stream, one);
        if (seen.covered_s > 0)
            to[groups++] = seen.energy_j / seen.covered_s;
    }
    return groups;
}

/* One level has no scatter: its error is unknown, not 0. */
enum { MOST_LEVELS = 4096, LEAST_LEVELS = 2 };

static erg_idle_base base_of(const erg_stream *stream, erg_span span)
{
    erg_idle_base out = { NAN, NAN, span.begin_ns + (span.end_ns - span.begin_ns) / 2,
                          erg_s_from_ns(span.end_ns - span.begin_ns) };
    double *w = malloc(MOST_LEVELS * sizeof(*w));
    size_t count = w ? group_means(stream, span, w, MOST_LEVELS) : 0;

    if (count >= LEAST_LEVELS) {
        double n_eff = erg_n_eff(w, count);     /* before the others reorder */
        out.w = erg_median(w, count);
        out.u_w = MEDIAN_COST * erg_mad_sigma(w, count) / sqrt(n_eff);
    }
    free(w);
    return out;
}

erg_idle_base erg_idle_base_of(const erg_trace *trace, const erg_stream *stream,
                              const char *name)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (region->end_ns != INT64_MAX && strcmp(region->name, name) == 0)
            return base_of(stream, (erg_span){ region->begin_ns, region->end_ns });
    }
    return (erg_idle_base){ NAN, NAN, 0, 0 };
}

/* Where a moment lies between the two records, 0 to 1. */
static double share_at(erg_idle_base before, erg_idle_base after, int64_t t_ns)
{
    double share = (double)(t_ns - before.middle_ns)
                 / (double)(after.middle_ns - before.middle_ns);
    return fmin(fmax(share, 0), 1);
}

/*
 * How far the mean of a window may be from the line, as a share of the drift. The line is
 * the mean of all courses that step once, at any moment between the records. Of a window
 * from share a to b the share f comes after the step: all of it, if that comes before a
 * (chance a), else anything down to nothing (chance b - a). So E f = (a + b)/2, E f^2 =
 * a + (b - a)/3. Slower courses stray less.
 */
static double step_u(double a, double b)
{
    return sqrt(fmax(0, a + (b - a) / 3 - (a + b) * (a + b) / 4));
}

/* At the middle of the window, which is the mean of a line over it. */
static erg_idle between(erg_idle_base before, erg_idle_base after, erg_span span)
{
    double begin = share_at(before, after, span.begin_ns);
    double end = share_at(before, after, span.end_ns);
    double middle = share_at(before, after,
                             span.begin_ns + (span.end_ns - span.begin_ns) / 2);
    double drift_w = after.w - before.w;
    bool drifts = fabs(drift_w) > DRIFT_SHARE * fabs(before.w);
    double stray_w = drifts ? fabs(drift_w) * step_u(begin, end) : 0;

    return (erg_idle){
        .idle_w = (1 - middle) * before.w + middle * after.w,
        .u_w = hypot(hypot((1 - middle) * before.u_w, middle * after.u_w), stray_w),
        .before_w = before.w,
        .after_w = after.w,
        .drifts = drifts,
    };
}

erg_idle erg_idle_of(const erg_trace *trace, const erg_stream *stream, erg_span span)
{
    const char *state = erg_trace_meta(trace, "idle_state");
    erg_idle_policy policy;
    erg_idle_base before = stream->before, after = stream->after;

    if (state && erg_idle_policy_parse(state, &policy) && policy == ERG_IDLE_GROSS)
        return (erg_idle){ NAN, NAN, NAN, NAN, false };
    if (!isnan(before.w) && !isnan(after.w) && after.middle_ns > before.middle_ns)
        return between(before, after, span);
    erg_idle_base only = isnan(before.w) ? after : before;
    return (erg_idle){ only.w, only.u_w, before.w, after.w, false };
}
