/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void bench_print(const bench_row *row)
{
    printf("%-50s %9.3f %-5s", row->name, row->value, row->unit);
    isnan(row->floor) ? printf("  floor %9s", "-") : printf("  floor %9.3f", row->floor);
    printf("  n %6zu", row->n);
    if (!isnan(row->limit))
        printf("  limit %5g %s", row->limit, row->value <= row->limit ? "met" : "MISSED");
    printf("\n");
    fflush(stdout);
}

double bench_now_s(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double values[], size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

double bench_cpu_s(const struct rusage *use)
{
    return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec)
        + 1e-6 * (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec);
}

int bench_start(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
        fprintf(stderr, "bench: cannot run %s\n", argv[0]);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

double bench_child_s(char *const argv[], struct rusage *use)
{
    int status;
    double begin_s = bench_now_s(CLOCK_MONOTONIC);
    wait4(bench_start(argv), &status, 0, use);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench: %s failed\n", argv[0]);
        exit(1);
    }
    return bench_now_s(CLOCK_MONOTONIC) - begin_s;
}
