/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A region's parent is the innermost one open on its thread, else the repetition it
 * fell into. Threads are told apart by their Linux ids, which no two processes share.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/events.h"

void erg_events_free(erg_events *events)
{
    free(events->open);
    free(events->ended);
    *events = (erg_events){ 0 };
}

static int64_t parent_of(const erg_events *events, const erg_event *event)
{
    for (size_t i = events->open_count; i-- > 0;)
        if (events->open[i].region.thread == event->thread)
            return events->open[i].region.id;
    return event->run;
}

static void begin(erg_events *events, const erg_event *event, erg_sink *sink)
{
    void *open = events->open;
    bool room = erg_grow(&open, &events->open_capacity, events->open_count,
                         sizeof(*events->open), erg_sink_lost(sink));
    events->open = open;
    if (!room)
        return;
    erg_region region = {
        .id = event->id, .parent = parent_of(events, event), .thread = event->thread,
        .begin_ns = event->t_ns, .end_ns = INT64_MAX, .runs = NAN,
    };
    erg_text_put(region.name, sizeof(region.name), event->name);
    events->open[events->open_count++] = (erg_open_region){ .region = region };
}

static void keep_ended(erg_events *events, const erg_region *region, erg_sink *sink)
{
    void *ended = events->ended;
    bool room = erg_grow(&ended, &events->ended_capacity, events->ended_count,
                         sizeof(*events->ended), erg_sink_lost(sink));
    events->ended = ended;
    if (room)
        events->ended[events->ended_count++] = *region;
}

static void end(erg_events *events, const erg_event *event, erg_sink *sink)
{
    for (size_t i = events->open_count; i-- > 0;) {
        erg_region region = events->open[i].region;
        if (region.id != event->id)
            continue;
        region.end_ns = event->t_ns > region.begin_ns ? event->t_ns : region.begin_ns;
        region.runs = event->value;
        erg_sink_region(sink, &region);
        if (events->keeps_ended)
            keep_ended(events, &region, sink);
        events->open_count--;
        memmove(&events->open[i], &events->open[i + 1],
                (events->open_count - i) * sizeof(events->open[0]));
        return;
    }
}

void erg_events_take(erg_events *events, const erg_event *event, erg_sink *sink)
{
    if (event->kind == ERG_EVENT_BEGIN)
        begin(events, event, sink);
    else if (event->kind == ERG_EVENT_END)
        end(events, event, sink);
    else if (event->kind == ERG_EVENT_MARK) {
        erg_mark_row mark = { .t_ns = event->t_ns, .value = event->value };
        erg_text_put(mark.name, sizeof(mark.name), event->name);
        erg_sink_mark(sink, &mark);
    }
}

void erg_events_write_open(erg_events *events, erg_sink *sink)
{
    for (size_t i = 0; i < events->open_count; i++)
        if (!events->open[i].is_written) {
            erg_sink_region(sink, &events->open[i].region);
            events->open[i].is_written = true;
        }
}

const erg_region *erg_events_find_ended(const erg_events *events, int64_t id)
{
    for (size_t i = events->ended_count; i-- > 0;)
        if (events->ended[i].id == id)
            return &events->ended[i];
    return NULL;
}
