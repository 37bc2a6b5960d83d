/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "mpi/slow.h"

enum { PATH_MOST = 512 };
static const char farewell = 'q';
static const char instead[] = "wait=sleep needs no privileges";

int mpi_slow_cpu(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) != 1)
        return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            return cpu;
    return -1;
}

/* ---- cpufreq's files ------------------------------------------------------------- */

static void path_of(const char *root, int cpu, const char *name, char to[PATH_MOST])
{
    snprintf(to, PATH_MOST, "%.300s/sys/devices/system/cpu/cpu%d/cpufreq/%s",
             root ? root : "", cpu, name);
}

/* One line; "" where there is none. */
static void read_line(const char *root, int cpu, const char *name, char *to, int size)
{
    char path[PATH_MOST];

    path_of(root, cpu, name, path);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(to, size, file))
        to[0] = '\0';
    if (file)
        fclose(file);
}

static bool put(int file, const char *khz)
{
    size_t size = strlen(khz);
    return pwrite(file, khz, size, 0) == (ssize_t)size;
}

/* Another core of the same clock would be slowed, too, and it may be at work. */
static bool is_alone(const char *root, int cpu)
{
    char text[256];
    char *end;

    read_line(root, cpu, "affected_cpus", text, sizeof(text));
    long only = strtol(text, &end, 10);
    return end != text && !end[strspn(end, " \n")] && only == cpu;
}

static bool read_clocks(mpi_slow *to, const char *root, int cpu, erg_error *err)
{
    read_line(root, cpu, "scaling_max_freq", to->was, sizeof(to->was));
    read_line(root, cpu, "scaling_min_freq", to->least, sizeof(to->least));
    if (!(strtod(to->was, NULL) > 0) || !(strtod(to->least, NULL) > 0))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "wait=freq: cpu%d has no clock that can be "
                        "turned (no cpufreq): %s",
                        cpu, instead);
    return is_alone(root, cpu)
           || erg_fail(err, ERG_REFUSED,
                       "wait=freq: cpu%d shares its clock with others, which "
                       "may be at work: %s",
                       cpu, instead);
}

/* One process turns a core's clock: another that read it meanwhile would take the least for
 * what it was, and leave it there. A guard holds the lock until the clock is back, which
 * after a kill takes a moment. */
static bool lock(int file)
{
    enum { TRIES = 20 };
    const struct timespec moment = { .tv_nsec = 10000000 };

    for (int i = 0; i < TRIES; i++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

/* ---- who puts it back ------------------------------------------------------------- */

/* Only calls that a child of a process with threads may make. */
static void stand_guard(const mpi_slow *state, int pipe_end)
{
    char byte;
    ssize_t count;
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    close(state->guard);
    do
        count = read(pipe_end, &byte, 1);
    while (count < 0 && errno == EINTR);
    /* Who ends well has put it back; since then it may be somebody else's. */
    _exit(count == 1 || put(state->file, state->was) ? 0 : 1);
}

/* A grandchild: the program may wait for children of its own, and must not meet ours. */
static bool start_guard(mpi_slow *state, erg_error *err)
{
    int ends[2], status = 1;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "wait=freq: cannot make a pipe: %s", strerror(errno));
    state->guard = ends[1];
    pid_t child = fork();
    if (child == 0) {
        pid_t own = fork();
        if (own == 0)
            stand_guard(state, ends[0]);
        _exit(own > 0 ? 0 : 1);
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return (child > 0 && status == 0)
           || erg_fail(err, ERG_IO,
                       "wait=freq: cannot start a second process, which would put "
                       "the clock back: %s",
                       strerror(errno));
}

/* ---- all of it -------------------------------------------------------------------- */

bool mpi_slow_open(mpi_slow *state, const char *root, int cpu, erg_error *err)
{
    char path[PATH_MOST];

    *state = (mpi_slow){ .file = -1, .guard = -1 };
    if (cpu < 0)
        return erg_fail(err, ERG_REFUSED,
                        "wait=freq needs ranks that are bound to one core "
                        "each (mpirun --bind-to core): %s",
                        instead);
    if (!read_clocks(state, root, cpu, err))
        return false;
    path_of(root, cpu, "scaling_max_freq", path);
    state->file = open(path, O_WRONLY | O_CLOEXEC);
    if (state->file >= 0 && !lock(state->file)) {
        mpi_slow_close(state);
        return erg_fail(err, ERG_REFUSED,
                        "wait=freq: another process turns the clock of cpu%d: %s", cpu,
                        instead);
    }
    read_line(root, cpu, "scaling_max_freq", state->was, sizeof(state->was));
    /* Writing what is there already says whether it may be written. */
    if (state->file < 0 || !put(state->file, state->was))
        erg_fail(err, ERG_NO_ACCESS,
                 "wait=freq: cannot write %s: %s; make it writable for this "
                 "user (root, or a rule of udev): %s",
                 path, strerror(errno), instead);
    else if (start_guard(state, err))
        return true;
    mpi_slow_close(state);
    return false;
}

bool mpi_slow_down(const mpi_slow *state)
{
    return state->file >= 0 && put(state->file, state->least);
}

void mpi_slow_up(const mpi_slow *state)
{
    if (state->file >= 0)
        put(state->file, state->was);
}

void mpi_slow_close(mpi_slow *state)
{
    if (state->guard >= 0) {
        ssize_t count = write(state->guard, &farewell, 1);
        (void)count; /* somebody may have ended it */
        close(state->guard);
    }
    if (state->file >= 0)
        close(state->file);
    state->file = state->guard = -1;
}
