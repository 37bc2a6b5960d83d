/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a stream, as its builders add them, and the steps between samples. */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/stream.h"

/* A median of so many distances is as good as one of millions. */
enum { MOST_STEPS = 100001 };

enum { LOOKS_A_REST = 1 << 6 };    /* each brings its neighbours into memory */

static double median_step_s(const erg_sample samples[], size_t count, const erg_rows *rows)
{
    if (count < 2)
        return NAN;
    size_t stride = (count - 1 + MOST_STEPS - 1) / MOST_STEPS;
    size_t taken = 0;
    double *steps = malloc(((count - 1) / stride + 1) * sizeof(*steps));
    if (!steps)
        return NAN;
    for (size_t i = 1; i < count; i += stride) {
        if (samples[i].t_ns > samples[i - 1].t_ns)
            steps[taken++] = erg_s_from_ns(samples[i].t_ns - samples[i - 1].t_ns);
        if (i / stride % LOOKS_A_REST == 0)
            erg_rows_rest(rows);
    }
    double median = erg_median(steps, taken);
    free(steps);
    return median;
}

double erg_median_step_s(const erg_sample samples[], size_t count)
{
    return median_step_s(samples, count, &(erg_rows){ .file = 0 });
}

double erg_median_step_of(const erg_rows *samples)
{
    return median_step_s(samples->items, samples->count, samples);
}

bool erg_stream_add_piece(erg_stream *stream, erg_piece piece, erg_error *err)
{
    if (piece.end_ns <= piece.begin_ns)
        return true;
    return erg_rows_add(&stream->pieces, &piece, 1, sizeof(piece), err);
}

void erg_stream_free(erg_stream *stream)
{
    if (!stream)
        return;
    erg_rows_free(&stream->pieces);
    erg_rows_free(&stream->updates);
    free(stream->resets.items);
    free(stream->ambiguous.items);
    free(stream);
}
