/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "erg/device.h"
#include "run/keeper.h"

enum { TRIES = 100 };
static const struct timespec pause_between = { 0, 100000000 };
static const char farewell = 'q';

static bool is_busy(const erg_table *rows)
{
    for (size_t i = 0; rows && i < erg_table_row_count(rows); i++)
        if (strcmp(erg_table_find(rows, i, "state").text, "busy") == 0)
            return true;
    return false;
}

/* The locks of a dead process are free at once; whoever starts meanwhile may put back the
 * same, and then nothing is left to do. */
static int put_back(const erg_env *env)
{
    bool is_done = false;

    for (int i = 0; i < TRIES && !is_done; i++) {
        erg_result *result = erg_devices_recover(env, NULL);
        is_done = result && !is_busy(erg_result_find(result, "restored"));
        erg_result_free(result);
        if (!is_done)
            nanosleep(&pause_between, NULL);
    }
    return is_done ? 0 : 1;
}

/* Nothing that is meant for the command or for erg run may end it. */
static int watch(const erg_env *env, int fd)
{
    sigset_t all;
    char said = 0;
    ssize_t count;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    do
        count = read(fd, &said, 1);
    while (count < 0 && errno == EINTR);
    return count == 1 && said == farewell ? 0 : put_back(env);
}

bool erg_keeper_begin(const erg_env *env, erg_keeper *out, erg_error *err)
{
    int ends[2];

    *out = (erg_keeper){ .pid = -1, .fd = -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return erg_fail(err, ERG_IO, "cannot make a pipe: %s", strerror(errno));
    out->pid = fork();
    if (out->pid == 0) {
        close(ends[1]);
        _exit(watch(env, ends[0]));
    }
    close(ends[0]);
    out->fd = ends[1];
    if (out->pid > 0)
        return true;
    erg_fail(err, ERG_IO, "cannot start a second process, which would put limits back: %s",
             strerror(errno));
    erg_keeper_end(out);
    return false;
}

void erg_keeper_end(erg_keeper *keeper)
{
    if (keeper->fd >= 0) {
        ssize_t count = write(keeper->fd, &farewell, 1);
        (void)count;        /* it may have been ended: then there is nobody to tell */
        close(keeper->fd);
    }
    while (keeper->pid > 0 && waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *keeper = (erg_keeper){ .pid = -1, .fd = -1 };
}
