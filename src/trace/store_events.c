/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a trace into an .erg file.
 * A file without events has none of their tables. */
#include "trace/store_inside.h"

static bool put_words(erg_store *store, const erg_trace *trace, erg_error *err)
{
    for (int32_t i = 0; i < erg_trace_event_name_count(trace); i++)
        if (!erg_store_put_event_name(store, i, erg_trace_event_name(trace, i), err))
            return false;
    for (int32_t i = 0; i < erg_trace_track_count(trace); i++)
        if (!erg_store_put_track(store, i, erg_trace_track(trace, i), err))
            return false;
    return true;
}

typedef struct putting { erg_store *store; int64_t blocks; } putting;

static bool put_block(void *self, const erg_trace_event events[], size_t count,
                      erg_error *err)
{
    putting *to = self;

    for (size_t at = 0; at < count; at += ERG_BLOCK_MOST) {
        erg_store_block row = { .id = ++to->blocks, .first_ns = events[at].begin_ns };
        row.count = count - at < ERG_BLOCK_MOST ? count - at : ERG_BLOCK_MOST;
        if (!erg_block_encode_events(to->store->codec, events + at, row.count, &row.bytes,
                                     &row.size)
            || !erg_store_put_event_block(to->store, &row, err))
            return false;
    }
    return true;
}

bool erg_store_events(erg_store *store, const erg_trace *trace, erg_error *err)
{
    putting to = { .store = store };

    return erg_trace_event_count(trace) == 0
        || (erg_store_begin_events(store, err) && put_words(store, trace, err)
            && erg_trace_each_event(trace, put_block, &to, err));
}
