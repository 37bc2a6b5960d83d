/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that burns where power would fall below shaper.floor: started once it is
 * needed, under the lowest priority and without a privilege, and told ten times a second (a
 * line with a share, 0 to 1) how much of its most it shall burn. It ends with its input,
 * by PR_SET_PDEATHSIG, and by the watchdog, which ends whatever it has started in turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

enum { LOWEST = 19, WORDS = ERG_GOVERN_LIST_MOST + 1 };
#define AGAIN_NS 10000000000LL      /* after one that has died */
#define DEAF_NS 5000000000LL        /* it reads nothing: another is started */

typedef struct filler {
    ergd *daemon;
    pid_t pid;                      /* -1: none runs */
    int to;                         /* its input */
    int64_t again_ns, heard_ns;
    double told;                    /* the share of the last line */
    int64_t measured_ns, cpu_ns;    /* of our own: its CPU time, when last looked */
    double taken;
    char reason[120];
} filler;

static const erg_govern_list *words_of(const filler *is)
{
    return &ergd_config(is->daemon)->shaper.filler;
}

/* ---- the child --------------------------------------------------------------------- */

static void become_quiet(pid_t parent)
{
    const struct sched_param none = { 0 };
    sigset_t all;

    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    setpriority(PRIO_PROCESS, 0, LOWEST);
    sched_setscheduler(0, SCHED_IDLE, &none);
    ergd_drop_all();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)        /* it died before it could tell */
        _exit(1);
}

static void become_filler(const filler *is, int from, pid_t parent)
{
    const erg_govern_list *named = words_of(is);
    const char *words[WORDS] = { "ergd", "--filler", NULL };
    char silence[32];

    become_quiet(parent);
    if (dup2(from, 0) != 0)
        _exit(126);
    /* The file is only for whoever looks at the list of processes. */
    snprintf(silence, sizeof(silence), "%.3f",
             fmax(1, 3 * ergd_config(is->daemon)->period_s));
    words[2] = silence;
    words[3] = "--config";
    words[4] = ergd_options_of(is->daemon)->config;
    for (size_t i = 0; i < named->count; i++)
        words[i] = named->items[i];
    if (named->count)
        words[named->count] = NULL;
    execv(named->count ? words[0] : "/proc/self/exe", (char *const *)words);
    _exit(127);
}

/* ---- the daemon's end ---------------------------------------------------------------- */

static void say(filler *is, const char *what, int number)
{
    snprintf(is->reason, sizeof(is->reason), "the filler %s %d: another is started in 10 s",
             what, number);
    ergd_log(is->daemon, "%s", is->reason);
}

/* How it has ended, as waitpid tells it. */
static int finish(filler *is)
{
    int status = 0;

    if (is->pid <= 0)
        return 0;
    kill(-is->pid, SIGKILL);
    kill(is->pid, SIGKILL);         /* before it has a group of its own */
    waitpid(is->pid, &status, 0);
    ergd_forget(is->daemon, is->to);
    close(is->to);
    ergd_guard(is->daemon, 0);
    is->pid = is->to = -1;
    is->taken = 0;
    return status;
}

/* Nothing is read here, so that only an end wakes this. */
static void filler_ready(void *self, uint32_t events)
{
    filler *is = self;

    if (!(events & (EPOLLERR | EPOLLHUP)) || is->pid <= 0)
        return;
    int status = finish(is);
    if (WIFEXITED(status))
        say(is, WEXITSTATUS(status) == 127 ? "cannot be started, status" : "ended, status",
            WEXITSTATUS(status));
    else
        say(is, "closed its input or was ended by signal", WTERMSIG(status));
    is->again_ns = ergd_now_ns(is->daemon) + AGAIN_NS;
}

static bool spawn(filler *is, erg_error *err)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "cannot make a pipe: %s", strerror(errno));
    is->pid = fork();
    if (is->pid == 0)
        become_filler(is, ends[0], parent);
    close(ends[0]);
    is->to = ends[1];
    if (is->pid > 0)
        setpgid(is->pid, is->pid);  /* whoever of both is first */
    fcntl(is->to, F_SETFL, O_NONBLOCK);
    is->heard_ns = is->measured_ns = ergd_now_ns(is->daemon);
    is->cpu_ns = 0;
    is->told = is->taken = 0;
    is->reason[0] = '\0';
    if (is->pid > 0 && ergd_watch(is->daemon, is->to, 0, filler_ready, is, err)) {
        ergd_guard(is->daemon, is->pid);
        return true;
    }
    if (is->pid < 0) {
        close(is->to);
        is->to = -1;
        return erg_fail(err, ERG_IO, "cannot start a filler: %s", strerror(errno));
    }
    finish(is);
    return false;
}

static void start(filler *is)
{
    erg_error err = { 0 };

    if (spawn(is, &err))
        return;
    is->again_ns = ergd_now_ns(is->daemon) + AGAIN_NS;
    snprintf(is->reason, sizeof(is->reason), "%.110s", err.text);
    ergd_log(is->daemon, "%s", err.text);
}

static void feed(filler *is, double share)
{
    char line[32];
    int64_t now_ns = ergd_now_ns(is->daemon);

    if (!(share > 0) && !(is->told > 0))
        return;
    int count = snprintf(line, sizeof(line), "%.4f\n", share);
    if (write(is->to, line, (size_t)count) == count) {
        is->told = share;
        is->heard_ns = now_ns;
    } else if (now_ns - is->heard_ns > DEAF_NS) {
        finish(is);
        is->again_ns = now_ns + AGAIN_NS;
        say(is, "has read nothing for seconds:", (int)(DEAF_NS / 1000000000));
    }
}

static int64_t cpu_ns_of(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

/* What a program of others burns is not its CPU time. */
static double measure(filler *is)
{
    int64_t now_ns = ergd_now_ns(is->daemon), cpu_ns = cpu_ns_of(is->pid);
    int64_t past_ns = now_ns - is->measured_ns;

    if (words_of(is)->count || cpu_ns < 0)
        return NAN;
    if (past_ns > 0)
        is->taken = fmin(1, (double)(cpu_ns - is->cpu_ns)
                                / ((double)past_ns * ergd_filler_cpus()));
    is->measured_ns = now_ns;
    is->cpu_ns = cpu_ns;
    return is->taken;
}

static void filler_step(void *self)
{
    filler *is = self;
    erg_governor *governor = ergd_governor(is->daemon);
    double share = erg_governor_fill(governor);

    if (isnan(share)) {             /* the rack has let the node go */
        finish(is);
        return;
    }
    if (is->pid < 0 && share > 0 && ergd_now_ns(is->daemon) >= is->again_ns)
        start(is);
    if (is->pid > 0)
        feed(is, share);
    erg_governor_filled(governor, is->pid > 0, is->pid > 0 ? measure(is) : 0, is->reason);
}

static bool filler_open(ergd *daemon, void **self, erg_error *err)
{
    const erg_govern_config *config = ergd_config(daemon);

    if (!(config->shaper.floor_w > 0) || config->mode != ERG_ENFORCE)
        return true;
    filler *is = calloc(1, sizeof(*is));
    if (!is)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a filler");
    *is = (filler){ .daemon = daemon, .pid = -1, .to = -1 };
    *self = is;
    return true;
}

static void filler_close(void *self)
{
    finish(self);
    free(self);
}

const ergd_service ergd_service_filler = {
    .name = "filler", .open = filler_open, .step = filler_step, .close = filler_close,
};
