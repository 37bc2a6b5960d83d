/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of a study: each value of the training log and of each device as points. A
 * sensor that repeats itself is taken at its changes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/couple_inside.h"
#include "thermal/throttle.h"

#define SAME_R 0.999999
#define HELD_SHARE 0.40     /* of successive (T, P) that are equal: the sensor is slower */

static const struct { erg_monitor_value value; const char *name; } sensor_names[] = {
    { ERG_MONITOR_TEMP_K, "temp" },       { ERG_MONITOR_POWER_W, "power" },
    { ERG_MONITOR_USE, "use" },           { ERG_MONITOR_FAN, "fan" },
    { ERG_MONITOR_CLOCK_HZ, "clock" },    { ERG_MONITOR_VOLTAGE_V, "voltage" },
    { ERG_MONITOR_CURRENT_A, "current" }, { ERG_MONITOR_RLE_RAW, "rle_raw" },
    { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed" }, { ERG_MONITOR_RLE_NORM, "rle_norm" },
    { ERG_MONITOR_E_TH, "e_th" },         { ERG_MONITOR_E_PW, "e_pw" },
    { ERG_MONITOR_LOAD, "load" },         { ERG_MONITOR_SUSTAIN_S, "t_sustain" },
    { ERG_MONITOR_PEAK, "peak" },         { ERG_MONITOR_COLLAPSE, "collapse" },
    { ERG_MONITOR_THROTTLE, "throttle" }, { ERG_MONITOR_ENERGY_J, "energy" },
};

bool erg_joint_is_sensor(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(sensor_names); i++)
        if (strcmp(sensor_names[i].name, name) == 0)
            return true;
    return false;
}

static erg_joint_channel *add_channel(erg_joint *joint, const char *name, int device,
                                      int value, size_t room, erg_error *err)
{
    if (!erg_grow((void **)&joint->channels, &joint->channel_capacity, joint->channel_count,
                  sizeof(*joint->channels), err))
        return NULL;
    erg_joint_channel *made = &joint->channels[joint->channel_count];
    *made = (erg_joint_channel){ .device = device, .value = value, .period_s = NAN,
                                 .refused = ERG_CHECK_CODES };
    erg_text_put(made->name, sizeof(made->name), name);
    made->points = calloc(room + 1, sizeof(*made->points));
    if (!made->points) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    joint->channel_count++;
    return made;
}

static int by_time(const void *a, const void *b)
{
    const erg_joint_point *one = a, *other = b;
    return (one->t_ns > other->t_ns) - (one->t_ns < other->t_ns);
}

/* In the order of time, and the median distance. */
static bool set_period(erg_joint_channel *of, erg_error *err)
{
    bool is_sorted = true;

    for (size_t i = 1; i < of->count; i++)
        is_sorted = is_sorted && of->points[i].t_ns >= of->points[i - 1].t_ns;
    if (!is_sorted)
        qsort(of->points, of->count, sizeof(*of->points), by_time);
    double *apart = calloc(of->count + 1, sizeof(*apart));

    if (!apart)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 1; i < of->count; i++)
        apart[i - 1] = erg_s_from_ns(of->points[i].t_ns - of->points[i - 1].t_ns);
    of->period_s = of->count > 1 ? erg_median(apart, of->count - 1) : NAN;
    free(apart);
    return true;
}

bool erg_joint_take_log(erg_joint *joint, const erg_training *log, erg_error *err)
{
    size_t n;
    const erg_training_row *rows = erg_training_rows(log, &n);

    joint->log_torn = erg_training_torn(log);
    joint->clock = erg_training_clock_of(log);
    joint->start_ns = rows[0].t_ns;
    joint->end_ns = rows[n - 1].t_ns;
    joint->is_alone = true;
    for (int v = 0; v < ERG_TRAINING_VALUES; v++) {
        erg_joint_channel *to = add_channel(
            joint, erg_training_value_name((erg_training_value)v), -1, v, n, err);
        if (!to)
            return false;
        for (size_t i = 0; i < n; i++)
            if (isfinite(rows[i].value[v]))
                to->points[to->count++] =
                    (erg_joint_point){ rows[i].t_ns, rows[i].value[v] };
        joint->is_alone = joint->is_alone && to->count == 0;
        if (!set_period(to, err))
            return false;
    }
    return true;
}

/* Rows where temperature or power changed; how often neither did. */
static double held_share(const erg_monitor_device *log, bool changed[])
{
    size_t same = 0, pairs = 0;

    for (size_t i = 0; i < log->count; i++) {
        const double *now = log->rows[i].value, *before = i ? log->rows[i - 1].value : NULL;
        changed[i] = true;
        if (!before || isnan(now[ERG_MONITOR_TEMP_K]) || isnan(now[ERG_MONITOR_POWER_W])
            || isnan(before[ERG_MONITOR_TEMP_K]) || isnan(before[ERG_MONITOR_POWER_W]))
            continue;
        changed[i] = now[ERG_MONITOR_TEMP_K] != before[ERG_MONITOR_TEMP_K]
                  || now[ERG_MONITOR_POWER_W] != before[ERG_MONITOR_POWER_W];
        same += !changed[i];
        pairs++;
    }
    return pairs ? (double)same / (double)pairs : 0;
}

/* A sensor that made its value up does not hold it. */
static bool moves(const erg_monitor_device *log, erg_monitor_value value)
{
    double first = NAN;

    for (size_t i = 0; i < log->count; i++) {
        double now = log->rows[i].value[value];
        if (!isnan(now) && !isnan(first) && now != first)
            return true;
        first = isnan(first) ? now : first;
    }
    return false;
}

bool erg_joint_is_same(const erg_joint_channel *a, const erg_joint_channel *b)
{
    bool is_equal = a->count == b->count && a->count > 2;
    double *x = is_equal ? malloc(2 * a->count * sizeof(*x)) : NULL;
    erg_line line;

    if (!x)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        x[i] = a->points[i].value;
        x[a->count + i] = b->points[i].value;
        is_equal = is_equal && x[i] == x[a->count + i];
    }
    bool same = is_equal
        || (erg_line_fit(x, x + a->count, a->count, &line)
            && erg_correlation(x, x + a->count, a->count) > SAME_R);
    free(x);
    return same;
}

static bool follows_updates(erg_monitor_value value)
{
    return value != ERG_MONITOR_USE && value != ERG_MONITOR_FAN
           && value != ERG_MONITOR_CLOCK_HZ;
}

static bool take_channel(erg_joint *joint, int device, const char *name,
                         erg_monitor_value value, const bool changed[], erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    erg_joint_channel *to = add_channel(joint, name, device, value, log->count, err);
    int64_t late_ns = erg_ns_from_s(log->delay_s[value]);

    if (!to)
        return false;
    to->sensor_s = to->window_s = log->window_s[value];
    for (size_t i = 0; i < log->count; i++) {
        double now = log->rows[i].value[value];
        bool skipped = changed && !changed[i] && follows_updates(value);
        if (isfinite(now) && !skipped)
            to->points[to->count++] = (erg_joint_point){
                log->rows[i].t_ns - late_ns, value == ERG_MONITOR_THROTTLE
                                       ? erg_is_held_back(now) : now
            };
    }
    to->is_void = to->count == 0;
    return set_period(to, err);
}

static bool take_channels(erg_joint *joint, int device, const bool changed[],
                          erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < ERG_COUNT(sensor_names); i++)
        ok = take_channel(joint, device, sensor_names[i].name, sensor_names[i].value,
                          changed, err);
    for (size_t i = 0; ok && i < ERG_MONITOR_EXTRAS; i++) {
        const char *name = erg_monitor_extra_name(joint->monitor, i);
        if (name)
            ok = take_channel(joint, device, name,
                              (erg_monitor_value)(ERG_MONITOR_EXTRA + (int)i), NULL, err);
    }
    return ok;
}

static bool take_device(erg_joint *joint, int device, erg_error *err)
{
    const erg_monitor_device *log = joint->devices[device].log;
    bool *changed = calloc(log->count + 1, sizeof(*changed));
    erg_check held = { .code = ERG_CHECK_HELD, .limit = HELD_SHARE };

    if (!changed)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    erg_text_put(held.device, sizeof(held.device), log->name);
    held.value = held_share(log, changed);
    bool is_held = held.value > HELD_SHARE && moves(log, ERG_MONITOR_TEMP_K)
                && moves(log, ERG_MONITOR_POWER_W);
    held.state = is_held ? ERG_CHECK_HIT : ERG_CHECK_OK;
    bool ok = take_channels(joint, device, is_held ? changed : NULL, err);
    const erg_joint_channel *temp = ok ? erg_joint_find(joint, device, "temp") : NULL;
    joint->devices[device].period_s = is_held && temp ? temp->period_s : log->period_s;
    if (is_held)
        snprintf(held.what, sizeof(held.what), "it is updated every %.3g s",
                 joint->devices[device].period_s);
    free(changed);
    return ok && erg_joint_check(joint, &held, err);
}

bool erg_joint_take_devices(erg_joint *joint, erg_error *err)
{
    size_t all = erg_monitor_devices(joint->monitor);
    const char *only = joint->options->device;
    bool any = false;

    joint->devices = calloc(all + 1, sizeof(*joint->devices));
    if (!joint->devices)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < all; i++) {
        const erg_monitor_device *log = erg_monitor_device_at(joint->monitor, i);
        if (log->count < 2)
            continue;
        erg_joint_device *made = &joint->devices[joint->device_count++];
        made->log = log;
        made->is_studied = !only || strcmp(only, log->name) == 0;
        any = any || made->is_studied;
        if (!take_device(joint, (int)joint->device_count - 1, err))
            return false;
    }
    if (!any)
        return erg_fail(err, ERG_NOT_FOUND, "the log has no device '%s' with two rows",
                        only ? only : "");
    return true;
}
