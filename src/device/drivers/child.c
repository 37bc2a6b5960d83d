/* SPDX-License-Identifier: Apache-2.0 */
/* Children that print lines. If erg is killed, their next write ends them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "device/drivers/child.h"

bool erg_child_seek(const char *path, const char *program, char *to)
{
    while (path && *path) {
        size_t count = strcspn(path, ":");
        int size = snprintf(to, ERG_PATH_MOST, "%.*s/%s", (int)count, path, program);
        if (count && size < ERG_PATH_MOST && access(to, X_OK) == 0)
            return true;
        path += count + (path[count] == ':');
    }
    return false;
}

bool erg_child_start(erg_child *child, const char *const arguments[], erg_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t manner;
    sigset_t none;
    int ends[2];

    *child = (erg_child){ .out = -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "no pipe for %s: %s", arguments[0], strerror(errno));
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault == 0) {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        /* Its own group: a Ctrl-C meant for the measured command must not end it. */
        posix_spawnattr_init(&manner);
        posix_spawnattr_setflags(&manner, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                                              | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(&manner, (sigemptyset(&none), &none));
        posix_spawnattr_setsigdefault(&manner, (sigaddset(&none, SIGPIPE), &none));
        fault = posix_spawn(&child->pid, arguments[0], &actions, &manner,
                            (char *const *)(uintptr_t)arguments, environ);
        posix_spawnattr_destroy(&manner);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (fault != 0) {
        close(ends[0]);
        child->pid = 0;
        return erg_fail(err, ERG_IO, "cannot start %s: %s", arguments[0], strerror(fault));
    }
    child->out = ends[0];
    fcntl(child->out, F_SETFL, O_NONBLOCK);
    return true;
}

static void hand_out(erg_child *child, void (*each)(void *self, char *line), void *self)
{
    char *begin = child->bytes, *end = child->bytes + child->kept, *newline;

    while ((newline = memchr(begin, '\n', (size_t)(end - begin)))) {
        *newline = '\0';
        each(self, begin);
        begin = newline + 1;
    }
    child->kept = (size_t)(end - begin);
    if (child->kept == sizeof(child->bytes)) /* no such line is ours */
        child->kept = 0;
    memmove(child->bytes, begin, child->kept);
}

bool erg_child_lines(erg_child *child, void (*each)(void *self, char *line), void *self)
{
    for (;;) {
        ssize_t got = read(child->out, child->bytes + child->kept,
                           sizeof(child->bytes) - child->kept);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        child->kept += (size_t)got;
        hand_out(child, each, self);
    }
}

bool erg_child_finish(erg_child *child, double wait_s, void (*each)(void *self, char *line),
                      void *self)
{
    const erg_env real = { 0 };
    int64_t until_ns = erg_env_now_ns(&real) + erg_ns_from_s(wait_s);
    int status = -1;

    while (erg_child_lines(child, each, self)) {
        int64_t left_ns = until_ns - erg_env_now_ns(&real);
        if (left_ns <= 0) {
            erg_child_stop(child);
            return false;
        }
        poll(&(struct pollfd){ .fd = child->out, .events = POLLIN }, 1,
             (int)(left_ns / ERG_NS_PER_MS) + 1);
    }
    close(child->out);
    waitpid(child->pid, &status, 0);
    *child = (erg_child){ .out = -1 };
    return status == 0;
}

void erg_child_stop(erg_child *child)
{
    if (child->pid <= 0)
        return;
    close(child->out);
    kill(-child->pid, SIGKILL);     /* its group: those that it started, too */
    waitpid(child->pid, NULL, 0);
    *child = (erg_child){ .out = -1 };
}
