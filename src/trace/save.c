/* SPDX-License-Identifier: Apache-2.0 */
/* A recording in memory as an .erg file: aside first, then under its name. */
#include <stdio.h>
#include <string.h>
#include "base/base.h"
#include "trace/block.h"
#include "trace/schema.h"
#include "trace/store.h"
#include "trace/stream.h"

/* Whole blocks at a time, so that they are those of one call. */
static bool put_samples(const erg_trace *trace, int channel, erg_store *store,
                        erg_error *err)
{
    enum { AT_ONCE = 4 * ERG_BLOCK_MOST };
    size_t count, some;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t first = 0; first < count; first += some) {
        some = count - first < AT_ONCE ? count - first : AT_ONCE;
        if (!erg_store_samples(store, channel, samples + first, some, err))
            return false;
        erg_samples_rest(trace, channel);
    }
    return true;
}

static bool put_channels(const erg_trace *trace, erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < erg_trace_device_count(trace); i++)
        if (erg_store_device(store, erg_trace_device(trace, (int)i), err) < 0)
            return false;
    for (size_t i = 0; i < erg_trace_channel_count(trace); i++) {
        if (erg_store_channel(store, erg_trace_channel(trace, (int)i), err) < 0
            || !put_samples(trace, (int)i, store, err))
            return false;
    }
    return true;
}

static bool put_rows(const erg_trace *trace, erg_store *store, erg_error *err)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++)
        if (!erg_store_region(store, erg_trace_region(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        if (!erg_store_mark(store, erg_trace_mark(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++)
        if (!erg_store_setting(store, erg_trace_setting(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_anchor_count(trace); i++)
        if (!erg_store_anchor(store, erg_trace_anchor(trace, i), err))
            return false;
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (!erg_store_flag(store, erg_trace_flag(trace, i), err))
            return false;
    return true;
}

static bool put_meta(const erg_trace *trace, erg_store *store, erg_error *err)
{
    const char *key, *value;
    for (size_t i = 0; erg_trace_meta_at(trace, i, &key, &value); i++)
        if (strcmp(key, ERG_META_ENDED) != 0 && !erg_store_meta(store, key, value, err))
            return false;
    return true;
}

bool erg_trace_save(const erg_trace *trace, const char *path, erg_error *err)
{
    char aside[ERG_STORE_ASIDE];
    erg_store *store = erg_store_begin_aside(path, aside, err);

    if (!store)
        return false;
    bool good = put_meta(trace, store, err) && put_channels(trace, store, err)
             && put_rows(trace, store, err) && erg_store_events(store, trace, err);
    return erg_store_end_aside(store, aside, path, good, err);
}
