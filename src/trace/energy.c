/* SPDX-License-Identifier: Apache-2.0 */
/* Joules of a window: area, idle, interval, quality, or the reason for none. */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "trace/window.h"

/* Flags that forbid a channel's joules; the others of the table that refuse are
 * about runs or sums. */
static const erg_flag_code refusals[] = {
    ERG_FLAG_METER_SILENT, ERG_FLAG_HOST_MISMATCH,
};

static const double COVERED_GOOD = 0.99, COVERED_FAIR = 0.95;
enum { UPDATES_GOOD = 50, UPDATES_FAIR = 10 };

/* As for stamps: differences of two of them still fit 64 bits. */
static const int64_t FARTHEST_NS = 4000000000000000000;

#define BIT(code) (UINT64_C(1) << (code))

static const erg_energy nothing = {
    .energy_j = NAN, .spread_j = NAN, .net_j = NAN, .net_spread_j = NAN, .idle_w = NAN,
    .window_s = NAN, .covered = NAN, .edges_held = NAN, .mean_w = NAN, .peak_w = NAN,
    .min_w = NAN, .max_gap_s = NAN, .gain_u_j = NAN, .quality = ERG_QUALITY_NO_DATA,
    .mean_spread_w = NAN, .peak_spread_w = NAN, .min_spread_w = NAN,
    .idle_spread_w = NAN, .peak_channel = -1,
};

static bool concerns(const erg_flag *flag, int channel, erg_span span)
{
    bool is_everywhere = flag->span.end_ns <= flag->span.begin_ns;
    return (flag->channel < 0 || flag->channel == channel)
        && (is_everywhere || erg_span_overlaps(flag->span, span));
}

/* flags: bits of those that concern the span. */
static bool is_refused(const erg_trace *trace, int channel, erg_span span, uint64_t flags,
                       erg_error *err)
{
    uint64_t refusing = 0;

    for (size_t k = 0; k < ERG_COUNT(refusals); k++)
        refusing |= flags & BIT(refusals[k]);
    for (size_t i = 0; refusing && i < erg_trace_flag_count(trace); i++) {
        const erg_flag *flag = erg_trace_flag(trace, i);
        if (refusing >> flag->code & 1 && concerns(flag, channel, span))
            return !erg_fail(err, ERG_REFUSED, "%s: %s",
                             erg_flag_describe(flag->code)->name, flag->text);
    }
    return false;
}

static bool any_overlaps(const erg_rows *spans, erg_span span)
{
    const erg_span *at = spans->items;

    for (size_t i = 0; i < spans->count; i++)
        if (erg_span_overlaps(at[i], span))
            return true;
    return false;
}

/* Polls in the window, and how many of them failed. */
static void count_polls(const erg_trace *trace, int channel, erg_span span, erg_energy *out)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);

    for (size_t i = erg_sample_from(at, count, span.begin_ns);
         i < count && at[i].t_ns < span.end_ns; i++) {
        out->samples++;
        erg_samples_pass(trace, channel, i);
        if (isnan(at[i].value))
            out->flags |= BIT(ERG_FLAG_READ_ERRORS);
    }
}

/* A counter between two polls has moved as often as its period says. */
static int64_t updates_of(const erg_channel_info *info, const erg_stream *stream,
                          const erg_window *window)
{
    int64_t seen = (int64_t)erg_updates_in(stream, window->span);

    if (info->kind != ERG_COUNTER || !(info->update_s > 0))
        return seen;
    int64_t moved = (int64_t)(window->covered_s / info->update_s);
    return moved > seen ? moved : seen;
}

/* First that holds. */
static erg_quality quality_of(const erg_energy *energy)
{
    if (energy->method == ERG_METHOD_SIMULATED)
        return ERG_QUALITY_SIMULATED;
    if (energy->method == ERG_METHOD_MODEL)
        return ERG_QUALITY_MODELLED;
    if (energy->flags & BIT(ERG_FLAG_PARTIAL))
        return ERG_QUALITY_PARTIAL;
    if (energy->flags & BIT(ERG_FLAG_ALIASED))
        return ERG_QUALITY_ALIASED;
    if (energy->flags & BIT(ERG_FLAG_TOO_SHORT))
        return ERG_QUALITY_TOO_SHORT;
    if (energy->flags & BIT(ERG_FLAG_SHARED))
        return ERG_QUALITY_SHARED;
    if (energy->updates >= UPDATES_GOOD && energy->covered >= COVERED_GOOD
        && !energy->flags)
        return ERG_QUALITY_GOOD;
    return ERG_QUALITY_FAIR;
}

static void subtract_idle(const erg_trace *trace, const erg_stream *stream,
                          const erg_window *window, const erg_doubt *doubt, erg_energy *out)
{
    erg_idle idle = erg_idle_of(trace, stream, window->span);

    out->idle_w = idle.idle_w;
    out->net_j = out->energy_j - idle.idle_w * window->covered_s;
    /* The gain scales what is left; an offset is in both and falls out. */
    out->net_spread_j = 2 * hypot(hypot(doubt->rest_j, doubt->gain * out->net_j),
                                  idle.u_w * window->covered_s);
    out->idle_spread_w = 2 * hypot(hypot(doubt->gain * idle.idle_w, idle.u_w),
                                   doubt->offset_j / window->covered_s);
    if (idle.drifts)
        out->flags |= BIT(ERG_FLAG_IDLE_DRIFT);
}

static void put_extremes(const erg_trace *trace, int channel, const erg_stream *stream,
                         const erg_window *window, erg_energy *out)
{
    erg_extremes extremes = erg_extremes_of(trace, channel, stream, window);

    out->peak_w = extremes.peak_w;
    out->min_w = extremes.min_w;
    out->peak_channel = extremes.channel;
    out->peak_spread_w = erg_extreme_spread_w(trace, &extremes, extremes.peak_w);
    out->min_spread_w = erg_extreme_spread_w(trace, &extremes, extremes.min_w);
}

static void judge(const erg_trace *trace, int channel, const erg_stream *stream,
                  const erg_window *window, erg_energy *out)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    erg_doubt doubt = erg_doubt_of(trace, channel, stream, window);

    out->gain_u_j = doubt.gain * fabs(out->energy_j);
    out->spread_j = 2 * hypot(hypot(doubt.rest_j, doubt.offset_j), out->gain_u_j);
    out->mean_spread_w = out->spread_j / window->covered_s;
    subtract_idle(trace, stream, window, &doubt, out);
    if (erg_trace_device(trace, info->device)->shared)
        out->flags |= BIT(ERG_FLAG_SHARED);
    if (doubt.aliased)
        out->flags |= BIT(ERG_FLAG_ALIASED);
    if (any_overlaps(&stream->resets, window->span))
        out->flags |= BIT(ERG_FLAG_COUNTER_RESET);
    if (out->covered < COVERED_FAIR)
        out->flags |= BIT(ERG_FLAG_PARTIAL);
    if (out->updates < UPDATES_FAIR)
        out->flags |= BIT(ERG_FLAG_TOO_SHORT);
    out->quality = quality_of(out);
}

static bool fail_empty(const erg_trace *trace, int channel, const erg_stream *stream,
                       erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    const char *device = erg_trace_device(trace, info->device)->name;
    size_t polls;

    erg_trace_samples(trace, channel, &polls);
    if (polls && info->kind == ERG_COUNTER && stream->pieces.count == 0)
        return erg_fail(err, ERG_NO_DATA, "%s/%s: the counter was not seen to move: "
                        "measure longer than its update period", device, info->name);
    return erg_fail(err, ERG_NO_DATA, "%s/%s: nothing was measured in this window", device,
                    info->name);
}

static bool holds_all_readings(const erg_stream *stream, const erg_channel_info *info,
                               erg_span span)
{
    return info->kind == ERG_COUNTER && stream->read_j > 0
        && span.begin_ns <= stream->polled.begin_ns && span.end_ns >= stream->polled.end_ns;
}

bool erg_trace_energy(const erg_trace *trace, int channel, erg_span span, erg_energy *out,
                      erg_error *err)
{
    *out = nothing;
    const erg_stream *stream = erg_stream_of(trace, channel, err);
    const erg_flag_groups *groups = stream ? erg_flag_groups_of(trace, err) : NULL;
    if (!groups)
        return false;
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    out->method = info->method;     /* a figure that cannot be given has them too */
    out->scope = info->scope;
    if (span.end_ns <= span.begin_ns || span.begin_ns < -FARTHEST_NS
        || span.end_ns > FARTHEST_NS)
        return erg_fail(err, ERG_BAD_INPUT, "the window does not end after it begins");
    uint64_t flags = erg_flags_on(groups, channel, &span, 1)
                   | erg_flags_beside(trace, groups, channel, &span, 1);
    if (is_refused(trace, channel, span, flags, err))
        return false;
    if (any_overlaps(&stream->ambiguous, span))
        return erg_fail(err, ERG_REFUSED, "WRAP_AMBIGUOUS: %s may have wrapped more than "
                        "once between two readings: poll at least every half wrap time",
                        info->name);
    erg_window window = erg_window_of(stream, span);
    if (!(window.covered_s > 0))
        return fail_empty(trace, channel, stream, err);

    if (holds_all_readings(stream, info, span))
        window.energy_j = stream->read_j;
    out->flags = flags;
    out->energy_j = window.energy_j;
    out->window_s = erg_s_from_ns(span.end_ns - span.begin_ns);
    out->covered = fmin(1, window.covered_s / out->window_s);
    out->edges_held = window.held_s / out->window_s;
    out->mean_w = window.energy_j / window.covered_s;
    put_extremes(trace, channel, stream, &window, out);
    out->max_gap_s = window.max_gap_s;
    out->updates = updates_of(info, stream, &window);
    count_polls(trace, channel, span, out);
    judge(trace, channel, stream, &window, out);
    return true;
}

bool erg_trace_energy_legacy(const erg_trace *trace, int channel, erg_span span,
                             double *energy_j, erg_error *err)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    size_t first = at ? erg_sample_from(at, count, span.begin_ns) : 0;
    erg_sum sum = { 0 };

    *energy_j = NAN;
    if (!at || first + 1 >= count || at[first + 1].t_ns > span.end_ns)
        return erg_fail(err, ERG_NO_DATA,
                        "the backward sum needs two samples in the window");
    for (size_t i = first; i < count && at[i].t_ns <= span.end_ns; i++) {
        /* The first step is taken to be as long as the second. */
        size_t to = i == first ? i + 1 : i;
        erg_sum_add(&sum, at[i].value * erg_s_from_ns(at[to].t_ns - at[to - 1].t_ns));
        erg_samples_pass(trace, channel, i);
    }
    *energy_j = erg_sum_value(&sum);
    return true;
}
