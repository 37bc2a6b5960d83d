/* SPDX-License-Identifier: Apache-2.0 */
/* The events of an .erg file, each number checked: a file may come from anywhere. */
#include <stdlib.h>
#include "trace/load_inside.h"

static bool take_name(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, 1);

    int32_t number = name ? erg_trace_add_event_name(from->trace, name, err) : -1;
    return number == sqlite3_column_int64(row, 0)
        || erg_load_fail_row(from, "event_name", "a row is missing", err);
}

static bool take_track(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    erg_track track = { .device = sqlite3_column_int(row, 2),
                        .stream = sqlite3_column_int64(row, 3),
                        .is_communication = sqlite3_column_int(row, 4) != 0 };

    erg_text_put(track.name, sizeof(track.name), (const char *)sqlite3_column_text(row, 1));
    return erg_trace_add_track(from->trace, &track, err) == sqlite3_column_int64(row, 0)
        || erg_load_fail_row(from, "track", "a row is missing", err);
}

/* In order from block to block too:
 * sorting each anew would cost a damaged file's reader. */
static bool follows(const erg_reader *from, int64_t first_ns)
{
    return erg_trace_event_count(from->trace) == 0 || from->last_event_ns <= first_ns;
}

static void remember_last(erg_reader *from, const erg_trace_event events[], size_t count)
{
    int64_t last_ns = erg_trace_event_count(from->trace) ? from->last_event_ns : INT64_MIN;

    for (size_t i = 0; i < count; i++)
        last_ns = events[i].begin_ns > last_ns ? events[i].begin_ns : last_ns;
    from->last_event_ns = last_ns;
}

static bool take_events(erg_reader *from, sqlite3_stmt *row, erg_error *err)
{
    const unsigned char *bytes = sqlite3_column_blob(row, 2);
    size_t size = (size_t)sqlite3_column_bytes(row, 2);
    int64_t first_ns = sqlite3_column_int64(row, 0);
    erg_trace_event *events = malloc(ERG_BLOCK_MOST * sizeof(*events));
    if (!events)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t count = bytes
        ? erg_block_decode_events(from->codec, bytes, size, first_ns, events) : 0;

    bool good = count > 0 && (int64_t)count == sqlite3_column_int64(row, 1)
             && follows(from, first_ns);
    if (good)
        remember_last(from, events, count);
    good = good ? erg_trace_add_events(from->trace, events, count, err)
                : erg_load_fail_row(from, "event_block", "events that cannot be decoded",
                                    err);
    free(events);
    return good;
}

const erg_load_table erg_load_event_tables[] = {
    { "SELECT id, name FROM event_name ORDER BY id", take_name },
    { "SELECT id, name, device, stream, communication FROM track ORDER BY id", take_track },
    { "SELECT first_ns, count, data FROM event_block ORDER BY id", take_events },
};

const size_t erg_load_event_table_count = ERG_COUNT(erg_load_event_tables);
