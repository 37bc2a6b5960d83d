/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comb of a sensor's updates, and what a part-time sensor does to a periodic load.
 *
 * Polls see an update late by up to one poll interval, so the median interval between
 * changes is a whole number of polls. A line through whole-number indices is not.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/sensor.h"

enum { CHANGES_LEAST = 50, ROUNDS = 4 };

static bool has_changed(const erg_sample *old, const erg_sample *now)
{
    /* Next to a gap nobody knows when it changed. */
    return !isnan(old->value) && !isnan(now->value) && old->value != now->value;
}

/* Where the value changed, in seconds after the first sample: the middle between
 * the last poll of the old value and the first of the new. */
static size_t change_times(const erg_sample samples[], size_t count, double at_s[])
{
    size_t changes = 0;

    for (size_t i = 1; i < count; i++)
        if (has_changed(&samples[i - 1], &samples[i]))
            at_s[changes++] = 0.5
                              * (erg_s_from_ns(samples[i - 1].t_ns - samples[0].t_ns)
                                 + erg_s_from_ns(samples[i].t_ns - samples[0].t_ns));
    return changes;
}

static double median_step(const double at_s[], size_t n, double steps[])
{
    for (size_t i = 1; i < n; i++)
        steps[i - 1] = at_s[i] - at_s[i - 1];
    return erg_median(steps, n - 1);
}

/* One line through (index, time), from a guess of its slope. The indices come from
 * single intervals first: those forgive a bad guess, which over a whole record is
 * off by many teeth. The last ones come from the line and mend single slips. */
static bool fit_line(const double at_s[], double index[], size_t n, double guess_s,
                     erg_line *line)
{
    line->slope = guess_s;
    for (int turn = 0; turn < ROUNDS; turn++) {
        index[0] = 0;
        for (size_t i = 1; i < n; i++)
            index[i] = turn + 1 < ROUNDS
                           ? index[i - 1] + round((at_s[i] - at_s[i - 1]) / line->slope)
                           : round((at_s[i] - line->intercept) / line->slope);
        if (!erg_line_fit(index, at_s, n, line) || !(line->slope > 0))
            return false;
    }
    return true;
}

/* Equal readings hide updates, so the commonest interval may be two or three teeth
 * long. A comb with teeth missing fits, too, but leaves more per tooth. */
static bool best_line(const double at_s[], double work[], size_t n, erg_line *best)
{
    static const double parts[] = { 1, 2, 3 };
    double step_s = median_step(at_s, n, work), least = INFINITY;

    for (size_t i = 0; i < ERG_COUNT(parts); i++) {
        erg_line line;

        if (fit_line(at_s, work, n, step_s / parts[i], &line)
            && line.residual_sd / line.slope < least) {
            least = line.residual_sd / line.slope;
            *best = line;
        }
    }
    return isfinite(least);
}

static bool find_comb(const double at_s[], double work[], size_t n, erg_comb *out,
                      erg_error *err)
{
    erg_line line = { 0 };

    if (n < CHANGES_LEAST)
        return erg_fail(err, ERG_NO_DATA,
                        "the sensor changed %zu times, its update period needs %d changes: "
                        "read it for longer, under a changing load",
                        n, CHANGES_LEAST);
    /* Uniform phases leave T/sqrt(12) = 0.29 T: no comb at all. */
    if (!best_line(at_s, work, n, &line) || line.residual_sd > 0.2 * line.slope)
        return erg_fail(err, ERG_NO_DATA, "the sensor's %zu changes follow no period", n);

    *out = (erg_comb){
        .update_s = line.slope,
        .phase_s = line.intercept - line.slope * floor(line.intercept / line.slope),
        .residual_s = line.residual_sd,
        .changes = n,
    };
    return true;
}

bool erg_sensor_comb(const erg_sample samples[], size_t count, erg_comb *out,
                     erg_error *err)
{
    double *at_s = calloc(count + 1, sizeof(*at_s)),
           *work = calloc(count + 1, sizeof(*work));
    bool ok = false;

    if (!at_s || !work) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for the times of %zu samples", count);
        goto out;
    }
    if (!find_comb(at_s, work, change_times(samples, count, at_s), out, err))
        goto out;

    for (size_t i = 0; i < count; i++)
        work[i] = erg_s_from_ns(samples[i].t_ns - samples[0].t_ns);
    double poll_s = median_step(work, count, at_s);

    /* A change at every poll is the comb of the polls, not of the sensor. */
    ok = poll_s <= 0.6 * out->update_s
         || erg_fail(err, ERG_NO_DATA,
                     "the sensor has a new value at nearly every read (%.3g ms apart): "
                     "read it faster to find its update period",
                     1e3 * poll_s);
out:
    free(at_s);
    free(work);
    return ok;
}

size_t erg_sensor_updates(const erg_sample samples[], size_t count, const erg_comb *comb,
                          erg_sample updates[])
{
    /* This near a tooth a poll may still hold the old value; a change settles it. */
    double doubt = 3 * comb->residual_s / comb->update_s, last = -INFINITY;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        double after_s = erg_s_from_ns(samples[i].t_ns - samples[0].t_ns) - comb->phase_s;
        double teeth = after_s / comb->update_s;
        bool changed = i > 0 && has_changed(&samples[i - 1], &samples[i]);
        double tooth = changed ? round(teeth) : floor(teeth - doubt);
        bool unknown = kept == 0 && !changed && teeth - floor(teeth) < doubt;

        if (isnan(samples[i].value) || unknown || tooth <= last)
            continue;
        last = tooth;
        updates[kept] = samples[i];
        updates[kept++].t_ns =
            samples[0].t_ns + erg_ns_from_s(comb->phase_s + tooth * comb->update_s);
    }
    return kept;
}

static double sinc(double x) { return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x); }

double erg_alias_u_j(double swing_w, double period_s, double update_s,
                     double sensor_window_s, double window_s, double *beats)
{
    double variance = 0;

    /* The odd harmonics of a square: what the window leaves of each, and the low
     * frequency at which the comb shows it. n = 0 would be the mean itself. */
    for (int m = 1; m <= 9; m += 2) {
        double left_w =
            2 * swing_w / (M_PI * m) * fabs(sinc(m * sensor_window_s / period_s));
        double n = round(m * update_s / period_s);
        double beat_hz = fabs(m / period_s - n / update_s);
        double part_j = left_w * sinc(beat_hz * window_s) * window_s;

        if (n > 0)
            variance += part_j * part_j;
        if (m == 1 && beats)
            *beats = beat_hz * window_s;
    }
    return sqrt(variance);
}
