/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events. A listener that was told all there is sleeps, suspended, until the
 * loop has more; the lock is held for a copy, never for a client.
 */
#include <stdlib.h>
#include <string.h>
#include "http.h"

/* Under the lock. A client that was too slow for an event gets the newest, not all. */
static bool next_event(stream *it)
{
    http *of = it->of;

    if (it->told == of->event_number || !of->event.bytes)
        return false;
    free(it->bytes);
    it->bytes = malloc(of->event.size);
    if (!it->bytes)
        return false;
    memcpy(it->bytes, of->event.bytes, of->event.size);
    it->size = of->event.size;
    it->sent = 0;
    it->told = of->event_number;
    return true;
}

void ergd_http_wake(http *of)
{
    for (size_t i = 0; i < STREAMS_MOST; i++)
        if (of->streams[i].is_suspended) {
            of->streams[i].is_suspended = false;
            MHD_resume_connection(of->streams[i].connection);
        }
}

static ssize_t read_stream(void *self, uint64_t at, char *to, size_t most)
{
    stream *it = self;
    ssize_t count = 0;
    (void)at;

    pthread_mutex_lock(&it->of->lock);
    if (it->of->is_over) {
        count = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (it->sent < it->size || next_event(it)) {
        size_t part = it->size - it->sent < most ? it->size - it->sent : most;
        memcpy(to, it->bytes + it->sent, part);
        it->sent += part;
        count = (ssize_t)part;
    } else if (!it->is_suspended) {
        it->is_suspended = true;
        MHD_suspend_connection(it->connection);
    }
    pthread_mutex_unlock(&it->of->lock);
    return count;
}

static void close_stream(void *self)
{
    stream *it = self;
    http *of = it->of;

    pthread_mutex_lock(&of->lock);
    free(it->bytes);
    of->stream_count--;
    *it = (stream){ 0 };
    pthread_mutex_unlock(&of->lock);
}

static stream *take_stream(http *of, struct MHD_Connection *connection)
{
    stream *found = NULL;

    pthread_mutex_lock(&of->lock);
    for (size_t i = 0; i < STREAMS_MOST && !found; i++)
        if (!of->streams[i].connection)
            found = &of->streams[i];
    if (found) {
        *found = (stream){ .of = of, .connection = connection };
        of->stream_count++;
    }
    pthread_mutex_unlock(&of->lock);
    return found;
}

enum MHD_Result ergd_http_events(http *of, struct MHD_Connection *to)
{
    stream *it = take_stream(of, to);

    if (!it)
        return ergd_http_text(to, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "too many listen already\n");
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
                                          read_stream, it,
                                          close_stream);
    if (!response) {
        close_stream(it);
        return MHD_NO;
    }
    ergd_http_dress(response, "text/event-stream");
    ergd_http_served(of, to, true);
    enum MHD_Result good = MHD_queue_response(to, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return good;
}
