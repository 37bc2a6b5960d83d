/* SPDX-License-Identifier: Apache-2.0 */
/* What one trace takes over from another without copying it. */
#ifndef ERG_TRACE_TAKE_H
#define ERG_TRACE_TAKE_H

#include "erg/trace.h"
#include "trace/rows.h"

/* As erg_trace_add_events; into a trace that has none they are taken, and *events is
 * NULL. */
bool erg_trace_take_events(erg_trace *trace, erg_trace_event **events, size_t count,
                           size_t capacity, erg_error *err);
/* As erg_trace_add_samples; of a channel that has none they are taken, and *samples is
 * empty. */
bool erg_trace_take_samples(erg_trace *trace, int channel, erg_rows *samples,
                            erg_error *err);
/* Each becomes the other; what was borrowed from one is now of the other. */
void erg_trace_swap(erg_trace *a, erg_trace *b);

#endif
