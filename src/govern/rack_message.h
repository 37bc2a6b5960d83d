/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes and coordinator of a rack say to each other: JSON, schema 1 (docs/rack.md).
 * Keys that are not known are passed over; a missing or wrong one is a sentence (job,
 * steps and epoch_s of a status may be missing).
 */
#ifndef ERG_GOVERN_RACK_MESSAGE_H
#define ERG_GOVERN_RACK_MESSAGE_H

#include "shape/lease.h"

enum { ERG_RACK_MESSAGE_MOST = 1024 };

/* Of `node/ID/up` and `coord`. boot: of the process that says it. */
typedef struct erg_rack_presence { bool is_up; uint64_t boot, epoch; } erg_rack_presence;
typedef struct erg_rack_brake { bool is_on; uint64_t epoch; } erg_rack_brake;

/* Of `event`: migrate, short, trip, brake or mark, and what others may make of it. A sender
 * names itself; nothing is decided by it. */
typedef struct erg_rack_event {
    char kind[16], node[64], device[32], text[64];
} erg_rack_event;

/* Into ERG_RACK_MESSAGE_MOST bytes: their number. */
size_t erg_rack_status_write(const erg_lease_status *status, const char *state, char *to);
size_t erg_rack_grant_write(const erg_lease_grant *grant, char *to);
size_t erg_rack_presence_write(const erg_rack_presence *presence, char *to);
size_t erg_rack_brake_write(const erg_rack_brake *brake, char *to);
size_t erg_rack_event_write(const erg_rack_event *event, char *to);

bool erg_rack_status_read(const char *bytes, size_t size, erg_lease_status *out,
                          erg_error *err);
bool erg_rack_grant_read(const char *bytes, size_t size, erg_lease_grant *out,
                         erg_error *err);
bool erg_rack_presence_read(const char *bytes, size_t size, erg_rack_presence *out,
                            erg_error *err);
bool erg_rack_brake_read(const char *bytes, size_t size, erg_rack_brake *out,
                         erg_error *err);
bool erg_rack_event_read(const char *bytes, size_t size, erg_rack_event *out,
                         erg_error *err);

#endif
