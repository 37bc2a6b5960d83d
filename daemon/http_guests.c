/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected, in the order of who was last of use: where there is no room for one
 * more, the longest useless one is shut down, so that hundreds who say nothing keep nobody
 * out. First those who have asked for nothing yet, then those who were answered and stay
 * (a scraper comes again by itself); listeners never, for their number is bounded.
 *
 *   Threads  that of libmicrohttpd alone.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include "http.h"

struct ergd_guest {
    TAILQ_ENTRY(ergd_guest) beside;
    int socket;
    bool is_answered, listens, is_out;  /* out: shut down, but not gone yet */
};

static struct ergd_guest *longest(const http *of, bool is_answered)
{
    struct ergd_guest *at;

    TAILQ_FOREACH(at, &of->guests, beside)
        if (!at->is_out && !at->listens && at->is_answered == is_answered)
            return at;
    return NULL;
}

/* libmicrohttpd sees the end of the connection, and forgets it. */
static void make_room(http *of)
{
    struct ergd_guest *who = longest(of, false);

    if (!who)
        who = longest(of, true);
    if (!who)
        return;
    who->is_out = true;
    of->guest_count--;
    shutdown(who->socket, SHUT_RDWR);
}

static void come(http *of, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *is =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ergd_guest *fresh = is ? calloc(1, sizeof(*fresh)) : NULL;

    if (!fresh)
        return;                         /* it is only not counted */
    if (of->guest_count >= GUESTS_MOST)
        make_room(of);
    fresh->socket = is->connect_fd;
    of->guest_count++;
    TAILQ_INSERT_TAIL(&of->guests, fresh, beside);
    *context = fresh;
}

static void go(http *of, void **context)
{
    struct ergd_guest *who = *context;

    if (!who)
        return;
    if (!who->is_out)
        of->guest_count--;
    TAILQ_REMOVE(&of->guests, who, beside);
    free(who);
    *context = NULL;
}

void ergd_http_guest(void *self, struct MHD_Connection *connection, void **context,
                     enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        come(self, connection, context);
    else
        go(self, context);
}

void ergd_http_served(http *of, struct MHD_Connection *connection, bool listens)
{
    const union MHD_ConnectionInfo *is =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct ergd_guest *who = is ? is->socket_context : NULL;

    if (!who)
        return;
    who->is_answered = true;
    who->listens = listens;
    TAILQ_REMOVE(&of->guests, who, beside);
    TAILQ_INSERT_TAIL(&of->guests, who, beside);
}
