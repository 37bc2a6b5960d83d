/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/socket.h"

#define ANSWER_MOST ((size_t)1 << 24)

static int refuse(int fd, const char *path, erg_error *err)
{
    erg_code code = errno == ENOENT || errno == ECONNREFUSED ? ERG_NOT_FOUND
                  : errno == EACCES || errno == EPERM        ? ERG_NO_ACCESS
                                                             : ERG_IO;

    erg_fail(err, code, "cannot reach %s: %s%s", path, strerror(errno),
             code == ERG_NOT_FOUND ? "; is ergd running?" : "");
    if (fd >= 0)
        close(fd);
    return -1;
}

int erg_socket_open(const char *path, double wait_s, erg_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int64_t wait_us = erg_ns_from_s(wait_s) / ERG_NS_PER_US;
    struct timeval wait = { .tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000 };

    if (strlen(path) >= sizeof(address.sun_path)) {
        erg_fail(err, ERG_BAD_INPUT,
                 "the path of a socket has at most %zu letters, not %.60s...",
                 sizeof(address.sun_path) - 1, path);
        return -1;
    }
    erg_text_put(address.sun_path, sizeof(address.sun_path), path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse(fd, path, err);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return refuse(fd, path, err);
    return fd;
}

static bool send_all(int fd, const char *line, erg_error *err)
{
    for (size_t left = strlen(line); left > 0;) {
        ssize_t count = send(fd, line, left, MSG_NOSIGNAL);
        if (count <= 0)
            return erg_fail(err, ERG_IO, "the daemon does not take the question: %s",
                            strerror(errno));
        line += count;
        left -= (size_t)count;
    }
    return true;
}

static bool receive_line(int fd, erg_text *answer, erg_error *err)
{
    char room[4096];

    while (answer->count == 0 || answer->data[answer->count - 1] != '\n') {
        ssize_t count = recv(fd, room, sizeof(room), 0);
        if (count == 0)
            return erg_fail(err, ERG_IO, "the daemon ended before it had answered");
        if (count < 0)
            return erg_fail(err, ERG_IO, "the daemon does not answer: %s", strerror(errno));
        erg_text_add_bytes(answer, room, (size_t)count);
        if (answer->failed || answer->count > ANSWER_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "the daemon's answer has no end");
    }
    return true;
}

char *erg_socket_exchange(int fd, const char *line, size_t *count, erg_error *err)
{
    erg_text answer = { 0 };

    if (!send_all(fd, line, err) || !receive_line(fd, &answer, err)) {
        erg_text_free(&answer);
        return NULL;
    }
    answer.data[answer.count - 1] = '\0';
    *count = answer.count - 1;
    return erg_text_take(&answer);
}

char *erg_socket_ask(const char *path, const char *line, double wait_s, size_t *count,
                     erg_error *err)
{
    int fd = erg_socket_open(path, wait_s, err);
    char *answer = fd >= 0 ? erg_socket_exchange(fd, line, count, err) : NULL;

    if (fd >= 0)
        close(fd);
    return answer;
}
