/* SPDX-License-Identifier: Apache-2.0 */
/* Begins and ends from the ring become regions; who lies in whom is found here. */
#ifndef ERG_RUN_EVENTS_H
#define ERG_RUN_EVENTS_H

#include "run/ring.h"
#include "run/sink.h"

typedef struct erg_open_region { erg_region region; bool is_written; } erg_open_region;

typedef struct erg_events {
    erg_open_region *open;      /* in order of their begins */
    size_t open_count, open_capacity;
    bool keeps_ended;
    erg_region *ended;          /* by the time they ended */
    size_t ended_count, ended_capacity;
} erg_events;

void erg_events_free(erg_events *events);
void erg_events_take(erg_events *events, const erg_event *event, erg_sink *sink);
/* Regions still open go to the file, so that they survive a kill. */
void erg_events_write_open(erg_events *events, erg_sink *sink);
const erg_region *erg_events_find_ended(const erg_events *events, int64_t id);

#endif
