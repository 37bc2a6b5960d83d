/* SPDX-License-Identifier: Apache-2.0 */
/* A program that prints lines for us: started once, read without waiting. */
#ifndef ERG_DEVICE_DRIVERS_CHILD_H
#define ERG_DEVICE_DRIVERS_CHILD_H

#include <sys/types.h>
#include "base/base.h"

enum { ERG_CHILD_ARGUMENTS_MOST = 10, ERG_CHILD_LINE_MOST = 512 };

typedef struct erg_child {
    pid_t pid;   /* 0: none */
    int out;     /* its stdout, non-blocking */
    size_t kept; /* bytes of a line not yet complete */
    char bytes[4096];
} erg_child;

/* Seeks program on path ("/usr/bin:/bin"); false if it is not there. */
bool erg_child_seek(const char *path, const char *program, char *to);
/* arguments: NULL-terminated, the program's file first. */
bool erg_child_start(erg_child *child, const char *const arguments[], erg_error *err);
/* Each complete line that is waiting; false once the program has ended. */
bool erg_child_lines(erg_child *child, void (*each)(void *self, char *line), void *self);
/* All lines until it ends, at most wait_s; true if it exited with 0. */
bool erg_child_finish(erg_child *child, double wait_s, void (*each)(void *self, char *line),
                      void *self);
/* Ends it and waits for it. */
void erg_child_stop(erg_child *child);

#endif
