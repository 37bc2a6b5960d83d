/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from the sampler to the writer: one thread each side, never a wait. */
#ifndef ERG_RUN_QUEUE_H
#define ERG_RUN_QUEUE_H

#include "base/base.h"
#include "erg/trace.h"

typedef struct erg_queue erg_queue;

typedef struct erg_queued { int channel; erg_sample sample; } erg_queued;

/* Room for at least so many; memory is touched only as far as samples have waited. */
erg_queue *erg_queue_new(size_t capacity, erg_error *err);
void erg_queue_free(erg_queue *queue);
/* False: full. The sample is lost and the caller counts it. */
bool erg_queue_put(erg_queue *queue, const erg_queued *item);
bool erg_queue_get(erg_queue *queue, erg_queued *out);
/* For the producer: so many wait that the consumer should come now. */
bool erg_queue_is_due(const erg_queue *queue);

#endif
