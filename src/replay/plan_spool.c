/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "replay/plan_read.h"

static const char prefix[] = "/proc/self/fd/", mark[] = "\xef\xbb\xbf";

static const char *name_of(const char *given)
{
    return strcmp(given, "-") == 0 ? ERG_PLAN_STDIN : given;
}

static bool copy(int from, const char *name, FILE *to, erg_error *err)
{
    char block[65536];
    size_t skip = sizeof(mark) - 1;
    ssize_t got;

    while ((got = read(from, block, sizeof(block))) > 0) {
        bool is_marked = skip > 0 && (size_t)got >= skip && memcmp(block, mark, skip) == 0;
        size_t first = is_marked ? skip : 0, count = (size_t)got - first;
        skip = 0;
        if (fwrite(block + first, 1, count, to) != count)
            return erg_fail(err, ERG_IO, "cannot keep %s: is /tmp full?", name);
    }
    return got == 0
           || erg_fail(err, ERG_IO, "cannot read %s: %s", name, strerror(errno));
}

/* What can be read once only, or begins with a mark. */
static bool is_copied(int from)
{
    struct stat facts;
    char head[sizeof(mark) - 1];

    if (fstat(from, &facts) != 0 || S_ISDIR(facts.st_mode))
        return false;
    return !S_ISREG(facts.st_mode)
        || (pread(from, head, sizeof(head), 0) == (ssize_t)sizeof(head)
            && memcmp(head, mark, sizeof(head)) == 0);
}

static bool keep(erg_plan_spool *spool, int from, const char *name, erg_error *err)
{
    spool->file = tmpfile();
    if (!spool->file)
        return erg_fail(err, ERG_IO, "cannot keep %s in /tmp: %s", name, strerror(errno));
    if (!copy(from, name, spool->file, err))
        return false;
    if (fflush(spool->file) != 0)
        return erg_fail(err, ERG_IO, "cannot keep %s: is /tmp full?", name);
    snprintf(spool->path, sizeof(spool->path), "%s%d", prefix, fileno(spool->file));
    return true;
}

/* A name that is no file (zoo:NAME), or cannot be opened, is for the readers to judge. */
bool erg_plan_spool_take(erg_plan_spool *spool, const char **path, erg_error *err)
{
    bool is_stdin = strcmp(*path, "-") == 0;
    int from = is_stdin ? STDIN_FILENO : open(*path, O_RDONLY | O_CLOEXEC);
    bool good = true;

    if (from >= 0 && (is_stdin || is_copied(from))) {
        good = keep(spool, from, name_of(*path), err);
        *path = good ? spool->path : *path;
    }
    if (from >= 0 && !is_stdin)
        close(from);
    return good;
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

bool erg_plan_fail(const char *path, const char *given, const erg_error *why,
                   erg_error *err)
{
    const char *at = erg_plan_is_spooled(path) ? strstr(why->text, path) : NULL;

    return at ? erg_fail(err, why->code, "%.*s%s%s", (int)(at - why->text), why->text,
                         name_of(given), at + strlen(path))
              : erg_fail(err, why->code, "%s", why->text);
}
