/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written aside and renamed, so that whoever kills us leaves the old one or the new.
 *
 * What is written has no name until it is complete (O_TMPFILE): a kill leaves nothing
 * behind. Where a filesystem has no such files (NFS) the name aside bears our number, and
 * the next writer of the same file removes what the dead have left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"

static erg_code code_of(int number)
{
    if (number == EACCES || number == EPERM)
        return ERG_NO_ACCESS;
    return number == ENOENT || number == ENOTDIR ? ERG_NOT_FOUND : ERG_IO;
}

static bool fail_write(const char *path, int number, erg_error *err)
{
    return erg_fail(err, code_of(number), "cannot write %s: %s", path, strerror(number));
}

static bool fail_folder(const char *path, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "cannot write %s: it is a folder: name a file in it", path);
}

bool erg_may_be_replaced(const char *path, erg_error *err)
{
    struct stat there;

    if (stat(path, &there) != 0 || S_ISREG(there.st_mode))
        return true;
    return S_ISDIR(there.st_mode) ? fail_folder(path, err)
        : erg_fail(err, ERG_BAD_INPUT,
                   "cannot write %s: it is a pipe or a device: name a file", path);
}

/* ---- what the dead have left ----------------------------------------------------- */

/* Names of a run file in the making, and of whatever else is: "a.erg.new-123". */
static const char *const marks[] = { ".new-", ERG_ASIDE_MARK };

/* Of a process that is no more; with what SQLite left beside it ("-wal"), or a file in the
 * making of a file in the making. */
static bool is_abandoned(const char *name, const char *base)
{
    size_t count = strlen(base);

    if (strncmp(name, base, count) != 0)
        return false;
    for (size_t i = 0; i < ERG_COUNT(marks); i++) {
        size_t size = strlen(marks[i]);
        char *end;
        if (strncmp(name + count, marks[i], size) != 0)
            continue;
        long pid = strtol(name + count + size, &end, 10);
        return pid > 0 && (*end == '\0' || *end == '-' || *end == '.') && pid <= INT32_MAX
            && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    }
    return false;
}

/* The folder that holds it, with a slash. */
static void folder_of(const char *path, char to[ERG_PATH_MOST])
{
    const char *base = erg_path_base(path);

    snprintf(to, ERG_PATH_MOST, "%.*s", base > path ? (int)(base - path) : 2,
             base > path ? path : "./");
}

void erg_drop_abandoned(const char *path)
{
    char folder[ERG_PATH_MOST], file[2 * ERG_PATH_MOST];

    folder_of(path, folder);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list)) != NULL;)
        if (is_abandoned(entry->d_name, erg_path_base(path))
            && snprintf(file, sizeof(file), "%s%s", folder, entry->d_name)
            < (int)sizeof(file))
            unlink(file);
    if (list)
        closedir(list);
}

/* ---- writing aside --------------------------------------------------------------- */

/* Where a file without a name gets one from. */
static const char own_files[] = "/proc/self/fd";

/* A stream into a file that has no name; NULL where there are none, or, as in a chroot
 * without /proc, none would get one. */
static FILE *open_nameless(const char *path)
{
    char folder[ERG_PATH_MOST];

    if (access(own_files, X_OK) != 0)
        return NULL;
    folder_of(path, folder);
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

static FILE *open_aside(erg_aside *aside)
{
    aside->stream = open_nameless(aside->path);
    aside->is_nameless = aside->stream != NULL;
    if (aside->stream)
        return aside->stream;
    erg_drop_abandoned(aside->path);
    return fopen(aside->temporary, "we");
}

bool erg_aside_begin(erg_aside *aside, const char *path, erg_error *err)
{
    struct stat there;

    *aside = (erg_aside){ 0 };
    if (strcmp(path, "-") == 0) {
        aside->stream = stdout;
        return true;
    }
    if (strlen(path) >= sizeof(aside->path))
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", path);
    erg_text_put(aside->path, sizeof(aside->path), path);

    bool is_there = stat(path, &there) == 0;
    if (is_there && S_ISDIR(there.st_mode))
        return fail_folder(path, err);
    if (is_there && !S_ISREG(there.st_mode)) {
        aside->stream = fopen(path, "we");
    } else {
        snprintf(aside->temporary, sizeof(aside->temporary), "%s" ERG_ASIDE_MARK "%ld",
                 path, (long)getpid());
        aside->stream = open_aside(aside);
    }
    return aside->stream || fail_write(path, errno, err);
}

/* A name for what is complete and still open; what bears it was a namesake's. */
static bool give_name(const erg_aside *aside)
{
    char nameless[40];

    snprintf(nameless, sizeof(nameless), "%s/%d", own_files, fileno(aside->stream));
    unlink(aside->temporary);
    return linkat(AT_FDCWD, nameless, AT_FDCWD, aside->temporary, AT_SYMLINK_FOLLOW) == 0;
}

bool erg_aside_end(erg_aside *aside, bool keep, erg_error *err)
{
    FILE *stream = aside->stream;
    bool has_name = aside->temporary[0] && !aside->is_nameless;

    if (!stream)
        return true;
    bool good = !ferror(stream) && fflush(stream) == 0;
    if (good && keep && aside->is_nameless)
        good = has_name = give_name(aside);
    int fault = errno;
    aside->stream = NULL;
    if (stream != stdout && fclose(stream) != 0 && good) {
        good = false;
        fault = errno;
    }
    if (has_name && good && keep && !(good = rename(aside->temporary, aside->path) == 0))
        fault = errno;
    if (has_name && !(good && keep))
        unlink(aside->temporary);
    return good || !keep
        || fail_write(aside->path[0] ? aside->path : "stdout", fault, err);
}
