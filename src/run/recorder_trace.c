/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of a sensor, and what it truly gave.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "run/recorder_inside.h"
#include "trace/sensor.h"

static double known(double value)
{
    return value > 0 ? value : NAN;
}

/* gaps: room for count numbers. */
static void judge_times(const erg_sample samples[], size_t count, double gaps[],
                        erg_delivery *how)
{
    size_t n = count > 1 ? count - 1 : 0;

    for (size_t i = 0; i < n; i++)
        gaps[i] = erg_s_from_ns(samples[i + 1].t_ns - samples[i].t_ns);
    how->interval_s = n ? erg_median(gaps, n) : NAN;
    for (size_t i = 0; i < n; i++) {
        double more = gaps[i] / how->interval_s;
        how->missed += more > 1.5 ? (int64_t)(more - 0.5) : 0;
        gaps[i] = fabs(gaps[i] - how->interval_s);
    }
    how->jitter_p99_s = n ? erg_quantile(gaps, n, 0.99) : NAN;
}

static bool judge(const erg_channel_info *info, const erg_sample samples[], size_t count,
                  erg_delivery *how, erg_error *err)
{
    double *gaps = calloc(count + 1, sizeof(*gaps));
    erg_comb comb;

    *how = (erg_delivery){ .update_s = known(info->update_s),
                           .window_s = known(info->window_s) };
    if (!gaps)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a power trace");
    judge_times(samples, count, gaps, how);
    free(gaps);
    if (count && erg_sensor_comb(samples, count, &comb, NULL))
        how->update_s = comb.update_s;
    return true;
}

static bool copy(const erg_trace *trace, int channel, erg_span span, erg_power_samples *out,
                 erg_error *err)
{
    size_t all, first = 0, last;
    const erg_sample *samples = erg_trace_samples(trace, channel, &all);

    while (first < all && samples[first].t_ns < span.begin_ns)
        first++;
    for (last = first; last < all && samples[last].t_ns < span.end_ns;)
        last++;
    if (last == first)
        return erg_fail(err, ERG_NO_DATA, "no sample of %s lies there",
                        erg_trace_channel(trace, channel)->name);
    out->count = last - first;
    out->at = malloc(out->count * sizeof(*out->at));
    if (!out->at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a power trace");
    memcpy(out->at, samples + first, out->count * sizeof(*out->at));
    return true;
}

static int power_channel(const erg_trace *trace, const char *name, erg_error *err)
{
    int channel = name ? erg_trace_find_channel(trace, name) : -1;

    for (int i = 0; !name && channel < 0 && i < (int)erg_trace_channel_count(trace); i++)
        if (erg_trace_channel(trace, i)->quantity == ERG_POWER)
            channel = i;
    if (channel >= 0 && erg_trace_channel(trace, channel)->quantity == ERG_POWER)
        return channel;
    erg_fail(err, ERG_NOT_FOUND, "no channel %s of power is recorded: erg devices lists "
             "them", name ? name : "at all");
    return -1;
}

bool erg_power_trace(erg_recorder *rec, const char *channel, int64_t begin_ns,
                     int64_t end_ns, erg_power_samples *out, erg_delivery *how,
                     erg_error *err)
{
    *out = (erg_power_samples){ 0 };
    if (!rec || !rec->rec)
        return erg_fail(err, ERG_UNSUPPORTED, "the samples are in the run file: another "
                        "process samples");
    const erg_trace *trace = erg_recording_lock(rec->rec);
    int at = power_channel(trace, channel, err);
    bool good = at >= 0 && copy(trace, at, (erg_span){ begin_ns, end_ns }, out, err)
        && (!how || judge(erg_trace_channel(trace, at), out->at, out->count, how, err));
    erg_recording_unlock(rec->rec);
    if (!good)
        erg_power_samples_free(out);
    return good;
}

void erg_power_samples_free(erg_power_samples *samples)
{
    if (!samples)
        return;
    free(samples->at);
    *samples = (erg_power_samples){ 0 };
}
