/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of ergd's HTTP service share. */
#ifndef ERGD_HTTP_H
#define ERGD_HTTP_H

#include <microhttpd.h>
#include <pthread.h>
#include <sys/queue.h>
#include "daemon.h"
#include "tell.h"

/* Connections; those that are shut down for want of room take a moment to go. */
enum { STREAMS_MOST = 16, GUESTS_MOST = 128, GUESTS_GOING = 64 };

typedef enum body { BODY_PROMETHEUS, BODY_OPENMETRICS, BODY_HEALTH, BODIES } body;

typedef struct ergd_http http;

/* A browser that listens; suspended while it has been told all there is. */
typedef struct stream {
    http *of;
    struct MHD_Connection *connection;  /* NULL: free */
    uint64_t told;                      /* number of the last event that went out */
    char *bytes;                        /* the event under way */
    size_t size, sent;
    bool is_suspended;
} stream;

struct ergd_guest;

struct ergd_http {
    ergd *daemon;
    int listens;                        /* -1: none */
    struct MHD_Daemon *server;          /* NULL: not begun */
    pthread_mutex_t lock;               /* held for a swap or a copy, never for a client */
    struct MHD_Response *bodies[BODIES];
    ergd_bytes event;
    uint64_t event_number;
    int64_t step_ns;                    /* CLOCK_MONOTONIC */
    bool is_over;                       /* streams end */
    stream streams[STREAMS_MOST];
    size_t stream_count;
    TAILQ_HEAD(, ergd_guest) guests;    /* of its thread alone */
    size_t guest_count;                 /* but those shut down */
    int64_t metrics_ns, events_ns;      /* of the loop alone */
    ergd_beat beat;
};

#define ERGD_HTTP_TEXT "text/plain; charset=utf-8"

/* ---- http_answer.c --------------------------------------------------------- */

/* The heads that every answer has. */
void ergd_http_dress(struct MHD_Response *response, const char *type);
/* Takes bytes. NULL: no memory. */
struct MHD_Response *ergd_http_response(ergd_bytes bytes, const char *type);
enum MHD_Result ergd_http_text(struct MHD_Connection *to, unsigned status,
                               const char *text);

/* ---- http_stream.c --------------------------------------------------------- */

/* Events to a browser, until it goes. */
enum MHD_Result ergd_http_events(http *of, struct MHD_Connection *to);
/* Under the lock: who waits for an event is told. */
void ergd_http_wake(http *of);

/* ---- http_guests.c --------------------------------------------------------- */

/* As MHD_OPTION_NOTIFY_CONNECTION calls it; self: http. */
void ergd_http_guest(void *self, struct MHD_Connection *connection, void **context,
                     enum MHD_ConnectionNotificationCode what);
/* It has asked for something and is answered. */
void ergd_http_served(http *of, struct MHD_Connection *connection, bool listens);

#endif
