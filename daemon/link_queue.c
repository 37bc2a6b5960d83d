/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "link_queue.h"

enum { EVENTS_MOST = 4096 };

bool ergd_queue_open(ergd_queue *queue, erg_error *err)
{
    *queue = (ergd_queue){ .last = &queue->first };
    queue->file = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (queue->file < 0)
        return erg_fail(err, ERG_IO, "cannot make an event file: %s", strerror(errno));
    pthread_mutex_init(&queue->lock, NULL);
    return true;
}

static ergd_link_event *event_of(ergd_link_kind kind, const char *topic, const void *bytes,
                                 size_t size)
{
    size_t length = strlen(topic) + 1;
    ergd_link_event *event = calloc(1, sizeof(*event) + length + size + 1);

    if (!event)
        return NULL;
    event->kind = kind;
    event->size = size;
    memcpy(event->topic, topic, length);
    event->bytes = event->topic + length;
    if (size)
        memcpy(event->bytes, bytes, size);
    return event;
}

void ergd_queue_push(ergd_queue *queue, ergd_link_kind kind, const char *topic,
                     const void *bytes, size_t size)
{
    ergd_link_event *event = event_of(kind, topic, bytes, size);
    const uint64_t one = 1;

    if (!event)
        return;
    pthread_mutex_lock(&queue->lock);
    bool fits = kind != LINK_MESSAGE || queue->waiting < EVENTS_MOST;
    if (fits) {
        *queue->last = event;
        queue->last = &event->next;
        queue->waiting++;
    }
    pthread_mutex_unlock(&queue->lock);
    if (!fits)
        free(event);
    else if (write(queue->file, &one, sizeof(one)) < 0)
        return;     /* it is readable already */
}

ergd_link_event *ergd_queue_next(ergd_queue *queue)
{
    uint64_t count;

    pthread_mutex_lock(&queue->lock);
    ergd_link_event *event = queue->first;
    if (event) {
        queue->first = event->next;
        queue->waiting--;
        if (!queue->first)
            queue->last = &queue->first;
    } else if (read(queue->file, &count, sizeof(count)) < 0) {
        errno = 0;  /* nothing waited */
    }
    pthread_mutex_unlock(&queue->lock);
    return event;
}

void ergd_queue_close(ergd_queue *queue)
{
    ergd_link_event *event;

    while ((event = ergd_queue_next(queue)))
        free(event);
    close(queue->file);
    pthread_mutex_destroy(&queue->lock);
}
