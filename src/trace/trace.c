/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace in memory: rows that only grow. Everything handed in is copied; what is
 * handed out is good until the next erg_trace_add_*.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "trace/trace_inside.h"

static const void *rows_at(const erg_rows *rows, size_t index, size_t size)
{
    return index < rows->count ? (const char *)rows->items + index * size : NULL;
}

static erg_trace_channel_rows *channel_at(const erg_trace *trace, int index)
{
    if (index < 0 || (size_t)index >= trace->channels.count)
        return NULL;
    return (erg_trace_channel_rows *)trace->channels.items + index;
}

static void drop_stream(erg_trace_channel_rows *channel)
{
    erg_stream_free(channel->stream);
    channel->stream = NULL;
}

/* What was worked out from the regions, marks and anchors so far is stale. */
static void drop_streams(erg_trace *trace)
{
    for (size_t i = 0; i < trace->channels.count; i++)
        drop_stream(channel_at(trace, (int)i));
}

static void drop_rhythms(erg_trace *trace)
{
    trace->rhythms.count = 0;
    trace->has_rhythms = false;
}

static void drop_region_names(erg_trace *trace)
{
    erg_region_names_free(trace->region_names);
    trace->region_names = NULL;
}

/* ---- making ------------------------------------------------------------- */

erg_trace *erg_trace_new(erg_error *err)
{
    erg_trace *trace = calloc(1, sizeof(*trace));
    pthread_mutex_t *lock = malloc(sizeof(*lock));

    if (!trace || !lock || pthread_mutex_init(lock, NULL) != 0) {
        free(trace);
        free(lock);
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    trace->lock = lock;
    return trace;
}

void erg_trace_swap(erg_trace *a, erg_trace *b)
{
    erg_trace kept = *a;
    *a = *b;
    *b = kept;
}

void erg_trace_free(erg_trace *trace)
{
    if (!trace)
        return;
    erg_trace_channel_rows *channels = trace->channels.items;
    for (size_t i = 0; i < trace->channels.count; i++) {
        erg_stream_free(channels[i].stream);
        erg_rows_free(&channels[i].samples);
    }
    erg_trace_meta_row *meta = trace->meta.items;
    for (size_t i = 0; i < trace->meta.count; i++) {
        free(meta[i].key);
        free(meta[i].value);
    }
    free(trace->devices.items);
    free(trace->channels.items);
    free(trace->regions.items);
    free(trace->marks.items);
    free(trace->settings.items);
    free(trace->anchors.items);
    free(trace->flags.items);
    free(trace->meta.items);
    free(trace->rhythms.items);
    erg_region_names_free(trace->region_names);
    erg_flag_groups_free(trace->flag_groups);
    erg_interned_free(&trace->flag_keys);
    erg_event_rows_free(&trace->events);
    pthread_mutex_destroy(trace->lock);
    free(trace->lock);
    free(trace);
}

int erg_trace_add_device(erg_trace *trace, const erg_device_info *info, erg_error *err)
{
    if (!erg_rows_add(&trace->devices, info, 1, sizeof(*info), err))
        return -1;
    return (int)trace->devices.count - 1;
}

static bool device_exists(const erg_trace *trace, int device, erg_error *err)
{
    if (device >= 0 && (size_t)device < trace->devices.count)
        return true;
    return erg_fail(err, ERG_NOT_FOUND, "the trace has no device number %d", device);
}

int erg_trace_add_channel(erg_trace *trace, const erg_channel_info *info, erg_error *err)
{
    erg_trace_channel_rows channel = {
        .info = *info, .samples.is_long = erg_trace_has_aside(trace),
    };

    if (!device_exists(trace, info->device, err)
        || !erg_rows_add(&trace->channels, &channel, 1, sizeof(channel), err))
        return -1;
    return (int)trace->channels.count - 1;
}

bool erg_trace_set_channel(erg_trace *trace, int channel, const erg_channel_info *info,
                           erg_error *err)
{
    erg_trace_channel_rows *at = channel_at(trace, channel);

    if (!at)
        return erg_fail(err, ERG_NOT_FOUND, "the trace has no channel number %d", channel);
    if (!device_exists(trace, info->device, err))
        return false;
    at->info = *info;
    drop_stream(at);
    return true;
}

/* In order, and behind what is there. rows: of which they are; NULL: of none. */
static bool are_in_order(const erg_trace_channel_rows *at, const erg_sample *samples,
                         size_t count, const erg_rows *rows, erg_error *err)
{
    const erg_sample *kept = at->samples.items;
    int64_t last_ns = at->samples.count ? kept[at->samples.count - 1].t_ns : INT64_MIN;

    for (size_t i = 0; i < count; i++) {
        if (!erg_stamp_is_sane(samples[i].t_ns, at->info.name, err))
            return false;
        if (samples[i].t_ns < last_ns)
            return erg_fail(err, ERG_BAD_INPUT,
                            "channel %s: stamp %" PRId64 " ns of sample "
                            "%zu goes back before %" PRId64 " ns",
                            at->info.name, samples[i].t_ns, at->samples.count + i, last_ns);
        last_ns = samples[i].t_ns;
        if (rows)
            erg_rows_pass(rows, i);
    }
    return true;
}

static bool no_channel(int channel, erg_error *err)
{
    return erg_fail(err, ERG_NOT_FOUND, "the trace has no channel number %d", channel);
}

bool erg_trace_add_samples(erg_trace *trace, int channel, const erg_sample *samples,
                           size_t count, erg_error *err)
{
    erg_trace_channel_rows *at = channel_at(trace, channel);

    if (!at)
        return no_channel(channel, err);
    if (!are_in_order(at, samples, count, NULL, err))
        return false;
    drop_stream(at);
    return erg_rows_add(&at->samples, samples, count, sizeof(*samples), err);
}

bool erg_trace_take_samples(erg_trace *trace, int channel, erg_rows *samples,
                            erg_error *err)
{
    erg_trace_channel_rows *at = channel_at(trace, channel);

    if (!at)
        return no_channel(channel, err);
    if (at->samples.count)
        return erg_trace_add_samples(trace, channel, samples->items, samples->count, err);
    if (!are_in_order(at, samples->items, samples->count, samples, err))
        return false;
    drop_stream(at);
    erg_rows_free(&at->samples);
    at->samples = *samples;
    *samples = (erg_rows){ .is_long = samples->is_long };
    return true;
}

bool erg_trace_add_region(erg_trace *trace, const erg_region *region, erg_error *err)
{
    erg_region added = *region;

    if (!erg_stamp_is_sane(added.begin_ns, "region", err)
        || (added.end_ns != INT64_MAX && !erg_stamp_is_sane(added.end_ns, "region", err)))
        return false;
    if (added.end_ns < added.begin_ns)
        return erg_fail(err, ERG_BAD_INPUT, "region %s ends before it begins", added.name);
    if (added.id == 0)
        added.id = trace->last_region + 1;
    if (!erg_rows_add(&trace->regions, &added, 1, sizeof(added), err))
        return false;
    if (added.id > trace->last_region)
        trace->last_region = added.id;
    drop_rhythms(trace);
    drop_region_names(trace);
    if (strncmp(added.name, "idle_", 5) == 0)
        drop_streams(trace);
    return true;
}

bool erg_trace_add_mark(erg_trace *trace, const erg_mark_row *mark, erg_error *err)
{
    drop_rhythms(trace);
    return erg_stamp_is_sane(mark->t_ns, "mark", err)
        && erg_rows_add(&trace->marks, mark, 1, sizeof(*mark), err);
}

bool erg_trace_add_setting(erg_trace *trace, const erg_setting *setting, erg_error *err)
{
    return erg_stamp_is_sane(setting->t_ns, "setting", err)
        && erg_rows_add(&trace->settings, setting, 1, sizeof(*setting), err);
}

bool erg_trace_add_anchor(erg_trace *trace, const erg_anchor *anchor, erg_error *err)
{
    const erg_anchor *last = rows_at(&trace->anchors, trace->anchors.count - 1,
                                     sizeof(*last));

    drop_streams(trace);
    trace->has_old_anchors |= last && anchor->mono_ns < last->mono_ns;
    return erg_stamp_is_sane(anchor->mono_ns, "anchor", err)
           && erg_stamp_is_sane(anchor->boot_ns, "anchor", err)
           && erg_stamp_is_sane(anchor->utc_ns, "anchor", err)
           && erg_rows_add(&trace->anchors, anchor, 1, sizeof(*anchor), err);
}

bool erg_trace_set_meta(erg_trace *trace, const char *key, const char *value,
                        erg_error *err)
{
    erg_trace_meta_row *kept = trace->meta.items;
    erg_trace_meta_row added = { .value = erg_text_copy(value) };

    if (!added.value)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < trace->meta.count; i++)
        if (strcmp(kept[i].key, key) == 0) {
            free(kept[i].value);
            kept[i].value = added.value;
            return true;
        }
    added.key = erg_text_copy(key);
    if (added.key && erg_rows_add(&trace->meta, &added, 1, sizeof(added), err))
        return true;
    free(added.key);
    free(added.value);
    return erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* ---- looking ------------------------------------------------------------ */

size_t erg_trace_device_count(const erg_trace *trace) { return trace->devices.count; }
size_t erg_trace_channel_count(const erg_trace *trace) { return trace->channels.count; }
size_t erg_trace_region_count(const erg_trace *trace) { return trace->regions.count; }
size_t erg_trace_mark_count(const erg_trace *trace) { return trace->marks.count; }
size_t erg_trace_setting_count(const erg_trace *trace) { return trace->settings.count; }
size_t erg_trace_anchor_count(const erg_trace *trace) { return trace->anchors.count; }
size_t erg_trace_flag_count(const erg_trace *trace) { return trace->flags.count; }
size_t erg_trace_meta_count(const erg_trace *trace) { return trace->meta.count; }

const erg_device_info *erg_trace_device(const erg_trace *trace, int index)
{
    return index < 0 ? NULL
                     : rows_at(&trace->devices, (size_t)index, sizeof(erg_device_info));
}

const erg_channel_info *erg_trace_channel(const erg_trace *trace, int index)
{
    const erg_trace_channel_rows *at = channel_at(trace, index);
    return at ? &at->info : NULL;
}

const erg_sample *erg_trace_samples(const erg_trace *trace, int channel, size_t *count)
{
    const erg_trace_channel_rows *at = channel_at(trace, channel);

    *count = at ? at->samples.count : 0;
    return at ? at->samples.items : NULL;
}

const erg_region *erg_trace_region(const erg_trace *trace, size_t index)
{
    return rows_at(&trace->regions, index, sizeof(erg_region));
}

const erg_mark_row *erg_trace_mark(const erg_trace *trace, size_t index)
{
    return rows_at(&trace->marks, index, sizeof(erg_mark_row));
}

const erg_setting *erg_trace_setting(const erg_trace *trace, size_t index)
{
    return rows_at(&trace->settings, index, sizeof(erg_setting));
}

const erg_anchor *erg_trace_anchor(const erg_trace *trace, size_t index)
{
    return rows_at(&trace->anchors, index, sizeof(erg_anchor));
}

const erg_flag *erg_trace_flag(const erg_trace *trace, size_t index)
{
    return rows_at(&trace->flags, index, sizeof(erg_flag));
}

bool erg_trace_meta_at(const erg_trace *trace, size_t index, const char **key,
                       const char **value)
{
    const erg_trace_meta_row *row = rows_at(&trace->meta, index, sizeof(*row));

    *key = row ? row->key : NULL;
    *value = row ? row->value : NULL;
    return row != NULL;
}

const char *erg_trace_meta(const erg_trace *trace, const char *key)
{
    const erg_trace_meta_row *rows = trace->meta.items;

    for (size_t i = 0; i < trace->meta.count; i++)
        if (strcmp(rows[i].key, key) == 0)
            return rows[i].value;
    return NULL;
}
