/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a file that has a path and no folder, for readers that open what they read. */
#ifndef ERG_FUZZ_BYTES_H
#define ERG_FUZZ_BYTES_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct bytes_file { int fd; char path[64]; } bytes_file;

/* False where the system has no memory left for it: there is nothing to close then. */
static inline int bytes_open(bytes_file *file, const void *bytes, size_t size)
{
    file->fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (file->fd < 0)
        return 0;
    snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
    if (write(file->fd, bytes, size) == (ssize_t)size)
        return 1;
    close(file->fd);
    return 0;
}

/* Into a file with a name of its own, for readers that write it again. */
static inline void bytes_put(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wbe");

    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
        abort();
}

static inline void bytes_close(const bytes_file *file) { close(file->fd); }

#endif
