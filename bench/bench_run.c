/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measuring costs (measure.md section 17): a region, a whole `erg run`, memory,
 * and the share of a core at 1 kHz. Each beside its floor, in turns, in one run.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/base.h"
#include "erg/record.h"
#include "run/ring.h"

extern char **environ;

enum { PAIRS = 60, REGIONS = 20000 };

static double now_s(clockid_t which)
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

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

/* Wall seconds of one child; its user and system time and peak memory in *use. */
static double time_child(char *const argv[], struct rusage *use)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status;
    double begin_s = now_s(CLOCK_MONOTONIC);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
        fprintf(stderr, "bench: cannot run %s\n", argv[0]);
        exit(1);
    }
    wait4(pid, &status, 0, use);
    posix_spawn_file_actions_destroy(&actions);
    return now_s(CLOCK_MONOTONIC) - begin_s;
}

static void whole_run(const char *erg)
{
    static double plain[PAIRS], measured[PAIRS];
    struct rusage use;
    char *bare[] = { "true", NULL };
    char *run[] = { (char *)(uintptr_t)erg, "run", "--quiet", "--no-wait", "--output",
                    "/tmp/erg-bench.erg", "--", "true", NULL };

    for (int i = 0; i < PAIRS; i++) {
        plain[i] = time_child(bare, &use);
        measured[i] = time_child(run, &use);
    }
    double floor_s = median(plain, PAIRS), whole_s = median(measured, PAIRS);
    printf("erg run --quiet --no-wait -- true  %6.2f ms above true   floor (fork, exec true) %.2f ms"
           "   n %d   want <= 5 ms\n", 1e3 * (whole_s - floor_s), 1e3 * floor_s, PAIRS);
    printf("resident memory of erg run         %6.2f MB               n 1   want <= 4 MB\n",
           (double)use.ru_maxrss / 1024.0);
    unlink("/tmp/erg-bench.erg");
}

static void one_region(void)
{
    erg_error err = { 0 };
    erg_ring *ring = erg_ring_create(&err);
    erg_recorder *rec = ring
        ? erg_recorder_join(&(erg_env){ .ring = erg_ring_path(ring) }, &err) : NULL;
    if (!rec) {
        fprintf(stderr, "bench: %s\n", err.text);
        exit(1);
    }
    erg_event event;
    double spent_s = 0, floor_s = 0;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    char text[64];
    for (int i = 0; i < REGIONS; i++) {
        double begin_s = now_s(CLOCK_MONOTONIC);
        erg_region_token region = erg_region_begin(rec, "region");
        erg_region_end(rec, region);
        double middle_s = now_s(CLOCK_MONOTONIC);
        if (pread(fd, text, sizeof(text), 0) < 0)
            exit(1);
        floor_s += now_s(CLOCK_MONOTONIC) - middle_s;
        spent_s += middle_s - begin_s;
        while (erg_ring_pop(ring, &event))
            ;
    }
    printf("region begin + end                 %6.3f us               floor (a pread) %.3f us"
           "   n %d   want <= 3 us\n", 1e6 * spent_s / REGIONS, 1e6 * floor_s / REGIONS, REGIONS);
    close(fd);
    erg_recorder_free(rec);
    erg_ring_close(ring);
}

/* 8 GPUs and 2 packages at 1 kHz: the simulated ones cost no ioctl, so this is the
 * sampler, the store and the file; a driver's own read comes on top. */
static void at_a_kilohertz(const char *erg)
{
    enum { DEVICES = 10, HEAD = 7 };
    char *argv[HEAD + 2 * DEVICES + 4], sensors[DEVICES][64];
    int count = 0;
    struct rusage use;
    const char *head[HEAD] = { erg, "run", "--quiet", "--rate", "1kHz", "--output",
                               "/tmp/erg-bench.erg" };

    for (int i = 0; i < HEAD; i++)
        argv[count++] = (char *)(uintptr_t)head[i];
    for (int i = 0; i < DEVICES; i++) {
        snprintf(sensors[i], sizeof(sensors[i]), "sim:a100-sxm4-80gb,uuid=bench-%d", i);
        argv[count++] = "--sensor";
        argv[count++] = sensors[i];
    }
    argv[count++] = "--";
    argv[count++] = "sleep";
    argv[count++] = "5";
    argv[count] = NULL;
    double wall_s = time_child(argv, &use);
    double cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec)
        + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    printf("10 simulated devices at 1 kHz      %6.2f %% of a core      n 1 (%.1f s)"
           "   want <= 3 %%\n", 100 * cpu_s / wall_s, wall_s);
    printf("resident memory of that            %6.2f MB               n 1   want <= 4 MB\n",
           (double)use.ru_maxrss / 1024.0);
    unlink("/tmp/erg-bench.erg");
}

int main(int argc, char *argv[])
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_run ERG\n");
        return 2;
    }
    one_region();
    whole_run(argv[1]);
    at_a_kilohertz(argv[1]);
    return 0;
}
