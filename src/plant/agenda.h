/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens next: events by time and, at one time, in the order they were planned.
 * Nothing is planned in the past. An event whose rank has moved on since (its serial is
 * older) is for the taker to drop.
 */
#ifndef ERG_PLANT_AGENDA_H
#define ERG_PLANT_AGENDA_H

#include "base/base.h"

typedef struct erg_event {
    int64_t t_ns;
    uint64_t order;
    uint32_t who, serial;
} erg_event;

typedef struct erg_agenda {
    erg_event *events;      /* a heap of four children a node: flat, few cache misses */
    size_t count, capacity;
    uint64_t planned;
    int64_t now_ns;         /* of the last event taken */
} erg_agenda;

void erg_agenda_free(erg_agenda *agenda);
/* A time before now is now. */
bool erg_agenda_plan(erg_agenda *agenda, int64_t t_ns, uint32_t who, uint32_t serial,
                     erg_error *err);
/* The first event, if it is due by until_ns. */
bool erg_agenda_take(erg_agenda *agenda, int64_t until_ns, erg_event *out);

#endif
