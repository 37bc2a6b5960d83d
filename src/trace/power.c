/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power readings as pieces. A reading is older than its
 * stamp by half its averaging window.
 */
#include <math.h>
#include "trace/stream.h"

/* Longer than so many median distances is a gap: nobody saw it. */
static const double GAP_STEPS = 3.0;
/* Polls at least this much closer than the update period see updates twice. */
static const double REPEATED = 0.7;

/*
 * Polls to updates. A changed value is a new update, somewhere since the poll
 * before; an unchanged one is a new update once a period has passed. Equal
 * readings are data: none is dropped because it repeats, only because it is the
 * same update read again.
 */
static void collapse(erg_rows *samples, double poll_s, double update_s)
{
    erg_sample *at = samples->items;
    int64_t period_ns = erg_ns_from_s(update_s), half_poll_ns = erg_ns_from_s(poll_s / 2);
    size_t kept = 0;
    double value = NAN;

    for (size_t i = 0; i < samples->count; i++) {
        erg_sample one = at[i];
        bool changed = one.value != value;
        int64_t next_ns = kept ? at[kept - 1].t_ns + period_ns : INT64_MIN;
        if (!changed && one.t_ns < next_ns + half_poll_ns)
            continue;
        value = one.value;
        if (i > 0 && changed)
            one.t_ns -= half_poll_ns;
        else if (i > 0 && one.t_ns - next_ns < period_ns)
            one.t_ns = next_ns;
        if (kept && one.t_ns < at[kept - 1].t_ns)
            one.t_ns = at[kept - 1].t_ns;
        at[kept++] = one;
        erg_rows_pass(samples, i);
        erg_rows_pass(samples, kept);
    }
    samples->count = kept;
}

static bool add_lines(erg_stream *stream, const erg_rows *samples, int64_t gap_ns,
                      erg_error *err)
{
    const erg_sample *at = samples->items;

    for (size_t i = 1; i < samples->count; i++) {
        erg_piece piece = { at[i - 1].t_ns, at[i].t_ns, at[i - 1].value, at[i].value };
        if (piece.end_ns - piece.begin_ns <= gap_ns
            && !erg_stream_add_piece(stream, piece, err))
            return false;
        erg_rows_pass(samples, i);
    }
    return true;
}

/* Each value is the mean since the one before; after a gap, over its window. */
static bool add_steps(erg_stream *stream, const erg_rows *samples, int64_t gap_ns,
                      erg_error *err)
{
    const erg_sample *at = samples->items;
    double own_s = stream->window_s > 0 ? stream->window_s : stream->dt_s;
    int64_t own_ns = own_s > 0 ? erg_ns_from_s(own_s) : 0;

    for (size_t i = 0; i < samples->count; i++) {
        bool follows = i > 0 && at[i].t_ns - at[i - 1].t_ns <= gap_ns;
        int64_t begin_ns = follows ? at[i - 1].t_ns : at[i].t_ns - own_ns;
        erg_piece piece = { begin_ns, at[i].t_ns, at[i].value, at[i].value };
        if (!erg_stream_add_piece(stream, piece, err))
            return false;
        erg_rows_pass(samples, i);
    }
    stream->seen.begin_ns -= own_ns;
    return true;
}

/* The first and the last value stand for at most one step more. */
static erg_piece held_before(const erg_rows *samples, int64_t step_ns)
{
    const erg_sample *first = samples->items;
    return (erg_piece){ first->t_ns - step_ns, first->t_ns, first->value, first->value };
}

static erg_piece held_after(const erg_rows *samples, int64_t step_ns)
{
    const erg_sample *last = (const erg_sample *)samples->items + samples->count - 1;
    return (erg_piece){ last->t_ns, last->t_ns + step_ns, last->value, last->value };
}

static bool add_updates(erg_stream *stream, const erg_rows *samples, erg_error *err)
{
    const erg_sample *at = samples->items;

    for (size_t i = 0; i < samples->count; i++) {
        if (!erg_rows_add(&stream->updates, &at[i].t_ns, 1, sizeof(at[i].t_ns), err))
            return false;
        erg_rows_pass(samples, i);
    }
    return true;
}

bool erg_stream_from_power(erg_stream *stream, const erg_channel_info *info,
                           erg_rows *samples, erg_error *err)
{
    erg_sample *at = samples->items;
    double poll_s = erg_median_step_of(samples);

    if (stream->update_s > 0 && poll_s < REPEATED * stream->update_s)
        collapse(samples, poll_s, stream->update_s);
    stream->dt_s = erg_median_step_of(samples);
    if (samples->count == 0)
        return true;

    bool steps = info->kind == ERG_AVG_PREV;
    int64_t age_ns =
        !steps && stream->window_s > 0 ? erg_ns_from_s(stream->window_s / 2) : 0;
    for (size_t i = 0; age_ns > 0 && i < samples->count; i++) {
        at[i].t_ns -= age_ns;
        erg_rows_pass(samples, i);
    }
    stream->seen = (erg_span){ at[0].t_ns, at[samples->count - 1].t_ns };

    double step_s = stream->dt_s > 0 ? stream->dt_s : stream->update_s;
    int64_t step_ns = step_s > 0 ? erg_ns_from_s(step_s) : 0;
    int64_t gap_ns = erg_ns_from_s(GAP_STEPS * (step_s > 0 ? step_s : 0));
    return add_updates(stream, samples, err)
        && (steps || erg_stream_add_piece(stream, held_before(samples, step_ns), err))
        && (steps ? add_steps : add_lines)(stream, samples, gap_ns, err)
        && erg_stream_add_piece(stream, held_after(samples, step_ns), err);
}
