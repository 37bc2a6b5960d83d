/* SPDX-License-Identifier: Apache-2.0 */
/* The area of a window under the pieces of a stream. */
#include <math.h>
#include "base/search.h"
#include "math/stats.h"
#include "trace/window.h"

bool erg_span_overlaps(erg_span a, erg_span b)
{
    return a.begin_ns < b.end_ns && b.begin_ns < a.end_ns;
}

size_t erg_piece_after(const erg_stream *stream, int64_t t_ns)
{
    const erg_timed_rows ends = { stream->pieces.items, stream->pieces.count,
                                  sizeof(erg_piece), offsetof(erg_piece, end_ns) };
    return erg_first_after(ends, t_ns);
}

size_t erg_updates_in(const erg_stream *stream, erg_span span)
{
    const erg_timed_rows stamps = { stream->updates.items, stream->updates.count,
                                    sizeof(int64_t), 0 };
    return erg_first_from(stamps, span.end_ns) - erg_first_from(stamps, span.begin_ns);
}

static double piece_at(const erg_piece *piece, int64_t t_ns)
{
    if (t_ns <= piece->begin_ns)
        return piece->begin_w;
    if (t_ns >= piece->end_ns)
        return piece->end_w;
    double share = (double)(t_ns - piece->begin_ns)
                 / (double)(piece->end_ns - piece->begin_ns);
    return piece->begin_w + share * (piece->end_w - piece->begin_w);
}

double erg_power_at(const erg_stream *stream, int64_t t_ns)
{
    const erg_piece *pieces = stream->pieces.items;
    size_t i = erg_piece_after(stream, t_ns);

    if (i == stream->pieces.count || pieces[i].begin_ns > t_ns)
        return NAN;
    return piece_at(&pieces[i], t_ns);
}

static double overlap_s(erg_span a, erg_span b)
{
    int64_t begin_ns = a.begin_ns > b.begin_ns ? a.begin_ns : b.begin_ns;
    int64_t end_ns = a.end_ns < b.end_ns ? a.end_ns : b.end_ns;

    return end_ns > begin_ns ? erg_s_from_ns(end_ns - begin_ns) : 0;
}

/* Peak and min are of readings; the ends of a window are not readings. */
static void note_extremes(erg_window *window, const erg_piece *piece)
{
    bool flat = piece->begin_w == piece->end_w;

    if (flat || piece->begin_ns >= window->span.begin_ns) {
        window->peak_w = fmax(window->peak_w, piece->begin_w);
        window->min_w = fmin(window->min_w, piece->begin_w);
    }
    if (flat || piece->end_ns <= window->span.end_ns) {
        window->peak_w = fmax(window->peak_w, piece->end_w);
        window->min_w = fmin(window->min_w, piece->end_w);
    }
}

static erg_piece clip(const erg_piece *piece, erg_span span)
{
    int64_t begin_ns = piece->begin_ns > span.begin_ns ? piece->begin_ns : span.begin_ns;
    int64_t end_ns = piece->end_ns < span.end_ns ? piece->end_ns : span.end_ns;

    return (erg_piece){ begin_ns, end_ns, piece_at(piece, begin_ns),
                        piece_at(piece, end_ns) };
}

static void note_gap(erg_window *window, int64_t from_ns, int64_t to_ns)
{
    window->max_gap_s = fmax(window->max_gap_s, erg_s_from_ns(to_ns - from_ns));
}

erg_window erg_window_of(const erg_stream *stream, erg_span span)
{
    erg_window window = { .span = span, .peak_w = NAN, .min_w = NAN, .first_w = NAN };
    const erg_piece *pieces = stream->pieces.items;
    erg_sum energy = { 0 }, covered = { 0 };
    int64_t reached_ns = span.begin_ns;

    for (size_t i = erg_piece_after(stream, span.begin_ns);
         i < stream->pieces.count && pieces[i].begin_ns < span.end_ns; i++) {
        erg_piece part = clip(&pieces[i], span);
        erg_rows_pass(&stream->pieces, i);
        double dt_s = erg_s_from_ns(part.end_ns - part.begin_ns);
        erg_span whole = { part.begin_ns, part.end_ns };
        erg_sum_add(&energy, (part.begin_w + part.end_w) / 2 * dt_s);
        erg_sum_add(&covered, dt_s);
        window.held_s += dt_s - overlap_s(whole, stream->seen);
        note_extremes(&window, &pieces[i]);
        note_gap(&window, reached_ns, part.begin_ns);
        if (isnan(window.first_w))
            window.first_w = part.begin_w;
        window.last_w = part.end_w;
        reached_ns = part.end_ns;
    }
    note_gap(&window, reached_ns, span.end_ns);
    window.energy_j = erg_sum_value(&energy);
    window.covered_s = erg_sum_value(&covered);
    if (isnan(window.peak_w)) {
        window.peak_w = fmax(window.first_w, window.last_w);
        window.min_w = fmin(window.first_w, window.last_w);
    }
    return window;
}
