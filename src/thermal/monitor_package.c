/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A processor's thermometer and its meter are two devices of a run file: hwmon has the
 * temperature, RAPL a counter of joules. A fit needs both in one row: where a thermometer
 * has no power of its own, it takes the mean power of its package between two readings.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "thermal/monitor_inside.h"

enum { PACKAGES_MOST = 16 };
#define GAP_PERIODS 2.5         /* between two readings of a counter: nothing is known */

typedef struct packages { int at[PACKAGES_MOST]; size_t count; } packages;

static int channel_of(const erg_trace *trace, int device, erg_quantity quantity)
{
    size_t count = 0;

    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, (int)i);
        if (info->device == device && info->quantity == quantity
            && erg_trace_samples(trace, (int)i, &count) && count > 1)
            return (int)i;
    }
    return -1;
}

static bool has(const erg_trace *trace, int device, erg_quantity quantity)
{
    return channel_of(trace, device, quantity) >= 0;
}

/* Packages that have a temperature and no power, or joules and no temperature. */
static packages find(const erg_trace *trace, bool thermometers)
{
    packages found = { .count = 0 };

    for (size_t i = 0; i < erg_trace_device_count(trace); i++) {
        int device = (int)i;
        bool warm = has(trace, device, ERG_TEMPERATURE);
        bool counts = has(trace, device, ERG_ENERGY);
        if (erg_trace_device(trace, device)->scope != ERG_SCOPE_PACKAGE
            || warm != thermometers || counts == thermometers
            || has(trace, device, ERG_POWER) || found.count == PACKAGES_MOST)
            continue;
        found.at[found.count++] = device;
    }
    return found;
}

/* The counter at t_ns, on a line between its readings; NAN: beyond them, in a gap of it, or
 * where it fell. *at is where the last call ended. */
static double joules_at(const erg_sample *samples, size_t count, int64_t t_ns,
                        double gap_s, size_t *at)
{
    while (*at + 1 < count && samples[*at + 1].t_ns <= t_ns)
        (*at)++;
    const erg_sample *low = &samples[*at];
    if (low->t_ns == t_ns)
        return low->value;
    if (low->t_ns > t_ns || *at + 1 == count)
        return NAN;
    double span_s = erg_s_from_ns(low[1].t_ns - low->t_ns);
    if (!(span_s > 0) || span_s > gap_s || !(low[1].value >= low->value))
        return NAN;
    return low->value
        + (low[1].value - low->value) * erg_s_from_ns(t_ns - low->t_ns) / span_s;
}

static double period_of(const erg_sample *samples, size_t count)
{
    return erg_s_from_ns(samples[count - 1].t_ns - samples[0].t_ns) / (double)(count - 1);
}

/* Rows are the thermometer's samples, in their order. */
static void take_power(erg_monitor_rows *rows, const erg_trace *trace, int thermometer,
                       int counter)
{
    size_t warm_count = 0, count = 0, at = 0;
    const erg_sample *warm = erg_trace_samples(trace, thermometer, &warm_count);
    const erg_sample *samples = erg_trace_samples(trace, counter, &count);
    double gap_s = GAP_PERIODS * period_of(samples, count), before_j = NAN;

    for (size_t i = 0; i < rows->info.count && i < warm_count; i++) {
        double joules = joules_at(samples, count, warm[i].t_ns, gap_s, &at);
        double dt_s = i ? erg_s_from_ns(warm[i].t_ns - warm[i - 1].t_ns) : NAN;
        double power_w = (joules - before_j) / dt_s;
        rows->rows[i].value[ERG_MONITOR_POWER_W] = power_w >= 0 ? power_w : NAN;
        before_j = joules;
    }
}

static bool join(erg_monitor *to, const erg_trace *trace, int warm, int meter,
                 erg_error *err)
{
    const char *name = erg_trace_device(trace, warm)->name;
    const char *source = erg_trace_device(trace, meter)->name;
    erg_monitor_rows *rows = erg_monitor_rows_of(to, name, strlen(name), err);
    erg_text said = { 0 };

    if (!rows)
        return false;
    take_power(rows, trace, channel_of(trace, warm, ERG_TEMPERATURE),
               channel_of(trace, meter, ERG_ENERGY));
    if (to->joined)
        erg_text_add(&said, "%s; ", to->joined);
    erg_text_add(&said, "power of %s is that of %s, the mean between two rows", name,
                 source);
    free(to->joined);
    to->joined = erg_text_take(&said);
    return to->joined || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* Sockets are counted alike by both drivers; where their numbers differ, nobody knows
 * which thermometer lies on which. */
bool erg_monitor_join_packages(erg_monitor *to, const erg_trace *trace, erg_error *err)
{
    packages warm = find(trace, true), meters = find(trace, false);
    bool ok = true;

    for (size_t i = 0; ok && i < erg_trace_device_count(trace); i++)
        if (has(trace, (int)i, ERG_TEMPERATURE) && has(trace, (int)i, ERG_ENERGY)
            && !has(trace, (int)i, ERG_POWER))
            ok = join(to, trace, (int)i, (int)i, err);
    for (size_t i = 0; ok && warm.count == meters.count && i < warm.count; i++)
        ok = join(to, trace, warm.at[i], meters.at[i], err);
    return ok;
}
