/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gain and offset of a sensor from levels that both it and a reference held for 5 s.
 *
 * Not from a fast load: there the jitter of the stamps makes the readings depend less
 * on the reference than they do, and the slope comes out low (0.88 for 0.95).
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/boxcar.h"
#include "trace/sensor.h"

enum { LEVELS_MOST = 256, STRAYS_MOST = 2 };

static const double level_least_s = 5, cell_least_s = 0.01, edge_s = 0.1;

typedef struct level {
    double begin_s, end_s;
} level;

/* Means of the reference over short cells: fine enough to show a fast load. */
typedef struct cells {
    double *mean;
    size_t count;
    double step_s, range;
} cells;

static bool cut(erg_boxcar *reference, cells *out, erg_error *err)
{
    double length_s = reference->at_s[reference->count - 1];

    out->step_s = fmax(cell_least_s, length_s / (double)(reference->count - 1));
    out->count = (size_t)(length_s / out->step_s);
    out->mean = calloc(2 * out->count + 1, sizeof(*out->mean));
    if (!out->mean)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu means", out->count);

    double *sorted = out->mean + out->count;
    for (size_t i = 0; i < out->count; i++) {
        double begin_s = (double)i * out->step_s;
        sorted[i] = out->mean[i] =
            erg_boxcar_mean(reference, begin_s, begin_s + out->step_s);
    }
    out->range =
        erg_quantile(sorted, out->count, 0.99) - erg_quantile(sorted, out->count, 0.01);
    return true;
}

/* The stretch from cell begin that stays within 15 % of the range of its own mean;
 * single spikes are no edges. Returns the first cell after it. */
static size_t level_end(const cells *from, size_t begin)
{
    double sum = 0, taken = 0;
    size_t strays = 0, i = begin;

    for (; i < from->count && strays <= STRAYS_MOST; i++) {
        if (taken > 0 && fabs(from->mean[i] - sum / taken) > 0.15 * from->range) {
            strays++;
            continue;
        }
        strays = 0;
        sum += from->mean[i];
        taken++;
    }
    return i - strays;
}

static size_t find_levels(const cells *from, level out[])
{
    size_t count = 0;

    for (size_t begin = 0; begin < from->count && count < LEVELS_MOST;) {
        size_t end = level_end(from, begin);

        /* An edge inside a cell costs up to one cell at either end. */
        if ((double)(end - begin + 2) * from->step_s >= level_least_s) {
            out[count++] =
                (level){ (double)begin * from->step_s, (double)end * from->step_s };
            begin = end;
        } else {
            begin++;
        }
    }
    return count;
}

/* Medians over the later half of a level: sensors that slept repeat an old value for
 * up to a second (RTX 3090, the mean at idle), and a chip's power creeps at first. */
typedef struct pair {
    double seen, model, count;
} pair;

typedef struct room {
    double *seen, *model;
} room;

static pair settle(erg_boxcar *reference, erg_samples updates, const erg_sensor_fit *known,
                   level at, room work)
{
    double from_s = 0.5 * (at.begin_s + at.end_s);
    size_t n = 0;

    for (size_t i = 0; i < updates.count; i++) {
        const erg_sample *one = &updates.at[i];
        double end_s = erg_s_from_ns(one->t_ns - reference->origin_ns) - known->delay_s;
        double begin_s = end_s - known->window_s;

        if (begin_s < from_s || end_s > at.end_s - edge_s || isnan(one->value))
            continue;
        work.seen[n] = one->value;
        work.model[n++] = erg_boxcar_mean(reference, begin_s, end_s);
    }
    return (pair){ erg_median(work.seen, n), erg_median(work.model, n), (double)n };
}

/* A line through the levels, each weighing as many updates as it holds. */
static bool fit_levels(const pair at[], size_t count, double range, erg_sensor_fit *out,
                       erg_error *err)
{
    double n = 0, x_mean = 0, y_mean = 0, xx = 0, xy = 0, low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < count; i++) {
        n += at[i].count;
        x_mean += at[i].count * at[i].model;
        y_mean += at[i].count * at[i].seen;
        low = fmin(low, at[i].model);
        high = fmax(high, at[i].model);
    }
    x_mean /= n;
    y_mean /= n;
    for (size_t i = 0; i < count; i++) {
        xx += at[i].count * (at[i].model - x_mean) * (at[i].model - x_mean);
        xy += at[i].count * (at[i].model - x_mean) * (at[i].seen - y_mean);
    }
    if (count < 2 || high - low < 0.3 * range)
        return erg_fail(err, ERG_NO_DATA,
                        "gain and offset need two levels held for %.0f s each or longer: "
                        "%zu found",
                        level_least_s, count < 2 ? count : 1);
    out->gain = xy / xx;
    out->offset = y_mean - out->gain * x_mean;
    return true;
}

bool erg_sensor_gain(erg_samples updates, erg_samples reference, erg_sensor_fit *fit,
                     erg_error *err)
{
    erg_sensor_fit known = { .window_s = fit->window_s > 0 ? fit->window_s : 0,
                             .delay_s = isnan(fit->delay_s) ? 0 : fit->delay_s };
    level levels[LEVELS_MOST];
    pair pairs[LEVELS_MOST];
    erg_boxcar boxcar = { 0 };
    cells from = { 0 };
    size_t used = 0;
    room work = { .seen = calloc(2 * updates.count + 1, sizeof(double)) };
    bool ok = work.seen || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu updates",
                                    updates.count);

    ok = ok && erg_boxcar_make(reference, &boxcar, err) && cut(&boxcar, &from, err);
    if (ok) {
        size_t found = find_levels(&from, levels);

        work.model = work.seen + updates.count;
        for (size_t i = 0; i < found; i++) {
            pairs[used] = settle(&boxcar, updates, &known, levels[i], work);
            used += pairs[used].count >= 5;
        }
        ok = fit_levels(pairs, used, from.range, &known, err);
    }
    if (ok) {
        fit->gain = known.gain;
        fit->offset = known.offset;
    }
    erg_boxcar_free(&boxcar);
    free(from.mean);
    free(work.seen);
    return ok;
}
