/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the power follow the work where both are stamped? Where the clock of a meter is off
 * against that of a profiler, every joule goes to what ran beside it. Nothing is moved
 * here: the offset is said, and every row's interval holds what it would do.
 */
#include <math.h>
#include <stdlib.h>
#include "base/search.h"
#include "timeline/timeline_inside.h"
#include "trace/align.h"
#include "trace/summary.h"

enum { READINGS_MOST = 4096 };
static const double SEARCH_S = 5, FOLLOWS = 0.7, BETTER = 0.1;

/* Readings from well before the work to well behind it; of very many every n-th. Each at
 * the end of what it is the mean of, as a meter stamps it. */
static erg_sample *readings_of(const erg_timeline_case *all, erg_span work, double window_s,
                               size_t *count)
{
    const erg_power_point *at = all->points.items;
    int64_t beyond_ns = erg_ns_from_s(2 * SEARCH_S), half_ns = erg_ns_from_s(window_s / 2);
    const erg_timed_rows stamps = { at, all->points.count, sizeof(*at),
                                    offsetof(erg_power_point, t_ns) };
    size_t first = erg_first_from(stamps, work.begin_ns - beyond_ns);
    size_t last = erg_first_after(stamps, work.end_ns + beyond_ns);

    last = last < first ? first : last;
    size_t stride = (last - first) / READINGS_MOST + 1;
    erg_sample *out = calloc((last - first) / stride + 1, sizeof(*out));
    *count = 0;
    for (size_t i = first; out && i < last; i += stride)
        out[(*count)++] = (erg_sample){ .t_ns = at[i].t_ns + half_ns, .value = at[i].w };
    erg_rows_rest(&all->points);
    return out;
}

static bool note_off(erg_timeline_case *all, const erg_offset *found)
{
    char source[ERG_CHANNEL_PATH_MOST];
    double u_s = 2 * found->offset_u_s;

    erg_trace_channel_path(all->trace, all->power, source);
    all->offset = (erg_bounds){ found->offset_s - u_s, found->offset_s + u_s };
    all->offset_s = found->offset_s;
    all->clock_u_s = fabs(found->offset_s) + u_s;
    return erg_result_note(all->result, all->err,
                           "CLOCK_OFFSET: %s follows the work best with its stamps "
                           "moved by %+.3g s (%+.3g .. %+.3g s, 95 %%): correlation %.2f "
                           "there, %.2f as they are. One of the two clocks is off; nothing "
                           "was moved, so rows have joules of what ran beside: import or "
                           "add the second file with --align, which moves it", source,
                           found->offset_s, all->offset.low, all->offset.high, found->peak,
                           found->unmoved);
}

static bool note_unknown(erg_timeline_case *all, const erg_offset *found, const char *why)
{
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, all->power, source);
    return erg_result_note(all->result, all->err,
                           "CLOCK_OFFSET_UNKNOWN: %s does not follow the work where it is "
                           "stamped (correlation %.2f), and would elsewhere: %s", source,
                           found->unmoved, why);
}

static bool judge(erg_timeline_case *all, const erg_align_work *work, double window_s)
{
    size_t count;
    erg_sample *at = readings_of(all, work->span, window_s, &count);
    erg_offset found;
    erg_error why = { 0 };

    if (!at)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    bool good = erg_align_work_match(work, 0, (erg_samples){ at, count }, window_s,
                                     SEARCH_S, &found, &why);
    free(at);
    if (why.code == ERG_NO_MEMORY)
        return erg_fail(all->err, why.code, "%s", why.text);
    if (good && erg_offset_is_off(&found) && fabs(found.offset_s) > all->resolution_s)
        return note_off(all, &found);
    if (!good && found.peak >= FOLLOWS && found.unmoved < FOLLOWS
        && found.peak - found.unmoved >= BETTER)
        return note_unknown(all, &found, why.text);
    return true;
}

bool erg_timeline_offset(erg_timeline_case *all)
{
    const erg_stream *stream = erg_stream_of(all->trace, all->power, all->err);
    erg_align_work work = { 0 };

    all->offset_s = all->offset.low = all->offset.high = NAN;
    if (!stream)
        return false;
    /* Found once, it is in every interval already. */
    if (all->clock_u_s > 0 || erg_trace_event_count(all->trace) == 0
        || !(stream->dt_s > 0))
        return true;
    /* What a counter rose by between two readings is a mean of that time. */
    bool counts = erg_trace_channel(all->trace, all->power)->kind == ERG_COUNTER;
    double window_s = stream->window_s > 0 ? stream->window_s : counts ? stream->dt_s : 0;
    bool ok = erg_align_work_take(all->trace, stream->dt_s, &work, all->err)
           && judge(all, &work, window_s);
    erg_align_work_free(&work);
    return ok;
}
