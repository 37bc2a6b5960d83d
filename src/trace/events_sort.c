/* SPDX-License-Identifier: Apache-2.0 */
/* Events in the order of time. Tools write each stream and thread in order: long runs, few
 * passes. */
#include <stdlib.h>
#include <string.h>
#include "trace/events_aside.h"

bool erg_event_is_after(const erg_trace_event *a, const erg_trace_event *b)
{
    return a->begin_ns != b->begin_ns ? a->begin_ns > b->begin_ns
                                      : a->duration_ns < b->duration_ns;
}

static size_t run_end(const erg_trace_event events[], size_t at, size_t count)
{
    while (at + 1 < count && !erg_event_is_after(&events[at], &events[at + 1]))
        at++;
    return at + 1 < count ? at + 1 : count;
}

static void merge(const erg_trace_event *a, size_t a_count, const erg_trace_event *b,
                  size_t b_count, erg_trace_event *to)
{
    while (a_count && b_count)
        if (erg_event_is_after(a, b))
            *to++ = *b++, b_count--;
        else
            *to++ = *a++, a_count--;
    memcpy(to, a_count ? a : b, (a_count + b_count) * sizeof(*to));
}

/* One pass over all: each two runs that lie in order become one. */
static void merge_runs(const erg_trace_event events[], size_t count, erg_trace_event to[])
{
    for (size_t at = 0; at < count;) {
        size_t middle = run_end(events, at, count);
        size_t end = middle < count ? run_end(events, middle, count) : count;
        merge(events + at, middle - at, events + middle, end - middle, to + at);
        at = end;
    }
}

/* The first ones are sorted already. */
bool erg_events_sort(erg_rows *rows, size_t sorted, erg_error *err)
{
    erg_trace_event *from = rows->items, *to;

    if (rows->count == 0)
        return true;
    if (run_end(from, sorted ? sorted - 1 : 0, rows->count) == rows->count)
        return true;
    if (!(to = malloc(rows->capacity * sizeof(*to))))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    while (run_end(from, 0, rows->count) < rows->count) {
        merge_runs(from, rows->count, to);
        erg_trace_event *other = from;
        from = to;
        to = other;
    }
    rows->items = from;
    free(to);
    return true;
}
