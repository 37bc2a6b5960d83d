/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of samples with one producer and one consumer. */
#include <stdatomic.h>
#include <stdlib.h>
#include "run/queue.h"

struct erg_queue {
    _Alignas(64) _Atomic size_t put;
    _Alignas(64) _Atomic size_t got;
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

bool erg_queue_put(erg_queue *queue, const erg_queued *item)
{
    size_t put = atomic_load_explicit(&queue->put, memory_order_relaxed);
    if (put - atomic_load_explicit(&queue->got, memory_order_acquire) >= queue->capacity)
        return false;
    queue->items[put & (queue->capacity - 1)] = *item;
    atomic_store_explicit(&queue->put, put + 1, memory_order_release);
    return true;
}

bool erg_queue_get(erg_queue *queue, erg_queued *out)
{
    size_t got = atomic_load_explicit(&queue->got, memory_order_relaxed);
    if (got == atomic_load_explicit(&queue->put, memory_order_acquire))
        return false;
    *out = queue->items[got & (queue->capacity - 1)];
    atomic_store_explicit(&queue->got, got + 1, memory_order_release);
    return true;
}

bool erg_queue_is_half_full(const erg_queue *queue)
{
    return atomic_load_explicit(&queue->put, memory_order_relaxed)
         - atomic_load_explicit(&queue->got, memory_order_relaxed) > queue->capacity / 2;
}
