/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WattsUp on a pseudo-terminal: a thread that holds the meter's end, keeps what it
 * was told and, once told to log, sends a line whenever the test asks for one. Its
 * first line follows the start by itself, as a meter's does.
 */
#ifndef ERG_TESTS_METER_H
#define ERG_TESTS_METER_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <termios.h>
#include "test.h"

typedef struct meter {
    int master;
    char port[64];
    bool silent;            /* powered off: it never answers */
    atomic_bool stop;
    pthread_t thread;
    pthread_mutex_t lock;
    char told[1024];
} meter;

static inline void meter_send(meter *box, const char *line)
{
    CHECK(write(box->master, line, strlen(line)) == (ssize_t)strlen(line));
}

static inline void *meter_run(void *self)
{
    meter *box = self;
    struct pollfd ready = { .fd = box->master, .events = POLLIN };
    bool started = false;

    while (!atomic_load(&box->stop)) {
        char bytes[256];
        ssize_t count = poll(&ready, 1, 10) > 0
            ? read(box->master, bytes, sizeof(bytes) - 1) : 0;
        if (count <= 0)
            continue;
        bytes[count] = '\0';
        pthread_mutex_lock(&box->lock);
        strncat(box->told, bytes, sizeof(box->told) - strlen(box->told) - 1);
        bool start = strstr(box->told, "#L,W,3,E,,1;") && !started && !box->silent;
        pthread_mutex_unlock(&box->lock);
        started |= start;
        if (start && write(box->master, "7,0;#d,-,18,1000,2300,500,_;\r\n", 30) < 0)
            break;
    }
    return NULL;
}

static inline void meter_open(meter *box, bool silent)
{
    *box = (meter){ .silent = silent, .lock = PTHREAD_MUTEX_INITIALIZER };
    box->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(box->master >= 0 && grantpt(box->master) == 0 && unlockpt(box->master) == 0);
    snprintf(box->port, sizeof(box->port), "%s", ptsname(box->master));
    CHECK(pthread_create(&box->thread, NULL, meter_run, box) == 0);
}

/* Ends the thread; the line stays up until meter_hang_up. */
static inline const char *meter_told(meter *box)
{
    struct timespec moment = { .tv_nsec = 50000000 };
    nanosleep(&moment, NULL);
    atomic_store(&box->stop, true);
    pthread_join(box->thread, NULL);
    return box->told;
}

static inline void meter_hang_up(meter *box)
{
    close(box->master);
}

#endif
