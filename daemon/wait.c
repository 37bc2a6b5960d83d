/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cores at their least clock while a process waits on them (wait: freq of the MPI library).
 * Each process has an event file of its own, a counter that Linux shares between both: it
 * adds one where a wait has begun and one where it is over, so that the counter's parity
 * says what it wants, nothing is ever lost, and neither end waits for the other. A thread
 * listens to all of them: a rank that goes on must not wait for a step of the governor.
 *
 * A core is a process's own where that may run on no other and no other shares its clock.
 * What its clock was at is on the disk before it is first lowered (wait_saved.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "wait.h"

enum { SLOTS = 1024, BELL = SLOTS, PATH_MOST = 512 };

typedef struct slot {
    bool is_used, is_slow;
    ergd_wait_clock clock;
    int file, event, process;       /* scaling_max_freq; its events; a pidfd, -1: none */
    ergd_peer peer;
    uint64_t told;                  /* of its events */
    int64_t since_ns;
    double slow_s;
} slot;

struct ergd_waits {
    ergd *daemon;
    pthread_mutex_t lock;           /* of the slots */
    pthread_t thread;
    bool has_thread;
    int poll, bell;
    slot slots[SLOTS];
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* ---- one core ------------------------------------------------------------------- */

static bool runs_there_alone(int pid, int cpu)
{
    cpu_set_t set;

    return pid > 0 && cpu < CPU_SETSIZE && sched_getaffinity(pid, sizeof(set), &set) == 0
        && CPU_COUNT(&set) == 1 && CPU_ISSET((size_t)cpu, &set);
}

static bool is_at(const slot *one, const char *khz)
{
    char now[24] = "";

    return pread(one->file, now, sizeof(now) - 1, 0) > 0
        && strtol(now, NULL, 10) == strtol(khz, NULL, 10);
}

static bool put(const slot *one, const char *khz)
{
    char line[32];
    int count = snprintf(line, sizeof(line), "%s\n", khz);

    return pwrite(one->file, line, (size_t)count, 0) == count;
}

/* It may have been bound elsewhere since, or somebody has turned the clock. */
static void lower(slot *one)
{
    if (one->is_slow || !runs_there_alone(one->peer.pid, one->clock.cpu)
        || !is_at(one, one->clock.was))
        return;
    one->is_slow = put(one, one->clock.least);
    one->since_ns = now_ns();
}

static void raise_again(slot *one)
{
    if (!one->is_slow)
        return;
    if (is_at(one, one->clock.least))
        put(one, one->clock.was);
    one->is_slow = false;
    one->slow_s += 1e-9 * (double)(now_ns() - one->since_ns);
}

/* ---- the thread ----------------------------------------------------------------- */

static void hear(slot *one)
{
    uint64_t more;

    if (read(one->event, &more, sizeof(more)) != (ssize_t)sizeof(more))
        return;
    one->told += more;
    if (one->told % 2)
        lower(one);
    else
        raise_again(one);
}

static void *listen_to_all(void *self)
{
    ergd_waits *is = self;
    struct epoll_event event;

    for (;;) {
        if (epoll_wait(is->poll, &event, 1, -1) != 1)
            continue;
        uint32_t number = event.data.u32 / 2;
        if (number == BELL)
            return NULL;
        pthread_mutex_lock(&is->lock);
        slot *one = &is->slots[number];
        if (one->is_used && event.data.u32 % 2 == 0) {
            hear(one);
        } else if (one->is_used && one->process >= 0) {     /* it has died */
            raise_again(one);
            epoll_ctl(is->poll, EPOLL_CTL_DEL, one->process, NULL);
            close(one->process);
            one->process = -1;
        }
        pthread_mutex_unlock(&is->lock);
    }
}

static bool watch(const ergd_waits *is, int fd, uint32_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

    return epoll_ctl(is->poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- begin and end of a process ------------------------------------------------- */

static bool save(const ergd_waits *is, erg_error *err)
{
    ergd_wait_clock clocks[SLOTS];
    size_t count = 0;

    for (size_t i = 0; i < SLOTS; i++)
        if (is->slots[i].is_used)
            clocks[count++] = is->slots[i].clock;
    return ergd_waits_save(ergd_config(is->daemon), clocks, count, err);
}

/* What the governor holds is not for others to turn. */
static bool is_governed(ergd *daemon)
{
    const erg_result *all = ergd_snapshot(daemon);
    const erg_table *clocks = all ? erg_result_find(all, "clocks") : NULL;

    for (size_t i = 0; clocks && i < erg_table_row_count(clocks); i++) {
        const char *knob = erg_table_find(clocks, i, "knob").text;
        if (knob && strcmp(knob, "cpu_clock") == 0
            && !isnan(erg_table_find(clocks, i, "requested_hz").real))
            return true;
    }
    return !all;
}

static bool open_core(ergd_waits *is, slot *one, erg_error *err)
{
    char path[PATH_MOST];
    int cpu = one->clock.cpu;

    if (!ergd_wait_read(ergd_options_of(is->daemon)->root, &one->clock, err))
        return false;
    ergd_wait_path(ergd_options_of(is->daemon)->root, cpu, "scaling_max_freq", path,
                   sizeof(path));
    one->file = open(path, O_RDWR | O_CLOEXEC);
    if (one->file < 0)
        return erg_fail(err, ERG_NO_ACCESS, "ergd cannot write %s: %s", path,
                        strerror(errno));
    if (flock(one->file, LOCK_EX | LOCK_NB) != 0)
        return erg_fail(err, ERG_REFUSED, "another process turns the clock of cpu%d", cpu);
    return true;
}

static bool open_files(ergd_waits *is, slot *one, erg_error *err)
{
    uint32_t number = 2 * (uint32_t)(one - is->slots);

    one->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (one->event < 0 || !watch(is, one->event, number))
        return erg_fail(err, ERG_IO, "ergd cannot make an event file: %s",
                        strerror(errno));
    /* A child that it has forked may hold its connection open after its death. */
    one->process = (int)syscall(SYS_pidfd_open, one->peer.pid, 0);
    if (one->process >= 0 && !watch(is, one->process, number + 1)) {
        close(one->process);
        one->process = -1;
    }
    return true;
}

static void close_files(slot *one)
{
    const int files[] = { one->event, one->process, one->file };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i] >= 0)
            close(files[i]);
}

static bool may_begin(ergd_waits *is, const ergd_peer *peer, int64_t cpu, erg_error *err)
{
    if (is_governed(is->daemon))
        return erg_fail(err, ERG_REFUSED, "ergd itself holds the clock of the CPUs");
    return runs_there_alone(peer->pid, (int)cpu)
        || erg_fail(err, ERG_REFUSED, "process %d is not bound to cpu%d alone", peer->pid,
                    (int)cpu);
}

static slot *find_free(ergd_waits *is, int cpu, erg_error *err)
{
    slot *free_one = NULL;

    for (size_t i = SLOTS; i-- > 0;) {
        if (!is->slots[i].is_used)
            free_one = &is->slots[i];
        else if (is->slots[i].clock.cpu == cpu) {
            erg_fail(err, ERG_REFUSED, "process %d waits on cpu%d already",
                     is->slots[i].peer.pid, cpu);
            return NULL;
        }
    }
    if (!free_one)
        erg_fail(err, ERG_REFUSED, "%d processes wait: more are not kept", SLOTS);
    return free_one;
}

static void tell(ergd_waits *is, const slot *one, const char *rule)
{
    char device[32], who[64];
    bool begins = strcmp(rule, "wait") == 0;
    double was_hz = 1e3 * strtod(one->clock.was, NULL);
    double least_hz = 1e3 * strtod(one->clock.least, NULL);

    snprintf(device, sizeof(device), "cpu%d", one->clock.cpu);
    snprintf(who, sizeof(who), "uid %u pid %d", one->peer.uid, one->peer.pid);
    erg_governor_note_clock(ergd_governor(is->daemon), device, rule, who,
                            begins ? was_hz : least_hz, begins ? least_hz : was_hz);
}

int ergd_wait_begin(ergd_waits *is, const ergd_peer *peer, int64_t cpu, int *event,
                    erg_error *err)
{
    slot made = { .clock.cpu = (int)cpu, .file = -1, .event = -1, .process = -1,
                  .peer = *peer };

    if (!is)
        erg_fail(err, ERG_REFUSED, "ergd is in mode observe: it turns no clock");
    if (!is || !may_begin(is, peer, cpu, err))
        return -1;
    pthread_mutex_lock(&is->lock);
    slot *one = find_free(is, (int)cpu, err);
    if (one)
        *one = made;
    bool good = one && open_core(is, one, err) && open_files(is, one, err);
    if (good) {
        one->is_used = true;
        good = save(is, err);
    }
    if (one && !good) {
        close_files(one);
        one->is_used = false;
    }
    pthread_mutex_unlock(&is->lock);
    if (!good)
        return -1;
    tell(is, one, "wait");
    *event = one->event;
    return (int)(one - is->slots);
}

void ergd_wait_end(ergd_waits *is, int number)
{
    erg_error err = { 0 };

    if (!is || number < 0)
        return;
    pthread_mutex_lock(&is->lock);
    slot *one = &is->slots[number];
    raise_again(one);
    close_files(one);
    one->is_used = false;
    if (!save(is, &err))
        ergd_log(is->daemon, "%s", err.text);
    pthread_mutex_unlock(&is->lock);
    tell(is, one, "unwait");
}

/* ---- others --------------------------------------------------------------------- */

bool ergd_wait_allows(ergd_waits *is, const erg_govern_request *request, erg_error *err)
{
    bool turns = request->clock_hz > 0 || request->clock_delta_hz < 0;

    if (!is || !turns || strncmp(request->device, "cpufreq", 7) != 0)
        return true;
    for (size_t i = 0; i < SLOTS; i++)      /* only this thread adds and takes away */
        if (is->slots[i].is_used)
            return erg_fail(err, ERG_REFUSED, "the clock of cpu%d is lent to process %d, "
                            "which lowers it while it waits: end that first",
                            is->slots[i].clock.cpu, is->slots[i].peer.pid);
    return true;
}

static const erg_column columns[] = {
    { "cpu", ERG_INTEGER, "the core" },
    { "pid", ERG_INTEGER, "the process that is bound to it" },
    { "uid", ERG_INTEGER, "its user" },
    { "is_slow", ERG_TRUTH, "it waits, and the core is at its least clock" },
    { "waits", ERG_INTEGER, "so many have begun" },
    { "slow_s", ERG_REAL, "so long at the least clock, up to the last end of a wait" },
    { "was_hz", ERG_REAL, "the highest clock that is put back" },
    { "least_hz", ERG_REAL, "the least" },
};

bool ergd_wait_add(ergd_waits *is, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "waits", columns,
                                      sizeof(columns) / sizeof(columns[0]), err);
    bool good = table != NULL;

    for (size_t i = 0; good && is && i < SLOTS; i++) {
        pthread_mutex_lock(&is->lock);
        const slot one = is->slots[i];
        pthread_mutex_unlock(&is->lock);
        if (!one.is_used)
            continue;
        good = erg_table_row(table, err)
            && erg_table_integer(table, "cpu", one.clock.cpu, err)
            && erg_table_integer(table, "pid", one.peer.pid, err)
            && erg_table_integer(table, "uid", one.peer.uid, err)
            && erg_table_truth(table, "is_slow", one.is_slow, err)
            && erg_table_integer(table, "waits", (int64_t)((one.told + 1) / 2), err)
            && erg_table_real(table, "slow_s", one.slow_s, err)
            && erg_table_real(table, "was_hz", 1e3 * strtod(one.clock.was, NULL), err)
            && erg_table_real(table, "least_hz", 1e3 * strtod(one.clock.least, NULL), err);
    }
    return good;
}

ergd_waits *ergd_waits_open(ergd *daemon, erg_error *err)
{
    ergd_waits *is = calloc(1, sizeof(*is));

    if (!is) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for waiting processes");
        return NULL;
    }
    is->daemon = daemon;
    pthread_mutex_init(&is->lock, NULL);
    is->poll = epoll_create1(EPOLL_CLOEXEC);
    is->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (is->poll >= 0 && is->bell >= 0 && watch(is, is->bell, 2 * BELL)
        && pthread_create(&is->thread, NULL, listen_to_all, is) == 0)
        is->has_thread = true;
    else
        erg_fail(err, ERG_IO, "cannot listen to waiting processes: %s", strerror(errno));
    if (is->has_thread)
        return is;
    ergd_waits_close(is);
    return NULL;
}

/* All clients are gone by now, and their clocks back. */
void ergd_waits_close(ergd_waits *is)
{
    const uint64_t one = 1;

    if (!is)
        return;
    if (is->has_thread && write(is->bell, &one, sizeof(one)) == (ssize_t)sizeof(one))
        pthread_join(is->thread, NULL);
    if (is->poll >= 0)
        close(is->poll);
    if (is->bell >= 0)
        close(is->bell);
    pthread_mutex_destroy(&is->lock);
    free(is);
}
