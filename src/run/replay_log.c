/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "erg/import.h"
#include "run/replay_log.h"

static char *const arguments[] = {
    "--query-gpu=timestamp,index,power.draw", "--format=csv", "-lms", "100", NULL,
};

/* In the folders of path, as in "/usr/bin:/bin". */
static bool seek(const char *path, const char *program, char *to)
{
    for (const char *at = path; at && *at; at += strcspn(at, ":"), at += *at == ':') {
        snprintf(to, ERG_PATH_MOST, "%.*s/%s", (int)strcspn(at, ":"), at, program);
        if (access(to, X_OK) == 0)
            return true;
    }
    return false;
}

/* A log that is there already is read when all is done: hours later it is too late to say
 * that it is none. Its rows may still come. */
static bool check_theirs(const char *path, erg_error *err)
{
    enum { HEAD_BYTES = 1 << 12 };
    char head[HEAD_BYTES];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, head, sizeof(head));
    int fault = errno;

    if (file >= 0)
        close(file);
    if (count < 0)
        return erg_fail(err, ERG_BAD_INPUT, "cannot read %s: %s: name the file that a "
                        "logger writes, or a new one", path, strerror(fault));
    const char *format = erg_import_format(head, (size_t)count);
    if (!format || strcmp(format, "chrome") == 0 || strcmp(format, "timing_json") == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s is no log of power that erg import knows: "
                        "name one, or a new file for nvidia-smi", path);
    return strcmp(format, "dcgmi") != 0
        || erg_fail(err, ERG_BAD_INPUT, "%s: rows of dcgmi have no stamps, so nobody knows "
                    "when they were read: log with nvidia-smi --query-gpu=timestamp,"
                    "index,power.draw --format=csv", path);
}

bool erg_replay_log_begin(erg_replay_log *log, const erg_env *env, erg_error *err)
{
    char program[ERG_PATH_MOST], *argv[1 + ERG_COUNT(arguments)] = { program };
    struct stat facts;
    int status = 0;

    if (!log->path)
        return true;
    bool is_there = stat(log->path, &facts) == 0;
    if (is_there && !S_ISREG(facts.st_mode))
        return erg_fail(err, ERG_BAD_INPUT, "%s is no file: name the one that a logger "
                        "writes, or a new one", log->path);
    if (is_there && facts.st_size > 0)
        return check_theirs(log->path, err);
    if (!seek(env->path, "nvidia-smi", program))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "no logger for %s: nvidia-smi is not there; start one by hand that "
                        "writes this file, and then the replay",
                        log->path);
    memcpy(argv + 1, arguments, sizeof(arguments));
    int out = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0)
        return erg_fail(err, ERG_IO, "cannot write %s: %s", log->path,
                        strerror(errno));
    log->child = (erg_child){ .out = out };
    log->is_ours = erg_spawn(&log->child, argv, NULL, &status, err);
    close(out);
    return log->is_ours;
}

void erg_replay_log_end(erg_replay_log *log)
{
    if (!log->is_ours)
        return;
    kill(log->child.pid, SIGTERM);
    erg_spawn_wait(&log->child, NULL);
    log->is_ours = false;
}

bool erg_replay_log_read(const erg_replay_log *log, const char *tz, erg_trace *into,
                         int *channel, erg_error *err)
{
    const erg_import_options options = { .tz = tz };
    int first = (int)erg_trace_channel_count(into);

    if (!erg_import(into, log->path, &options, err))
        return false;
    for (int i = first; i < (int)erg_trace_channel_count(into); i++) {
        erg_quantity quantity = erg_trace_channel(into, i)->quantity;

        if (quantity != ERG_POWER && quantity != ERG_ENERGY)
            continue;
        *channel = i;
        return true;
    }
    return erg_fail(err, ERG_NO_DATA, "%s holds no power", log->path);
}
