/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole and bounded. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"

static erg_code code_of(int number)
{
    if (number == EACCES || number == EPERM)
        return ERG_NO_ACCESS;
    if (number == EISDIR)
        return ERG_BAD_INPUT;
    return number == ENOENT || number == ENOTDIR ? ERG_NOT_FOUND : ERG_IO;
}

static bool fail_file(const char *path, int number, erg_error *err)
{
    static const struct cure { int number; const char *text; } cures[] = {
        { ENOENT,  "check the name" },
        { ENOTDIR, "check the name" },
        { EACCES,  "ask its owner for the right to read it" },
        { EPERM,   "ask its owner for the right to read it" },
        { EISDIR,  "name a file in it" },
    };
    const char *cure = "try again, or copy it to another disk";

    for (size_t i = 0; i < ERG_COUNT(cures); i++)
        if (cures[i].number == number)
            cure = cures[i].text;
    return erg_fail(err, code_of(number), "cannot read %s: %s: %s", path, strerror(number),
                    cure);
}

bool erg_path_join(const erg_env *env, const char *path, char *to, erg_error *err)
{
    const char *root = env && env->root ? env->root : "";
    int count = snprintf(to, ERG_PATH_MOST, "%s%s", root, path);
    return (count >= 0 && count < ERG_PATH_MOST)
        || erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", path);
}

const char *erg_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool erg_is_folder(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

char *erg_file_read(const char *path, size_t limit, size_t *count, erg_error *err)
{
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(0);
    erg_text text = { 0 };
    char block[65536];
    ssize_t got = 0;
    struct stat there;

    if (fd < 0) {
        fail_file(path, errno, err);
        return NULL;
    }
    /* Too large is refused before a byte is read: a sparse file costs no disk. */
    bool fits = fstat(fd, &there) != 0 || !S_ISREG(there.st_mode)
             || there.st_size <= (off_t)limit;
    while (fits && (got = read(fd, block, sizeof(block))) > 0) {
        erg_text_add_bytes(&text, block, (size_t)got);
        fits = text.count <= limit;
    }
    int fault = errno;
    close(fd);

    if (got < 0)
        fail_file(path, fault, err);
    else if (!fits)
        erg_fail(err, ERG_BAD_INPUT, "%s is larger than %zu MiB: split it", path,
                 limit >> 20);
    else {
        *count = text.count;
        char *data = erg_text_take(&text);
        if (!data)
            erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", path);
        return data;
    }
    erg_text_free(&text);
    return NULL;
}

bool erg_file_line(const char *path, char *to, size_t size, erg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_file(path, errno, err);
    ssize_t got = read(fd, to, size - 1);
    int fault = errno;
    close(fd);
    if (got < 0)
        return fail_file(path, fault, err);
    to[got] = '\0';
    to[strcspn(to, "\n")] = '\0';
    return true;
}

bool erg_folder_make(const char *folder, erg_error *err)
{
    char path[ERG_PATH_MOST];
    erg_text_put(path, sizeof(path), folder);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    if (mkdir(path, 0700) == 0)
        return true;
    int fault = errno;
    struct stat there;
    if (fault == ENOTDIR
        || (fault == EEXIST && stat(path, &there) == 0 && !S_ISDIR(there.st_mode)))
        return erg_fail(err, ERG_BAD_INPUT, "%s is no folder: name another", path);
    return fault == EEXIST
        || erg_fail(err, code_of(fault), "cannot make %s: %s", path, strerror(fault));
}
