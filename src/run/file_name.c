/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a run file that nobody named. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "run/file_name.h"

/* Made here and now, for a job array starts a hundred of us in one second. */
static bool claim(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != EEXIST;
}

void erg_run_file_name(const erg_env *env, char *to, size_t size)
{
    char utc[40], stem[40];
    size_t count = 0;
    erg_utc_format(erg_env_utc_ns(env), 0, utc, sizeof(utc));
    for (const char *c = utc; *c; c++)
        if (*c != ':' && *c != '-')
            stem[count++] = *c;
    stem[count] = '\0';
    snprintf(to, size, "%s.erg", stem);
    for (int i = 2; !claim(to) && i < 10000; i++)
        snprintf(to, size, "%s-%d.erg", stem, i);
}
