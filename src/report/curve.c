/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power over time, thinned to what a screen can show: lowest, mean and highest value
 * of every column of pixels, so that no peak is lost and a million samples stay small.
 */
#include <math.h>
#include <stdlib.h>
#include "report/page.h"
#include "trace/stream.h"

enum { COLUMNS = 720 };

typedef struct column_bin { double low, high, sum; size_t count; } column_bin;

static void bin_add(column_bin *bin, double w)
{
    bin->low = bin->count ? fmin(bin->low, w) : w;
    bin->high = bin->count ? fmax(bin->high, w) : w;
    bin->sum += w;
    bin->count++;
}

static size_t column_of(erg_span span, int64_t t_ns)
{
    double share = (double)(t_ns - span.begin_ns) / (double)(span.end_ns - span.begin_ns);
    return share <= 0 ? 0 : share >= 1 ? COLUMNS - 1 : (size_t)(share * COLUMNS);
}

static void fill_power(column_bin bins[], const erg_trace *trace, int channel,
                       erg_span span)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t i = 0; i < count; i++) {
        if (isfinite(samples[i].value) && samples[i].t_ns >= span.begin_ns
            && samples[i].t_ns <= span.end_ns)
            bin_add(&bins[column_of(span, samples[i].t_ns)], samples[i].value);
        erg_samples_pass(trace, channel, i);
    }
}

/* Differences over at least one column and one step of the counter. */
static void fill_counter(column_bin bins[], const erg_trace *trace, int channel,
                         erg_span span)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    int64_t least_ns = (span.end_ns - span.begin_ns) / COLUMNS;
    const erg_sample *last = NULL;

    for (size_t i = 0; i < count; i++) {
        const erg_sample *now = &samples[i];
        erg_samples_pass(trace, channel, i);
        bool fresh =
            last && now->t_ns - last->t_ns >= least_ns && now->value != last->value;
        if (!isfinite(now->value) || (last && !fresh && now->value >= last->value))
            continue;
        if (fresh && now->value > last->value) {
            double w = (now->value - last->value) / erg_s_from_ns(now->t_ns - last->t_ns);
            size_t end = column_of(span, now->t_ns);
            for (size_t c = column_of(span, last->t_ns); c <= end; c++)
                if (c == end || !bins[c].count)
                    bin_add(&bins[c], w);
        }
        last = now;
    }
}

/* Empty columns between close ones are bridged; more than three gaps' worth is a hole. */
static void put_points(erg_curve *curve, const column_bin bins[])
{
    size_t used = 0, last = 0;
    for (size_t c = 0; c < COLUMNS; c++)
        used += bins[c].count != 0;
    size_t usual = used * 2 > COLUMNS ? 1
                   : used             ? COLUMNS / used + 1
                                      : COLUMNS,
           most = 3 * usual;

    for (size_t c = 0; c < COLUMNS; c++) {
        if (!bins[c].count)
            continue;
        if (curve->count && c - last > most)
            curve->mean_w[curve->count++] = NAN;
        curve->percent[curve->count] = 100 * ((double)c + 0.5) / COLUMNS;
        curve->low_w[curve->count] = bins[c].low;
        curve->high_w[curve->count] = bins[c].high;
        curve->mean_w[curve->count++] = bins[c].sum / (double)bins[c].count;
        curve->peak_w = fmax(curve->peak_w, bins[c].high);
        last = c;
    }
}

bool erg_curve_make(erg_curve *curve, const erg_trace *trace, int channel, erg_span span,
                    erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    size_t room = 2 * COLUMNS;
    column_bin *bins = calloc(COLUMNS, sizeof(*bins));

    *curve = (erg_curve){ .percent = calloc(room, sizeof(double)),
                          .low_w = calloc(room, sizeof(double)),
                          .mean_w = calloc(room, sizeof(double)),
                          .high_w = calloc(room, sizeof(double)) };
    bool good = bins && curve->percent && curve->low_w && curve->mean_w && curve->high_w;
    if (good && span.end_ns > span.begin_ns) {
        if (info->quantity == ERG_ENERGY)
            fill_counter(bins, trace, channel, span);
        else
            fill_power(bins, trace, channel, span);
        put_points(curve, bins);
    }
    free(bins);
    return good || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

void erg_curve_free(erg_curve *curve)
{
    free(curve->percent);
    free(curve->low_w);
    free(curve->mean_w);
    free(curve->high_w);
    *curve = (erg_curve){ 0 };
}
