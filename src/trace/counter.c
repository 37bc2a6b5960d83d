/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy counters as pieces: linear between updates.
 *
 * A smaller reading may be a wrap, a reset, or an old value that another thread
 * read late. "Smaller means wrapped" invents 65 or 262 kJ at a time.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/stream.h"

static const double WRAP_HEADROOM = 4.0;    /* a step may be so many times P_max dt */
static const double UNKNOWN_MAX_W = 1500.0; /* no sensor of one chip shows more */
static const double ONE_STEP_J = 1e-6;      /* powercap: range_uj + 1 */
static const double EVERY_POLL = 1.2;       /* T_u under this many polls: all are new */
static const double MOST_HELD_S = 1e9;      /* so that its ends are stamps still */
enum { LOOK_AHEAD = 4 };

static double step_s(const erg_sample *from, const erg_sample *to)
{
    return erg_s_from_ns(to->t_ns - from->t_ns);
}

/* The highest power seen between changes of the counter, as a stand-in. */
static double plausible_w(const erg_rows *samples, double max_w)
{
    const erg_sample *at = samples->items;
    double most_w = 0;
    size_t last = 0;

    if (max_w > 0)
        return max_w;
    for (size_t i = 1; i < samples->count; i++) {
        erg_rows_pass(samples, i);
        if (at[i].value == at[last].value)
            continue;
        double dt_s = step_s(&at[last], &at[i]);
        if (last > 0 && at[i].value > at[last].value && dt_s > 0)
            most_w = fmax(most_w, (at[i].value - at[last].value) / dt_s);
        last = i;
    }
    return most_w > 0 ? most_w : UNKNOWN_MAX_W;
}

/* Do the readings after at[i] go on from before it? Then at[i] came late. */
static bool is_late(const erg_sample at[], size_t count, size_t i, const erg_sample *before,
                    double max_w)
{
    for (size_t j = i + 1; j < count && j <= i + LOOK_AHEAD; j++) {
        double rise_j = at[j].value - before->value;
        if (rise_j >= 0 && rise_j <= WRAP_HEADROOM * max_w * step_s(before, &at[j]))
            return true;
    }
    return false;
}

static bool add_span(erg_rows *spans, const erg_sample *from, const erg_sample *to,
                     erg_error *err)
{
    erg_span span = { from->t_ns, to->t_ns };
    return erg_rows_add(spans, &span, 1, sizeof(span), err);
}

/*
 * Readings to joules that only rise. A reset leaves a NAN between the two sides.
 * raw: the last good reading; the sums go to rising.
 */
static bool unwrap(erg_stream *stream, const erg_channel_info *info,
                   const erg_rows *samples, erg_rows *rising, erg_error *err)
{
    const erg_sample *at = samples->items;
    double max_w = plausible_w(samples, info->max_w);
    const erg_sample *raw = at;
    double total_j = 0;

    for (size_t i = 0; i < samples->count; i++) {
        double dt_s = step_s(raw, &at[i]), step_j = at[i].value - raw->value;
        double wrapped_j = step_j + info->range_j + ONE_STEP_J;
        bool has_range = info->range_j > 0;
        erg_sample sum = at[i];
        erg_rows_pass(samples, i);
        if (has_range && dt_s > info->range_j / max_w / 2
            && !add_span(&stream->ambiguous, raw, &at[i], err))
            return false;
        if (step_j < 0 && has_range && wrapped_j <= WRAP_HEADROOM * max_w * dt_s) {
            step_j = wrapped_j;
        } else if (step_j < 0) {
            if (is_late(at, samples->count, i, raw, max_w))
                continue;
            erg_sample split = { at[i].t_ns, 0, NAN };
            if (!add_span(&stream->resets, raw, &at[i], err)
                || !erg_rows_add(rising, &split, 1, sizeof(split), err))
                return false;
            step_j = 0;
        }
        sum.value = total_j += step_j;
        if (!erg_rows_add(rising, &sum, 1, sizeof(sum), err))
            return false;
        raw = &at[i];
    }
    return true;
}

/* Does every poll bring a new value? Then the first counts too. */
static bool polls_are_updates(const erg_rows *rising, double update_s)
{
    const erg_sample *at = rising->items;
    size_t changes = 0;

    if (update_s > 0)
        return update_s < EVERY_POLL * erg_median_step_of(rising);
    for (size_t i = 1; i < rising->count; i++) {
        changes += at[i].value != at[i - 1].value;
        erg_rows_pass(rising, i);
    }
    return 5 * changes >= 4 * (rising->count - 1);
}

/* A counter that moves many times between two polls and shows the same has stood still:
 * held at the power before, it would run on past the end of what was measured. */
static bool stood_still(const erg_sample *from, const erg_sample *to, double update_s)
{
    return update_s > 0 && 2 * update_s < step_s(from, to) && from->value == to->value;
}

/* The moments the counter moved: between the poll before and the poll that saw it. */
static bool find_updates(const erg_stream *stream, const erg_rows *rising, bool every,
                         erg_rows *updates, erg_error *err)
{
    const erg_sample *at = rising->items;

    for (size_t i = 0; i < rising->count; i++) {
        erg_sample one = at[i];
        bool first = i == 0 || isnan(at[i - 1].value);
        bool moved = isnan(one.value) || (first ? every : one.value != at[i - 1].value)
                     || (every && !first
                         && stood_still(&at[i - 1], &at[i], stream->update_s));
        if (!every && !first && !isnan(one.value))
            one.t_ns -= (one.t_ns - at[i - 1].t_ns) / 2;
        if (moved && !erg_rows_add(updates, &one, 1, sizeof(one), err))
            return false;
        erg_rows_pass(rising, i);
    }
    return true;
}

static double mean_w(const erg_sample *from, const erg_sample *to)
{
    return (to->value - from->value) / step_s(from, to);
}

/* Beyond the first and the last update the counter ran on: at most one step. */
static int64_t held_ns(const erg_stream *stream)
{
    double longest_s = stream->update_s > 0 ? fmax(stream->update_s, stream->dt_s)
                                            : stream->dt_s;
    return erg_ns_from_s(fmin(fmax(longest_s, 1e-9), MOST_HELD_S));
}

/* Before the first goes one of the same power, for what is held before it. */
static bool add_piece(erg_stream *stream, erg_piece piece, erg_error *err)
{
    erg_piece before = { piece.begin_ns - held_ns(stream), piece.begin_ns, piece.begin_w,
                         piece.begin_w };

    return (stream->pieces.count || erg_stream_add_piece(stream, before, err))
        && erg_stream_add_piece(stream, piece, err);
}

static bool add_pieces(erg_stream *stream, const erg_rows *updates, erg_error *err)
{
    const erg_sample *at = updates->items;

    for (size_t i = 0; i < updates->count; i++) {
        erg_rows_pass(updates, i);
        if (isnan(at[i].value))
            continue;
        if (!erg_rows_add(&stream->updates, &at[i].t_ns, 1, sizeof(at[i].t_ns), err))
            return false;
        if (i == 0 || isnan(at[i - 1].value) || at[i].t_ns <= at[i - 1].t_ns)
            continue;
        double w = mean_w(&at[i - 1], &at[i]);
        if (!add_piece(stream, (erg_piece){ at[i - 1].t_ns, at[i].t_ns, w, w }, err))
            return false;
    }
    return true;
}

/* Mean power from one end on, over no less than a step. One piece may lie between two
 * readings so close (at the edges of regions) that the counter's steps show none or many
 * times the power. */
static double end_w(const erg_stream *stream, size_t from, size_t stride, int64_t least_ns)
{
    const erg_piece *at = stream->pieces.items;
    erg_sum energy = { 0 };
    int64_t length_ns = 0;

    for (size_t i = from; i < stream->pieces.count && length_ns < least_ns; i += stride) {
        int64_t own_ns = at[i].end_ns - at[i].begin_ns;
        erg_sum_add(&energy, at[i].begin_w * erg_s_from_ns(own_ns));
        length_ns += own_ns;
    }
    return erg_sum_value(&energy) / erg_s_from_ns(length_ns);
}

static bool hold_ends(erg_stream *stream, erg_error *err)
{
    size_t count = stream->pieces.count;
    int64_t step_ns = held_ns(stream);

    if (count == 0)
        return true;
    erg_piece *at = stream->pieces.items;
    int64_t end_ns = at[count - 1].end_ns;
    stream->seen = (erg_span){ at[1].begin_ns, end_ns };
    at[0].begin_w = at[0].end_w = end_w(stream, 1, 1, step_ns);
    double last_w = end_w(stream, count - 1, (size_t)-1, step_ns);
    return erg_stream_add_piece(stream,
                                (erg_piece){ end_ns, end_ns + step_ns, last_w, last_w },
                                err);
}

/* What the counter itself says of the whole recording: its last reading less its
 * first. Where a window holds both, no guess about the ends is needed. */
static void note_readings(erg_stream *stream, const erg_rows *rising)
{
    const erg_sample *at = rising->items;
    size_t count = rising->count;

    stream->read_j = NAN;
    if (count < 2 || stream->resets.count)
        return;
    stream->polled = (erg_span){ at[0].t_ns, at[count - 1].t_ns };
    stream->read_j = at[count - 1].value - at[0].value;
}

bool erg_stream_from_counter(erg_stream *stream, const erg_channel_info *info,
                             erg_rows *samples, erg_error *err)
{
    erg_rows rising = { .is_long = samples->is_long }, updates = rising;
    bool ok = unwrap(stream, info, samples, &rising, err);
    bool every = ok && rising.count
              && polls_are_updates(&rising, stream->update_s);

    ok = ok && find_updates(stream, &rising, every, &updates, err);
    stream->dt_s = erg_median_step_of(&updates);
    ok = ok && add_pieces(stream, &updates, err) && hold_ends(stream, err);
    if (ok)
        note_readings(stream, &rising);
    erg_rows_free(&rising);
    erg_rows_free(&updates);
    return ok;
}
