/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who turns this machine's knobs: one ergd in enforce mode, whatever its state folder. One
 * lock lies under /run, in a folder that only root can write, so that nobody else can hold
 * it. Containers have a /run each, but what may write limits of the machine is in one user
 * namespace: a second lock is on that. The watchdog holds both, too: they are free once
 * what a killed daemon left is back.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

enum { PATH_MOST = 512, TRIES = 100 };
static const struct timespec pause_between = { 0, 20000000 };   /* 2 s in all */
static const char folder[] = "/run/ergd", name[] = "knobs.lock";
static const char machine[] = "/proc/self/ns/user";

/* A simulated knob is its daemon's own. No list of sensors: every real one. */
static bool has_real_sensors(const erg_govern_config *config)
{
    for (size_t i = 0; i < config->node.sensors.count; i++)
        if (strncmp(config->node.sensors.items[i], "sim:", 4) != 0
            && strncmp(config->node.sensors.items[i], "tape:", 5) != 0)
            return true;
    return config->node.sensors.count == 0;
}

/* Of the file that stands at path, and not of one that was removed while we waited. */
static bool is_at(int fd, const char *path)
{
    struct stat ours, there;

    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev
        && ours.st_ino == there.st_ino;
}

static int try_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path))
        return fd;
    int why = fd < 0 ? errno : EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

static bool refuse(const char *path, erg_error *err)
{
    char text[160] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t count = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

    if (fd >= 0)
        close(fd);
    text[count > 0 ? strcspn(text, "\n") : 0] = '\0';
    return erg_fail(err, ERG_REFUSED,
                    "another ergd turns this machine's knobs (%s): end it, "
                    "or observe", text[0] ? text : "it has not said which");
}

/* For whoever is refused: which process, by which configuration. */
static bool sign(int fd, const char *config, erg_error *err)
{
    char text[160];
    int count = snprintf(text, sizeof(text), "process %d, %.100s\n", (int)getpid(), config);

    return (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)count, 0) == count)
        || erg_fail(err, ERG_IO, "cannot write who turns this machine's knobs: %s",
                    strerror(errno));
}

/* Anybody may lock a namespace, but only root turns knobs: a holder that is seen to be
 * another user's process is no ergd. One of another container is not seen. */
static bool is_held_by_root(int fd)
{
    char line[256];
    struct stat facts, holder;
    unsigned long long inode;
    bool is_seen = false, is_root = false;
    FILE *file = fopen("/proc/locks", "re");

    while (file && fstat(fd, &facts) == 0 && fgets(line, sizeof(line), file)) {
        char path[32];
        int pid;
        if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %*x:%*x:%llu", &pid, &inode) != 2
            || inode != facts.st_ino)
            continue;
        snprintf(path, sizeof(path), "/proc/%d", pid);
        is_seen |= pid > 0;
        is_root |= pid > 0 && stat(path, &holder) == 0 && holder.st_uid == 0;
    }
    if (file)
        fclose(file);
    return is_root || !is_seen;
}

/* False: held by another ergd. -1 where Linux has no such namespace. */
static bool lock_machine(int *fd, erg_error *err)
{
    bool is_ours = false;

    *fd = open(machine, O_RDONLY | O_CLOEXEC);
    for (int i = 0; *fd >= 0 && !is_ours && i < TRIES; i++) {
        is_ours = flock(*fd, LOCK_EX | LOCK_NB) == 0;
        if (!is_ours)
            nanosleep(&pause_between, NULL);
    }
    return *fd < 0 || is_ours || !is_held_by_root(*fd)
        || erg_fail(err, ERG_REFUSED, "another ergd turns this machine's knobs, in another "
                    "container or outside of this one: end it, or observe");
}

static bool find_place(const char *root, char to[PATH_MOST], erg_error *err)
{
    int count = snprintf(to, PATH_MOST, "%s/run", root ? root : "");

    if (count < 0 || count > PATH_MOST - 64)
        return erg_fail(err, ERG_BAD_INPUT, "--root is too long a path");
    mkdir(to, 0755);            /* is there on any machine; not in a captured tree */
    snprintf(to, PATH_MOST, "%s%s", root ? root : "", folder);
    if (mkdir(to, 0755) == 0)
        chmod(to, 0755);        /* whatever the umask: the socket lies here, too */
    snprintf(to, PATH_MOST, "%s%s/%s", root ? root : "", folder, name);
    return true;
}

static bool lock_run(const ergd_options *options, int *fd, erg_error *err)
{
    char path[PATH_MOST];

    if (!find_place(options->root, path, err))
        return false;
    /* A watchdog may just be putting back what a daemon before this one has left. */
    for (int i = 0; (*fd = try_lock(path)) < 0 && errno == EWOULDBLOCK && i < TRIES; i++)
        nanosleep(&pause_between, NULL);
    if (*fd >= 0)
        return sign(*fd, options->config, err);
    if (errno == EWOULDBLOCK)
        return refuse(path, err);
    return erg_fail(err, ERG_NO_ACCESS,
                    "cannot lock %s, so another ergd could turn the same "
                    "knobs: %s; start ergd as root, or observe", path, strerror(errno));
}

bool ergd_own_knobs(const ergd_options *options, const erg_govern_config *config,
                    ergd_ownership *out, erg_error *err)
{
    *out = (ergd_ownership){ .run = -1, .machine = -1 };
    if (config->mode != ERG_ENFORCE || !has_real_sensors(config))
        return true;
    /* Under --root it is not this machine's. */
    if (lock_run(options, &out->run, err)
        && (options->root || lock_machine(&out->machine, err)))
        return true;
    ergd_disown_knobs(out);
    return false;
}

void ergd_disown_knobs(ergd_ownership *is)
{
    if (is->run >= 0)
        close(is->run);
    if (is->machine >= 0)
        close(is->machine);
    *is = (ergd_ownership){ .run = -1, .machine = -1 };
}
