/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of systemd's sd_notify(3): one datagram to the socket that NOTIFY_SOCKET
 * names. It is stable and a few lines, so that no library is needed for it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon.h"

void ergd_notify(const char *state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    size_t count = path ? strlen(path) : 0;

    if (count < 2 || count >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, count);
    if (path[0] == '@')
        address.sun_path[0] = '\0';     /* in the abstract name space */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
           (const struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count));
    close(fd);
}
