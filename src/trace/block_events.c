/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of events: one column after the other, each as residuals (docs/formats.md). */
#include "trace/block_inside.h"

enum { EVENTS_VERSION = 1, COLUMNS = 6 };

/* A stamp by its distance from the one before: they lie in order. */
static uint64_t column_of(const erg_trace_event events[], size_t at, int column)
{
    const erg_trace_event *event = &events[at];

    switch (column) {
    case 0:  return at ? (uint64_t)event->begin_ns - (uint64_t)events[at - 1].begin_ns : 0;
    case 1:  return (uint64_t)event->duration_ns;
    case 2:  return (uint64_t)event->name;
    case 3:  return (uint64_t)event->by + 1;
    case 4:  return (uint64_t)event->track;
    default: return (uint64_t)event->kind;
    }
}

/* What does not fit its field is none that was put: the trace refuses it. */
static int32_t narrow(uint64_t number)
{
    return number <= INT32_MAX ? (int32_t)number : INT32_MAX;
}

static void set_column(erg_trace_event events[], size_t at, int column, uint64_t number)
{
    erg_trace_event *event = &events[at];

    switch (column) {
    case 0:
        event->begin_ns = (int64_t)((at ? (uint64_t)events[at - 1].begin_ns
                                        : (uint64_t)event->begin_ns) + number);
        break;
    case 1:  event->duration_ns = (int64_t)number; break;
    case 2:  event->name = narrow(number); break;
    case 3:  event->by = number ? narrow(number - 1) : ERG_EVENT_NOBODY; break;
    case 4:  event->track = narrow(number); break;
    default: event->kind = narrow(number);
    }
}

bool erg_block_encode_events(erg_block *block, const erg_trace_event events[], size_t count,
                             const unsigned char **bytes_out, size_t *size)
{
    bytes to = { block->out, 0 };

    if (count == 0 || count > ERG_BLOCK_MOST)
        return false;
    block->is_brief = false;
    erg_bytes_put(&to, EVENTS_VERSION);
    erg_bytes_put_number(&to, count);
    for (int column = 0; column < COLUMNS; column++) {
        for (size_t i = 0; i < count; i++)
            block->residuals[i] = column_of(events, i, column);
        erg_residuals_put(block, &to, count);
    }
    *bytes_out = to.data;
    *size = to.count;
    return true;
}

size_t erg_block_decode_events(erg_block *block, const unsigned char data[], size_t size,
                               int64_t first_ns, erg_trace_event events[])
{
    source from = { data, size, false };

    if (erg_bytes_get(&from) != EVENTS_VERSION)
        return 0;
    uint64_t count = erg_bytes_get_number(&from);
    if (from.bad || count == 0 || count > ERG_BLOCK_MOST)
        return 0;
    events[0].begin_ns = first_ns;
    for (int column = 0; column < COLUMNS; column++) {
        if (!erg_residuals_get(block, &from, count))
            return 0;
        for (size_t i = 0; i < count; i++)
            set_column(events, i, column, block->residuals[i]);
    }
    return from.count == 0 ? count : 0;
}
