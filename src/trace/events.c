/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a recording: work that another tool saw, by the million. Their words are kept
 * once each, and they lie in the order of time.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "trace/events.h"
#include "trace/trace_inside.h"

static const char *const kinds[ERG_EVENT_KINDS] = {
    [ERG_EVENT_OTHER] = "other",
    [ERG_EVENT_KERNEL] = "kernel",
    [ERG_EVENT_COPY] = "copy",
    [ERG_EVENT_SET] = "set",
    [ERG_EVENT_COLLECTIVE] = "collective",
    [ERG_EVENT_OPERATOR] = "operator",
    [ERG_EVENT_RUNTIME] = "runtime",
    [ERG_EVENT_ANNOTATION] = "annotation",
};

const char *erg_trace_event_kind_name(erg_trace_event_kind kind)
{
    return (size_t)kind < ERG_COUNT(kinds) ? kinds[kind] : NULL;
}

/* Folded to small letters, without underscores: ncclDevKernel_AllReduce, all_reduce.
 * "broadcast" alone is none: templates of element-wise kernels are called so,
 * and NCCL's has its name. */
static const char *const exchanges[] = {
    "nccl", "rccl", "oneccl", "allreduce", "allgather", "reducescatter", "alltoall",
    "sendrecv",
};

bool erg_name_is_exchange(const char *name, size_t count)
{
    char folded[256];
    size_t kept = 0;

    for (size_t i = 0; i < count && kept < sizeof(folded) - 1; i++)
        if (name[i] != '_' && name[i] != '-')
            folded[kept++] = (char)tolower((unsigned char)name[i]);
    folded[kept] = '\0';
    for (size_t i = 0; i < ERG_COUNT(exchanges); i++)
        if (strstr(folded, exchanges[i]))
            return true;
    return false;
}

/* ---- in a trace ------------------------------------------------------------------- */

void erg_event_rows_free(erg_event_rows *rows)
{
    free(rows->events.items);
    free(rows->tracks.items);
    erg_interned_free(&rows->names);
    erg_events_aside_free(rows->aside);
    *rows = (erg_event_rows){ 0 };
}

int32_t erg_trace_add_event_name(erg_trace *trace, const char *name, erg_error *err)
{
    return erg_intern(&trace->events.names, name, strlen(name), err);
}

int32_t erg_trace_add_track(erg_trace *trace, const erg_track *info, erg_error *err)
{
    erg_rows *rows = &trace->events.tracks;
    erg_track *tracks = rows->items;

    for (size_t i = 0; i < rows->count; i++)
        if (tracks[i].device == info->device && tracks[i].stream == info->stream) {
            tracks[i] = *info;
            return (int32_t)i;
        }
    if (!erg_rows_add(rows, info, 1, sizeof(*info), err))
        return -1;
    return (int32_t)rows->count - 1;
}

static bool is_sound(const erg_event_rows *rows, const erg_trace_event *event,
                     erg_error *err)
{
    size_t names = rows->names.rows.count;

    if (!erg_stamp_is_sane(event->begin_ns, "event", err)
        || !erg_stamp_is_sane(event->duration_ns, "event", err))
        return false;
    if (event->duration_ns < 0)
        return erg_fail(err, ERG_BAD_INPUT, "an event ends before it begins");
    if (event->name < 0 || (size_t)event->name >= names || event->by < ERG_EVENT_NOBODY
        || (event->by >= 0 && (size_t)event->by >= names))
        return erg_fail(err, ERG_BAD_INPUT, "an event has no name");
    if (event->track < 0 || (size_t)event->track >= rows->tracks.count)
        return erg_fail(err, ERG_BAD_INPUT, "an event is on no track");
    if (event->kind < 0 || event->kind >= ERG_EVENT_KINDS)
        return erg_fail(err, ERG_BAD_INPUT, "an event is of no kind");
    return erg_stamp_is_sane(event->begin_ns + event->duration_ns, "event", err);
}

static size_t count_of(const erg_event_rows *rows)
{
    return rows->aside ? erg_events_aside_count(rows->aside) : rows->events.count;
}

/* Are all of them sound? Then the first begin and the last end are kept. */
static bool look_through(erg_event_rows *rows, const erg_trace_event *events, size_t count,
                         erg_error *err)
{
    bool is_first = count_of(rows) == 0;
    int64_t begin_ns = is_first ? INT64_MAX : rows->begin_ns;
    int64_t end_ns = is_first ? INT64_MIN : rows->end_ns;

    for (size_t i = 0; i < count; i++) {
        if (!is_sound(rows, &events[i], err))
            return false;
        if (events[i].begin_ns + events[i].duration_ns > end_ns)
            end_ns = events[i].begin_ns + events[i].duration_ns;
        if (events[i].begin_ns < begin_ns)
            begin_ns = events[i].begin_ns;
    }
    rows->begin_ns = begin_ns;
    rows->end_ns = end_ns;
    return true;
}

bool erg_trace_add_events(erg_trace *trace, const erg_trace_event *events, size_t count,
                          erg_error *err)
{
    erg_event_rows *rows = &trace->events;
    size_t sorted = rows->events.count;

    if (!look_through(rows, events, count, err))
        return false;
    if (rows->aside)
        return erg_events_aside_add(rows->aside, events, count, err);
    return erg_rows_add(&rows->events, events, count, sizeof(*events), err)
        && erg_events_sort(&rows->events, sorted, err);
}

bool erg_trace_take_events(erg_trace *trace, erg_trace_event **events, size_t count,
                           size_t capacity, erg_error *err)
{
    erg_event_rows *rows = &trace->events;

    if (rows->events.count || rows->aside)
        return erg_trace_add_events(trace, *events, count, err);
    if (!look_through(rows, *events, count, err))
        return false;
    free(rows->events.items);
    rows->events = (erg_rows){ *events, count, capacity };
    *events = NULL;
    return erg_events_sort(&rows->events, 0, err);
}

bool erg_trace_put_events_aside(erg_trace *trace, erg_error *err)
{
    erg_event_rows *rows = &trace->events;

    if (rows->aside)
        return true;
    erg_events_aside *aside = erg_events_aside_new(err);
    if (!aside
        || !erg_events_aside_add(aside, rows->events.items, rows->events.count, err)) {
        erg_events_aside_free(aside);
        return false;
    }
    free(rows->events.items);
    rows->events = (erg_rows){ 0 };
    rows->aside = aside;
    return true;
}

bool erg_trace_has_aside(const erg_trace *trace) { return trace->events.aside != NULL; }

size_t erg_trace_event_count(const erg_trace *trace) { return count_of(&trace->events); }

bool erg_trace_each_event(const erg_trace *trace, erg_trace_visit_events *visit, void *self,
                          erg_error *err)
{
    enum { PART = 1 << 11 };
    const erg_event_rows *rows = &trace->events;
    const erg_trace_event *events = rows->events.items;

    if (rows->aside)
        return erg_events_aside_each(rows->aside, visit, self, err);
    for (size_t at = 0; at < rows->events.count; at += PART) {
        size_t left = rows->events.count - at;
        if (!visit(self, events + at, left < PART ? left : PART, err))
            return false;
    }
    return true;
}

const erg_trace_event *erg_trace_events(const erg_trace *trace, size_t *count)
{
    *count = trace->events.events.count;
    return trace->events.events.items;
}

const char *erg_trace_event_name(const erg_trace *trace, int32_t name)
{
    return erg_interned_at(&trace->events.names, name);
}

int32_t erg_trace_event_name_count(const erg_trace *trace)
{
    return (int32_t)trace->events.names.rows.count;
}

const erg_track *erg_trace_track(const erg_trace *trace, int32_t track)
{
    const erg_rows *rows = &trace->events.tracks;
    return track >= 0 && (size_t)track < rows->count
               ? (const erg_track *)rows->items + track
               : NULL;
}

int32_t erg_trace_track_count(const erg_trace *trace)
{
    return (int32_t)trace->events.tracks.count;
}
