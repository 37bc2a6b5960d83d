/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's end of the socket: one connection over which it tells its phases. It waits for
 * the first answer, and a moment for the last when it ends; between them what a daemon does
 * not take is left unsaid, and the next word has the sum. Answers are thrown away, for a
 * daemon hangs up on who does not read them.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/socket.h"
#include "erg/govern.h"
#include "format/json.h"

#define FIRST_S 1.0
#define CONNECT_S 0.05
#define AGAIN_S 5.0         /* between tries to connect */
#define GOODBYE_S 0.25
#define FORGOTTEN_S 120.0   /* regions may be long */

enum { LINE_MOST = 512 };

struct erg_govern_teller {
    pthread_mutex_t lock;
    char socket[ERG_PATH_MOST], device[32], job[32];
    int fd;                         /* -1: not connected */
    int64_t tried_ns;
};

/* In a name, and without a quote in JSON. */
static bool is_plain(char c)
{
    return c > ' ' && c < 127 && c != '"' && c != '\\';
}

static void clean(const char *from, char to[32])
{
    size_t count = 0;

    for (; from && *from && count < 31; from++, count++)
        to[count] = is_plain(*from) ? *from : '_';
    to[count] = '\0';
}

static bool connect_again(erg_govern_teller *teller, erg_error *err)
{
    teller->tried_ns = erg_env_now_ns(NULL);
    teller->fd = erg_socket_open(teller->socket, CONNECT_S, err);
    return teller->fd >= 0;
}

static size_t make_line(const erg_govern_teller *teller, const char *phase, double units,
                        char to[LINE_MOST])
{
    char name[32], done[48] = "";

    clean(phase, name);
    if (name[0] && units >= 0 && isfinite(units))
        snprintf(done, sizeof(done), ",\"units\":%.17g", units);
    int count = snprintf(to, LINE_MOST, "{\"do\":\"work\",\"phase\":\"%s\"%s,\"for_s\":%g,"
                         "\"device\":\"%s\",\"job\":\"%s\"}\n", name, done, FORGOTTEN_S,
                         teller->device, teller->job);
    return (size_t)count;
}

/* Who may not tell, or whose GPU it is not, shall hear of it. */
static bool is_heard(const erg_govern_teller *teller, erg_error *err)
{
    char line[LINE_MOST];
    size_t count;

    make_line(teller, NULL, NAN, line);
    char *answer = erg_socket_ask(teller->socket, line, FIRST_S, &count, err);
    json_t *root = answer ? erg_json_parse("ergd", answer, count, err) : NULL;
    const char *fault = json_string_value(json_object_get(root, "error"));
    bool good = root && !fault;
    if (fault)
        erg_fail(err, ERG_REFUSED, "%s", fault);
    json_decref(root);
    free(answer);
    return good;
}

erg_govern_teller *erg_govern_teller_open(const char *socket, const char *device,
                                          const char *job, erg_error *err)
{
    erg_govern_teller *teller = calloc(1, sizeof(*teller));

    if (!teller) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for telling ergd of phases");
        return NULL;
    }
    teller->fd = -1;
    pthread_mutex_init(&teller->lock, NULL);
    erg_text_put(teller->socket, sizeof(teller->socket),
                 socket ? socket : ERG_GOVERN_SOCKET);
    clean(device, teller->device);
    clean(job, teller->job);
    if (is_heard(teller, err) && connect_again(teller, err))
        return teller;
    erg_govern_teller_free(teller);
    return NULL;
}

/* A daemon that can no more answer what was said does not read on. */
static void say_goodbye(int fd)
{
    const int64_t until_ns = erg_env_now_ns(NULL) + erg_ns_from_s(GOODBYE_S);
    char bytes[4096];

    shutdown(fd, SHUT_WR);
    while (erg_env_now_ns(NULL) < until_ns && recv(fd, bytes, sizeof(bytes), 0) > 0)
        continue;
    close(fd);
}

void erg_govern_teller_free(erg_govern_teller *teller)
{
    if (!teller)
        return;
    if (teller->fd >= 0)
        say_goodbye(teller->fd);
    pthread_mutex_destroy(&teller->lock);
    free(teller);
}

static void hang_up(erg_govern_teller *teller)
{
    close(teller->fd);
    teller->fd = -1;
}

/* False: the daemon has hung up. */
static bool drain(erg_govern_teller *teller)
{
    char bytes[4096];
    ssize_t count;

    do
        count = recv(teller->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (count > 0);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static bool put(erg_govern_teller *teller, const char *line, size_t size)
{
    if (teller->fd >= 0 && !drain(teller))
        hang_up(teller);
    if (teller->fd < 0
        && (erg_s_from_ns(erg_env_now_ns(NULL) - teller->tried_ns) < AGAIN_S
            || !connect_again(teller, NULL)))
        return false;
    ssize_t count = send(teller->fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count == (ssize_t)size)
        return true;
    /* Half a line would spoil the next one. */
    if (count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
        hang_up(teller);
    return false;
}

static bool tell(erg_govern_teller *teller, const char *phase, double units)
{
    char line[LINE_MOST];

    return put(teller, line, make_line(teller, phase, units, line));
}

static bool tell_epoch(erg_govern_teller *teller, double epoch_s)
{
    char line[LINE_MOST];
    int count = snprintf(line, sizeof(line), "{\"do\":\"work\",\"epoch_s\":%.17g,"
                         "\"for_s\":%g,\"device\":\"%s\",\"job\":\"%s\"}\n", epoch_s,
                         FORGOTTEN_S, teller->device, teller->job);

    return put(teller, line, (size_t)count);
}

bool erg_govern_tell(erg_govern_teller *teller, const char *phase, double units)
{
    if (!teller)
        return false;
    pthread_mutex_lock(&teller->lock);
    bool good = tell(teller, phase, units);
    pthread_mutex_unlock(&teller->lock);
    return good;
}

bool erg_govern_tell_epoch(erg_govern_teller *teller, double epoch_s)
{
    if (!teller || !(epoch_s > 0 && isfinite(epoch_s)))
        return false;
    pthread_mutex_lock(&teller->lock);
    bool good = tell_epoch(teller, epoch_s);
    pthread_mutex_unlock(&teller->lock);
    return good;
}
