/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "replay/plan_read.h"

static const char prefix[] = "/proc/self/fd/";

static bool copy(FILE *to, erg_error *err)
{
    char block[65536];
    ssize_t got;

    while ((got = read(STDIN_FILENO, block, sizeof(block))) > 0)
        if (fwrite(block, 1, (size_t)got, to) != (size_t)got)
            return erg_fail(err, ERG_IO, "cannot keep " ERG_PLAN_STDIN ": is /tmp full?");
    return got == 0
           || erg_fail(err, ERG_IO, "cannot read " ERG_PLAN_STDIN ": %s", strerror(errno));
}

bool erg_plan_spool_stdin(erg_plan_spool *spool, const char **path, erg_error *err)
{
    spool->file = tmpfile();
    if (!spool->file)
        return erg_fail(err, ERG_IO, "cannot keep " ERG_PLAN_STDIN " in /tmp: %s",
                        strerror(errno));
    if (!copy(spool->file, err))
        return false;
    if (fflush(spool->file) != 0)
        return erg_fail(err, ERG_IO, "cannot keep " ERG_PLAN_STDIN ": is /tmp full?");
    snprintf(spool->path, sizeof(spool->path), "%s%d", prefix, fileno(spool->file));
    *path = spool->path;
    return true;
}

void erg_plan_spool_close(erg_plan_spool *spool)
{
    if (spool->file)
        fclose(spool->file);
    spool->file = NULL;
}

bool erg_plan_is_spooled(const char *path)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

bool erg_plan_fail(const char *path, const erg_error *why, erg_error *err)
{
    const char *at = erg_plan_is_spooled(path) ? strstr(why->text, path) : NULL;

    return at ? erg_fail(err, why->code, "%.*s" ERG_PLAN_STDIN "%s", (int)(at - why->text),
                         why->text, at + strlen(path))
              : erg_fail(err, why->code, "%s", why->text);
}
