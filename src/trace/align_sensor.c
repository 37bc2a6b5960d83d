/* SPDX-License-Identifier: Apache-2.0 */
/* A faster sensor as a signal for erg_align, however many readings it has. */
#include <stdlib.h>
#include "trace/align.h"
#include "trace/stream.h"

typedef struct bins {
    int64_t begin_ns, bin_ns;
    double *joules, *seconds;   /* by bin */
    size_t count;
} bins;

static bool open_bins(const erg_piece pieces[], size_t count, size_t most, bins *to)
{
    to->begin_ns = pieces[0].begin_ns;
    to->bin_ns = (pieces[count - 1].end_ns - to->begin_ns) / (int64_t)most + 1;
    to->count = most;
    to->joules = calloc(2 * most, sizeof(*to->joules));
    to->seconds = to->joules + most;
    return to->joules != NULL;
}

static void add_piece(bins *to, const erg_piece *piece)
{
    double length_ns = (double)(piece->end_ns - piece->begin_ns);

    for (int64_t at_ns = piece->begin_ns; at_ns < piece->end_ns;) {
        size_t bin = (size_t)((at_ns - to->begin_ns) / to->bin_ns);
        int64_t next_ns = to->begin_ns + ((int64_t)bin + 1) * to->bin_ns;
        next_ns = next_ns < piece->end_ns ? next_ns : piece->end_ns;
        double middle = 0.5 * (double)(at_ns - piece->begin_ns + next_ns - piece->begin_ns);
        double w = piece->begin_w + (piece->end_w - piece->begin_w) * middle / length_ns;
        to->joules[bin] += w * erg_s_from_ns(next_ns - at_ns);
        to->seconds[bin] += erg_s_from_ns(next_ns - at_ns);
        at_ns = next_ns;
    }
}

static erg_sample *put(erg_sample *to, int64_t t_ns, double value)
{
    *to = (erg_sample){ .t_ns = t_ns, .value = value };
    return to + 1;
}

static erg_sample *put_bins(erg_sample *to, const bins *of)
{
    for (size_t i = 0; i < of->count; i++) {
        int64_t at_ns = of->begin_ns + (int64_t)i * of->bin_ns;
        if (of->seconds[i] > 0)
            to = put(put(to, at_ns, of->joules[i] / of->seconds[i]), at_ns + of->bin_ns,
                     of->joules[i] / of->seconds[i]);
    }
    return to;
}

erg_sample *erg_align_sensor(const erg_stream *stream, size_t most, size_t *count,
                             erg_error *err)
{
    const erg_piece *pieces = stream->pieces.items;
    size_t all = stream->pieces.count;
    bool is_binned = all > most;
    bins means = { 0 };
    erg_sample *out = calloc(2 * (is_binned ? most : all) + 1, sizeof(*out)), *to = out;

    *count = 0;
    if (!out || (is_binned && !open_bins(pieces, all, most, &means))) {
        free(out);
        erg_fail(err, ERG_NO_MEMORY, "no memory to align %zu readings", all);
        return NULL;
    }
    for (size_t i = 0; i < all; i++) {
        erg_rows_pass(&stream->pieces, i);
        if (is_binned)
            add_piece(&means, &pieces[i]);
        else
            to = put(put(to, pieces[i].begin_ns, pieces[i].begin_w), pieces[i].end_ns,
                     pieces[i].end_w);
    }
    erg_rows_rest(&stream->pieces);
    if (is_binned)
        to = put_bins(to, &means);
    free(means.joules);
    *count = (size_t)(to - out);
    return out;
}
