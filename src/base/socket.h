/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question and its answer, a line each, over a UNIX stream socket.
 */
#ifndef ERG_BASE_SOCKET_H
#define ERG_BASE_SOCKET_H

#include "base/base.h"

/* line ends with a newline. The answer without its own, NUL-terminated; free() it.
 * ERG_NOT_FOUND: nobody listens. ERG_NO_ACCESS: it is closed to this user. */
char *erg_socket_ask(const char *path, const char *line, double wait_s, size_t *count,
                     erg_error *err);
/* A socket that is connected, or -1. Reads and writes on it give up after wait_s. */
int erg_socket_open(const char *path, double wait_s, erg_error *err);
/* The same over one that is open. */
char *erg_socket_exchange(int fd, const char *line, size_t *count, erg_error *err);

#endif
