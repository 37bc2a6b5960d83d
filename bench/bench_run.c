/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measuring costs: a region, a whole `erg run`, memory,
 * the share of a core at 1 kHz, an import. Each beside its floor, in turns, in one run.
 *
 * Arguments: the erg to measure, the fake libnvidia-ml, the root of a captured machine
 * with two packages.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/base.h"
#include "bench.h"
#include "device/drivers/nvml_abi.h"
#include "erg/record.h"
#include "run/ring.h"

enum { PAIRS = 60, REGIONS = 20000, IMPORTS = 5 };

static char run_path[64], log_path[64], stamp_path[64];

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
        double begin_s = bench_now_s(CLOCK_MONOTONIC);
        erg_region_token region = erg_region_begin(rec, "region");
        erg_region_end(rec, region);
        double middle_s = bench_now_s(CLOCK_MONOTONIC);
        if (pread(fd, text, sizeof(text), 0) < 0)
            exit(1);
        floor_s += bench_now_s(CLOCK_MONOTONIC) - middle_s;
        spent_s += middle_s - begin_s;
        while (erg_ring_pop(ring, &event))
            ;
    }
    bench_print(&(bench_row){ "region begin + end (floor: a pread)", "us",
                              1e6 * spent_s / REGIONS, 1e6 * floor_s / REGIONS, 3,
                              REGIONS });
    close(fd);
    erg_recorder_free(rec);
    erg_ring_close(ring);
}

/* CPU time too, for the wall time of a machine with other work tells nothing. */
static void whole_run(char *erg)
{
    static double plain[PAIRS], measured[PAIRS], plain_cpu[PAIRS], cpu[PAIRS];
    struct rusage use;
    char *bare[] = { "true", NULL };
    char *run[] = { erg, "run", "--quiet", "--no-wait", "--output", run_path, "--", "true",
                    NULL };

    for (int i = 0; i < PAIRS; i++) {
        plain[i] = 1e3 * bench_child_s(bare, &use);
        plain_cpu[i] = 1e3 * bench_cpu_s(&use);
        measured[i] = 1e3 * bench_child_s(run, &use);
        cpu[i] = 1e3 * bench_cpu_s(&use);
    }
    double floor_ms = bench_median(plain, PAIRS), whole_ms = bench_median(measured, PAIRS);
    double least_ms = measured[0] - plain[0];   /* both are sorted now */
    double floor_cpu = bench_median(plain_cpu, PAIRS);
    bench_print(&(bench_row){ "erg run -- true, added to true: median", "ms",
                              whole_ms - floor_ms, floor_ms, 5, PAIRS });
    bench_print(&(bench_row){ "  the quietest", "ms", least_ms, plain[0], 5, PAIRS });
    bench_print(&(bench_row){ "  CPU time", "ms", bench_median(cpu, PAIRS) - floor_cpu,
                              floor_cpu, NAN, PAIRS });
}

/* The command writes when it began: date +%s%N, whose own start counts against us and
 * is the floor. */
static double until_ready_ms(char *const argv[])
{
    struct rusage use;
    char text[32] = "";
    double begin_s = bench_now_s(CLOCK_REALTIME);
    bench_child_s(argv, &use);
    int fd = open(stamp_path, O_RDONLY | O_CLOEXEC);
    if (read(fd, text, sizeof(text) - 1) <= 0)
        exit(1);
    close(fd);
    return 1e3 * (1e-9 * (double)strtoll(text, NULL, 10) - begin_s);
}

static void ready(char *erg)
{
    static double plain_ms[PAIRS], ready_ms[PAIRS];
    char script[128];
    snprintf(script, sizeof(script), "date +%%s%%N >%s", stamp_path);
    char *bare[] = { "sh", "-c", script, NULL };
    char *run[] = { erg, "run", "--quiet", "--no-wait", "--output", run_path, "--",
                    "sh", "-c", script, NULL };

    for (int i = 0; i < PAIRS; i++) {
        plain_ms[i] = until_ready_ms(bare);
        ready_ms[i] = until_ready_ms(run);
    }
    double floor_ms = bench_median(plain_ms, PAIRS);
    bench_print(&(bench_row){ "ready: start of erg run to start of its command", "ms",
                              bench_median(ready_ms, PAIRS) - floor_ms, floor_ms,
                              10, PAIRS });
    unlink(stamp_path);
}

/* kB of a line like "Rss:   4808 kB". */
static double rollup_mb(int pid, const char *key)
{
    char path[64], line[128];
    double kb = NAN;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, key, strlen(key)) == 0)
            kb = atof(line + strlen(key));
    if (file)
        fclose(file);
    return kb / 1024;
}

enum { GPUS = 8, PACKAGES = 2 };

/* What is read at each wake, by nobody but who reads it. */
typedef struct bare_calls {
    nvml_api api;
    nvml_handle gpus[GPUS];
    int packages[PACKAGES];
} bare_calls;

static void open_calls(bare_calls *calls, const char *nvml, const char *root)
{
    erg_error err = { 0 };
    char path[256];

    if (!nvml_api_open(&(erg_env){ .nvml = nvml }, &calls->api, &err)) {
        fprintf(stderr, "bench: %s\n", err.text);
        _exit(1);
    }
    for (unsigned i = 0; i < GPUS; i++)
        calls->api.by_index(i, &calls->gpus[i]);
    for (int i = 0; i < PACKAGES; i++) {
        snprintf(path, sizeof(path), "%s/sys/class/powercap/intel-rapl:%d/energy_uj", root,
                 i);
        calls->packages[i] = open(path, O_RDONLY | O_CLOEXEC);
    }
}

static void call_all(const bare_calls *calls)
{
    unsigned long long mj;
    char text[64];

    for (int i = 0; i < GPUS; i++) {
        nvml_field field = { .id = NVML_FIELD_INSTANT };
        calls->api.energy(calls->gpus[i], &mj);
        calls->api.fields(calls->gpus[i], 1, &field);
    }
    for (int i = 0; i < PACKAGES; i++)
        if (pread(calls->packages[i], text, sizeof(text), 0) < 0)
            _exit(1);
}

/* What a process that wakes 1000 times a second takes of a core: on a virtual machine a
 * wake alone may cost more than all that is done in it. nvml NULL: it only wakes; else it
 * makes the calls of the recording, too, and keeps nothing. */
static double bare_share(const char *nvml, const char *root)
{
    enum { WAKES = 3000 };
    struct rusage use;
    int status;
    double begin_s = bench_now_s(CLOCK_MONOTONIC);
    int pid = fork();
    if (pid == 0) {
        static bare_calls calls;
        struct timespec at;
        if (nvml)
            open_calls(&calls, nvml, root);
        clock_gettime(CLOCK_MONOTONIC, &at);
        for (int i = 0; i < WAKES; i++) {
            at.tv_nsec += 1000000;
            at.tv_sec += at.tv_nsec / 1000000000;
            at.tv_nsec %= 1000000000;
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
            if (nvml)
                call_all(&calls);
        }
        _exit(0);
    }
    wait4(pid, &status, 0, &use);
    return status == 0 ? bench_cpu_s(&use) / (bench_now_s(CLOCK_MONOTONIC) - begin_s) : NAN;
}

/* Over a run of seconds: memory after 2.5 s and the CPU time of erg alone, its start and
 * end included (`sleep` takes about a millisecond of it), and once more without them.
 * Resident counts what the page cache shares with every other program; dirty is what is
 * there because of us alone. */
static void record(const char *what, char *const argv[], unsigned seconds, double floor,
                   double share_limit)
{
    struct rusage use;
    char name[3][128];
    int status;
    clockid_t clock;
    double begin_s = bench_now_s(CLOCK_MONOTONIC);
    int pid = bench_start(argv);
    usleep(1000000);
    if (clock_getcpuclockid(pid, &clock) != 0)
        exit(1);
    double from_s = bench_now_s(CLOCK_MONOTONIC), from_cpu_s = bench_now_s(clock);
    usleep(1500000);
    double resident_mb = rollup_mb(pid, "Rss:"), pss_mb = rollup_mb(pid, "Pss:");
    double dirty_mb = rollup_mb(pid, "Private_Dirty:");
    usleep((seconds - 3) * 1000000);
    double steady = (bench_now_s(clock) - from_cpu_s)
        / (bench_now_s(CLOCK_MONOTONIC) - from_s);
    wait4(pid, &status, 0, &use);
    double wall_s = bench_now_s(CLOCK_MONOTONIC) - begin_s;
    const char *const words[] = { "resident", "  its share (Pss)",
                                  "  private and written" };
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof(name[i]), "%s, %s", words[i], what);
    bench_print(&(bench_row){ name[0], "MiB", resident_mb, NAN, 4, 1 });
    bench_print(&(bench_row){ name[1], "MiB", pss_mb, NAN, NAN, 1 });
    bench_print(&(bench_row){ name[2], "MiB", dirty_mb, NAN, NAN, 1 });
    snprintf(name[0], sizeof(name[0]), "share of a core, %s", what);
    bench_print(&(bench_row){ name[0], "%", 100 * bench_cpu_s(&use) / wall_s,
                              100 * floor, share_limit, 1 });
    bench_print(&(bench_row){ "  between its start and its end", "%", 100 * steady,
                              100 * floor, NAN, 1 });
}

/* 8 GPUs of the fake library and the 2 packages of a captured machine, through the
 * real drivers, sampler and store. */
static void recordings(char *erg, char *nvml, char *root)
{
    char *idle[] = { erg, "run", "--quiet", "--no-wait", "--output", run_path, "--",
                     "sleep", "3", NULL };
    char *fast[] = { erg, "run", "--quiet", "--no-wait", "--rate", "1kHz", "--nvml", nvml,
                     "--root", root, "--device", "nvml,rapl:package-0,rapl:package-1",
                     "--output", run_path, "--", "sleep", "10", NULL };

    record("sensors of this machine", idle, 3, NAN, NAN);
    setenv("FAKE_NVML", "h100-sxm5-80gb,load=constant:300;gpus=8", 1);
    double wakes = bare_share(NULL, root);
    record("8 GPUs + 2 packages at 1 kHz", fast, 10, wakes, 3);
    bench_print(&(bench_row){ "  of it: the same wakes and calls, nothing kept", "%",
                              100 * bare_share(nvml, root), 100 * wakes, NAN, 1 });
}

static void an_import(char *erg)
{
    static double took_s[IMPORTS], floor_s[IMPORTS];
    char *import[] = { erg, "import", "--quiet", log_path, "--output", run_path, NULL };
    char *copy[] = { "cp", log_path, run_path, NULL };
    struct rusage use;
    struct stat facts;
    FILE *file = fopen(log_path, "w");

    if (!file)
        exit(1);
    fprintf(file, "timestamp,gpu,power_w\n");
    for (long i = 0; i < 200000; i++)
        fprintf(file, "%ld.%02ld,0,%.2f\n", 1770000000 + i / 50, 2 * (i % 50),
                200 + 30 * sin((double)i / 100));
    fclose(file);
    stat(log_path, &facts);
    for (int i = 0; i < IMPORTS; i++) {
        floor_s[i] = bench_child_s(copy, &use);
        unlink(run_path);
        took_s[i] = bench_child_s(import, &use);
    }
    double mb = 1e-6 * (double)facts.st_size;
    bench_print(&(bench_row){ "import of a power log (floor: cp)", "MB/s",
                              mb / bench_median(took_s, IMPORTS),
                              mb / bench_median(floor_s, IMPORTS), NAN, IMPORTS });
    unlink(log_path);
}

int main(int argc, char *argv[])
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_run ERG FAKE-NVML ROOT\n");
        return 2;
    }
    long self = getpid();
    snprintf(run_path, sizeof(run_path), "/tmp/erg-bench-%ld.erg", self);
    snprintf(log_path, sizeof(log_path), "/tmp/erg-bench-%ld.csv", self);
    snprintf(stamp_path, sizeof(stamp_path), "/tmp/erg-bench-%ld.stamp", self);
    one_region();
    whole_run(argv[1]);
    ready(argv[1]);
    recordings(argv[1], argv[2], argv[3]);
    an_import(argv[1]);
    unlink(run_path);
    return 0;
}
