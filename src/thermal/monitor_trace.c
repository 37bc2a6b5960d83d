/* SPDX-License-Identifier: Apache-2.0 */
/* A run file as a monitor's rows: one for each sample of a device's power, else of its
 * temperature, else of its counter of joules (RAPL has nothing else). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "thermal/joint_inside.h"
#include "thermal/monitor_inside.h"

static int channel_of(const erg_trace *trace, int device, erg_quantity quantity)
{
    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, (int)i);
        if (info->device == device && info->quantity == quantity)
            return (int)i;
    }
    return -1;
}

/* By its name, else the first of its quantity. */
static int channel_for(const erg_trace *trace, int device, const erg_joint_channel *wanted)
{
    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, (int)i);
        if (info->device == device && strcmp(info->name, wanted->name) == 0)
            return (int)i;
    }
    return wanted->quantity == ERG_OTHER ? -1 : channel_of(trace, device, wanted->quantity);
}

/* Each row takes the last value that was read at its time: a sensor's own reading, no
 * guess between two. */
static void fill(erg_monitor_rows *rows, const erg_sample *lead, const erg_trace *trace,
                 int channel, erg_monitor_value value)
{
    size_t count = 0, at = 0;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t i = 0; i < rows->info.count; i++) {
        while (at + 1 < count && samples[at + 1].t_ns <= lead[i].t_ns)
            at++;
        if (count && samples[at].t_ns <= lead[i].t_ns)
            rows->rows[i].value[value] = samples[at].value;
    }
}

/* What is known of the sensor; a counter has no window. */
static void note_sensor(erg_monitor_device *of, const erg_channel_info *info,
                        erg_monitor_value value)
{
    if (info->window_s > 0 && info->kind != ERG_COUNTER)
        of->window_s[value] = info->window_s;
    if (info->delay_s > 0)
        of->delay_s[value] = info->delay_s;
}

/* What the device said of its limit: its maker's first, for a lowered one is no rating. */
static double rated_of(const erg_trace *trace, int device)
{
    static const char *const names[] = { "power_limit_default", "power_limit_max",
                                         "power_limit" };
    double most_w = 0;

    for (size_t k = 0; k < ERG_COUNT(names) && !(most_w > 0); k++)
        for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
            const erg_channel_info *info = erg_trace_channel(trace, (int)i);
            size_t count = 0;
            const erg_sample *samples = erg_trace_samples(trace, (int)i, &count);
            if (info->device != device || strcmp(info->name, names[k]) != 0)
                continue;
            for (size_t s = 0; s < count; s++)
                most_w = samples[s].value > most_w ? samples[s].value : most_w;
        }
    return most_w;
}

/* Whose samples are the rows. -1: the device has nothing that a monitor logs. */
static int lead_of(const erg_trace *trace, int device)
{
    static const erg_quantity wanted[] = { ERG_POWER, ERG_TEMPERATURE, ERG_ENERGY };
    int lead = -1;

    for (size_t i = 0; lead < 0 && i < ERG_COUNT(wanted); i++)
        lead = channel_of(trace, device, wanted[i]);
    return lead;
}

int64_t erg_joint_stamp_ns(const erg_trace *trace, int64_t t_ns)
{
    return erg_trace_anchor_count(trace) > 0 ? erg_trace_utc_ns(trace, t_ns) : t_ns;
}

static bool add_device(erg_monitor *to, const erg_trace *trace, int device, erg_error *err)
{
    const erg_device_info *info = erg_trace_device(trace, device);
    int power = channel_of(trace, device, ERG_POWER), lead = lead_of(trace, device);
    size_t count = 0;
    const erg_sample *samples = lead >= 0 ? erg_trace_samples(trace, lead, &count) : NULL;
    erg_monitor_rows *rows =
        count ? erg_monitor_rows_of(to, info->name, strlen(info->name), err) : NULL;

    if (count && !rows)
        return false;
    if (rows)
        rows->info.rated_w = rated_of(trace, device);
    for (size_t i = 0; i < count; i++) {
        erg_monitor_row row = { .t_ns = erg_joint_stamp_ns(trace, samples[i].t_ns),
                                .line = i + 1 };
        for (size_t v = 0; v < ERG_MONITOR_VALUES; v++)
            row.value[v] = NAN;
        if (power >= 0)
            row.value[ERG_MONITOR_POWER_W] = samples[i].value;
        if (!erg_monitor_push(rows, &row, err))
            return false;
    }
    for (size_t i = 0; count && i < erg_joint_channel_count; i++) {
        const erg_joint_channel *wanted = &erg_joint_channels[i];
        bool is_power = wanted->value == ERG_MONITOR_POWER_W;
        int channel = is_power ? power : channel_for(trace, device, wanted);
        if (channel >= 0 && !is_power)
            fill(rows, samples, trace, channel, wanted->value);
        if (channel >= 0)
            note_sensor(&rows->info, erg_trace_channel(trace, channel), wanted->value);
    }
    return true;
}

static bool was_killed(const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == ERG_FLAG_INTERRUPTED)
            return true;
    return false;
}

erg_monitor *erg_monitor_of_trace(const erg_trace *trace, erg_error *err)
{
    erg_monitor *to = calloc(1, sizeof(*to));
    bool ok = to || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < erg_trace_device_count(trace); i++)
        ok = add_device(to, trace, (int)i, err);
    if (ok && !to->device_count)
        ok = erg_fail(err, ERG_NO_DATA, "the run file holds no power, no joules and "
                      "no temperature");
    ok = ok && erg_monitor_join_packages(to, trace, err) && erg_monitor_look(to, 0, err);
    if (ok) {
        to->layout = "erg";
        to->is_cut = was_killed(trace);
        return to;
    }
    erg_monitor_free(to);
    return NULL;
}
