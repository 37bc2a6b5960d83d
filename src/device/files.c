/* SPDX-License-Identifier: Apache-2.0 */
/* What drivers do with the small decimal files of /sys and /proc. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/device.h"

/* root + pattern, where a star in the root's own name is only a star. */
static bool pattern_join(const char *root, const char *pattern, char *to, erg_error *err)
{
    size_t count = 0;

    for (; *root && count + 2 < ERG_PATH_MOST; root++) {
        if (strchr("*?[\\", *root))
            to[count++] = '\\';
        to[count++] = *root;
    }
    int more = snprintf(to + count, ERG_PATH_MOST - count, "%s", pattern);
    return (!*root && more >= 0 && (size_t)more < ERG_PATH_MOST - count)
        || erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", pattern);
}

bool erg_devices_match(const erg_devices *found, const char *pattern,
                       bool (*each)(void *self, const char *path), void *self,
                       erg_error *err)
{
    const char *root = found->env.root ? found->env.root : "";
    char joined[ERG_PATH_MOST];
    glob_t paths = { 0 };
    bool good = true;

    if (!pattern_join(root, pattern, joined, err))
        return false;
    int fault = glob(joined, 0, NULL, &paths);
    if (fault == GLOB_NOSPACE)
        good = erg_fail(err, ERG_NO_MEMORY, "out of memory while looking for %s", pattern);
    for (size_t i = 0; good && fault == 0 && i < paths.gl_pathc; i++)
        good = each(self, paths.gl_pathv[i] + strlen(root));
    globfree(&paths);
    return good;
}

int erg_env_open(const erg_env *env, const char *path, int flags, erg_error *err)
{
    char joined[ERG_PATH_MOST];

    if (!erg_path_join(env, path, joined, err))
        return -1;
    int fd = open(joined, flags | O_CLOEXEC);
    if (fd < 0) {
        erg_code code = errno == ENOENT || errno == ENOTDIR || errno == ENODEV
            ? ERG_NOT_FOUND
                      : errno == EACCES || errno == EPERM ? ERG_NO_ACCESS : ERG_IO;
        erg_fail(err, code, "cannot open %s: %s", joined, strerror(errno));
    }
    return fd;
}

bool erg_env_line(const erg_env *env, const char *path, char *to, size_t size,
                  erg_error *err)
{
    char joined[ERG_PATH_MOST];

    return erg_path_join(env, path, joined, err) && erg_file_line(joined, to, size, err);
}

bool erg_read_i64(int fd, int64_t *out, erg_error *err)
{
    char text[64];
    char *end;
    ssize_t count = pread(fd, text, sizeof(text) - 1, 0);

    if (count < 0)
        return erg_fail(err, ERG_IO, "a sensor file cannot be read: %s", strerror(errno));
    text[count] = '\0';
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || errno || (*end && *end != '\n'))
        return erg_fail(err, ERG_IO, "a sensor file holds no number");
    *out = value;
    return true;
}

bool erg_env_may_write(const erg_env *env, const char *path)
{
    char joined[ERG_PATH_MOST];

    return erg_path_join(env, path, joined, NULL) && access(joined, W_OK) == 0;
}

bool erg_env_put(const erg_env *env, const char *path, const char *text, erg_error *err)
{
    erg_error fault = { 0 };
    int fd = erg_env_open(env, path, O_WRONLY | O_TRUNC, &fault);

    if (fd < 0 && fault.code == ERG_NO_ACCESS)
        return erg_fail(err, ERG_NO_ACCESS, "%s is closed to this user: sudo chmod a+w %s "
                        "opens it until the next start", path, path);
    if (fd < 0)
        return erg_fail(err, fault.code, "%s", fault.text);
    ssize_t count = write(fd, text, strlen(text));
    int number = errno;
    close(fd);
    if (count == (ssize_t)strlen(text))
        return true;
    return erg_fail(err, number == EACCES || number == EPERM ? ERG_NO_ACCESS : ERG_IO,
                    "Linux refused %s for %s: %s", text, path, strerror(number));
}
