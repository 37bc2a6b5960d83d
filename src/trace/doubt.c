/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard uncertainty of a window's joules, part by part:
 * one function a part, all in one table, added in squares. The gain is apart: it
 * adds linearly over the windows of one meter and cancels in their ratio.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/sensor.h"
#include "trace/window.h"

static const double PART_TIME = 0.9;        /* a window under this share of T_u */
static const double FEW_BEATS = 4.0;
static const double MODEL_FACTOR_U = 0.6;   /* [P/2.2, 2.2 P] as +- 2u */
static const double NO_BOARD_W = 1e6;       /* a limit of what can be read, of no board */
static const double UNKNOWN_OFFSET_S = 5.0; /* how far off it is sought */
static const double CONTEXT_UPDATES = 40;   /* a beat is seen over so many updates */
enum { MOST_CONTEXT = 4096 };

/* Not calibrated, by driver; any other meter counts as the worst of them. */
static const struct { const char *driver; double gain_u; } gains[] = {
    { "nvml",    0.05  },
    { "wattsup", 0.015 },
    { "rapl",    0.04  },
    { "sim",     0.0   },
};
static const double OTHER_GAIN_U = 0.05;

typedef struct asked {
    const erg_trace *trace;
    int channel;
    const erg_channel_info *info;
    const erg_stream *stream;
    const erg_window *window;
    double period_s;            /* of the load; NAN: unknown */
} asked;

static double window_s(const asked *of)
{
    return erg_s_from_ns(of->window->span.end_ns - of->window->span.begin_ns);
}

static bool is_part_time(const asked *of)
{
    return of->info->kind != ERG_COUNTER && of->stream->window_s > 0
        && of->stream->update_s > 0
        && of->stream->window_s < PART_TIME * of->stream->update_s;
}

/* A sensor of which nobody knows how long it looks: it may be but a moment. */
static bool may_be_part_time(const asked *of)
{
    return of->info->kind == ERG_INSTANT && isnan(of->stream->window_s)
        && of->stream->update_s > 0;
}

static double looks_s(const asked *of)
{
    return isnan(of->stream->window_s) ? 0 : of->stream->window_s;
}

/* Readings around the window, wide enough to show the swing of the load. */
static size_t context(const asked *of, double to[])
{
    const erg_piece *pieces = of->stream->pieces.items;
    int64_t around_ns = erg_ns_from_s(fmin(CONTEXT_UPDATES * of->stream->update_s, 1e6));
    size_t count = 0;

    for (size_t i = erg_piece_after(of->stream, of->window->span.begin_ns - around_ns);
         i < of->stream->pieces.count && count < MOST_CONTEXT
         && pieces[i].begin_ns < of->window->span.end_ns + around_ns; i++)
        to[count++] = pieces[i].end_w;
    return count;
}

static double seen_swing_w(const asked *of)
{
    double *w = malloc(MOST_CONTEXT * sizeof(*w));
    if (!w)
        return NAN;
    size_t count = context(of, w);
    double swing = erg_quantile(w, count, 0.95) - erg_quantile(w, count, 0.05);
    free(w);
    return swing;
}

/* A sensor in step with its load sees one phase of it and no swing at all: then it
 * may be anything up to the most the device takes, or as much again as was seen. */
static double swing_w(const asked *of)
{
    double seen_w = seen_swing_w(of), beats = INFINITY;
    double context_s = window_s(of) + 2 * CONTEXT_UPDATES * of->stream->update_s;
    double mean_w = of->window->energy_j / of->window->covered_s;

    erg_alias_u_j(1, of->period_s, of->stream->update_s, looks_s(of), context_s, &beats);
    if (!(beats < 1))
        return seen_w;
    bool is_known = of->info->max_w > 0 && of->info->max_w < NO_BOARD_W;
    return fmax(seen_w, is_known ? of->info->max_w : 2 * fabs(mean_w));
}

/* A counter moves in steps: each end is off by a uniform share of one. */
static double counter_steps_j(const asked *of)
{
    if (of->info->kind != ERG_COUNTER || of->window->covered_s <= 0)
        return 0;
    double mean_w = of->window->energy_j / of->window->covered_s;
    return fabs(mean_w) * of->stream->update_s / sqrt(6);
}

/* Between far-apart readings a counter is a straight line, the load may not be. */
static double bend_j(const erg_stream *stream, int64_t t_ns)
{
    const erg_piece *pieces = stream->pieces.items;
    size_t i = erg_piece_after(stream, t_ns);

    if (i == 0 || i + 1 >= stream->pieces.count || pieces[i].begin_ns >= t_ns)
        return 0;
    double length_s = erg_s_from_ns(pieces[i].end_ns - pieces[i].begin_ns);
    return fabs(pieces[i + 1].begin_w - pieces[i - 1].end_w) * length_s / 8;
}

static double counter_bends_j(const asked *of)
{
    if (of->info->kind != ERG_COUNTER)
        return 0;
    return hypot(bend_j(of->stream, of->window->span.begin_ns),
                 bend_j(of->stream, of->window->span.end_ns));
}

/* The wider of the two readings about a moment: where the counter stood then is known as
 * well as they say when they were. */
static double half_width_about_s(const asked *of, int64_t t_ns)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(of->trace, of->channel, &count);
    size_t next = erg_sample_from(at, count, t_ns);
    int64_t after_ns = next < count ? at[next].half_width_ns : 0;
    int64_t before_ns = next > 0 ? at[next - 1].half_width_ns : 0;

    return erg_s_from_ns(after_ns > before_ns ? after_ns : before_ns);
}

static double counter_stamps_j(const asked *of)
{
    if (of->info->kind != ERG_COUNTER || of->window->covered_s <= 0)
        return 0;
    double mean_w = of->window->energy_j / of->window->covered_s;
    return fabs(mean_w) / sqrt(3)
         * hypot(half_width_about_s(of, of->window->span.begin_ns),
                 half_width_about_s(of, of->window->span.end_ns));
}

static double smoothed_edge_j(const asked *of, int64_t t_ns)
{
    int64_t half_ns = erg_ns_from_s(of->stream->window_s / 2);
    double step_w = erg_power_at(of->stream, t_ns + half_ns)
                  - erg_power_at(of->stream, t_ns - half_ns);

    return isnan(step_w) ? 0 : fabs(step_w) * of->stream->window_s / 8;
}

static double smoothed_edges_j(const asked *of)
{
    if (of->info->kind != ERG_SMOOTHED || !(of->stream->window_s > 0))
        return 0;
    return hypot(smoothed_edge_j(of, of->window->span.begin_ns),
                 smoothed_edge_j(of, of->window->span.end_ns));
}

static double half_width_s(const asked *of)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(of->trace, of->channel, &count);
    size_t low = erg_sample_from(at, count, of->window->span.begin_ns);

    return count ? erg_s_from_ns(at[low < count ? low : count - 1].half_width_ns) : 0;
}

/* Files of which nobody knows by how much their clock was off. */
static double unknown_offsets(const asked *of)
{
    const int channels[] = { of->channel, -1 };
    const erg_flag_groups *groups = erg_flag_groups_of(of->trace, NULL);
    double count = 0;

    for (size_t i = 0; groups && i < ERG_COUNT(channels); i++) {
        const erg_flag_group *group =
            erg_flag_group_find(groups, channels[i], ERG_FLAG_CLOCK_OFFSET_UNKNOWN);
        count += group ? (double)group->count : 0;
    }
    return count;
}

/* Half-widths are bounds; the clock of another meter has an offset besides. */
static double stamps_j(const asked *of)
{
    const char *device = erg_trace_device(of->trace, of->info->device)->name;
    char key[80];
    snprintf(key, sizeof(key), "clock_offset_u_s:%s", device);
    const char *offset = erg_trace_meta(of->trace, key);
    double u_s = half_width_s(of) / sqrt(3), more_s = 0;

    if (offset && erg_number_parse(offset, strlen(offset), '.', &more_s))
        u_s = hypot(u_s, more_s);
    u_s = hypot(u_s, UNKNOWN_OFFSET_S * sqrt(unknown_offsets(of)));
    return fabs(of->window->last_w - of->window->first_w) * u_s;
}

static bool is_dithered(const erg_trace *trace)
{
    return erg_trace_meta(trace, "dither_s") != NULL;
}

static double alias_j(const asked *of)
{
    size_t updates = erg_updates_in(of->stream, of->window->span);
    double beats;

    if (isnan(of->period_s))
        return 0;
    if (is_dithered(of->trace))
        return swing_w(of) / 2 / sqrt(updates ? (double)updates : 1)
               * of->window->covered_s;
    return erg_alias_u_j(swing_w(of), of->period_s, of->stream->update_s, looks_s(of),
                         window_s(of), &beats);
}

/* What lies between the looks is known as well as the looks bend. Second differences
 * see noise and steps but not a ramp. */
static double unseen_j(const asked *of)
{
    double *w = malloc(MOST_CONTEXT * sizeof(*w));
    if (!w)
        return NAN;
    size_t count = context(of, w);
    double squares = 0, update_s = of->stream->update_s;
    for (size_t i = 2; i < count; i++)
        squares += pow(w[i] - 2 * w[i - 1] + w[i - 2], 2) / 6;
    free(w);
    double sd_w = count > 2 ? sqrt(squares / (double)(count - 2)) : 0;
    double looks = fmax(1, of->window->covered_s / update_s);
    return (1 - of->stream->window_s / update_s) * sd_w * update_s * sqrt(looks);
}

/* Under four beats the phase of the load decides what the sensor sees. */
static bool is_aliased(const asked *of)
{
    double beats = INFINITY;

    if (isnan(of->period_s) || is_dithered(of->trace)
        || round(of->stream->update_s / of->period_s) < 1)
        return false;
    erg_alias_u_j(1, of->period_s, of->stream->update_s, looks_s(of), window_s(of), &beats);
    return beats < FEW_BEATS;
}

/* A period locks the looks to the load; without one they are as good as random. */
static double part_time_j(const asked *of)
{
    if (is_part_time(of))
        return fmax(alias_j(of), unseen_j(of));
    return is_aliased(of) ? alias_j(of) : 0;
}

static double uncovered_j(const asked *of)
{
    double unseen_s = fmax(0, window_s(of) - of->window->covered_s);
    return unseen_s * (of->window->peak_w - of->window->min_w) / sqrt(12);
}

static double (*const parts[])(const asked *of) = {
    counter_steps_j, counter_bends_j, counter_stamps_j, smoothed_edges_j, stamps_j,
    part_time_j, uncovered_j,
};

double erg_gain_u(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    const char *driver = erg_trace_device(trace, info->device)->driver;

    if (info->gain_u > 0)
        return info->gain_u;
    if (info->method == ERG_METHOD_MODEL)
        return MODEL_FACTOR_U;
    if (info->method == ERG_METHOD_SIMULATED)
        return 0;
    for (size_t i = 0; i < ERG_COUNT(gains); i++)
        if (strcmp(gains[i].driver, driver) == 0)
            return gains[i].gain_u;
    return OTHER_GAIN_U;
}

erg_doubt erg_doubt_of(const erg_trace *trace, int channel, const erg_stream *stream,
                       const erg_window *window)
{
    asked of = { trace, channel, erg_trace_channel(trace, channel), stream, window, NAN };
    double rest_j = 0;

    if (is_part_time(&of) || may_be_part_time(&of))
        of.period_s = erg_load_period_s(trace, window->span);
    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        rest_j = hypot(rest_j, parts[i](&of));
    double offset_u_w = of.info->offset_u > 0 ? of.info->offset_u : 0;
    return (erg_doubt){
        .gain = erg_gain_u(trace, channel),
        .offset_j = offset_u_w * window->covered_s,
        .rest_j = rest_j,
        .aliased = is_aliased(&of),
    };
}
