/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The averaging window of a sensor and its delay, from a reference that saw the same
 * load: the boxcar of the reference that the updates follow best.
 *
 * Under a periodic load a delay and the same delay plus one period look alike, so of
 * equally good answers the one with the least delay is taken.
 */
#include <math.h>
#include <stdlib.h>
#include "math/simplex.h"
#include "math/stats.h"
#include "trace/boxcar.h"
#include "trace/sensor.h"

enum { UPDATES_LEAST = 20, WINDOWS_MOST = 64 };

static const double window_least_s = 0.005, window_most_s = 1.2, window_ratio = 1.2;

typedef struct fitting {
    erg_boxcar reference;
    double *at_s, *value; /* of the updates, after the reference's origin */
    size_t count;
    double *model, *seen;
    double update_s;
    erg_sensor_fit fit; /* of the last window and delay tried */
} fitting;

/* rms of what gain and offset leave, over the updates whose window was seen. */
static double leftover(fitting *with, double window_s, double delay_s)
{
    erg_line line;
    size_t used = 0;
    double squares = 0;

    for (size_t i = 0; i < with->count; i++) {
        double end_s = with->at_s[i] - delay_s;
        double mean = erg_boxcar_mean(&with->reference, end_s - window_s, end_s);

        if (isnan(mean))
            continue;
        with->model[used] = mean;
        with->seen[used++] = with->value[i];
    }
    if (used < UPDATES_LEAST || !erg_line_fit(with->model, with->seen, used, &line))
        return INFINITY;

    for (size_t i = 0; i < used; i++) {
        double rest = with->seen[i] - line.intercept - line.slope * with->model[i];
        squares += rest * rest;
    }
    with->fit = (erg_sensor_fit){ window_s, delay_s, line.slope, line.intercept,
                                  sqrt(squares / (double)used) };
    return line.slope > 0 ? with->fit.rms : INFINITY;
}

typedef struct node {
    double window_s, delay_s, rms;
} node;

/* For one window the best delay; among near-equals the smallest. */
static node best_delay(fitting *with, double window_s)
{
    double step_s = fmin(fmax(0.2 * window_s, 0.003), 0.1 * with->update_s);
    node best = { window_s, 0, INFINITY };
    double begin_s = -0.25 * with->update_s, end_s = 3 * with->update_s;

    for (int i = 0; begin_s + i * step_s <= end_s; i++) {
        double delay_s = begin_s + i * step_s;
        double rms = leftover(with, window_s, delay_s);
        double margin = fabs(delay_s) > fabs(best.delay_s) ? 0.97 : 1;

        if (rms < margin * best.rms)
            best = (node){ window_s, delay_s, rms };
    }
    return best;
}

static double objective(unsigned n, const double x[], double gradient[], void *data)
{
    double rms = leftover(data, x[0], x[1]);

    (void)n, (void)gradient;
    return isfinite(rms) ? rms : 1e30;
}

static bool polish(fitting *with, node *at, erg_error *err)
{
    double x[] = { at->window_s, at->delay_s }, least;
    double step[] = { 0.1 * at->window_s, fmin(0.1 * at->window_s, 0.1 * with->update_s) };
    const erg_simplex search = {
        .count = 2,
        .low = (double[]){ 0.001, -0.5 * with->update_s },
        .high = (double[]){ 1.25 * window_most_s, 4 * with->update_s },
        .step = step,
        .near = 1e-5,
        .evaluations_most = 300,
        .value = objective,
        .self = with,
    };
    erg_error why = { 0 };

    if (erg_simplex_search(&search, x, &least, &why)) {
        if (least < at->rms)
            *at = (node){ x[0], x[1], least };
    } else if (why.code != ERG_NO_DATA) {       /* then the node is as good as it gets */
        return erg_fail(err, why.code, "%s", why.text);
    }
    return true;
}

/* Windows that fit as well, within the 95 % profile likelihood (chi-squared of one
 * degree: 3.84): a factor of four between them is no answer. One step looks alike
 * through every short window; a square wave tells them apart. */
static bool is_sharp(const node tried[], size_t count, double least, size_t updates)
{
    double most = least * sqrt(1 + 3.84 / (double)updates), low_s = INFINITY, high_s = 0;

    for (size_t i = 0; i < count; i++) {
        if (tried[i].rms > most)
            continue;
        low_s = fmin(low_s, tried[i].window_s);
        high_s = fmax(high_s, tried[i].window_s);
    }
    return high_s <= 4 * low_s;
}

/* Under a periodic load each period of delay more is as good: of the humps that fit
 * as well as the best, the one with the least delay. */
static bool least_delay(fitting *with, node *best, erg_error *err)
{
    double most = best->rms * sqrt(1 + 3.84 / (double)with->count),
           window_s = best->window_s;
    double step_s = fmin(0.2 * window_s, 0.1 * with->update_s), end_s = fabs(best->delay_s);
    double before = INFINITY, here = leftover(with, window_s, -end_s - step_s);

    for (int i = 0; i * step_s < 2 * end_s; i++) {
        double delay_s = i * step_s - end_s;
        double next = leftover(with, window_s, delay_s);
        node low = { window_s, delay_s - step_s, here };
        bool is_low = here <= before && here <= next;

        before = here;
        here = next;
        if (!is_low)
            continue;
        if (!polish(with, &low, err))
            return false;
        if (low.rms <= most && fabs(low.delay_s) < fabs(best->delay_s) - step_s)
            *best = low;
    }
    leftover(with, best->window_s, best->delay_s);
    return true;
}

/* Grid, then Nelder-Mead from its best. */
static bool search(fitting *with, erg_error *err)
{
    node tried[WINDOWS_MOST], best = { NAN, 0, INFINITY };
    size_t count = 0;

    double window_s = window_least_s;
    while (window_s <= window_most_s) {
        tried[count] = best_delay(with, window_s);
        window_s *= window_ratio;
        if (tried[count].rms < best.rms)
            best = tried[count];
        count++;
    }
    if (!isfinite(best.rms))
        return erg_fail(
            err, ERG_NO_DATA,
            "fewer than %d updates lie within the reference, or it never changes",
            UPDATES_LEAST);

    double coarse = best.rms;
    if (!polish(with, &best, err))
        return false;
    if (!is_sharp(tried, count, coarse, with->count))
        return erg_fail(err, ERG_REFUSED,
                        "windows of many lengths fit the sensor equally well: use a square "
                        "load whose period is no simple ratio of the update period");
    return least_delay(with, &best, err);
}

/* The updates' times and values, and their median distance. */
static bool take_updates(fitting *with, const erg_sample updates[], size_t count,
                         erg_error *err)
{
    double *room = calloc(4 * count + 1, sizeof(*room));

    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu updates", count);
    with->at_s = room;
    with->value = room + count;
    with->model = room + 2 * count;
    with->seen = room + 3 * count;
    for (size_t i = 0; i < count; i++) {
        /* A repeat may be a sensor that slept and still shows an old value. */
        if (isnan(updates[i].value) || (i > 0 && updates[i].value == updates[i - 1].value))
            continue;
        with->at_s[with->count] =
            erg_s_from_ns(updates[i].t_ns - with->reference.origin_ns);
        with->value[with->count++] = updates[i].value;
    }
    for (size_t i = 1; i < with->count; i++)
        with->model[i - 1] = with->at_s[i] - with->at_s[i - 1];
    with->update_s = erg_median(with->model, with->count ? with->count - 1 : 0);
    if (with->update_s > 0 && with->count >= UPDATES_LEAST)
        return true;
    return erg_fail(err, ERG_NO_DATA,
                    "%zu updates are too few to find a sensor's window: %d", with->count,
                    UPDATES_LEAST);
}

bool erg_sensor_identify(erg_samples updates, erg_samples reference, erg_sensor_fit *out,
                         erg_error *err)
{
    fitting with = { 0 };
    bool ok = erg_boxcar_make(reference, &with.reference, err)
              && take_updates(&with, updates.at, updates.count, err) && search(&with, err);

    if (ok) {
        double sd = erg_sd(with.value, with.count);

        *out = with.fit;
        if (!(out->rms < 0.7 * sd))
            ok = erg_fail(
                err, ERG_REFUSED,
                "the sensor does not follow the reference (%.3g W of %.3g W are left "
                "unexplained): its window stays unknown",
                out->rms, sd);
    }
    erg_boxcar_free(&with.reference);
    free(with.at_s);
    return ok;
}
