/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics, /healthz, the live page and its events, over libmicrohttpd.
 *
 * A thread of its own talks to clients; the loop only swaps in what was rendered, so that a
 * slow or a lying client costs the loop nothing, and a scrape never touches a sensor. A loop
 * that hangs shows in /healthz, for the thread reads the clock itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "daemon.h"
#include "page.h"
#include "tell.h"

enum { CONNECTIONS_MOST = 128, STREAMS_MOST = 16, TIMEOUT_S = 5, MEMORY_BYTES = 16 << 10 };
#define METRICS_EVERY_NS 1000000000LL   /* rendering costs more than stepping */
#define EVENTS_EVERY_NS 250000000LL
#define LATE_PERIODS 3.0
#define LATE_LEAST_S 1.0

typedef enum body { BODY_PROMETHEUS, BODY_OPENMETRICS, BODY_HEALTH, BODIES } body;

typedef struct http http;

/* A browser that listens; suspended while it has been told all there is. */
typedef struct stream {
    http *of;
    struct MHD_Connection *connection;  /* NULL: free */
    uint64_t told;                      /* number of the last event that went out */
    char *bytes;                        /* the event under way */
    size_t size, sent;
    bool is_suspended;
} stream;

struct http {
    ergd *daemon;
    struct MHD_Daemon *server;
    pthread_mutex_t lock;               /* held for a swap or a copy, never for a client */
    struct MHD_Response *bodies[BODIES];
    ergd_bytes event;
    uint64_t event_number;
    int64_t step_ns;                    /* CLOCK_MONOTONIC */
    bool is_over;                       /* streams end */
    stream streams[STREAMS_MOST];
    size_t stream_count;
    int64_t metrics_ns, events_ns;      /* of the loop alone */
    ergd_beat beat;
};

static int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- answers ----------------------------------------------------------------------------- */

typedef struct header { const char *name, *value; } header;

static const header always[] = {
    { "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
};

static const char *const body_types[BODIES] = {
    [BODY_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
    [BODY_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [BODY_HEALTH] = "text/plain; charset=utf-8",
};

static void dress(struct MHD_Response *response, const char *type)
{
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        MHD_add_response_header(response, always[i].name, always[i].value);
    MHD_add_response_header(response, "Content-Type", type);
}

/* Takes bytes. NULL: no memory. */
static struct MHD_Response *response_of(ergd_bytes bytes, const char *type)
{
    struct MHD_Response *response = bytes.bytes
        ? MHD_create_response_from_buffer(bytes.size, bytes.bytes, MHD_RESPMEM_MUST_FREE) : NULL;

    if (response)
        dress(response, type);
    else
        free(bytes.bytes);
    return response;
}

static enum MHD_Result answer_text(struct MHD_Connection *to, unsigned status, const char *text)
{
    ergd_bytes bytes = { strdup(text), strlen(text) };
    struct MHD_Response *response = response_of(bytes, body_types[BODY_HEALTH]);

    if (!response)
        return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result good = MHD_queue_response(to, status, response);
    MHD_destroy_response(response);
    return good;
}

/* A response counts those who hold it: a swap may follow at once. */
static enum MHD_Result answer_body(http *of, struct MHD_Connection *to, body which)
{
    pthread_mutex_lock(&of->lock);
    struct MHD_Response *response = of->bodies[which];
    enum MHD_Result good = response ? MHD_queue_response(to, MHD_HTTP_OK, response) : MHD_NO;
    pthread_mutex_unlock(&of->lock);
    return response ? good : answer_text(to, MHD_HTTP_SERVICE_UNAVAILABLE, "not yet\n");
}

static enum MHD_Result metrics(http *of, struct MHD_Connection *to)
{
    const char *accept = MHD_lookup_connection_value(to, MHD_HEADER_KIND, "Accept");
    bool is_open = accept && strstr(accept, "application/openmetrics-text");

    return answer_body(of, to, is_open ? BODY_OPENMETRICS : BODY_PROMETHEUS);
}

static enum MHD_Result healthz(http *of, struct MHD_Connection *to)
{
    double most_s = LATE_PERIODS * ergd_config(of->daemon)->period_s;
    char text[96];

    pthread_mutex_lock(&of->lock);
    double age_s = 1e-9 * (double)(monotonic_ns() - of->step_ns);
    pthread_mutex_unlock(&of->lock);
    if (age_s <= (most_s > LATE_LEAST_S ? most_s : LATE_LEAST_S))
        return answer_body(of, to, BODY_HEALTH);
    snprintf(text, sizeof(text), "late\nthe loop's last step was %.1f s ago\n", age_s);
    return answer_text(to, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

/* Its one script and one style are allowed by a word that nobody can guess. */
static enum MHD_Result page(http *of, struct MHD_Connection *to)
{
    unsigned char random[16];
    char nonce[2 * sizeof(random) + 1], policy[400];
    (void)of;

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return MHD_NO;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    struct MHD_Response *response = response_of(ergd_page(nonce), "text/html; charset=utf-8");
    if (!response)
        return MHD_NO;
    snprintf(policy, sizeof(policy), "default-src 'none'; script-src 'nonce-%s'; style-src "
             "'nonce-%s'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'", nonce, nonce);
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    enum MHD_Result good = MHD_queue_response(to, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return good;
}

/* ---- events ------------------------------------------------------------------------------ */

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

/* Under the lock. */
static void wake_streams(http *of)
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

static enum MHD_Result events(http *of, struct MHD_Connection *to)
{
    stream *it = take_stream(of, to);

    if (!it)
        return answer_text(to, MHD_HTTP_SERVICE_UNAVAILABLE, "too many listen already\n");
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
                                                                      read_stream, it,
                                                                      close_stream);
    if (!response) {
        close_stream(it);
        return MHD_NO;
    }
    dress(response, "text/event-stream");
    enum MHD_Result good = MHD_queue_response(to, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return good;
}

/* ---- requests ---------------------------------------------------------------------------- */

static const struct {
    const char *path;
    enum MHD_Result (*answer)(http *of, struct MHD_Connection *to);
} places[] = { { "/", page }, { "/metrics", metrics }, { "/healthz", healthz },
               { "/events", events } };

static enum MHD_Result handle(void *self, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static const char seen;
    (void)version, (void)upload;

    /* First the head alone is here; a body is not wanted. */
    if (!*state) {
        *state = (void *)(uintptr_t)&seen;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].path, url) == 0)
            return places[i].answer(self, connection);
    return answer_text(connection, MHD_HTTP_NOT_FOUND,
                       "there are /, /metrics, /healthz and /events\n");
}

/* ---- publishing: of the loop ------------------------------------------------------------- */

static void swap_body(http *of, body which, ergd_bytes bytes)
{
    struct MHD_Response *fresh = response_of(bytes, body_types[which]);

    if (!fresh)
        return;
    pthread_mutex_lock(&of->lock);
    struct MHD_Response *old = of->bodies[which];
    of->bodies[which] = fresh;
    pthread_mutex_unlock(&of->lock);
    if (old)
        MHD_destroy_response(old);
}

static void swap_event(http *of, ergd_bytes event)
{
    if (!event.bytes)
        return;
    pthread_mutex_lock(&of->lock);
    free(of->event.bytes);
    of->event = event;
    of->event_number++;
    wake_streams(of);
    pthread_mutex_unlock(&of->lock);
}

static bool beat(http *of, int64_t now_ns)
{
    double since_s = 1e-9 * (double)(now_ns - of->step_ns);

    of->beat.late += of->beat.steps && since_s > 1.5 * of->beat.period_s;
    of->beat.steps++;
    of->beat.busy_s = 1e-9 * (double)(monotonic_ns() - now_ns);
    pthread_mutex_lock(&of->lock);
    of->step_ns = now_ns;
    bool is_heard = of->stream_count > 0;
    pthread_mutex_unlock(&of->lock);
    return is_heard;
}

static void step(void *self)
{
    http *of = self;
    int64_t now_ns = ergd_now_ns(of->daemon);
    bool is_heard = beat(of, now_ns);

    if (now_ns - of->metrics_ns >= METRICS_EVERY_NS) {
        const erg_result *snapshot = ergd_snapshot(of->daemon);
        of->metrics_ns = now_ns;
        if (snapshot) {
            swap_body(of, BODY_PROMETHEUS, ergd_tell_metrics(snapshot, &of->beat, "prometheus"));
            swap_body(of, BODY_OPENMETRICS, ergd_tell_metrics(snapshot, &of->beat,
                                                              "openmetrics"));
        }
        swap_body(of, BODY_HEALTH, ergd_tell_health(snapshot));
    }
    if (is_heard && now_ns - of->events_ns >= EVENTS_EVERY_NS) {
        const erg_result *snapshot = ergd_snapshot(of->daemon);
        of->events_ns = now_ns;
        if (snapshot)
            swap_event(of, ergd_tell_event(snapshot));
    }
}

/* ---- opening ----------------------------------------------------------------------------- */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} address;

static bool read_address(const erg_govern_config *config, address *out, erg_error *err)
{
    uint16_t port = htons((uint16_t)config->http.port);

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, config->http.address, &out->four.sin_addr) == 1) {
        out->four.sin_family = AF_INET;
        out->four.sin_port = port;
    } else if (inet_pton(AF_INET6, config->http.address, &out->six.sin6_addr) == 1) {
        out->six.sin6_family = AF_INET6;
        out->six.sin6_port = port;
    } else {
        return erg_fail(err, ERG_BAD_INPUT, "http: address '%s' is no IP address, as in "
                        "127.0.0.1", config->http.address);
    }
    return true;
}

/* What libmicrohttpd says of clients that lie is of no use to anybody. */
static void say_nothing(void *self, const char *format, va_list values)
{
    (void)self, (void)format, (void)values;
}

static bool start(http *of, const address *at, erg_error *err)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ERROR_LOG
                   | MHD_ALLOW_SUSPEND_RESUME | (at->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);

    of->server = MHD_start_daemon(flags, 0, NULL, NULL, handle, of,
                                  MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
                                  MHD_OPTION_SOCK_ADDR, &at->any,
                                  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                                  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                                  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
                                  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!of->server)
        return erg_fail(err, ERG_IO, "http: cannot listen on %s port %d: %s: name another "
                        "http.port", ergd_config(of->daemon)->http.address,
                        (int)ergd_config(of->daemon)->http.port, strerror(errno));
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(of->server, MHD_DAEMON_INFO_BIND_PORT);
    ergd_log(of->daemon, "http on %s port %d", ergd_config(of->daemon)->http.address,
             info ? (int)info->port : (int)ergd_config(of->daemon)->http.port);
    return true;
}

static void http_close(void *self)
{
    http *of = self;

    /* A suspended connection would keep the thread from its end. */
    pthread_mutex_lock(&of->lock);
    of->is_over = true;
    wake_streams(of);
    pthread_mutex_unlock(&of->lock);
    if (of->server)
        MHD_stop_daemon(of->server);
    for (size_t i = 0; i < BODIES; i++)
        if (of->bodies[i])
            MHD_destroy_response(of->bodies[i]);
    pthread_mutex_destroy(&of->lock);
    free(of->event.bytes);
    free(of);
}

static bool http_open(ergd *daemon, void **self, erg_error *err)
{
    const erg_govern_config *config = ergd_config(daemon);
    address at;

    if (!config->http.address)
        return true;
    if (!read_address(config, &at, err))
        return false;
    http *of = calloc(1, sizeof(*of));
    if (!of)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    *of = (http){ .daemon = daemon, .step_ns = ergd_now_ns(daemon),
                  .beat.period_s = config->period_s };
    pthread_mutex_init(&of->lock, NULL);
    step(of);
    if (start(of, &at, err)) {
        *self = of;
        return true;
    }
    http_close(of);
    return false;
}

const char *ergd_http_about(void) { return "http: built with libmicrohttpd"; }

const ergd_service ergd_service_http = { "http", http_open, step, http_close };
