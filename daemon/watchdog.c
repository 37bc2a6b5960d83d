/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second process that outlives the daemon by a moment. It holds one end of a pipe: when
 * the daemon is gone, however it died, the pipe ends, and it puts the limits back. A daemon
 * that ends well says so first. If the watchdog dies, the daemon starts another.
 *
 * It is this program again, so that nothing of the daemon's (NVML, locks) is in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

enum { PIPE_AT = 3, TRIES = 100, ARGUMENTS = 9 };
static const struct timespec pause_between = { 0, 100000000 };
static const int64_t again_ns = 200000000;

/* What the daemon says: all is well, or which group of processes to end. */
typedef struct word { char verb; pid_t group; } word;
enum { FAREWELL = 'q', GUARD = 'g' };

/* ---- the watchdog itself ----------------------------------------------------------- */

/* Until the daemon is gone: true if it ended well. */
static bool listen_until_end(pid_t *group)
{
    word said;

    for (;;) {
        ssize_t count = read(PIPE_AT, &said, sizeof(said));
        if (count < 0 && errno == EINTR)
            continue;
        if (count != (ssize_t)sizeof(said))
            return false;
        if (said.verb == FAREWELL)
            return true;
        *group = said.group;
    }
}

int ergd_watch_over(const ergd_options *options, const erg_govern_config *config)
{
    const erg_env env = { .root = options->root, .nvml = options->nvml };
    erg_error err = { 0 };
    pid_t group = 0;

    signal(SIGTERM, SIG_IGN);       /* it ends when the daemon does, not before */
    signal(SIGINT, SIG_IGN);
    setsid();
    if (listen_until_end(&group))
        return 0;
    if (group > 1)
        kill(-group, SIGKILL);
    /* The locks of a dead process are free at once; a new daemon may hold them. */
    for (int i = 0; i < TRIES; i++) {
        err = (erg_error){ 0 };
        if (ergd_waits_recover(options, config, &err)
            && erg_governor_recover(config, &env, "watchdog", &err))
            return 0;
        nanosleep(&pause_between, NULL);
    }
    fprintf(stderr, "ergd: watchdog: %s\n", err.text);
    return 1;
}

/* ---- the daemon's end ---------------------------------------------------------------- */

struct ergd_watchdog {
    ergd *daemon;
    pid_t pid;
    int fd;                         /* -1: none runs */
    pid_t group;                    /* that it shall end, too; 0: none */
    int64_t again_ns;               /* not before */
};

static void keep_open(int lock)
{
    int fd = lock == PIPE_AT ? dup(PIPE_AT) : lock;

    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

static void become_watchdog(const ergd *daemon, int fd)
{
    const ergd_options *options = ergd_options_of(daemon);
    const char *words[ARGUMENTS] = { "ergd", "--watchdog", "--config", options->config };
    size_t count = 4;

    if (options->root) {
        words[count++] = "--root";
        words[count++] = options->root;
    }
    if (options->nvml) {
        words[count++] = "--nvml";
        words[count++] = options->nvml;
    }
    /* The locks outlive the daemon in us, until all is back. */
    keep_open(ergd_knobs(daemon)->run);
    keep_open(ergd_knobs(daemon)->machine);
    if (fd == PIPE_AT ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, PIPE_AT) == PIPE_AT)
        execv("/proc/self/exe", (char *const *)words);
    _exit(1);
}

static bool spawn(ergd_watchdog *own, erg_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "cannot make a pipe: %s", strerror(errno));
    own->pid = fork();
    if (own->pid == 0)
        become_watchdog(own->daemon, ends[0]);
    close(ends[0]);
    own->fd = ends[1];
    return own->pid > 0 || erg_fail(err, ERG_IO, "cannot start the watchdog: %s",
                                    strerror(errno));
}

static void reap(ergd_watchdog *own)
{
    if (own->fd >= 0) {
        ergd_forget(own->daemon, own->fd);
        close(own->fd);
    }
    if (own->pid > 0)
        waitpid(own->pid, NULL, 0);
    own->fd = -1;
    own->pid = -1;
}

/* Nothing is ever written before the end, so that only an error wakes this. */
static void watchdog_ready(void *self, uint32_t events)
{
    ergd_watchdog *own = self;

    if (!(events & (EPOLLERR | EPOLLHUP)))
        return;
    ergd_log(own->daemon, "the watchdog has died: another is started");
    reap(own);
    own->again_ns = ergd_now_ns(own->daemon) + again_ns;
}

static bool tell(const ergd_watchdog *own, char verb)
{
    const word said = { verb, own->group };

    return own->fd >= 0 && write(own->fd, &said, sizeof(said)) == (ssize_t)sizeof(said);
}

static bool start(ergd_watchdog *own, erg_error *err)
{
    if (!spawn(own, err) || !ergd_watch(own->daemon, own->fd, 0, watchdog_ready, own, err))
        return false;
    if (own->group)
        tell(own, GUARD);           /* if it has just died, it is started again anyway */
    return true;
}

void ergd_watchdog_guard(ergd_watchdog *own, int group)
{
    if (!own)
        return;
    own->group = group;
    tell(own, GUARD);
}

void ergd_watchdog_step(ergd_watchdog *own)
{
    erg_error err = { 0 };

    if (!own || own->fd >= 0 || ergd_now_ns(own->daemon) < own->again_ns)
        return;
    if (start(own, &err))
        return;
    reap(own);
    own->again_ns = ergd_now_ns(own->daemon) + 10 * again_ns;
    ergd_log(own->daemon, "%s", err.text);
}

ergd_watchdog *ergd_watchdog_open(ergd *daemon, erg_error *err)
{
    ergd_watchdog *own = calloc(1, sizeof(*own));

    if (!own) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for the watchdog");
        return NULL;
    }
    *own = (ergd_watchdog){ .daemon = daemon, .pid = -1, .fd = -1 };
    if (start(own, err))
        return own;
    ergd_watchdog_close(own);
    return NULL;
}

void ergd_watchdog_close(ergd_watchdog *own)
{
    if (!own)
        return;
    tell(own, FAREWELL);    /* it may just have died: then there is nobody to tell */
    reap(own);
    free(own);
}
