/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peak and least power of a window. A counter has neither: the slope between two of
 * its steps is off by as much as a step may be late, so 100 ms steps read at 10 Hz
 * show 0 and 460 W of a steady 230 W. The device's power channel says what was seen.
 */
#include <math.h>
#include "trace/window.h"

/* A slope over so many periods of a counter is good to a twentieth. */
static const double STEPS_OF_A_SLOPE = 20;

/* The nearest to power at an instant first. */
static int rank(erg_kind kind)
{
    switch (kind) {
    case ERG_INSTANT: return 1;
    case ERG_AVG_PREV: return 2;
    case ERG_SMOOTHED: return 3;
    case ERG_COUNTER: return 0;
    }
    return 0;
}

int erg_power_beside(const erg_trace *trace, int channel)
{
    const erg_channel_info *of = erg_trace_channel(trace, channel);
    int best = -1;

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        bool fits = info->quantity == ERG_POWER && rank(info->kind) > 0
                 && info->device == of->device && info->scope == of->scope;
        if (fits
            && (best < 0 || rank(info->kind) < rank(erg_trace_channel(trace, best)->kind)))
            best = i;
    }
    return best;
}

static const erg_extremes unknown = { NAN, NAN, -1, 0 };

/* Highest and least mean over any length_ns of what was seen without a hole. */
static erg_extremes slopes(const erg_stream *stream, erg_span span, int64_t length_ns)
{
    const erg_piece *pieces = stream->pieces.items;
    erg_extremes out = unknown;
    int64_t last_ns = span.end_ns < stream->seen.end_ns ? span.end_ns : stream->seen.end_ns;
    int64_t begin_ns = span.begin_ns > stream->seen.begin_ns ? span.begin_ns
                                                             : stream->seen.begin_ns;

    for (size_t i = erg_piece_after(stream, begin_ns);
         i < stream->pieces.count && begin_ns + length_ns <= last_ns; i++) {
        erg_window of =
            erg_window_of(stream, (erg_span){ begin_ns, begin_ns + length_ns });
        if (of.max_gap_s <= 0) {
            out.peak_w = fmax(out.peak_w, of.energy_j / of.covered_s);
            out.min_w = fmin(out.min_w, of.energy_j / of.covered_s);
        }
        begin_ns = pieces[i].end_ns;
        erg_rows_pass(&stream->pieces, i);
    }
    return out;
}

/* The mean distance too: readings a few microseconds apart, as at the edges of regions,
 * make a median that no slope can be trusted over. */
static double slope_s(const erg_stream *stream)
{
    double late_s = stream->update_s > 0 ? stream->update_s : stream->dt_s;
    double seen_s = erg_s_from_ns(stream->seen.end_ns - stream->seen.begin_ns);

    return fmax(fmax(STEPS_OF_A_SLOPE * late_s, stream->dt_s),
                seen_s / fmax(1, (double)stream->pieces.count));
}

/* Steps at both ends of a slope are late by as much as a period, or not at all. */
static erg_extremes of_counter(const erg_stream *stream, const erg_window *window,
                               int channel)
{
    erg_span span = window->span;
    double length_s = slope_s(stream);

    if (!(length_s > 0) || window->covered_s < length_s)
        return unknown;
    erg_extremes out = slopes(stream, span, erg_ns_from_s(length_s));
    double mean_w = window->energy_j / window->covered_s;
    return (erg_extremes){ fmax(out.peak_w, mean_w), fmin(out.min_w, mean_w), channel,
                           1 / STEPS_OF_A_SLOPE / sqrt(6) };
}

/* Readings, but for a window whose ends reach below or above all of them: its least cannot
 * be more than its mean. */
static erg_extremes of_power(const erg_window *window, int channel)
{
    double mean_w = window->energy_j / window->covered_s;
    erg_extremes out = { window->peak_w, window->min_w, channel, 0 };

    if (out.min_w > mean_w)
        out.min_w = fmin(window->first_w, window->last_w);
    if (out.peak_w < mean_w)
        out.peak_w = fmax(window->first_w, window->last_w);
    return out;
}

erg_extremes erg_extremes_of(const erg_trace *trace, int channel, const erg_stream *stream,
                             const erg_window *window)
{
    if (erg_trace_channel(trace, channel)->kind != ERG_COUNTER)
        return of_power(window, channel);

    int power = erg_power_beside(trace, channel);
    const erg_stream *watts = power < 0 ? NULL : erg_stream_of(trace, power, NULL);
    if (watts && watts->updates.count) {
        erg_window seen = erg_window_of(watts, window->span);
        return of_power(&seen, power);
    }
    return of_counter(stream, window, channel);
}

double erg_extreme_spread_w(const erg_trace *trace, const erg_extremes *of, double w)
{
    if (of->channel < 0)
        return NAN;
    double offset_u_w = erg_trace_channel(trace, of->channel)->offset_u;
    double share_u = hypot(erg_gain_u(trace, of->channel), of->slope_u);

    return 2 * hypot(share_u * w, offset_u_w > 0 ? offset_u_w : 0);
}
