/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of samples with one producer and one consumer. Whenever it is found empty it
 * begins at its first item again, so that what it keeps in memory is the greatest
 * backlog there was and not all the room for one.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "run/queue.h"

/* So many still lie in the cache of who takes them out. */
enum { DUE_AT = 2048 };

struct erg_queue {
    _Alignas(64) _Atomic size_t put;
    _Alignas(64) _Atomic size_t got;
    size_t base;            /* the count that lies in the first item */
    size_t capacity;        /* a power of two */
    erg_queued *items;
};

erg_queue *erg_queue_new(size_t capacity, erg_error *err)
{
    size_t rounded = 64;
    while (rounded < capacity)
        rounded *= 2;
    erg_queue *queue = aligned_alloc(64, sizeof(*queue));
    erg_queued *items = calloc(rounded, sizeof(*items));
    if (!queue || !items) {
        free(queue);
        free(items);
        erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu samples", rounded);
        return NULL;
    }
    atomic_init(&queue->put, 0);
    atomic_init(&queue->got, 0);
    queue->base = 0;
    queue->capacity = rounded;
    queue->items = items;
    return queue;
}

void erg_queue_free(erg_queue *queue)
{
    if (!queue)
        return;
    free(queue->items);
    free(queue);
}

static erg_queued *item_of(const erg_queue *queue, size_t count)
{
    return &queue->items[(count - queue->base) & (queue->capacity - 1)];
}

bool erg_queue_put(erg_queue *queue, const erg_queued *item)
{
    size_t put = atomic_load_explicit(&queue->put, memory_order_relaxed);
    size_t got = atomic_load_explicit(&queue->got, memory_order_acquire);
    if (put - got >= queue->capacity)
        return false;
    if (put == got)
        queue->base = put;      /* seen by the consumer together with put + 1 */
    *item_of(queue, put) = *item;
    atomic_store_explicit(&queue->put, put + 1, memory_order_release);
    return true;
}

bool erg_queue_get(erg_queue *queue, erg_queued *out)
{
    size_t got = atomic_load_explicit(&queue->got, memory_order_relaxed);
    if (got == atomic_load_explicit(&queue->put, memory_order_acquire))
        return false;
    *out = *item_of(queue, got);
    atomic_store_explicit(&queue->got, got + 1, memory_order_release);
    return true;
}

bool erg_queue_is_due(const erg_queue *queue)
{
    size_t waiting = atomic_load_explicit(&queue->put, memory_order_relaxed)
        - atomic_load_explicit(&queue->got, memory_order_relaxed);

    return waiting > DUE_AT || waiting > queue->capacity / 2;
}
