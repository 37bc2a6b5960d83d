/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: a timer steps the governor, files that are ready call who watches them, a
 * signal ends it. One event at a time, so that a watch may be forgotten by any other.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"

enum { FILES_MOST = 2048, SERVICES_MOST = 8, SETTLED_S = 3 };
#define NS_PER_S 1000000000LL

typedef struct watch { ergd_ready ready; void *self; } watch;

struct ergd {
    const ergd_options *options;
    const erg_govern_config *config;
    erg_governor *governor;
    ergd_watchdog *watchdog;        /* NULL: nothing is turned */
    ergd_waits *waits;              /* likewise */
    erg_result *snapshot;           /* NULL: not asked for since the last step */
    int poll, timer, signals;       /* -1: none */
    ergd_ownership knobs;
    watch watches[FILES_MOST];      /* by file descriptor */
    void *selves[SERVICES_MOST];
    int64_t now_ns, settled_ns;     /* settled: 0 once it has */
    bool is_over, had_fault;
};

const erg_govern_config *ergd_config(const ergd *daemon) { return daemon->config; }
erg_governor *ergd_governor(ergd *daemon) { return daemon->governor; }
const ergd_options *ergd_options_of(const ergd *daemon) { return daemon->options; }
int64_t ergd_now_ns(const ergd *daemon) { return daemon->now_ns; }
ergd_waits *ergd_waits_of(ergd *daemon) { return daemon->waits; }
const ergd_ownership *ergd_knobs(const ergd *daemon) { return &daemon->knobs; }

void ergd_log(const ergd *daemon, const char *format, ...)
{
    va_list values;
    (void)daemon;

    fputs("ergd: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
}

static void log_line(void *self, erg_level level, const char *text)
{
    if (level == ERG_WARNING)
        ergd_log(self, "%s", text);
}

const erg_result *ergd_snapshot(ergd *daemon)
{
    if (!daemon->snapshot)
        daemon->snapshot = erg_governor_tables(daemon->governor, NULL);
    return daemon->snapshot;
}

/* ---- watching ---------------------------------------------------------------------- */

bool ergd_watch(ergd *daemon, int fd, uint32_t events, ergd_ready ready, void *self,
                erg_error *err)
{
    struct epoll_event event = { .events = events, .data.fd = fd };

    if (fd < 0 || fd >= FILES_MOST)
        return erg_fail(err, ERG_REFUSED, "more than %d files are open", FILES_MOST);
    int verb = daemon->watches[fd].ready ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(daemon->poll, verb, fd, &event) != 0)
        return erg_fail(err, ERG_IO, "cannot watch a file: %s", strerror(errno));
    daemon->watches[fd] = (watch){ ready, self };
    return true;
}

void ergd_forget(ergd *daemon, int fd)
{
    if (fd < 0 || fd >= FILES_MOST || !daemon->watches[fd].ready)
        return;
    epoll_ctl(daemon->poll, EPOLL_CTL_DEL, fd, NULL);
    daemon->watches[fd] = (watch){ 0 };
}

/* ---- the timer ----------------------------------------------------------------------- */

static int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void ergd_settle(ergd *daemon)
{
    daemon->settled_ns = monotonic_ns() + SETTLED_S * NS_PER_S;
}

void ergd_guard(ergd *daemon, int group)
{
    ergd_watchdog_guard(daemon->watchdog, group);
}

static void step(ergd *daemon)
{
    erg_error fault = { 0 };

    daemon->now_ns = monotonic_ns();
    if (!erg_governor_step(daemon->governor, daemon->now_ns, &fault) && !daemon->had_fault)
        ergd_log(daemon, "%s", fault.text);     /* once, not ten times a second */
    daemon->had_fault = fault.code != ERG_OK;
    erg_result_free(daemon->snapshot);
    daemon->snapshot = NULL;
    ergd_watchdog_step(daemon->watchdog);
    if (daemon->settled_ns && daemon->now_ns >= daemon->settled_ns) {
        daemon->settled_ns = 0;
        erg_give_back_memory();
    }
    for (size_t i = 0; ergd_services[i]; i++)
        if (daemon->selves[i] && ergd_services[i]->step)
            ergd_services[i]->step(daemon->selves[i]);
}

static void timer_ready(void *self, uint32_t events)
{
    ergd *daemon = self;
    uint64_t ticks;
    (void)events;

    /* Ticks that were missed are not made up for: the governor is told how long it was. */
    if (read(daemon->timer, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks))
        step(daemon);
}

static bool start_timer(ergd *daemon, erg_error *err)
{
    int64_t period_ns = (int64_t)llround(daemon->config->period_s * (double)NS_PER_S);
    struct timespec period = { period_ns / NS_PER_S, period_ns % NS_PER_S };

    daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (daemon->timer < 0
        || timerfd_settime(daemon->timer, 0, &(struct itimerspec){ period, period }, NULL)
               != 0)
        return erg_fail(err, ERG_IO, "cannot start a timer: %s", strerror(errno));
    return ergd_watch(daemon, daemon->timer, EPOLLIN, timer_ready, daemon, err);
}

/* ---- signals ------------------------------------------------------------------------- */

static void signal_ready(void *self, uint32_t events)
{
    ergd *daemon = self;
    struct signalfd_siginfo facts;
    (void)events;

    if (read(daemon->signals, &facts, sizeof(facts)) != (ssize_t)sizeof(facts))
        return;
    if (facts.ssi_signo == SIGHUP)
        ergd_log(daemon, "SIGHUP: what it governs by is read at the start alone: restart "
                 "it to read %s anew", daemon->options->config);
    else
        daemon->is_over = true;
}

static bool start_signals(ergd *daemon, erg_error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* Of those who turn logs over: systemd takes its end by it for wished, and leaves the
     * node ungoverned. */
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (daemon->signals < 0)
        return erg_fail(err, ERG_IO, "cannot watch for signals: %s", strerror(errno));
    return ergd_watch(daemon, daemon->signals, EPOLLIN, signal_ready, daemon, err);
}

/* ---- services ------------------------------------------------------------------------ */

static bool open_services(ergd *daemon, erg_error *err)
{
    for (size_t i = 0; ergd_services[i] && i < SERVICES_MOST; i++)
        if (!ergd_services[i]->open(daemon, &daemon->selves[i], err))
            return false;
    return true;
}

static void close_services(ergd *daemon)
{
    for (size_t i = 0; i < SERVICES_MOST; i++)
        if (daemon->selves[i])
            ergd_services[i]->close(daemon->selves[i]);
}

/* ---- all of it ----------------------------------------------------------------------- */

/* A node with many ranks needs four files for each that waits (wait.c). */
static void allow_files(void)
{
    enum { WANTED = 4096 };
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= WANTED)
        return;
    files.rlim_cur = files.rlim_max < WANTED ? files.rlim_max : WANTED;
    setrlimit(RLIMIT_NOFILE, &files);
}

static bool begin(ergd *daemon, erg_error *err)
{
    const erg_env env = { .root = daemon->options->root, .nvml = daemon->options->nvml,
                          .path = getenv("PATH"), .log = log_line, .log_self = daemon };

    daemon->poll = epoll_create1(EPOLL_CLOEXEC);
    if (daemon->poll < 0)
        return erg_fail(err, ERG_IO, "cannot wait for files: %s", strerror(errno));
    umask(0027);
    allow_files();
    if (!ergd_own_knobs(daemon->options, daemon->config, &daemon->knobs, err)
        || !start_signals(daemon, err))
        return false;
    if (daemon->config->mode == ERG_ENFORCE
        && (!ergd_waits_recover(daemon->options, daemon->config, err)
            || !(daemon->watchdog = ergd_watchdog_open(daemon, err))))
        return false;
    daemon->governor = erg_governor_open(daemon->config, &env, err);
    if (!daemon->governor || !open_services(daemon, err) || !ergd_drop_privileges(err)
        || !erg_governor_write_apart(daemon->governor, err)
        || (daemon->watchdog && !(daemon->waits = ergd_waits_open(daemon, err))))
        return false;
    ergd_settle(daemon);
    step(daemon);
    return start_timer(daemon, err);
}

static void serve(ergd *daemon)
{
    struct epoll_event event;

    ergd_notify("READY=1");
    while (!daemon->is_over) {
        int count = epoll_wait(daemon->poll, &event, 1, -1);
        if (count < 0 && errno != EINTR)
            break;
        if (count == 1 && daemon->watches[event.data.fd].ready)
            daemon->watches[event.data.fd].ready(daemon->watches[event.data.fd].self,
                                                 event.events);
    }
    ergd_notify("STOPPING=1");
}

static void end(ergd *daemon)
{
    const int files[] = { daemon->timer, daemon->signals, daemon->poll };

    close_services(daemon);
    ergd_waits_close(daemon->waits);
    erg_result_free(daemon->snapshot);
    erg_governor_free(daemon->governor);        /* puts back what it turned */
    ergd_watchdog_close(daemon->watchdog);
    ergd_disown_knobs(&daemon->knobs);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i] >= 0)
            close(files[i]);
    free(daemon);
}

int ergd_run(const ergd_options *options, const erg_govern_config *config)
{
    ergd *daemon = calloc(1, sizeof(*daemon));
    erg_error err = { 0 };

    if (!daemon)
        return 4;
    daemon->options = options;
    daemon->config = config;
    daemon->poll = daemon->timer = daemon->signals = -1;
    daemon->knobs = (ergd_ownership){ .run = -1, .machine = -1 };
    bool good = begin(daemon, &err);
    if (good)
        serve(daemon);
    else
        ergd_log(daemon, "%s", err.text);
    end(daemon);
    return good ? 0 : err.code == ERG_BAD_INPUT ? 2 : err.code == ERG_IO ? 4 : 3;
}
