/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a Chrome trace: a made-up profile as PyTorch writes it (operators with shapes,
 * calls, kernels, flows; pretty-printed), read in a process of its own, so that its peak
 * memory is that of reading. Beside it the same in Python, with json and pandas, and the
 * floor: reading the bytes and looking at none. Times are of the processor: the machine may
 * have other work. A trace ten times as large shows that memory does not grow.
 *
 *   bench_chrome [MEGABYTES [large]]        (320)
 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "bench.h"
#include "erg/import.h"
#include "import/chrome_launch.h"

enum { ROUNDS = 5, CHUNK = 1 << 17, LARGER = 10 };

/* ---- a trace ------------------------------------------------------------------------ */

#define ADD "at::native::CUDAFunctor_add<float>"
#define ARRAY "at::detail::Array<char*, 3>"
#define CUTLASS "cutlass_80_tensorop_bf16_s16816gemm_bf16_128x64_64x4_tn_align8"
static const char *const kernels[] = {
    "ampere_sgemm_128x64_tn",
    ("void at::native::vectorized_elementwise_kernel<4, " ADD ", " ARRAY " >(int, " ADD ", "
     ARRAY ")"),
    ("void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, float>("
     "int, float, float const*, float const*, float const*, float*, float*, float*)"),
    ("void cutlass::Kernel2<" CUTLASS ">(" CUTLASS "::Params)"),
};

static void put_launch(FILE *to, long i)
{
    double ts = 1000 + 11.0 * (double)i;

    fprintf(to,
            "  {\n    \"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"aten::addmm\", "
            "\"pid\": 4321, \"tid\": 4321,\n    \"ts\": %.3f, \"dur\": 9.500,\n"
            "    \"args\": {\n      \"External id\": %ld,\"Record function id\": 0, "
            "\"Concrete Inputs\": [\"\", \"\", \"\", \"1\", \"1\"], \"Input "
            "type\": [\"float\", \"float\", \"float\", \"Scalar\", \"Scalar\"], \"Input "
            "Strides\": [[1], [1024, 1], [1, 1024], [], []], \"Input Dims\": [[4096], "
            "[128, 1024], [1024, 4096], [], []], \"Ev Idx\": %ld\n    }\n  },\n", ts, i, i);
    fprintf(to,
            "  {\n    \"ph\": \"X\", \"cat\": \"cuda_runtime\", "
            "\"name\": \"cudaLaunchKernel\", \"pid\": 4321, \"tid\": 4321,\n"
            "    \"ts\": %.3f, \"dur\": 3.250,\n    \"args\": {\n"
            "      \"External id\": %ld, \"cbid\": 211, \"correlation\": %ld\n    }\n"
            "  },\n", ts + 2, i, i);
    fprintf(to,
            "  {\n    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"%s\", \"pid\": 0, "
            "\"tid\": 7,\n    \"ts\": %.3f, \"dur\": 5.500,\n    \"args\": {\n"
            "      \"External id\": %ld,\n      \"queued\": 0, \"device\": 0, "
            "\"context\": 1,\n      \"stream\": 7, \"correlation\": %ld,\n"
            "      \"registers per thread\": 32, \"shared memory\": 0,\n"
            "      \"blocks per SM\": 2.3703704, \"warps per SM\": 9.4814816,\n"
            "      \"grid\": [256, 1, 1],\n      \"block\": [128, 1, 1],\n"
            "      \"est. achieved occupancy %%\": 15\n    }\n  },\n", kernels[i % 4],
            ts + 5, i, i);
    fprintf(to,
            "  {\n    \"ph\": \"f\", \"id\": %ld, \"pid\": 0, \"tid\": 7, \"ts\": %.3f,\n"
            "    \"cat\": \"ac2g\", \"name\": \"ac2g\", \"bp\": \"e\"\n  },\n", i, ts + 5);
}

/* Returns its bytes. */
static double write_trace(const char *path, double bytes)
{
    FILE *to = fopen(path, "w");

    if (!to) {
        perror(path);
        exit(1);
    }
    fputs("{\n  \"schemaVersion\": 1,\n  \"deviceProperties\": [\n    {\n"
          "      \"id\": 0, \"name\": \"NVIDIA A100-SXM4-80GB\"\n    }\n  ],\n"
          "  \"baseTimeNanoseconds\": 1712345678901234567,\n"
          "  \"traceEvents\": [\n", to);
    for (long i = 0; (double)ftell(to) < bytes; i++)
        put_launch(to, i);
    fputs("  {\n    \"ph\": \"M\", \"name\": \"process_name\", \"pid\": 0, "
          "\"args\": { \"name\": \"python\" }\n"
          "  }\n  ]\n}\n", to);
    double written = (double)ftell(to);
    fclose(to);
    return written;
}

/* ---- reading it --------------------------------------------------------------------- */

/* What Python is asked for too: how long kernels took in all,
 * and how many asked for them. */
static bool take(void *self, const erg_chrome_event *event, erg_error *err)
{
    int64_t *sums = self;
    int64_t id;

    (void)err;
    if (erg_chrome_kind(event) == ERG_EVENT_KERNEL)
        sums[0] += event->duration_ns;
    if (erg_chrome_whole(&event->args[ERG_ARG_EXTERNAL_ID], &id))
        sums[1] += id;
    return true;
}

static int read_alone(const char *path)
{
    int64_t sums[2] = { 0 };
    const erg_chrome_asked asked = { erg_chrome_args, take, sums };
    erg_chrome_facts facts;
    erg_error err = { 0 };

    if (!erg_chrome_read(path, &asked, &facts, &err)) {
        fprintf(stderr, "bench_chrome: %s\n", err.text);
        return 1;
    }
    fprintf(stderr, "%lld %lld\n", (long long)sums[0], (long long)sums[1]);
    return 0;
}

static bool count_launch(void *self, const erg_chrome_launch *launch, erg_error *err)
{
    (void)err;
    *(int64_t *)self += launch->by;
    return true;
}

/* As `erg replay plan` does: twice over the file, all joined. */
static int join_alone(const char *path)
{
    int64_t sum = 0;
    erg_chrome_launches launches = { .path = path, .take = count_launch, .self = &sum };
    bool good = erg_chrome_launches_read(&launches, NULL);

    erg_chrome_launches_free(&launches);
    return !good;
}

/* As `erg import trace.json --output RUN.erg` does. */
static int import_alone(const char *path)
{
    char file[600];
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);

    snprintf(file, sizeof(file), "%s.erg", path);
    bool good = trace && erg_trace_put_events_aside(trace, &err)
             && erg_import(trace, path, NULL, &err) && erg_trace_save(trace, file, &err);
    if (!good)
        fprintf(stderr, "bench_chrome: %s\n", err.text);
    erg_trace_free(trace);
    unlink(file);
    return !good;
}

static double floor_s(const char *path)
{
    static char chunk[CHUNK];
    double begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
    int file = open(path, O_RDONLY | O_CLOEXEC);

    while (file >= 0 && read(file, chunk, sizeof(chunk)) > 0)
        ;
    close(file);
    return bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s;
}

/* ---- rows --------------------------------------------------------------------------- */

typedef struct timed { double cpu_s, peak_mb; } timed;

static timed time_child(char *const argv[], size_t rounds)
{
    double times[ROUNDS];
    timed out = { 0 };

    for (size_t i = 0; i < rounds; i++) {
        struct rusage use;
        bench_child_s(argv, &use);
        times[i] = bench_cpu_s(&use);
        if (1e-3 * (double)use.ru_maxrss > out.peak_mb)
            out.peak_mb = 1e-3 * (double)use.ru_maxrss;
    }
    out.cpu_s = bench_median(times, rounds);
    return out;
}

static void put_row(const char *name, double value, const char *unit, double floor,
                    double limit)
{
    bench_print(&(bench_row){ name, unit, value, floor, limit, ROUNDS });
}

static void bench_large(const char *self, const char *folder, double bytes)
{
    char path[600];
    struct statvfs room;

    if (statvfs(folder, &room) != 0
        || (double)room.f_bavail * (double)room.f_frsize < 1.5 * LARGER * bytes) {
        printf("no room in %s for a trace ten times as large\n", folder);
        return;
    }
    snprintf(path, sizeof(path), "%s/erg-bench-large-%ld.json", folder, (long)getpid());
    write_trace(path, LARGER * bytes);
    char *const read[] = { (char *)self, "--read", path, NULL };
    char *const join[] = { (char *)self, "--join", path, NULL };
    char *const import[] = { (char *)self, "--import", path, NULL };
    timed ours = time_child(read, 1), joined = time_child(join, 1);
    timed imported = time_child(import, 1);
    bench_print(&(bench_row){ "ten times the trace: peak memory of reading", "MB",
                              ours.peak_mb, NAN, 64, 1 });
    bench_print(&(bench_row){ "ten times the trace: peak memory of joining", "MB",
                              joined.peak_mb, NAN, 64, 1 });
    bench_print(&(bench_row){ "ten times the trace: peak memory of importing", "MB",
                              imported.peak_mb, NAN, 64, 1 });
    unlink(path);
}

/* The first that has pandas; NULL: none. */
static const char *python_with_pandas(void)
{
    static const char *const pythons[] = { "python3", "/usr/bin/python3" };
    char command[80];

    for (size_t i = 0; i < ERG_COUNT(pythons); i++) {
        snprintf(command, sizeof(command), "%s -c 'import pandas' 2>/dev/null", pythons[i]);
        if (system(command) == 0)
            return pythons[i];
    }
    return NULL;
}

static void bench_python(const char *script, const char *path, double ours_s)
{
    const char *with = python_with_pandas();
    char *const python[] = { (char *)with, (char *)script, (char *)path, NULL };

    if (access(script, R_OK) != 0 || !with) {
        printf("no Python with pandas: nothing to compare with\n");
        return;
    }
    timed theirs = time_child(python, 1);
    bench_print(&(bench_row){ "json and pandas, the same sums", "s", theirs.cpu_s, NAN,
                              NAN, 1 });
    bench_print(&(bench_row){ "json and pandas, peak memory", "MB", theirs.peak_mb, NAN,
                              NAN, 1 });
    bench_print(&(bench_row){ "our time for 1 s of json and pandas", "s",
                              ours_s / theirs.cpu_s, NAN, 0.05, ROUNDS });
}

int main(int argc, char **argv)
{
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char path[600], script[600];

    if (argc == 3 && strcmp(argv[1], "--read") == 0)
        return read_alone(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--join") == 0)
        return join_alone(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--import") == 0)
        return import_alone(argv[2]);
    double bytes = 1e6 * (argc > 1 ? atof(argv[1]) : 320);
    snprintf(path, sizeof(path), "%s/erg-bench-%ld.json", folder, (long)getpid());
    snprintf(script, sizeof(script), "%s/bench/chrome_pandas.py",
             getenv("ERG_SOURCE") ? getenv("ERG_SOURCE") : ".");
    bytes = write_trace(path, bytes);

    char *const read[] = { argv[0], "--read", path, NULL };
    char *const join[] = { argv[0], "--join", path, NULL };
    char *const import[] = { argv[0], "--import", path, NULL };
    double floors[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        floors[i] = floor_s(path);
    double floor = bench_median(floors, ROUNDS);
    timed ours = time_child(read, ROUNDS), joined = time_child(join, ROUNDS);
    timed imported = time_child(import, 1);
    printf("a trace of %.0f MB\n", 1e-6 * bytes);
    put_row("read, MB a second", 1e-6 * bytes / ours.cpu_s, "MB/s",
            1e-6 * bytes / floor, NAN);
    put_row("read, a gigabyte", 1e9 * ours.cpu_s / bytes, "s", 1e9 * floor / bytes, 2);
    put_row("read, peak memory", ours.peak_mb, "MB", NAN, 64);
    put_row("launches joined (two passes), a gigabyte", 1e9 * joined.cpu_s / bytes, "s",
            2e9 * floor / bytes, NAN);
    put_row("launches joined, peak memory", joined.peak_mb, "MB", NAN, 64);
    put_row("imported into a run file, a gigabyte", 1e9 * imported.cpu_s / bytes, "s",
            1e9 * floor / bytes, NAN);
    put_row("imported into a run file, peak memory", imported.peak_mb, "MB", NAN, 64);
    bench_python(script, path, ours.cpu_s);
    unlink(path);
    if (argc > 2)
        bench_large(argv[0], folder, bytes);
    return 0;
}
