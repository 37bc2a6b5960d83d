/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UNIX socket: a line of JSON in, a line of JSON out. A client holds at most one line
 * that is not whole and one answer that is not read, for at most a deadline: whoever is
 * slow, half-closed or talks nonsense is dropped, and the loop never waits for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon.h"

enum { SETTERS = 4 };     /* places kept for those who may set */
#define DEADLINE_NS 10000000000LL

typedef struct client {
    struct server *server;
    struct client *next;
    int fd;
    ergd_peer peer;
    char line[ERG_GOVERN_REQUEST_MOST + 1];
    size_t count;
    char *answer;                   /* NULL: none is due */
    size_t size, sent;
    int64_t until_ns;
    bool is_last;                   /* it has said all it will */
    int wait, file;                 /* lends it a clock; goes with the answer. -1: none */
} client;

typedef struct server {
    ergd *daemon;
    int fd;
    client *clients;
    size_t count;
    ergd_people people;
    bool is_deaf;                   /* no file was left for one more: until the next step */
} server;

/* ---- answers ------------------------------------------------------------------------- */

/* An answer is one line: a newline in JSON that was laid out is only space. */
static void flatten(char *text, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (text[i] == '\n')
            text[i] = ' ';
}

static bool is_quoted(unsigned char c)
{
    return c == '"' || c == '\\' || c < ' ';
}

static void put_error(FILE *out, const erg_error *err)
{
    fprintf(out, "{\"code\": %d, \"error\": \"", (int)err->code);
    for (const char *c = err->text; *c; c++)
        fputc(is_quoted((unsigned char)*c) ? '\'' : *c, out);
    fputs("\"}\n", out);
}

static void may(const client *one, const erg_govern_request *request, erg_error *err)
{
    const ergd_peer *peer = &one->peer;
    const struct { bool may; const char *what, *list; } rows[] = {
        { peer->may_read, "read", "" },
        { peer->may_tell, "tell its work", "work." },
        { peer->may_set, "set", "set." },
        { peer->may_hint, "hint or wait", "work." },
    };
    bool is_hint = request->verb == ERG_GOVERN_HINT || request->verb == ERG_GOVERN_WAIT;
    int row = request->verb >= ERG_GOVERN_SET ? 2
        : is_hint ? 3 : request->verb == ERG_GOVERN_WORK;

    if (!rows[row].may)
        erg_fail(err, ERG_NO_ACCESS, "user %u may not %s: socket.%susers and groups of the "
                 "configuration say who may", peer->uid, rows[row].what, rows[row].list);
}

/* Who waits keeps its place as long as it lives, and takes nobody else's. */
static bool begin_wait(client *one, int64_t cpu, erg_error *err)
{
    if (one->wait >= 0)
        return erg_fail(err, ERG_REFUSED, "this connection waits on a CPU already");
    one->wait = ergd_wait_begin(ergd_waits_of(one->server->daemon), &one->peer, cpu,
                                &one->file, err);
    if (one->wait >= 0)
        one->server->count--;
    return one->wait >= 0;
}

/* What is lent is in no table of the governor. */
static erg_result *with_waits(client *one, erg_result *result, erg_error *err)
{
    if (result && ergd_wait_add(ergd_waits_of(one->server->daemon), result, err))
        return result;
    erg_result_free(result);
    return NULL;
}

static erg_result *answer_to(client *one, const erg_govern_request *request,
                             const char *who, erg_error *err)
{
    erg_governor *governor = ergd_governor(one->server->daemon);

    if (request->verb == ERG_GOVERN_WAIT)
        return begin_wait(one, request->cpu, err)
            ? with_waits(one, erg_result_new("govern", err), err) : NULL;
    if (!ergd_wait_allows(ergd_waits_of(one->server->daemon), request, err))
        return NULL;
    erg_result *result = erg_governor_answer(governor, request, who, err);
    return request->verb == ERG_GOVERN_STATUS ? with_waits(one, result, err) : result;
}

static erg_result *ask(client *one, erg_error *err)
{
    erg_govern_request request;
    char who[64];

    snprintf(who, sizeof(who), "uid %u pid %d", one->peer.uid, one->peer.pid);
    if (!erg_govern_request_parse(one->line, one->count, &request, err))
        return NULL;
    request.uid = one->peer.uid;
    may(one, &request, err);
    if (err->code != ERG_OK)
        return NULL;
    return answer_to(one, &request, who, err);
}

static bool make_answer(client *one)
{
    erg_error err = { 0 };
    FILE *out = open_memstream(&one->answer, &one->size);
    erg_result *result = out ? ask(one, &err) : NULL;

    if (!out)
        return false;
    if (!result || !erg_write(result, "json", NULL, out, &err))
        put_error(out, &err);
    erg_result_free(result);
    if (fclose(out) != 0)
        return false;
    flatten(one->answer, one->size);
    one->sent = 0;
    return true;
}

/* ---- clients ------------------------------------------------------------------------- */

static void destroy(client *one)
{
    ergd_wait_end(ergd_waits_of(one->server->daemon), one->wait);
    ergd_forget(one->server->daemon, one->fd);
    close(one->fd);
    free(one->answer);
    free(one);
}

static void drop(client *one)
{
    client **at = &one->server->clients;

    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    one->server->count -= one->wait < 0;
    destroy(one);
}

static void client_ready(void *self, uint32_t events);

static void want(client *one, uint32_t events)
{
    if (!ergd_watch(one->server->daemon, one->fd, events, client_ready, one, NULL))
        drop(one);
}

/* The first bytes bring the file along. */
static ssize_t send_some(client *one)
{
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } room = { 0 };
    struct iovec part = { one->answer + one->sent, one->size - one->sent };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (one->file >= 0) {
        message.msg_control = room.bytes;
        message.msg_controllen = sizeof(room.bytes);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &one->file, sizeof(int));
    }
    ssize_t count = sendmsg(one->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
        one->file = -1;
    return count;
}

/* True: all of it is out. False: it waits, or the client is gone. */
static bool send_answer(client *one)
{
    while (one->sent < one->size) {
        ssize_t count = send_some(one);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            want(one, EPOLLOUT);
            return false;
        }
        if (count <= 0) {
            drop(one);
            return false;
        }
        one->sent += (size_t)count;
    }
    free(one->answer);
    one->answer = NULL;
    one->until_ns = ergd_now_ns(one->server->daemon) + DEADLINE_NS;
    return true;
}

/* Takes one line; what follows it waits for the next turn of the loop. */
static bool answer_line(client *one, const char *end)
{
    size_t used = (size_t)(end - one->line) + 1, all = one->count;

    one->count = used - 1;
    bool good = make_answer(one);
    memmove(one->line, one->line + used, all - used);
    one->count = all - used;
    if (!good) {
        drop(one);
        return false;
    }
    return send_answer(one);
}

static bool receive(client *one)
{
    ssize_t count = recv(one->fd, one->line + one->count, sizeof(one->line) - one->count,
                         MSG_DONTWAIT);

    if (count > 0)
        one->count += (size_t)count;
    one->is_last |= count == 0;
    return count > 0 || (count == 0 && one->count > 0)
        || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

static void refuse_long(client *one)
{
    static const char sentence[] =
        "{\"code\": 4, \"error\": \"a request is one line of at most "
        "4096 bytes\"}\n";

    send(one->fd, sentence, sizeof(sentence) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    drop(one);
}

static void client_ready(void *self, uint32_t events)
{
    client *one = self;

    if (one->answer && !send_answer(one))
        return;
    const char *end = memchr(one->line, '\n', one->count);
    if (!end && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !receive(one)) {
        drop(one);
        return;
    }
    end = end ? end : memchr(one->line, '\n', one->count);
    if (end && !answer_line(one, end))
        return;
    bool has_more = memchr(one->line, '\n', one->count) != NULL;
    if (!has_more && one->count == sizeof(one->line))
        refuse_long(one);
    else if (!has_more && one->is_last)
        drop(one);
    else
        /* A further line that is here already comes up when the file can be written. */
        want(one, has_more ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- the listener -------------------------------------------------------------------- */

/* Who may do nothing is only told so, and holds no place that a reader may need. */
static bool has_room(const server *here, const ergd_peer *peer)
{
    size_t most = (size_t)ergd_config(here->daemon)->socket.clients;

    if (!peer->may_read)
        return here->count < (most + 1) / 2;
    return here->count < most + (peer->may_set ? SETTERS : 0);
}

static client *new_client(server *here, int fd)
{
    client *one = calloc(1, sizeof(*one));

    if (!one || !ergd_peer_of(fd, &here->people, &one->peer, NULL)
        || !has_room(here, &one->peer)
        || !ergd_watch(here->daemon, fd, EPOLLIN, client_ready, one, NULL)) {
        free(one);
        return NULL;
    }
    one->server = here;
    one->wait = one->file = -1;
    one->fd = fd;
    one->until_ns = ergd_now_ns(here->daemon) + DEADLINE_NS;
    one->next = here->clients;
    here->clients = one;
    here->count++;
    return one;
}

static void server_ready(void *self, uint32_t events)
{
    server *here = self;
    int fd = accept4(here->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    (void)events;

    if (fd >= 0 && !new_client(here, fd))
        close(fd);
    /* Who waits in line would wake the loop without end. */
    here->is_deaf = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
    if (here->is_deaf)
        ergd_forget(here->daemon, here->fd);
}

static void server_step(void *self)
{
    server *here = self;
    int64_t now_ns = ergd_now_ns(here->daemon);

    if (here->is_deaf)
        here->is_deaf =
            !ergd_watch(here->daemon, here->fd, EPOLLIN, server_ready, here, NULL);
    for (client *one = here->clients, *next; one; one = next) {
        next = one->next;
        if (one->until_ns < now_ns && (one->wait < 0 || one->answer))
            drop(one);
    }
}

static bool start(server *here, erg_error *err)
{
    here->fd = ergd_listen(ergd_config(here->daemon), err);
    return here->fd >= 0
        && ergd_watch(here->daemon, here->fd, EPOLLIN, server_ready, here, err);
}

static bool server_open(ergd *daemon, void **self, erg_error *err)
{
    server *here = calloc(1, sizeof(*here));

    if (!here)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the socket");
    *self = here;
    here->daemon = daemon;
    here->fd = -1;
    return ergd_people_find(ergd_config(daemon), &here->people, err)
        && start(here, err);
}

static void server_close(void *self)
{
    server *here = self;

    for (client *one = here->clients, *next; one; one = next) {
        next = one->next;
        destroy(one);
    }
    if (here->fd >= 0) {
        ergd_forget(here->daemon, here->fd);
        close(here->fd);
        unlink(ergd_config(here->daemon)->socket.path);
    }
    free(here);
}

const ergd_service ergd_service_socket = {
    .name = "socket", .open = server_open, .step = server_step, .close = server_close,
};
