/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What followed a spike: counters of throttled time that rose, the clock that fell; and how
 * long each reason held a device back. Counters miss nothing; a mask is only looked at.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"

enum { SPIKES_A_REST = 1 << 6 };   /* each is looked for from afar */

static const int64_t SOON_NS = 200 * ERG_NS_PER_MS;

int erg_channel_named(const erg_trace *trace, int device, const char *name)
{
    for (int c = 0; c < (int)erg_trace_channel_count(trace); c++) {
        const erg_channel_info *info = erg_trace_channel(trace, c);
        if (info->device == device && strcmp(info->name, name) == 0)
            return c;
    }
    return -1;
}

/* The last reading at or before t; NAN: none. */
static double value_at(const erg_trace *trace, int channel, int64_t t_ns)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    size_t low = erg_sample_from(at, count, t_ns + 1);

    while (low > 0 && isnan(at[low - 1].value))
        low--;
    return low ? at[low - 1].value : NAN;
}

static bool is_counter(const erg_channel_info *info)
{
    return info->quantity == ERG_DURATION && info->kind == ERG_COUNTER
        && strncmp(info->name, "throttled_", 10) == 0;
}

static bool rose(const erg_timeline_case *all, int channel, int64_t t_ns)
{
    /* The reading before may be as old as the spike's own. */
    int64_t before_ns = t_ns - erg_ns_from_s(all->resolution_s);
    double before_s = value_at(all->trace, channel, before_ns);

    return value_at(all->trace, channel, t_ns + SOON_NS) > before_s;
}

static bool put_row(erg_timeline_case *all, erg_table *table, int device,
                    const char *reason, const char *source)
{
    return erg_table_row(table, all->err)
        && erg_table_text(table, "device", erg_trace_device(all->trace, device)->name,
                          all->err)
        && erg_table_text(table, "reason", reason, all->err)
        && erg_table_text(table, "source", source, all->err);
}

static bool put_time(erg_timeline_case *all, erg_table *table, double s)
{
    double whole_s = erg_s_from_ns(all->span.end_ns - all->span.begin_ns);
    return erg_table_real(table, "duration_s", s, all->err)
        && erg_table_real(table, "share", whole_s > 0 ? s / whole_s : NAN, all->err);
}

static bool put_counter(erg_timeline_case *all, erg_table *table, int channel,
                        erg_aftermath after[])
{
    const erg_channel_info *info = erg_trace_channel(all->trace, channel);
    const erg_spike *spikes = all->spikes.items;
    size_t n, followed = 0, spike_count = all->spikes.count;
    const erg_sample *at = erg_trace_samples(all->trace, channel, &n);
    double sum_s = 0, last = NAN;
    bool is_own = info->device == erg_trace_channel(all->trace, all->channel)->device;

    all->has_counter = all->has_counter || (is_own && n > 0);
    for (size_t i = 0; i < n; i++) {
        if (at[i].value > last)     /* a counter that falls began anew */
            sum_s += at[i].value - last;
        last = isnan(at[i].value) ? last : at[i].value;
        erg_samples_pass(all->trace, channel, i);
    }
    for (size_t i = 0; is_own && i < spike_count; i++) {
        if (rose(all, channel, spikes[i].begin_ns)) {
            followed++;
            after[i].throttle = after[i].throttle ? after[i].throttle : info->name + 10;
        }
        if (i % SPIKES_A_REST == 0)
            erg_samples_rest(all->trace, channel);
    }
    double share = is_own && spike_count ? (double)followed / (double)spike_count : NAN;
    return put_row(all, table, info->device, info->name + 10, "counter")
        && put_time(all, table, n ? sum_s : NAN)
        && erg_table_real(table, "spikes_followed", share, all->err);
}

/* A look at the mask stands until the next. */
static bool put_mask(erg_timeline_case *all, erg_table *table, int channel)
{
    size_t n;
    const erg_sample *at = erg_trace_samples(all->trace, channel, &n);
    double held_s[ERG_HOLD_THERMAL + 1] = { 0 };
    int device = erg_trace_channel(all->trace, channel)->device;

    for (size_t i = 0; i + 1 < n; i++) {
        if (at[i].value >= 0 && at[i].value < 0x1p53)
            held_s[erg_hold_of((uint64_t)at[i].value)] +=
                erg_s_from_ns(at[i + 1].t_ns - at[i].t_ns);
        erg_samples_pass(all->trace, channel, i);
    }
    for (int hold = ERG_HOLD_THERMAL; hold > ERG_HOLD_NONE; hold--)
        if (held_s[hold] > 0
            && !(put_row(all, table, device, erg_hold_name((erg_hold)hold), "mask")
                 && put_time(all, table, held_s[hold])))
            return false;
    return true;
}

/* From before the spike to the lowest reading soon after it. */
static double drop_after(const erg_timeline_case *all, int channel, int64_t t_ns)
{
    size_t n;
    const erg_sample *at = erg_trace_samples(all->trace, channel, &n);
    double before_hz = value_at(all->trace, channel, t_ns), low_hz = NAN;

    for (size_t i = erg_sample_from(at, n, t_ns + 1); i < n && at[i].t_ns <= t_ns + SOON_NS;
         i++)
        low_hz = fmin(low_hz, at[i].value);
    return before_hz - low_hz;
}

bool erg_timeline_after(erg_timeline_case *all, erg_aftermath after[])
{
    const erg_trace *trace = all->trace;
    const erg_spike *spikes = all->spikes.items;
    int device = erg_trace_channel(trace, all->channel)->device;
    int clock = erg_channel_named(trace, device, "sm_clock");
    erg_table *table = all->tables.throttling;
    bool ok = true;

    for (size_t i = 0; i < all->spikes.count; i++) {
        after[i] = (erg_aftermath){
            .clock_drop_hz = clock < 0 ? NAN : drop_after(all, clock, spikes[i].begin_ns),
        };
        if (i % SPIKES_A_REST == 0)
            erg_samples_rest(trace, clock);
    }
    for (int c = 0; ok && c < (int)erg_trace_channel_count(trace); c++) {
        const erg_channel_info *info = erg_trace_channel(trace, c);
        if (is_counter(info))
            ok = put_counter(all, table, c, after);
        else if (strcmp(info->name, "throttle") == 0)
            ok = put_mask(all, table, c);
    }
    return ok;
}
