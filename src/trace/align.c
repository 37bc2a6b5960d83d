/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The offset of another meter's clock: the shift at which the meter follows the load
 * best, and the reasons not to believe it.
 *
 * The reference goes through the meter's own averaging window first; without that the
 * answer is off by half a window. The meter is never resampled: the reference's exact
 * means are taken at the meter's stamps.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/align.h"
#include "trace/boxcar.h"

enum { LAGS_MOST = 4000, METER_MOST = 20000, PART_LEAST = 20 };

static const double drift_most = 200e-6, drift_u_most = 50e-6;

typedef struct search {
    erg_boxcar reference;
    const double *at_s, *value; /* of the meter, after the reference's origin */
    size_t count;
    double width_s, centre_s; /* of the means, the centre before the stamp */
    double *model, *seen;     /* room for count */
    size_t used;
} search;

/* A part of the meter against the reference, both shifted by offset_s and turned by
 * drift about pivot_s. Fills model and seen where both are known. */
static void match(search *with, double offset_s, double drift, double pivot_s)
{
    const erg_boxcar *box = &with->reference;
    double most_s = box->at_s[box->count - 1];

    with->used = 0;
    for (size_t i = 0; i < with->count; i++) {
        double t_s = with->at_s[i] + offset_s + drift * (with->at_s[i] - pivot_s);
        double end_s = t_s - with->centre_s + 0.5 * with->width_s;

        if (end_s > most_s)     /* and so are all that follow */
            return;
        double mean = erg_boxcar_mean(box, end_s - with->width_s, end_s);
        if (isnan(mean))
            continue;
        with->model[with->used] = mean;
        with->seen[with->used++] = with->value[i];
    }
}

/* -1 where less than half of the shorter record overlaps, or nothing varies. */
static double correlation(search *with, double offset_s)
{
    match(with, offset_s, 0, 0);

    const erg_boxcar *box = &with->reference;
    double span_s = with->at_s[with->count - 1] - with->at_s[0];
    double share = fmin(1, box->at_s[box->count - 1] / fmax(span_s, 1e-9));
    if ((double)with->used < 0.5 * share * (double)with->count || with->used < 3)
        return -1;

    double r = erg_correlation(with->model, with->seen, with->used);
    return isnan(r) ? -1 : r;
}

/* The top within +-step_s of a grid's best: golden section, R has one hump there. */
static double refine(search *with, double at_s, double step_s)
{
    const double golden = 0.5 * (sqrt(5) - 1);
    double low_s = at_s - step_s, high_s = at_s + step_s;

    for (int i = 0; i < 40 && high_s - low_s > 1e-6; i++) {
        double a_s = high_s - golden * (high_s - low_s),
               b_s = low_s + golden * (high_s - low_s);

        if (correlation(with, a_s) >= correlation(with, b_s))
            high_s = b_s;
        else
            low_s = a_s;
    }
    return 0.5 * (low_s + high_s);
}

/* Correlations at offsets a step apart. r may be NULL where only the best is asked. */
typedef struct grid { double from_s, step_s, *r; size_t count; } grid;

/* The best offset of a grid; NAN where nothing varies or overlaps. */
static double search_grid(search *with, const grid *over, double *most)
{
    double best_s = NAN;

    *most = -1;
    for (size_t i = 0; i < over->count; i++) {
        double lag_s = over->from_s + (double)i * over->step_s;
        double r = correlation(with, lag_s);
        if (over->r)
            over->r[i] = r;
        if (r > *most) {
            *most = r;
            best_s = lag_s;
        }
    }
    return best_s;
}

/* The best correlation of a searched grid that is far_s and more from at_s. */
static double best_beyond(const grid *searched, double at_s, double far_s)
{
    double most = -1;

    for (size_t i = 0; i < searched->count; i++)
        if (fabs(searched->from_s + (double)i * searched->step_s - at_s) >= far_s)
            most = fmax(most, searched->r[i]);
    return most;
}

/* How far from the best a rival must be: beyond the hump of the best itself, which
 * is as wide as the meter's mean and as the shortest stretches of the load. */
static double hump_s(const search *with, double period_s, double most_s)
{
    const erg_boxcar *box = &with->reference;
    double *runs = calloc(box->count, sizeof(*runs)), begin_s = 0;
    size_t count = 0;
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < box->count; i++) {
        low = fmin(low, box->value[i]);
        high = fmax(high, box->value[i]);
    }
    for (size_t i = 1; runs && i < box->count; i++) {
        bool was = box->value[i - 1] > 0.5 * (low + high);
        if (was == (box->value[i] > 0.5 * (low + high)))
            continue;
        if (begin_s > 0)
            runs[count++] = box->at_s[i] - begin_s;
        begin_s = box->at_s[i];
    }
    double run_s = count ? erg_quantile(runs, count, 0.25) : 0;
    free(runs);
    return fmax(3 * fmax(with->width_s, period_s), fmin(run_s, 0.5 * most_s));
}

/* u of the offset: the meter's noise over what a shift would change in it. */
static double offset_u_s(search *with, double offset_s)
{
    erg_line line;
    double step_s = 0.05 * with->width_s, slopes = 0;

    match(with, offset_s, 0, 0);
    if (!erg_line_fit(with->model, with->seen, with->used, &line))
        return NAN;
    for (size_t i = 0; i < with->count; i++) {
        double end_s = with->at_s[i] + offset_s - with->centre_s + 0.5 * with->width_s;
        double begin_s = end_s - with->width_s;
        double rise = erg_boxcar_mean(&with->reference, begin_s + step_s, end_s + step_s)
                      - erg_boxcar_mean(&with->reference, begin_s - step_s, end_s - step_s);

        if (!isnan(rise))
            slopes += pow(line.slope * rise / (2 * step_s), 2);
    }
    return line.residual_sd / sqrt(slopes);
}

/* The offset of a third of the meter, near that of the whole. */
static bool part_offset(const search *whole, size_t begin, size_t count, erg_offset *out)
{
    search part = *whole;
    double step_s = 0.25 * whole->width_s, most;
    const grid near = { .from_s = out->offset_s - 4 * step_s, .step_s = step_s,
                        .count = 9 };

    part.at_s += begin;
    part.value += begin;
    part.count = count;
    double near_s = search_grid(&part, &near, &most);
    if (most < 0.7)
        return false;
    out->offset_s = refine(&part, near_s, step_s);
    out->offset_u_s = offset_u_s(&part, out->offset_s);
    return true;
}

/* Drift from the first and the last third. 0 where the record is too short to tell. */
static bool find_drift(const search *with, erg_offset *out, erg_error *err)
{
    size_t third = with->count / 3;
    erg_offset first = *out, last = *out;

    if (third < PART_LEAST || !part_offset(with, 0, third, &first)
        || !part_offset(with, with->count - third, third, &last))
        return true;

    double apart_s = with->at_s[with->count - 1 - third / 2] - with->at_s[third / 2];
    double drift = (last.offset_s - first.offset_s) / apart_s;
    double drift_u = hypot(first.offset_u_s, last.offset_u_s) / apart_s;

    if (fabs(drift) > drift_most + 3 * drift_u)
        return erg_fail(
            err, ERG_REFUSED,
            "the meter's clock drifts by %.0f ppm against the load, clocks do not "
            "(%.0f ppm at most): one of the two thirds is a wrong match",
            1e6 * drift, 1e6 * drift_most);
    if (drift_u <= drift_u_most)
        out->drift = drift;
    return true;
}

static bool judge(const erg_offset *found, double far_s, erg_error *err)
{
    if (found->peak < 0.7)
        return erg_fail(
            err, ERG_REFUSED,
            "the meter does not follow the load (correlation %.2f at best): it is "
            "wired elsewhere, or its clock is further off than the search",
            found->peak);
    if (found->peak - found->second < 0.1)
        return erg_fail(
            err, ERG_REFUSED,
            "the meter's clock is ambiguous: the load fits at %+.2f s (correlation "
            "%.2f) and more than %.1f s away (%.2f): use erg run --marker",
            found->offset_s, found->peak, far_s, found->second);
    return true;
}

static bool find_offset(search *with, double period_s, double most_s, erg_offset *out,
                        erg_error *err)
{
    double step_s = fmax(0.25 * period_s, 2 * most_s / LAGS_MOST);
    double r[LAGS_MOST + 1] = { 0 };
    const grid all = { .from_s = -most_s, .step_s = step_s, .r = r,
                       .count = 1 + (size_t)(2 * most_s / step_s + 1e-9) };
    double best_s = search_grid(with, &all, &out->peak);

    if (isnan(best_s) || out->peak <= -1)
        return erg_fail(
            err, ERG_REFUSED,
            "the meter and the load do not overlap by half, or one of them never "
            "changes: no clock can be found");
    out->unmoved = correlation(with, 0);
    out->offset_s = refine(with, best_s, step_s);
    out->peak = correlation(with, out->offset_s);

    double far_s = hump_s(with, period_s, most_s);
    out->second = best_beyond(&all, out->offset_s, far_s);
    if (!judge(out, far_s, err))
        return false;

    out->offset_u_s = offset_u_s(with, out->offset_s);
    return find_drift(with, out, err);
}

/* Meter samples as times and values; of very many, every n-th will do. */
static size_t take_meter(erg_samples meter, int64_t origin_ns, double at_s[],
                         double value[])
{
    size_t stride = 1 + meter.count / METER_MOST, taken = 0;

    for (size_t i = 0; i < meter.count; i += stride) {
        if (isnan(meter.at[i].value))
            continue;
        at_s[taken] = erg_s_from_ns(meter.at[i].t_ns - origin_ns);
        value[taken++] = meter.at[i].value;
    }
    return taken;
}

bool erg_align(erg_samples reference, erg_samples meter, double window_s, double most_s,
               erg_offset *out, erg_error *err)
{
    search with = { 0 };
    double *room = calloc(4 * meter.count + 1, sizeof(*room));
    bool ok = false;

    *out = (erg_offset){ .offset_s = NAN, .offset_u_s = NAN, .peak = NAN, .second = NAN,
                         .unmoved = NAN };
    if (!room) {
        erg_fail(err, ERG_NO_MEMORY, "no memory to align %zu samples", meter.count);
        goto out;
    }
    if (!erg_boxcar_make(reference, &with.reference, err))
        goto out;

    with.at_s = room;
    with.model = room + 2 * meter.count;
    with.seen = room + 3 * meter.count;
    with.count = take_meter(meter, with.reference.origin_ns, room, room + meter.count);
    with.value = room + meter.count;
    if (with.count < 8) {
        erg_fail(err, ERG_NO_DATA, "%zu samples of the meter are too few to find its clock",
                 with.count);
        goto out;
    }
    for (size_t i = 1; i < with.count; i++)
        with.model[i - 1] = with.at_s[i] - with.at_s[i - 1];
    double period_s = erg_median(with.model, with.count - 1);

    /* A reading of one instant is compared with a narrow mean about it: steps would
     * leave R flat between the meter's stamps. */
    double sensor_s = window_s > 0 ? window_s : 0;
    with.width_s = fmax(sensor_s, 0.5 * period_s);
    with.centre_s = 0.5 * sensor_s;
    ok = period_s > 0 ? find_offset(&with, period_s, most_s, out, err)
                      : erg_fail(err, ERG_BAD_INPUT, "the meter's stamps do not advance");
out:
    erg_boxcar_free(&with.reference);
    free(room);
    return ok;
}
