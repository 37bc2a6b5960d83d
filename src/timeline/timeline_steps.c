/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel as readings of power, and as steps: what each of the sensor's own values says
 * of which stretch. A reading of 100 ms that averages over 25 says nothing of the other 75.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "timeline/timeline_inside.h"

/* Looks may overlap by this much of a look before one is left out. */
static const double OVERLAP = 0.05;

static bool is_stepped(const erg_timeline_case *all, int channel)
{
    erg_kind kind = erg_trace_channel(all->trace, channel)->kind;
    return kind == ERG_COUNTER || kind == ERG_AVG_PREV;
}

static bool is_held(const erg_stream *stream, const erg_piece *piece)
{
    return piece->end_ns <= stream->seen.begin_ns || piece->begin_ns >= stream->seen.end_ns;
}

static bool add_point(erg_rows *to, int64_t t_ns, double w, erg_error *err)
{
    erg_power_point point = { t_ns, w };
    return erg_rows_add(to, &point, 1, sizeof(point), err);
}

/* Readings of a stream: of flat pieces the middle, else where straight lines meet. */
static bool points_of(const erg_stream *stream, bool stepped, erg_rows *to, erg_error *err)
{
    const erg_piece *at = stream->pieces.items;
    int64_t last_ns = INT64_MIN;

    to->is_long = stream->pieces.is_long;
    for (size_t i = 0; i < stream->pieces.count; i++) {
        erg_rows_pass(&stream->pieces, i);
        if (is_held(stream, &at[i]))
            continue;
        int64_t middle_ns = at[i].begin_ns + (at[i].end_ns - at[i].begin_ns) / 2;
        if (stepped && !add_point(to, middle_ns, at[i].begin_w, err))
            return false;
        if (!stepped && at[i].begin_ns > last_ns
            && !add_point(to, at[i].begin_ns, at[i].begin_w, err))
            return false;
        if (!stepped && !add_point(to, last_ns = at[i].end_ns, at[i].end_w, err))
            return false;
    }
    return true;
}

bool erg_timeline_points(erg_timeline_case *all)
{
    const erg_stream *stream = erg_stream_of(all->trace, all->power, all->err);

    return stream && points_of(stream, is_stepped(all, all->power), &all->points, all->err);
}

double erg_timeline_resolution_s(const erg_timeline_case *all)
{
    const erg_stream *stream = erg_stream_of(all->trace, all->power, NULL);
    double window_s = stream && stream->window_s > 0 ? stream->window_s : 0;

    return stream ? fmax(window_s, stream->dt_s > 0 ? stream->dt_s : 0) : NAN;
}

/* ---- steps --------------------------------------------------------------------------- */

enum { STEPS_A_REST = 1 << 10 };   /* the joules of each are looked for from afar */

/* look: what the value is the mean of. */
static bool add_step(erg_timeline_case *all, const erg_stream *stream, erg_span look,
                     double w)
{
    erg_sensor_step step = { .begin_ns = all->reached_ns, .look_ns = look.begin_ns,
                             .end_ns = look.end_ns, .look_w = w };

    if (step.end_ns > all->span.end_ns)
        step.end_ns = all->span.end_ns;
    if (step.end_ns <= step.begin_ns)
        return true;
    if (step.look_ns < step.begin_ns)
        step.look_ns = step.begin_ns;
    if (step.look_ns >= step.end_ns) {
        step.look_ns = step.end_ns;
        step.look_w = NAN;
    }
    erg_span whole = { step.begin_ns, step.end_ns };
    step.energy_j = erg_window_of(stream, whole).energy_j;
    erg_sum_add(&all->steps_j, step.energy_j);
    all->reached_ns = step.end_ns;
    if (erg_spill_count(&all->steps) % STEPS_A_REST == 0)
        erg_stream_rest(stream);
    return erg_spill_add(&all->steps, &step, 1, all->err);
}

static bool flat_steps(erg_timeline_case *all, const erg_stream *stream)
{
    const erg_piece *at = stream->pieces.items;

    for (size_t i = 0; i < stream->pieces.count; i++)
        if (!is_held(stream, &at[i])
            && !add_step(all, stream, (erg_span){ at[i].begin_ns, at[i].end_ns },
                         at[i].begin_w))
            return false;
    return true;
}

/* Values that share a look are one value said twice: a mean of 1 s that comes every 100 ms
 * is taken every tenth time. */
static bool look_steps(erg_timeline_case *all, const erg_stream *stream,
                       const erg_rows *points)
{
    const erg_power_point *at = points->items;
    double look_s = stream->window_s > 0 ? stream->window_s : fmax(0, stream->dt_s);
    int64_t look_ns = erg_ns_from_s(look_s), spare_ns = erg_ns_from_s(OVERLAP * look_s);

    for (size_t i = 0; i < points->count; i++) {
        erg_span look = { at[i].t_ns - look_ns / 2, at[i].t_ns + look_ns - look_ns / 2 };
        bool is_first = erg_spill_count(&all->steps) == 0;
        if ((is_first || look.begin_ns + spare_ns >= all->reached_ns)
            && !add_step(all, stream, look, at[i].w))
            return false;
        erg_rows_pass(points, i);
    }
    return true;
}

bool erg_timeline_steps(erg_timeline_case *all)
{
    const erg_stream *stream = erg_stream_of(all->trace, all->channel, all->err);
    bool stepped = is_stepped(all, all->channel), is_same = all->channel == all->power;
    erg_rows points = { 0 };
    bool ok = stream && (stepped || is_same
                         || points_of(stream, stepped, &points, all->err));

    all->reached_ns = all->span.begin_ns;
    ok = ok && (stepped ? flat_steps(all, stream)
                        : look_steps(all, stream, is_same ? &all->points : &points));
    erg_rows_free(&points);
    erg_span rest = { all->span.end_ns, all->span.end_ns };
    return ok && add_step(all, stream, rest, NAN);
}
