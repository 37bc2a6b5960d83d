/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grid that all streams are put on. Nothing is copied from a neighbour: a
 * stream denser than the grid gives means, one as slow gives a straight line between its
 * points, and where it has none for 2.5 bins it has no value.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/couple_inside.h"

enum { BINS_MOST = 4000000 };
#define BRIDGED_BINS 2.5
#define SMOOTHED_BINS 1.5   /* a sensor's mean of more is no reading of its bin */
#define DENSE 0.75          /* of a bin: more points than bins */

/* 1.003 s is a logger of 1 Hz. */
static double rounded(double dt_s)
{
    static const double steps[] = { 1, 2, 5, 10 };
    double decade = pow(10, floor(log10(dt_s)));

    for (size_t i = 0; i < ERG_COUNT(steps); i++)
        if (fabs(dt_s / (steps[i] * decade) - 1) < 0.05)
            return steps[i] * decade;
    return dt_s;
}

static double grid_step(const erg_joint *joint)
{
    double most = 0;

    if (joint->options->grid_s > 0)
        return joint->options->grid_s;
    for (size_t i = 0; i < joint->device_count; i++)
        if (joint->devices[i].is_studied)
            most = fmax(most, joint->devices[i].period_s);
    for (size_t i = 0; i < joint->channel_count; i++) {
        const erg_joint_channel *of = &joint->channels[i];
        if (of->device < 0 && of->value == ERG_TRAINING_LOSS && of->count > 2)
            most = fmax(most, of->period_s);
    }
    return most > 0 ? rounded(most) : NAN;
}

static int64_t bin_of(const erg_joint *joint, int64_t t_ns)
{
    int64_t apart = t_ns - joint->origin_ns;
    return apart >= 0 ? apart / joint->dt_ns
                      : -((-apart + joint->dt_ns - 1) / joint->dt_ns);
}

/* The straight line between the points about the middle of a bin. */
static double line_at(const erg_joint_channel *of, size_t after, int64_t t_ns,
                      double most_s)
{
    if (after == of->count)
        return NAN;
    const erg_joint_point *b = &of->points[after];
    if (b->t_ns == t_ns)
        return b->value;
    if (after == 0)
        return NAN;
    const erg_joint_point *a = &of->points[after - 1];
    double apart_s = erg_s_from_ns(b->t_ns - a->t_ns);
    if (apart_s > most_s)
        return NAN;
    return a->value + (b->value - a->value) * erg_s_from_ns(t_ns - a->t_ns) / apart_s;
}

/* Empty bins between two that are not, where there are few. */
static void bridge(double bins[], size_t n)
{
    size_t last = n;

    for (size_t k = 0; k < n; k++) {
        if (isnan(bins[k]))
            continue;
        size_t empty = last < k ? k - last - 1 : 0;
        for (size_t i = 1; i <= empty && (double)empty <= BRIDGED_BINS; i++)
            bins[last + i] = bins[last] + (bins[k] - bins[last]) * (double)i
                                              / ((double)empty + 1);
        last = k;
    }
}

static void fill_means(const erg_joint *joint, erg_joint_channel *of)
{
    for (size_t k = 0, at = 0; k < joint->bin_count; k++) {
        int64_t end_ns = joint->origin_ns + (int64_t)(k + 1) * joint->dt_ns;
        erg_sum sum = { 0 };
        size_t inside = 0;
        for (; at < of->count && of->points[at].t_ns < end_ns; at++)
            if (of->points[at].t_ns >= end_ns - joint->dt_ns) {
                erg_sum_add(&sum, of->points[at].value);
                inside++;
            }
        of->bins[k] = inside ? erg_sum_value(&sum) / (double)inside : NAN;
    }
    bridge(of->bins, joint->bin_count);
}

static void fill_lines(const erg_joint *joint, erg_joint_channel *of)
{
    for (size_t k = 0, after = 0; k < joint->bin_count; k++) {
        int64_t middle_ns = joint->origin_ns + (int64_t)k * joint->dt_ns + joint->dt_ns / 2;
        while (after < of->count && of->points[after].t_ns < middle_ns)
            after++;
        of->bins[k] = line_at(of, after, middle_ns, BRIDGED_BINS * joint->dt_s);
    }
}

/* A counter of joules knows the mean power of a bin, whatever the power sensor saw. */
static void fill_counted(const erg_joint *joint, const erg_joint_channel *energy,
                         double bins[])
{
    double most_s = BRIDGED_BINS * joint->dt_s, before = NAN;

    for (size_t k = 0, after = 0; k <= joint->bin_count; k++) {
        int64_t edge_ns = joint->origin_ns + (int64_t)k * joint->dt_ns;
        while (after < energy->count && energy->points[after].t_ns < edge_ns)
            after++;
        double now = line_at(energy, after, edge_ns, most_s);
        if (k > 0 && now >= before)
            bins[k - 1] = (now - before) / joint->dt_s;
        before = now;
    }
}

bool erg_joint_fill(const erg_joint *joint, erg_joint_channel *of, erg_error *err)
{
    bool is_dense = of->period_s < DENSE * joint->dt_s;
    const erg_joint_channel *energy = of->device >= 0 && of->value == ERG_MONITOR_POWER_W
        ? erg_joint_find(joint, of->device, "energy") : NULL;

    free(of->bins);
    of->bins = calloc(joint->bin_count + 1, sizeof(*of->bins));
    if (!of->bins)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (is_dense) {
        of->window_s = fmax(of->window_s, joint->dt_s);
        fill_means(joint, of);
    } else
        fill_lines(joint, of);
    of->is_counted = is_dense && energy && !energy->is_void
                  && energy->period_s < DENSE * joint->dt_s;
    if (of->is_counted) {
        of->window_s = joint->dt_s;
        fill_counted(joint, energy, of->bins);
    }
    of->is_smoothed = !of->is_counted && of->sensor_s > SMOOTHED_BINS * joint->dt_s;
    return true;
}

/* The last record that holds something: a trailer of the run has no loss. */
static int64_t last_value_ns(const erg_joint *joint)
{
    int64_t last = joint->start_ns;

    for (size_t i = 0; i < joint->channel_count; i++) {
        const erg_joint_channel *of = &joint->channels[i];
        if (of->device < 0 && of->count && of->value != ERG_TRAINING_STEP
            && of->value != ERG_TRAINING_STEP_COUNTER && of->value != ERG_TRAINING_EPOCH
            && of->value != ERG_TRAINING_STEP_S && of->points[of->count - 1].t_ns > last)
            last = of->points[of->count - 1].t_ns;
    }
    return last > joint->start_ns ? last : joint->end_ns;
}

static bool set_bounds(erg_joint *joint, erg_error *err)
{
    int64_t first_ns = joint->start_ns, last_ns = joint->end_ns;

    for (size_t i = 0; i < joint->device_count; i++) {
        const erg_monitor_device *log = joint->devices[i].log;
        if (log->rows[0].t_ns < first_ns)
            first_ns = log->rows[0].t_ns;
        if (log->rows[log->count - 1].t_ns > last_ns)
            last_ns = log->rows[log->count - 1].t_ns;
    }
    joint->origin_ns = 0;
    joint->origin_ns = bin_of(joint, first_ns) * joint->dt_ns;
    int64_t bins = bin_of(joint, last_ns) + 1;
    if (bins > BINS_MOST)
        return erg_fail(err, ERG_BAD_INPUT,
                        "the two logs span %lld bins of %g s: they do not "
                        "belong together, or --grid is too fine",
                        (long long)bins, joint->dt_s);
    joint->bin_count = (size_t)bins;
    joint->run_begin = (size_t)(bin_of(joint, joint->start_ns - 1) + 1);
    int64_t end = bin_of(joint, last_value_ns(joint));
    joint->run_end = end > (int64_t)joint->run_begin ? (size_t)end : joint->run_begin;
    return true;
}

bool erg_joint_grid(erg_joint *joint, erg_error *err)
{
    joint->dt_s = grid_step(joint);
    joint->dt_ns = joint->dt_s > 1e-6 ? erg_ns_from_s(joint->dt_s) : 0;
    if (joint->dt_ns <= 0)
        return erg_fail(err, ERG_NO_DATA, "the logs have too few rows for a grid");
    if (!set_bounds(joint, err))
        return false;
    for (size_t i = 0; i < joint->channel_count; i++)
        if (!erg_joint_fill(joint, &joint->channels[i], err))
            return false;
    return true;
}

double *erg_joint_on_grid(const erg_joint *joint, const erg_joint_channel *of, double dt_s,
                          size_t *n, erg_error *err)
{
    erg_joint at = *joint;
    erg_joint_channel again = *of;

    at.dt_s = dt_s;
    at.dt_ns = erg_ns_from_s(dt_s);
    again.bins = NULL;
    if (at.dt_ns <= 0) {
        erg_fail(err, ERG_NO_DATA, "a bin of %g s is no bin", dt_s);
        return NULL;
    }
    if (!set_bounds(&at, err) || !erg_joint_fill(&at, &again, err))
        return NULL;
    *n = erg_joint_n(&at);
    memmove(again.bins, again.bins + at.run_begin, *n * sizeof(*again.bins));
    return again.bins;
}
