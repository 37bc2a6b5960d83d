/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One clock for both logs. The run's first and last record must meet the rise and the fall
 * of the power or use of the device that works: that verifies the offset, and places a log
 * whose stamps lack a zone or a start.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sort.h"
#include "math/stats.h"
#include "couple/couple_inside.h"
#include "thermal/training_inside.h"

#define EDGE_NEAR_S 10.0
enum { OFF_LEAST = 5, QUARTERS = 56 };

/* ---- on and off -------------------------------------------------------------------- */

/* The least difference of two values that differ: what the sensor resolves. Sorts. */
static double step_of(double values[], size_t n)
{
    double least = INFINITY;

    qsort(values, n, sizeof(*values), erg_by_value);
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[i - 1])
            least = fmin(least, values[i] - values[i - 1]);
    return isfinite(least) ? least : 0;
}

void erg_joint_contrast(const erg_joint *joint, erg_joint_device *device, erg_span run)
{
    const erg_joint_channel *work = erg_joint_work(joint, (int)(device - joint->devices));
    double *values = work ? calloc(work->count + 1, sizeof(*values)) : NULL;

    device->is_driven = device->has_off = false;
    device->contrast = device->median_on = device->median_off = NAN;
    if (!values)
        return;
    size_t n = erg_joint_values(work, run, true, values);
    device->median_on = erg_median(values, n);
    size_t m = erg_joint_values(work, run, false, values);
    device->has_off = m >= OFF_LEAST;
    device->median_off = erg_median(values, m);
    for (size_t i = 0; i < m; i++)
        values[i] = fabs(values[i] - device->median_off);
    device->mad_off = erg_median(values, m);
    for (size_t i = 0; i < work->count; i++)
        values[i] = work->points[i].value;
    device->level_step = step_of(values, work->count);
    double limit = fmax(fmax(4.45 * device->mad_off, 0.10 * fabs(device->median_off)),
                        2 * device->level_step);
    if (device->has_off && n > 0 && limit > 0)
        device->contrast = (device->median_on - device->median_off) / limit;
    device->is_driven = device->contrast >= 1;
    free(values);
}

/* The device that the run drives most; -1: none. */
static int look(erg_joint *joint, erg_span run)
{
    int best = -1;

    for (size_t i = 0; i < joint->device_count; i++) {
        erg_joint_contrast(joint, &joint->devices[i], run);
        if (joint->devices[i].is_driven
            && (best < 0 || joint->devices[i].contrast > joint->devices[best].contrast))
            best = (int)i;
    }
    return best;
}

/* ---- placing ----------------------------------------------------------------------- */

static void shift_log(erg_joint *joint, int64_t by_ns)
{
    for (size_t c = 0; c < joint->channel_count; c++)
        for (size_t i = 0; joint->channels[c].device < 0 && i < joint->channels[c].count;
             i++)
            joint->channels[c].points[i].t_ns += by_ns;
    joint->start_ns += by_ns;
    joint->end_ns += by_ns;
}

static erg_span monitored(const erg_joint *joint)
{
    erg_span all = { INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < joint->device_count; i++) {
        const erg_monitor_device *log = joint->devices[i].log;
        if (log->rows[0].t_ns < all.begin_ns)
            all.begin_ns = log->rows[0].t_ns;
        if (log->rows[log->count - 1].t_ns > all.end_ns)
            all.end_ns = log->rows[log->count - 1].t_ns;
    }
    return all;
}

/* Among shifts by quarters of an hour that lay the run into the record: the one with the
 * greatest contrast, else the only one. */
static bool place_by_zone(erg_joint *joint)
{
    const int64_t quarter_ns = 900 * ERG_NS_PER_S;
    const erg_span all = monitored(joint);
    int64_t best_ns = 0, only_ns = 0;
    double most = 0;
    int fits = 0;

    for (int64_t q = -QUARTERS; q <= QUARTERS; q++) {
        erg_span run = { joint->start_ns + q * quarter_ns, joint->end_ns + q * quarter_ns };
        if (run.begin_ns < all.begin_ns - ERG_JOINT_OUTSIDE_NS
            || run.end_ns > all.end_ns + ERG_JOINT_OUTSIDE_NS)
            continue;
        fits++;
        only_ns = q * quarter_ns;
        int device = look(joint, run);
        if (device >= 0 && joint->devices[device].contrast > most) {
            most = joint->devices[device].contrast;
            best_ns = only_ns;
        }
    }
    bool is_seen = most > 0;
    if (is_seen || fits == 1)
        shift_log(joint, is_seen ? best_ns : only_ns);
    joint->is_zone_guessed =
        (is_seen || fits == 1)
        && (joint->clock == ERG_TRAINING_LOCAL || best_ns != 0 || !is_seen);
    return is_seen;
}

/* Where a window as long as the run has most above the rest, in means: its begin. */
static int64_t best_window(const erg_joint_channel *work, int64_t length_ns, double *rise)
{
    double all = 0, in = 0, best = -INFINITY;
    int64_t at_ns = work->points[0].t_ns;
    size_t end = 0;

    for (size_t i = 0; i < work->count; i++)
        all += work->points[i].value;
    for (size_t i = 0; i < work->count; i++) {
        for (; end < work->count
               && work->points[end].t_ns - work->points[i].t_ns <= length_ns;
             end++)
            in += work->points[end].value;
        size_t inside = end - i, outside = work->count - inside;
        double up = outside >= OFF_LEAST
            ? in / (double)inside - (all - in) / (double)outside : -INFINITY;
        if (up > best && (end < work->count || i == 0)) {
            best = up;
            at_ns = work->points[i].t_ns;
        }
        in -= work->points[i].value;
    }
    *rise = best;
    return at_ns;
}

/* A log that counts from a start of its own is laid where a device works as long. */
static bool place_by_load(erg_joint *joint)
{
    int64_t length_ns = joint->end_ns - joint->start_ns, best_ns = 0;
    double most = 0;

    for (size_t i = 0; i < joint->device_count; i++) {
        const erg_joint_channel *work = erg_joint_work(joint, (int)i);
        double rise;
        if (!work)
            continue;
        int64_t at_ns = best_window(work, length_ns, &rise);
        erg_joint_contrast(joint, &joint->devices[i],
                           (erg_span){ at_ns, at_ns + length_ns });
        if (joint->devices[i].is_driven && joint->devices[i].contrast > most) {
            most = joint->devices[i].contrast;
            best_ns = at_ns - joint->start_ns;
        }
    }
    /* Nowhere: beside the record, so that a grid holds both. */
    shift_log(joint, most > 0 ? best_ns : monitored(joint).begin_ns - joint->start_ns);
    return most > 0;
}

/* Logs of different days share nothing, and need no grid of days to show it. */
static void lay_near(erg_joint *joint)
{
    const erg_span all = monitored(joint);
    const int64_t day_ns = 86400 * ERG_NS_PER_S;

    if (joint->end_ns < all.begin_ns - day_ns || joint->start_ns > all.end_ns + day_ns)
        shift_log(joint, all.end_ns + 60 * ERG_NS_PER_S - joint->start_ns);
}

/* ---- edges ------------------------------------------------------------------------- */

/* Seconds from at_ns to the first sample behind the level within 10 s of it; NAN: none. */
static double crossing_s(const erg_joint_channel *work, int64_t at_ns, double level,
                         bool up)
{
    for (size_t i = 1; i < work->count; i++) {
        const erg_joint_point *a = &work->points[i - 1], *b = &work->points[i];
        double at_s = erg_s_from_ns(b->t_ns - at_ns);
        bool crosses = up ? a->value < level && b->value >= level
                          : a->value >= level && b->value < level;
        if (crosses && fabs(at_s) <= EDGE_NEAR_S)
            return at_s;
    }
    return NAN;
}

/* Both edges late by the same: the clocks differ. Else work began before the first record
 * or went on after the last, and the nearer edge tells. */
static bool verify(erg_joint *joint)
{
    const erg_joint_device *device = &joint->devices[joint->edge_device];
    const erg_joint_channel *work = erg_joint_work(joint, joint->edge_device);
    double level = (device->median_on + device->median_off) / 2;
    double rise_s = crossing_s(work, joint->start_ns, level, true);
    double fall_s = crossing_s(work, joint->end_ns, level, false);

    joint->half_width_s = device->period_s / 2;
    if (isnan(rise_s) || isnan(fall_s))
        joint->offset_s = isnan(rise_s) ? fall_s : rise_s;
    else if (fabs(rise_s - fall_s) <= 2 * device->period_s)
        joint->offset_s = fabs(rise_s) < device->period_s ? rise_s : (rise_s + fall_s) / 2;
    else
        joint->offset_s = fabs(rise_s) <= fabs(fall_s) ? rise_s : fall_s;
    return joint->has_edges = !isnan(joint->offset_s);
}

static bool put_clock(erg_joint *joint, bool is_known, bool is_corrected, erg_error *err)
{
    double interval_s = joint->edge_device >= 0
        ? joint->devices[joint->edge_device].period_s : NAN;
    erg_check offset = { .code = ERG_CHECK_CLOCK_OFFSET, .value = joint->offset_s,
                         .limit = interval_s,
                         .state = !joint->has_edges ? ERG_CHECK_UNKNOWN
                                : is_corrected ? ERG_CHECK_HIT : ERG_CHECK_OK };
    erg_check unknown = { .code = ERG_CHECK_CLOCK_UNKNOWN, .value = NAN, .limit = NAN,
                          .state = is_known || joint->has_edges ? ERG_CHECK_OK
                                                                : ERG_CHECK_HIT };
    erg_check zone = { .code = ERG_CHECK_ZONE_GUESSED, .value = NAN, .limit = NAN,
                       .state = joint->is_zone_guessed ? ERG_CHECK_HIT : ERG_CHECK_OK };

    if (joint->has_edges) {
        erg_text_put(offset.device, sizeof(offset.device),
                     joint->devices[joint->edge_device].log->name);
        snprintf(offset.what, sizeof(offset.what), "+- %.2g s", joint->half_width_s);
    }
    return erg_joint_check(joint, &offset, err) && erg_joint_check(joint, &unknown, err)
        && erg_joint_check(joint, &zone, err);
}

/* Sensors alone have one clock, and the whole record is the run. */
static bool align_alone(erg_joint *joint, erg_error *err)
{
    const erg_span all = monitored(joint);

    joint->offset_s = NAN;
    joint->start_ns = all.begin_ns;
    joint->end_ns = all.end_ns;
    look(joint, all);
    return put_clock(joint, true, false, err);
}

bool erg_joint_align(erg_joint *joint, erg_error *err)
{
    if (joint->is_alone)
        return align_alone(joint, err);
    bool said = joint->options->offset_s != 0;
    bool since_start = joint->clock == ERG_TRAINING_SINCE_START
                    || llabs(monitored(joint).begin_ns) < 100000000 * ERG_NS_PER_S;
    bool zoned = joint->clock == ERG_TRAINING_UTC && erg_monitor_has_zone(joint->monitor);

    joint->offset_s = NAN;
    joint->is_one_clock = strcmp(erg_monitor_layout(joint->monitor), "erg") == 0 && zoned;
    for (size_t i = 0; i < joint->device_count; i++)
        joint->half_width_s = fmax(joint->half_width_s, joint->devices[i].period_s / 2);
    if (said)
        shift_log(joint, erg_ns_from_s(joint->options->offset_s));
    else if (since_start)
        place_by_load(joint);
    else if (!zoned)
        place_by_zone(joint);
    lay_near(joint);
    joint->edge_device = look(joint, (erg_span){ joint->start_ns, joint->end_ns });
    bool verified = joint->edge_device >= 0 && verify(joint);
    bool correct = verified && !said
                && fabs(joint->offset_s) > joint->devices[joint->edge_device].period_s;
    if (correct)
        shift_log(joint, erg_ns_from_s(joint->offset_s));
    look(joint, (erg_span){ joint->start_ns, joint->end_ns });
    return put_clock(joint, said || (zoned && !since_start), correct, err);
}
