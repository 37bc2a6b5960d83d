/* SPDX-License-Identifier: Apache-2.0 */
/* The place in the file system where ergd listens. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon.h"

enum { BACKLOG = 32 };

/* A socket file that nobody listens on is what a dead daemon left. */
static bool clear_path(const char *path, const struct sockaddr_un *address, erg_error *err)
{
    struct stat facts;

    if (lstat(path, &facts) != 0)
        return true;
    if (!S_ISSOCK(facts.st_mode))
        return erg_fail(err, ERG_BAD_INPUT, "%s is there and is no socket", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return erg_fail(err, ERG_IO, "cannot make a socket: %s", strerror(errno));
    /* EAGAIN: it listens, and hears nobody just now. */
    bool is_alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0
        || errno == EAGAIN;
    close(fd);
    if (is_alive)
        return erg_fail(err, ERG_REFUSED, "another ergd listens on %s", path);
    return unlink(path) == 0 || erg_fail(err, ERG_IO, "cannot remove %s: %s", path,
                                         strerror(errno));
}

/* Others may connect only where the configuration lets any of them read; who they are is
 * asked of Linux all the same. */
static mode_t mode_of(const erg_govern_config *config)
{
    const erg_govern_people *const lists[] = { &config->socket.read, &config->socket.set,
                                               &config->socket.work };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (lists[i]->users.count || lists[i]->groups.count)
            return 0666;
    return 0600;
}

static bool bind_at(int fd, const struct sockaddr_un *address)
{
    mode_t old = umask(0177);
    bool good =
        fd >= 0 && bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    umask(old);
    return good;
}

int ergd_listen(const erg_govern_config *config, erg_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = config->socket.path;

    if (strlen(path) >= sizeof(address.sun_path)) {
        erg_fail(err, ERG_BAD_INPUT, "socket.path has at most %zu letters",
                 sizeof(address.sun_path) - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (!clear_path(path, &address, err))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind_at(fd, &address) && chmod(path, mode_of(config)) == 0
        && listen(fd, BACKLOG) == 0)
        return fd;
    erg_fail(err, errno == EACCES ? ERG_NO_ACCESS : ERG_IO, "cannot listen on %s: %s", path,
             strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
