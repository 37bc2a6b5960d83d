/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics, /healthz, the live page and its events, over libmicrohttpd.
 *
 * A thread of its own talks to clients; the loop only swaps in what was rendered, so that a
 * slow or a lying client costs the loop nothing, and a scrape never touches a sensor. A
 * loop that hangs shows in /healthz, for the thread reads the clock itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "http.h"
#include "page.h"

enum { CONNECTIONS_MOST = GUESTS_MOST + GUESTS_GOING, TIMEOUT_S = 5,
       MEMORY_BYTES = 16 << 10 };
#define METRICS_EVERY_NS 1000000000LL   /* rendering costs more than stepping */
#define EVENTS_EVERY_NS 250000000LL
#define LATE_PERIODS 3.0
#define LATE_LEAST_S 1.0

static int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- answers ------------------------------------------------------------------------- */

static const char *const body_types[BODIES] = {
    [BODY_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
    [BODY_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [BODY_HEALTH] = ERGD_HTTP_TEXT,
};

/* A response counts those who hold it: a swap may follow at once. */
static enum MHD_Result answer_body(http *of, struct MHD_Connection *to, body which)
{
    pthread_mutex_lock(&of->lock);
    struct MHD_Response *response = of->bodies[which];
    enum MHD_Result good = response
        ? MHD_queue_response(to, MHD_HTTP_OK, response) : MHD_NO;
    pthread_mutex_unlock(&of->lock);
    return response ? good : ergd_http_text(to, MHD_HTTP_SERVICE_UNAVAILABLE, "not yet\n");
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
    return ergd_http_text(to, MHD_HTTP_SERVICE_UNAVAILABLE, text);
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
    struct MHD_Response *response = ergd_http_response(ergd_page(nonce),
                                                       "text/html; charset=utf-8");
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

/* ---- requests ------------------------------------------------------------------------ */

static const struct {
    const char *path;
    enum MHD_Result (*answer)(http *of, struct MHD_Connection *to);
} places[] = { { "/", page }, { "/metrics", metrics }, { "/healthz", healthz },
               { "/events", ergd_http_events } };

static enum MHD_Result handle(void *self, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state)
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
    ergd_http_served(self, connection, false);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return ergd_http_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].path, url) == 0)
            return places[i].answer(self, connection);
    return ergd_http_text(connection, MHD_HTTP_NOT_FOUND,
                       "there are /, /metrics, /healthz and /events\n");
}

/* ---- publishing: of the loop --------------------------------------------------------- */

static void swap_body(http *of, body which, ergd_bytes bytes)
{
    struct MHD_Response *fresh = ergd_http_response(bytes, body_types[which]);

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
    ergd_http_wake(of);
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

static void render(http *of)
{
    int64_t now_ns = ergd_now_ns(of->daemon);
    bool is_heard = beat(of, now_ns);

    if (now_ns - of->metrics_ns >= METRICS_EVERY_NS) {
        const erg_result *snapshot = ergd_snapshot(of->daemon);
        of->metrics_ns = now_ns;
        if (snapshot) {
            swap_body(of, BODY_PROMETHEUS,
                      ergd_tell_metrics(snapshot, &of->beat, "prometheus"));
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

/* ---- opening ------------------------------------------------------------------------- */

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

static bool listen_at(http *of, const address *at, erg_error *err)
{
    const erg_govern_config *config = ergd_config(of->daemon);
    socklen_t size = at->any.sa_family == AF_INET6 ? sizeof(at->six) : sizeof(at->four);
    address got = { 0 };
    socklen_t got_size = sizeof(got);
    const int yes = 1;

    of->listens = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (of->listens < 0
        || setsockopt(of->listens, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0
        || bind(of->listens, &at->any, size) != 0
        || listen(of->listens, CONNECTIONS_MOST) != 0
        || getsockname(of->listens, &got.any, &got_size) != 0)
        return erg_fail(err, ERG_IO, "http: cannot listen on %s port %d: %s",
                        config->http.address, (int)config->http.port, strerror(errno));
    ergd_log(of->daemon, "http on %s port %d", config->http.address,
             ntohs(got.any.sa_family == AF_INET6 ? got.six.sin6_port : got.four.sin_port));
    return true;
}

/* What libmicrohttpd says of clients that lie is of no use to anybody. */
static void say_nothing(void *self, const char *format, va_list values)
{
    (void)self, (void)format, (void)values;
}

/* Not before the first step of the loop: a thread keeps the privileges it was born with. */
static void start(http *of)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL
        | MHD_USE_ERROR_LOG
                         | MHD_ALLOW_SUSPEND_RESUME;

    of->server = MHD_start_daemon(flags, 0, NULL, NULL, handle, of,
                                  MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
                                  MHD_OPTION_LISTEN_SOCKET, of->listens,
                                  MHD_OPTION_NOTIFY_CONNECTION, ergd_http_guest, of,
                                  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                                  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                                  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
                                  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (of->server)
        return;
    ergd_log(of->daemon, "http: cannot start its thread: nothing is served");
    close(of->listens);
    of->listens = -1;
}

static void step(void *self)
{
    http *of = self;

    render(of);
    if (!of->server && of->listens >= 0)
        start(of);
}

static void http_close(void *self)
{
    http *of = self;

    /* A suspended connection would keep the thread from its end. */
    pthread_mutex_lock(&of->lock);
    of->is_over = true;
    ergd_http_wake(of);
    pthread_mutex_unlock(&of->lock);
    if (of->server)
        MHD_stop_daemon(of->server);    /* closes the socket */
    else if (of->listens >= 0)
        close(of->listens);
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
    *of = (http){ .daemon = daemon, .listens = -1, .step_ns = ergd_now_ns(daemon),
                  .beat.period_s = config->period_s };
    pthread_mutex_init(&of->lock, NULL);
    TAILQ_INIT(&of->guests);
    render(of);
    if (listen_at(of, &at, err)) {
        *self = of;
        return true;
    }
    http_close(of);
    return false;
}

const char *ergd_http_about(void) { return "http: built with libmicrohttpd"; }

const ergd_service ergd_service_http = { "http", http_open, step, http_close };
