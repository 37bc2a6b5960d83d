/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection's thread tells the loop: a bounded queue with a file that wakes it. */
#ifndef ERGD_LINK_QUEUE_H
#define ERGD_LINK_QUEUE_H

#include <pthread.h>
#include "link.h"

typedef struct ergd_queue {
    pthread_mutex_t lock;           /* of first, last and waiting */
    ergd_link_event *first, **last;
    size_t waiting;
    int file;                       /* readable while events wait */
} ergd_queue;

/* It must not move afterwards. */
bool ergd_queue_open(ergd_queue *queue, erg_error *err);
/* From any thread. A message that does not fit is lost;
 * what the connection does never is. */
void ergd_queue_push(ergd_queue *queue, ergd_link_kind kind, const char *topic,
                     const void *bytes, size_t size);
/* The next event, to be freed; NULL: none waits. */
ergd_link_event *ergd_queue_next(ergd_queue *queue);
void ergd_queue_close(ergd_queue *queue);

#endif
