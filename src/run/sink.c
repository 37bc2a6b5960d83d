/* SPDX-License-Identifier: Apache-2.0 */
/* One row to the run file and to the trace in memory. */
#include "base/base.h"
#include "run/sink.h"

bool erg_sink_open(erg_sink *sink, const erg_sink_setup *setup, erg_error *err)
{
    *sink = (erg_sink){ 0 };
    if (setup->path && !(sink->store = setup->append ? erg_store_append(setup->path, err)
                                                     : erg_store_create(setup->path, err)))
        return false;
    if (setup->in_memory && !(sink->trace = erg_trace_new(err))) {
        erg_store_close(sink->store, false, NULL);
        return false;
    }
    return true;
}

static bool is_writing(const erg_sink *sink)
{
    return sink->store && sink->failure.code == ERG_OK;
}

erg_error *erg_sink_lost(erg_sink *sink)
{
    return sink->lost.code == ERG_OK ? &sink->lost : NULL;
}

bool erg_sink_device(erg_sink *sink, const erg_device_info *info)
{
    return (!sink->store || erg_store_device(sink->store, info, &sink->failure) >= 0)
        && (!sink->trace || erg_trace_add_device(sink->trace, info, &sink->failure) >= 0);
}

bool erg_sink_channel(erg_sink *sink, const erg_channel_info *info)
{
    return (!sink->store || erg_store_channel(sink->store, info, &sink->failure) >= 0)
        && (!sink->trace || erg_trace_add_channel(sink->trace, info, &sink->failure) >= 0);
}

void erg_sink_sample(erg_sink *sink, int channel, const erg_sample *sample)
{
    if (is_writing(sink))
        erg_store_samples(sink->store, channel, sample, 1, &sink->failure);
    if (sink->trace)
        erg_trace_add_samples(sink->trace, channel, sample, 1, erg_sink_lost(sink));
}

void erg_sink_region(erg_sink *sink, const erg_region *region)
{
    if (is_writing(sink))
        erg_store_region(sink->store, region, &sink->failure);
    if (sink->trace && region->end_ns != INT64_MAX)
        erg_trace_add_region(sink->trace, region, erg_sink_lost(sink));
}

void erg_sink_mark(erg_sink *sink, const erg_mark_row *mark)
{
    if (is_writing(sink))
        erg_store_mark(sink->store, mark, &sink->failure);
    if (sink->trace)
        erg_trace_add_mark(sink->trace, mark, erg_sink_lost(sink));
}

void erg_sink_setting(erg_sink *sink, const erg_setting *setting)
{
    if (is_writing(sink))
        erg_store_setting(sink->store, setting, &sink->failure);
    if (sink->trace)
        erg_trace_add_setting(sink->trace, setting, erg_sink_lost(sink));
}

void erg_sink_anchor(erg_sink *sink, const erg_anchor *anchor)
{
    if (is_writing(sink))
        erg_store_anchor(sink->store, anchor, &sink->failure);
    if (sink->trace)
        erg_trace_add_anchor(sink->trace, anchor, erg_sink_lost(sink));
}

void erg_sink_flag(erg_sink *sink, const erg_flag *flag)
{
    if (is_writing(sink))
        erg_store_flag(sink->store, flag, &sink->failure);
    if (sink->trace)
        erg_trace_add_flag(sink->trace, flag, erg_sink_lost(sink));
}

void erg_sink_meta(erg_sink *sink, const char *key, const char *value)
{
    if (is_writing(sink))
        erg_store_meta(sink->store, key, value, &sink->failure);
    if (sink->trace)
        erg_trace_set_meta(sink->trace, key, value, erg_sink_lost(sink));
}

void erg_sink_commit(erg_sink *sink)
{
    if (is_writing(sink))
        erg_store_commit(sink->store, &sink->failure);
}

bool erg_sink_close(erg_sink *sink, bool end, erg_error *err)
{
    bool good = sink->failure.code == ERG_OK;
    if (!good && err)
        *err = sink->failure;
    if (sink->store)
        good = erg_store_close(sink->store, end && good, good ? err : NULL) && good;
    if (good && sink->lost.code != ERG_OK)  /* the file is whole, what is shown is not */
        good = erg_fail(err, sink->lost.code, "%s", sink->lost.text);
    erg_trace_free(sink->trace);
    *sink = (erg_sink){ 0 };
    return good;
}
