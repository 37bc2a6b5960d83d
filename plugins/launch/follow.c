/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "launch/follow.h"

#define PERIOD_NS 500000000
#define LEASE_NS 2000000000
#define NS_PER_S 1000000000

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool is_over, is_asking;
    char socket[108], uuid[64];
    follow_tell *tell;
    void *self;
} the = { .lock = PTHREAD_MUTEX_INITIALIZER };

int64_t follow_until_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec + LEASE_NS;
}

/* From the question on: an answer may have been under way for long. */
static void ask(void)
{
    int64_t until_ns = follow_until_ns();
    erg_govern_allowance grant;

    if (erg_govern_budget(the.socket[0] ? the.socket : NULL, the.uuid, &grant, NULL))
        the.tell(the.self, &grant, until_ns);
}

static void *work(void *unused)
{
    struct timespec next;

    (void)unused;
    pthread_mutex_lock(&the.lock);
    while (!the.is_over) {
        clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_nsec += PERIOD_NS;
        next.tv_sec += next.tv_nsec / NS_PER_S;
        next.tv_nsec %= NS_PER_S;
        while (!the.is_over && pthread_cond_timedwait(&the.end, &the.lock, &next) == 0)
            continue;
        if (the.is_over)
            break;
        the.is_asking = true;
        pthread_mutex_unlock(&the.lock);
        ask();
        pthread_mutex_lock(&the.lock);
        the.is_asking = false;
    }
    pthread_mutex_unlock(&the.lock);
    return NULL;
}

/* Nobody waits at the end of a program for a daemon that hangs. */
static void stop(void)
{
    pthread_mutex_lock(&the.lock);
    bool is_asking = the.is_asking;
    the.is_over = true;
    pthread_cond_signal(&the.end);
    pthread_mutex_unlock(&the.lock);
    if (!is_asking)
        pthread_join(the.thread, NULL);
}

void follow_start(const char *socket, const char *uuid, follow_tell *tell, void *self)
{
    pthread_condattr_t how;

    if (strlen(socket) >= sizeof(the.socket) || strlen(uuid) >= sizeof(the.uuid))
        return;
    memcpy(the.socket, socket, strlen(socket) + 1);
    memcpy(the.uuid, uuid, strlen(uuid) + 1);
    the.tell = tell;
    the.self = self;
    ask();
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(&the.end, &how);
    pthread_condattr_destroy(&how);
    if (pthread_create(&the.thread, NULL, work, NULL) == 0)
        atexit(stop);
}
