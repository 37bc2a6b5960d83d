/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "import/spool.h"
#include "trace/spill.h"

static const char mark[] = "\xef\xbb\xbf", prefix[] = "/proc/self/fd/";
enum { MARK_BYTES = sizeof(mark) - 1 };

/* As many bytes as there is room for, fewer at the end; -1: a failure. */
static ssize_t get(const erg_spool *spool, char *to, size_t room, erg_error *err)
{
    size_t count = 0;
    ssize_t some = 1;

    while (count < room && some > 0) {
        some = read(spool->from, to + count, room - count);
        if (some > 0)
            count += (size_t)some;
        else if (some < 0 && errno == EINTR)
            some = 1;
    }
    if (some >= 0)
        return (ssize_t)count;
    erg_fail(err, ERG_IO, "cannot read %s: %s: try again, or write it to a file and name "
             "that", spool->name, strerror(errno));
    return -1;
}

static bool put(const erg_spool *spool, const char *bytes, size_t count, erg_error *err)
{
    while (count > 0) {
        ssize_t some = write(spool->file, bytes, count);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return erg_fail(err, ERG_IO, "cannot keep %s in /var/tmp: %s: free some, or "
                            "write it to a file and name that", spool->name,
                            strerror(some ? errno : EIO));
        bytes += some;
        count -= (size_t)some;
    }
    return true;
}

static bool is_marked(int from)
{
    char head[MARK_BYTES];

    return pread(from, head, MARK_BYTES, 0) == MARK_BYTES
        && memcmp(head, mark, MARK_BYTES) == 0;
}

/* A folder is for its reader to refuse. */
static bool is_copied(erg_spool *spool, bool marks)
{
    struct stat facts;

    if (fstat(spool->from, &facts) != 0 || S_ISDIR(facts.st_mode))
        return false;
    spool->is_pipe = !S_ISREG(facts.st_mode);
    return spool->is_pipe || (marks && is_marked(spool->from));
}

static bool keep_head(erg_spool *spool, erg_error *err)
{
    char head[ERG_SPOOL_HEAD];
    int file = erg_spill_file();

    if (file < 0)
        return erg_fail(err, ERG_IO, "cannot keep %s in /var/tmp: %s: write it to a file "
                        "and name that", spool->name, strerror(errno));
    spool->file = file;
    snprintf(spool->path, sizeof(spool->path), "%s%d", prefix, file);
    ssize_t count = get(spool, head, sizeof(head), err);
    size_t skip = count >= MARK_BYTES && memcmp(head, mark, MARK_BYTES) == 0 ? MARK_BYTES
                                                                             : 0;
    return count >= 0 && put(spool, head + skip, (size_t)count - skip, err);
}

bool erg_spool_begin(erg_spool *spool, const char **path, bool marks, erg_error *err)
{
    bool is_stdin = strcmp(*path, "-") == 0;
    int from = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 1)
                        : open(*path, O_RDONLY | O_CLOEXEC);

    *spool = (erg_spool){ .name = is_stdin ? ERG_SPOOL_STDIN : *path };
    if (from < 0)
        return !is_stdin
            || erg_fail(err, ERG_IO, "cannot read %s: %s: name a file", spool->name,
                        strerror(errno));
    spool->from = from;
    if (!is_copied(spool, marks) && !is_stdin)
        return true;
    if (!keep_head(spool, err))
        return false;
    *path = spool->path;
    return true;
}

bool erg_spool_rest(erg_spool *spool, int64_t most, erg_error *err)
{
    char block[ERG_SPOOL_HEAD];
    int64_t held = ERG_SPOOL_HEAD;
    ssize_t count = 0;

    while (spool->file && (count = get(spool, block, sizeof(block), err)) > 0) {
        held += count;
        if (spool->is_pipe && held > most)
            return erg_fail(err, ERG_BAD_INPUT, "%s gives more than %lld MiB: write it to "
                            "a file and name that", spool->name, (long long)(most >> 20));
        if (!put(spool, block, (size_t)count, err))
            return false;
    }
    return count == 0;
}

void erg_spool_close(erg_spool *spool)
{
    if (spool->from)
        close(spool->from);
    if (spool->file)
        close(spool->file);
    *spool = (erg_spool){ .from = 0 };
}

bool erg_is_spooled(const char *path)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

bool erg_spool_fail(const erg_spool *spool, const erg_error *why, erg_error *err)
{
    const erg_error was = *why;         /* err may be why */
    const char *at = spool->file ? strstr(was.text, spool->path) : NULL;

    return at ? erg_fail(err, was.code, "%.*s%s%s", (int)(at - was.text), was.text,
                         spool->name, at + strlen(spool->path))
              : erg_fail(err, was.code, "%s", was.text);
}
