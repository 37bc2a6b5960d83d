/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which loggers record in the background: one note each under
 * state_dir/loggers, locked for as long as its logger lives. The lock, not the
 * process id, tells that it lives: ids are used again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/run.h"

static const char ending[] = ".logger";
static const int64_t look_gap_ns = 20 * ERG_NS_PER_MS;
static const double wait_default_s = 10;

struct erg_logger {
    int fd;
    char path[ERG_PATH_MOST];
};

static bool folder_of(const erg_env *env, char *to, erg_error *err)
{
    if (!env || !env->state_dir)
        return erg_fail(err, ERG_NOT_FOUND, "there is no state folder: set HOME or "
                        "XDG_STATE_HOME, or record in the foreground");
    int count = snprintf(to, ERG_PATH_MOST, "%s/loggers", env->state_dir);
    if (count < 0 || count >= ERG_PATH_MOST - 64)
        return erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", env->state_dir);
    return true;
}

/* The file may not exist yet, its folder must. */
static bool absolute(const char *file, char *to, erg_error *err)
{
    char folder[ERG_PATH_MOST], real[ERG_PATH_MOST * 8];
    const char *base = strrchr(file, '/');
    erg_text_put(folder, sizeof(folder), base ? file : ".");
    if (base)
        folder[base > file ? base - file : 1] = '\0';
    base = base ? base + 1 : file;
    if (!realpath(folder, real))
        return erg_fail(err, ERG_NOT_FOUND, "cannot find the folder %s: %s", folder,
                        strerror(errno));
    int count = snprintf(to, ERG_PATH_MOST, "%s/%s", strcmp(real, "/") ? real : "", base);
    return (count > 0 && count < ERG_PATH_MOST)
        || erg_fail(err, ERG_BAD_INPUT, "path too long: %.80s...", file);
}

/* FNV-1a of the path: a name for its note that any path can have. */
static void note_path(const char *folder, const char *file, char *to)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = file; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    snprintf(to, ERG_PATH_MOST, "%.440s/%016" PRIx64 "%s", folder, hash, ending);
}

static bool find_note(const erg_env *env, const char *file, char *full, char *note,
                      erg_error *err)
{
    char folder[ERG_PATH_MOST];
    if (!folder_of(env, folder, err) || !absolute(file, full, err))
        return false;
    note_path(folder, full, note);
    return true;
}

static bool write_note(int fd, const char *file, int64_t utc_ns)
{
    char text[ERG_PATH_MOST + 64];
    int count = snprintf(text, sizeof(text), "%ld %" PRId64 " %s\n", (long)getpid(),
                         utc_ns, file);
    return ftruncate(fd, 0) == 0 && write(fd, text, (size_t)count) == count;
}

erg_logger *erg_logger_begin(const erg_env *env, const char *file, erg_error *err)
{
    char folder[ERG_PATH_MOST], full[ERG_PATH_MOST];
    erg_logger *logger = calloc(1, sizeof(*logger));
    if (!logger) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a logger");
        return NULL;
    }
    logger->fd = -1;
    bool good = folder_of(env, folder, err) && erg_folder_make(folder, err)
        && find_note(env, file, full, logger->path, err);
    if (good) {
        logger->fd = open(logger->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        good = logger->fd >= 0
            || erg_fail(err, ERG_IO, "cannot write %s: %s", logger->path, strerror(errno));
    }
    if (good && flock(logger->fd, LOCK_EX | LOCK_NB) != 0)
        good = erg_fail(err, ERG_REFUSED, "%s is being recorded already: end that with "
                        "erg run --stop %s", full, full);
    if (good && !write_note(logger->fd, full, erg_env_utc_ns(env)))
        good = erg_fail(err, ERG_IO, "cannot write %s: %s", logger->path, strerror(errno));
    if (good)
        return logger;
    if (logger->fd >= 0)
        close(logger->fd);
    free(logger);
    return NULL;
}

void erg_logger_end(erg_logger *logger)
{
    if (!logger)
        return;
    unlink(logger->path);
    close(logger->fd);
    free(logger);
}

/* Reads a note; info->is_running says whether somebody holds its lock. */
static bool read_note(const char *path, erg_logger_info *info)
{
    char text[ERG_PATH_MOST + 64];
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    *info = (erg_logger_info){ 0 };
    if (count > 0) {
        text[count] = '\0';
        int file_at = 0;
        if (sscanf(text, "%d %" SCNd64 " %n", &info->pid, &info->begin_utc_ns,
                   &file_at) == 2
            && file_at > 0) {
            text[strcspn(text, "\n")] = '\0';
            erg_text_put(info->file, sizeof(info->file), text + file_at);
        }
        info->is_running = flock(fd, LOCK_EX | LOCK_NB) != 0;
    }
    if (fd >= 0)
        close(fd);
    return info->file[0] && info->pid > 1;
}

bool erg_logger_stop(const erg_env *env, const char *file, double wait_s, erg_error *err)
{
    char full[ERG_PATH_MOST], note[ERG_PATH_MOST];
    erg_logger_info info;
    if (!find_note(env, file, full, note, err))
        return false;
    if (!read_note(note, &info))
        return erg_fail(err, ERG_NOT_FOUND, "nobody records %s in the background", full);
    if (!info.is_running) {
        unlink(note);
        return erg_fail(err, ERG_NOT_FOUND,
                        "the logger of %s was killed: the file is as it "
                        "was a second before", full);
    }
    if (kill(info.pid, SIGTERM) != 0)
        return erg_fail(err, ERG_NO_ACCESS, "cannot stop process %d: %s", info.pid,
                        strerror(errno));
    int64_t until_ns = erg_env_now_ns(NULL)
        + erg_ns_from_s(wait_s > 0 ? wait_s : wait_default_s);
    while (read_note(note, &info) && info.is_running) {
        if (erg_env_now_ns(NULL) > until_ns)
            return erg_fail(err, ERG_IO,
                            "process %d does not end: its file %s is not complete",
                            info.pid, full);
        erg_env_sleep_until_ns(NULL, erg_env_now_ns(NULL) + look_gap_ns);
    }
    return true;
}

int erg_logger_list(const erg_env *env, erg_logger_info infos[], int most, erg_error *err)
{
    char folder[ERG_PATH_MOST], path[ERG_PATH_MOST + 300];
    int count = 0;
    if (!folder_of(env, folder, err))
        return -1;
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && count < most && (entry = readdir(list));) {
        size_t size = strlen(entry->d_name);
        if (size < sizeof(ending)
            || strcmp(entry->d_name + size - (sizeof(ending) - 1), ending) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        count += read_note(path, &infos[count]);
    }
    if (list)
        closedir(list);
    return count;
}
