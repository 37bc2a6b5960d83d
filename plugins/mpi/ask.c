/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "mpi/ask.h"

enum { ANSWER_MOST = 4096 };
static const char usual[] = "/run/ergd/ergd.sock";

static int connect_to(const char *path)
{
    const struct timeval most = { .tv_sec = 1 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return fd;
    memcpy(address.sun_path, path, strlen(path));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The file that came with some bytes; -1: none. */
static int file_of(struct msghdr *message)
{
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    int file = -1;

    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS
        && head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&file, CMSG_DATA(head), sizeof(int));
    return file;
}

/* One line of answer, and the file with its first bytes. */
static bool receive(int fd, char answer[ANSWER_MOST], int *file)
{
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } room;
    size_t count = 0;

    while (count < ANSWER_MOST - 1 && !memchr(answer, '\n', count)) {
        struct iovec part = { answer + count, ANSWER_MOST - 1 - count };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
                                  .msg_control = room.bytes,
                                  .msg_controllen = sizeof(room.bytes) };
        ssize_t more = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (more <= 0)
            return false;
        if (*file < 0)
            *file = file_of(&message);
        count += (size_t)more;
    }
    answer[count] = '\0';
    return true;
}

/* {"code": 6, "error": "SENTENCE"}, with no quote inside. */
static bool refuse(const char *answer, erg_error *err)
{
    static const char key[] = "\"error\": \"";
    const char *text = strstr(answer, key);

    if (!text)
        return erg_fail(err, ERG_IO, "ergd has not understood a wait: is it older?");
    text += sizeof(key) - 1;
    return erg_fail(err, ERG_REFUSED, "%.*s", (int)strcspn(text, "\""), text);
}

bool mpi_ask_open(mpi_ask *to, const char *socket_path, int cpu, erg_error *err)
{
    const char *path = socket_path ? socket_path : usual;
    char line[64], answer[ANSWER_MOST];

    *to = (mpi_ask){ .socket = connect_to(path), .event = -1 };
    if (to->socket < 0)
        return erg_fail(err, ERG_NOT_FOUND, "no ergd listens on %s", path);
    int count = snprintf(line, sizeof(line), "{\"do\": \"wait\", \"cpu\": %d}\n", cpu);
    bool good = send(to->socket, line, (size_t)count, MSG_NOSIGNAL) == count
        && receive(to->socket, answer, &to->event);
    if (!good)
        erg_fail(err, ERG_IO, "ergd does not answer");
    else if (to->event < 0)
        good = refuse(answer, err);
    if (!good)
        mpi_ask_close(to);
    return good;
}

static bool add_one(const mpi_ask *of)
{
    const uint64_t one = 1;

    return write(of->event, &one, sizeof(one)) == (ssize_t)sizeof(one);
}

bool mpi_ask_slow(mpi_ask *of)
{
    char byte;

    if (of->event < 0)
        return false;
    /* It never says anything more: what can be read is its end. */
    if (recv(of->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
        mpi_ask_close(of);
        return false;
    }
    return add_one(of);
}

void mpi_ask_fast(const mpi_ask *of)
{
    if (of->event >= 0)
        add_one(of);
}

void mpi_ask_close(mpi_ask *of)
{
    if (of->event >= 0)
        close(of->event);
    if (of->socket >= 0)
        close(of->socket);
    of->event = of->socket = -1;
}
