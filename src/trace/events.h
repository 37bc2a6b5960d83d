/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of work an event is. */
#ifndef ERG_TRACE_EVENTS_H
#define ERG_TRACE_EVENTS_H

#include "erg/trace.h"

/* Kernels, copies, sets, collectives: what a device does, not what asked for it. */
static inline bool erg_kind_is_device(erg_trace_event_kind kind)
{
    return kind >= ERG_EVENT_KERNEL && kind <= ERG_EVENT_COLLECTIVE;
}

/* Does a name say that devices exchange data? NCCL and its like. */
bool erg_name_is_exchange(const char *name, size_t count);

#endif
