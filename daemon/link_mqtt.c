/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT 5 by libmosquitto. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <mqtt_protocol.h>
#include "daemon.h"
#include "link_library.h"
#include "link_queue.h"

enum { MESSAGE_MOST = 4096, KEEP_ALIVE_LEAST_S = 5 };
enum { CONNECT_S = 5, JOIN_S = 3, LOOP_MS = 500, GLANCE_MS = 300 };

struct ergd_link {
    ergd_mqtt mqtt;
    const erg_govern_config *config;
    const erg_rack *rack;           /* asked only for what never changes */
    bool is_started;
    bool was_up;                    /* the thread's own */
    char client[256], will_topic[256], will[1024], password[256];
    size_t will_size;
    char topics[4][256];
    size_t topic_count;
    pthread_t thread;
    pthread_mutex_t lock;           /* of all that follows */
    struct mosquitto *handle;       /* NULL: none */
    bool is_up, is_over, taken_over;
    ergd_queue events;              /* with a lock of its own */
};

const char *ergd_rack_mode(void) { return "MQTT 5, libmosquitto"; }
int ergd_link_file(const ergd_link *link) { return link->events.file; }
ergd_link_event *ergd_link_next(ergd_link *link) { return ergd_queue_next(&link->events); }

/* ---- what the library calls, in the thread ------------------------------------------- */

/* A peer that is gone without a word is given up after a third of a lease: the library's
 * own keep-alive is never shorter than five seconds. */
static void watch_peer(const ergd_link *link, struct mosquitto *handle)
{
    unsigned wait_ms = (unsigned)(1e3 * link->config->mqtt.lease_s / 3);
    int one = 1, file = link->mqtt.socket(handle);

    setsockopt(file, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void connected(struct mosquitto *handle, void *self, int code, int flags,
                      const mosquitto_property *properties)
{
    ergd_link *link = self;
    (void)flags, (void)properties;

    if (code != 0)
        return;
    watch_peer(link, handle);
    for (size_t i = 0; i < link->topic_count; i++)
        link->mqtt.subscribe(handle, NULL, link->topics[i], 1, 0, NULL);
    pthread_mutex_lock(&link->lock);
    link->is_up = true;
    pthread_mutex_unlock(&link->lock);
    link->was_up = true;
    ergd_queue_push(&link->events, LINK_UP, "", NULL, 0);
}

static void disconnected(struct mosquitto *handle, void *self, int code,
                         const mosquitto_property *properties)
{
    ergd_link *link = self;
    (void)handle, (void)properties;

    pthread_mutex_lock(&link->lock);
    link->is_up = false;
    link->taken_over |= code == MQTT_RC_SESSION_TAKEN_OVER;
    pthread_mutex_unlock(&link->lock);
}

static void arrived(struct mosquitto *handle, void *self,
                    const struct mosquitto_message *message,
                    const mosquitto_property *properties)
{
    (void)handle, (void)properties;

    if (message->payloadlen >= 0 && message->payloadlen < MESSAGE_MOST)
        ergd_queue_push(&((ergd_link *)self)->events, LINK_MESSAGE, message->topic,
                        message->payload, (size_t)message->payloadlen);
}

/* ---- connecting ---------------------------------------------------------------------- */

static bool set_up(ergd_link *link, struct mosquitto *handle, bool has_will)
{
    const erg_govern_config *config = link->config;

    link->mqtt.int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    link->mqtt.threaded_set(handle, true);
    link->mqtt.on_connect(handle, connected);
    link->mqtt.on_disconnect(handle, disconnected);
    link->mqtt.on_message(handle, arrived);
    if (config->mqtt.user
        && link->mqtt.username_pw_set(handle, config->mqtt.user,
                                      link->password[0] ? link->password : NULL) != 0)
        return false;
    if (config->mqtt.tls_ca
        && link->mqtt.tls_set(handle, config->mqtt.tls_ca, NULL, config->mqtt.tls_cert,
                              config->mqtt.tls_key, NULL) != 0)
        return false;
    return !has_will
        || link->mqtt.will_set(handle, link->will_topic, (int)link->will_size,
                               link->will, 1, true, NULL) == 0;
}

static int keep_alive_s(const erg_govern_config *config)
{
    int third_s = (int)(config->mqtt.lease_s / 3);

    return third_s < KEEP_ALIVE_LEAST_S ? KEEP_ALIVE_LEAST_S : third_s;
}

typedef struct standing { bool is_up, is_over; } standing;

static standing look(ergd_link *link)
{
    pthread_mutex_lock(&link->lock);
    standing out = { link->is_up, link->is_over || link->taken_over };
    pthread_mutex_unlock(&link->lock);
    return out;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- has another coordinator come? --------------------------------------------------- */

typedef struct glance { const ergd_link *link; bool is_ready, is_other; } glance;

static void glance_up(struct mosquitto *handle, void *self, int code, int flags,
                      const mosquitto_property *properties)
{
    const glance *at = self;
    (void)flags, (void)properties;

    if (code == 0)
        at->link->mqtt.subscribe(handle, NULL, erg_rack_lead_topic(at->link->rack), 1,
                                 0, NULL);
}

static void glance_ready(struct mosquitto *handle, void *self, int id, int count,
                         const int *granted, const mosquitto_property *properties)
{
    (void)handle, (void)id, (void)count, (void)granted, (void)properties;
    ((glance *)self)->is_ready = true;
}

static void glance_at(struct mosquitto *handle, void *self,
                      const struct mosquitto_message *message,
                      const mosquitto_property *properties)
{
    glance *at = self;
    (void)handle, (void)properties;

    at->is_other |= erg_rack_is_led(at->link->rack, message->payload,
                                    (size_t)message->payloadlen);
}

/* Not every broker says 0x8E to the one whose name was taken (Mosquitto 2.0.11 does not).
 * So a coordinator that lost its connection looks first, under another name, who leads:
 * taking the name back would throw the other out, and so on for ever. */
static bool is_other_leading(ergd_link *link)
{
    char name[sizeof(link->client) + 32];
    glance at = { .link = link };

    snprintf(name, sizeof(name), "%s-look-%d", link->client, (int)getpid());
    struct mosquitto *handle = link->mqtt.new(name, true, &at);
    if (!handle)
        return false;
    bool good = set_up(link, handle, false);
    link->mqtt.on_connect(handle, glance_up);
    link->mqtt.on_disconnect(handle, NULL);
    link->mqtt.on_subscribe(handle, glance_ready);
    link->mqtt.on_message(handle, glance_at);
    good = good && link->mqtt.connect(handle, link->config->mqtt.host,
                                     (int)link->config->mqtt.port,
                                     keep_alive_s(link->config), NULL) == 0;
    double until_s = now_s() + CONNECT_S;
    while (good && now_s() < until_s && !at.is_other && !look(link).is_over
           && link->mqtt.loop(handle, GLANCE_MS, 1) == MOSQ_ERR_SUCCESS)
        if (at.is_ready && until_s > now_s() + 1e-3 * GLANCE_MS)
            until_s = now_s() + 1e-3 * GLANCE_MS;   /* what is retained comes at once */
    link->mqtt.destroy(handle);
    return at.is_other;
}

/* What was queued in an older one is gone with it. */
static struct mosquitto *begin(ergd_link *link)
{
    struct mosquitto *handle = link->mqtt.new(link->client, true, link);

    if (!handle)
        return NULL;
    if (!set_up(link, handle, true)
        || link->mqtt.connect(handle, link->config->mqtt.host,
                              (int)link->config->mqtt.port, keep_alive_s(link->config),
                              NULL) != 0) {
        link->mqtt.destroy(handle);
        return NULL;
    }
    pthread_mutex_lock(&link->lock);
    link->handle = handle;
    pthread_mutex_unlock(&link->lock);
    return handle;
}

static void end(ergd_link *link, struct mosquitto *handle)
{
    pthread_mutex_lock(&link->lock);
    link->handle = NULL;
    link->is_up = false;
    bool taken = link->taken_over;
    pthread_mutex_unlock(&link->lock);
    link->mqtt.destroy(handle);
    ergd_queue_push(&link->events, taken ? LINK_TAKEN_OVER : LINK_DOWN, "", NULL, 0);
}

static void serve(ergd_link *link, struct mosquitto *handle)
{
    double begin_s = now_s();

    while (link->mqtt.loop(handle, LOOP_MS, 1) == MOSQ_ERR_SUCCESS) {
        standing is = look(link);
        if (is.is_over || (!is.is_up && now_s() - begin_s > CONNECT_S))
            return;
    }
}

static bool may_lead(ergd_link *link)
{
    if (link->config->role != ERG_ROLE_RACK || !link->was_up || !is_other_leading(link))
        return true;
    pthread_mutex_lock(&link->lock);
    link->taken_over = true;
    pthread_mutex_unlock(&link->lock);
    ergd_queue_push(&link->events, LINK_TAKEN_OVER, "", NULL, 0);
    return false;
}

static void *run(void *self)
{
    ergd_link *link = self;
    /* A rack that comes back together must not knock together. */
    unsigned draw = (unsigned)getpid();

    while (!look(link).is_over) {
        struct mosquitto *handle = may_lead(link) ? begin(link) : NULL;
        if (handle) {
            serve(link, handle);
            end(link, handle);
        }
        long wait_ms = 100 + rand_r(&draw) % 400;
        nanosleep(&(struct timespec){ .tv_nsec = wait_ms * 1000000L }, NULL);
    }
    return NULL;
}

/* ---- for the daemon ------------------------------------------------------------------ */

void ergd_link_send(ergd_link *link, const erg_rack_post *post)
{
    mosquitto_property *properties = NULL;

    if (post->expiry_s)
        link->mqtt.add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                             post->expiry_s);
    pthread_mutex_lock(&link->lock);
    if (link->handle && link->is_up)
        link->mqtt.publish(link->handle, NULL, post->topic, (int)post->size, post->bytes,
                           post->qos, post->retain, properties);
    pthread_mutex_unlock(&link->lock);
    link->mqtt.free_all(&properties);
}

static bool read_password(ergd_link *link, erg_error *err)
{
    const char *path = link->config->mqtt.password_file;
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!path)
        return true;
    bool good = file && fgets(link->password, sizeof(link->password), file);
    if (file)
        fclose(file);
    link->password[strcspn(link->password, "\r\n")] = '\0';
    return good || erg_fail(err, ERG_NO_ACCESS, "cannot read the password in %s", path);
}

static void take_names(ergd_link *link, erg_rack *rack)
{
    erg_rack_post will;

    snprintf(link->client, sizeof(link->client), "%s", erg_rack_client(rack));
    for (const char *const *topic = erg_rack_topics(rack);
         *topic && link->topic_count < sizeof(link->topics) / sizeof(link->topics[0]);
         topic++)
        snprintf(link->topics[link->topic_count++], sizeof(link->topics[0]), "%s", *topic);
    erg_rack_will(rack, &will);
    snprintf(link->will_topic, sizeof(link->will_topic), "%s", will.topic);
    link->will_size = will.size < sizeof(link->will) ? will.size : 0;
    memcpy(link->will, will.bytes, link->will_size);
}

bool ergd_link_start(ergd_link *link, erg_error *err)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&link->thread, NULL, run, link);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    link->is_started = fault == 0;
    return link->is_started
        || erg_fail(err, ERG_IO, "cannot start a thread: %s", strerror(fault));
}

ergd_link *ergd_link_open(const erg_govern_config *config, erg_rack *rack, erg_error *err)
{
    ergd_link *link = calloc(1, sizeof(*link));

    if (!link) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a connection");
        return NULL;
    }
    link->config = config;
    link->rack = rack;
    pthread_mutex_init(&link->lock, NULL);
    take_names(link, rack);
    bool found = ergd_mqtt_find(&link->mqtt, err);
    if (found)
        link->mqtt.lib_init();
    if (found && read_password(link, err) && ergd_queue_open(&link->events, err))
        return link;
    pthread_mutex_destroy(&link->lock);
    free(link);
    return NULL;
}

void ergd_link_close(ergd_link *link)
{
    struct timespec until;

    pthread_mutex_lock(&link->lock);
    link->is_over = true;
    if (link->handle)
        link->mqtt.disconnect(link->handle, MQTT_RC_DISCONNECT_WITH_WILL_MSG, NULL);
    pthread_mutex_unlock(&link->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += JOIN_S;
    /* A name that does not resolve may hold it longer: the process is about to end. */
    if (link->is_started && pthread_timedjoin_np(link->thread, NULL, &until) != 0)
        return;
    ergd_queue_close(&link->events);
    pthread_mutex_destroy(&link->lock);
    link->mqtt.lib_cleanup();
    free(link);
}
