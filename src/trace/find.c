/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a channel by what people type, and a moment on the clock on the wall. */
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "trace/trace_inside.h"

static int channel_of_quantity(const erg_trace *trace, int device, erg_quantity quantity)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        if (info->device == device && info->quantity == quantity)
            return i;
    }
    return -1;
}

static int channel_of_device(const erg_trace *trace, const char *name)
{
    for (int device = 0; device < (int)erg_trace_device_count(trace); device++) {
        if (strcmp(erg_trace_device(trace, device)->name, name) != 0)
            continue;
        int energy = channel_of_quantity(trace, device, ERG_ENERGY);
        return energy >= 0 ? energy : channel_of_quantity(trace, device, ERG_POWER);
    }
    return -1;
}

void erg_trace_channel_path(const erg_trace *trace, int channel,
                            char to[ERG_CHANNEL_PATH_MOST])
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    snprintf(to, ERG_CHANNEL_PATH_MOST, "%s/%s",
             erg_trace_device(trace, info->device)->name, info->name);
}

int erg_trace_find_channel(const erg_trace *trace, const char *name)
{
    char path[ERG_CHANNEL_PATH_MOST];

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        erg_trace_channel_path(trace, i, path);
        if (strcmp(path, name) == 0)
            return i;
    }
    return channel_of_device(trace, name);
}

bool erg_trace_has_flag(const erg_trace *trace, erg_flag_code code)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == code)
            return true;
    return false;
}

static void widen(erg_span *span, int64_t begin_ns, int64_t end_ns)
{
    if (begin_ns < span->begin_ns)
        span->begin_ns = begin_ns;
    if (end_ns > span->end_ns)
        span->end_ns = end_ns;
}

/* Anchors and flags are about the others, so they do not stretch the span. */
erg_span erg_trace_span(const erg_trace *trace)
{
    erg_span span = { INT64_MAX, INT64_MIN };
    size_t count;

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_sample *samples = erg_trace_samples(trace, i, &count);
        if (count)
            widen(&span, samples[0].t_ns, samples[count - 1].t_ns);
    }
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        bool open = region->end_ns == INT64_MAX;
        widen(&span, region->begin_ns, open ? region->begin_ns : region->end_ns);
    }
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        widen(&span, erg_trace_mark(trace, i)->t_ns, erg_trace_mark(trace, i)->t_ns);
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++)
        widen(&span, erg_trace_setting(trace, i)->t_ns, erg_trace_setting(trace, i)->t_ns);
    if (erg_trace_event_count(trace))
        widen(&span, trace->events.begin_ns, trace->events.end_ns);
    return span.begin_ns > span.end_ns ? (erg_span){ 0 } : span;
}

/* Of equally near ones the first; of anchors in order only the two about it are looked at:
 * a day has 1440 of them, and every reading of a day may be asked about. */
static const erg_anchor *nearest_anchor(const erg_trace *trace, int64_t mono_ns)
{
    const erg_timed_rows all = { trace->anchors.items, trace->anchors.count,
                                 sizeof(erg_anchor), offsetof(erg_anchor, mono_ns) };
    const erg_anchor *at = all.items, *nearest = NULL;
    size_t first = 0, end = all.count;

    if (!trace->has_old_anchors && all.count) {
        size_t after = erg_first_from(all, mono_ns);
        first = after ? erg_first_from(all, at[after - 1].mono_ns) : 0;
        end = after < all.count ? after + 1 : after;
    }
    for (size_t i = first; i < end; i++)
        if (!nearest
            || llabs(at[i].mono_ns - mono_ns) < llabs(nearest->mono_ns - mono_ns))
            nearest = &at[i];
    return nearest;
}

int64_t erg_trace_utc_ns(const erg_trace *trace, int64_t mono_ns)
{
    const erg_anchor *nearest = nearest_anchor(trace, mono_ns);

    return nearest ? nearest->utc_ns + (mono_ns - nearest->mono_ns) : 0;
}
