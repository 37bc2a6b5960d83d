/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening ONNX files: time and heap of a 520 MB model, whose weights are a hole in the
 * file (the sizes are real, the bytes take no disk), then of each file named as an
 * argument. The floor is open, fstat and close of the same file. Warm is CPU time: the
 * machine may have other work.
 */
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bench.h"
#include "workload/onnx.h"

enum { WEIGHTS = 31, WEIGHT_BYTES = 16 << 20, ROUNDS = 51 };

/* ---- a large model --------------------------------------------------------------- */

/* Each weight: dims, type FLOAT, name "w", and raw_data of 16 MiB, which follows. */
static const char weight_head[] = {
    0x2a, (char)0x8f, (char)0x80, (char)0x80, 0x08,         /* initializer, 16 MiB + 15 */
    0x08, (char)0x80, (char)0x80, (char)0x80, 0x02, 0x10, 1, 0x42, 1, 'w', 0x4a,
    (char)0x80, (char)0x80, (char)0x80, 0x08,
};
static const char node[] = { 0x0a, 12,   0x0a, 1,   'x', 0x12, 1,
                             'y',  0x22, 4,    'R', 'e', 'l',  'u' };

static void put(int file, int64_t *at, const void *bytes, size_t count)
{
    if (pwrite(file, bytes, count, *at) != (ssize_t)count)
        exit(1);
    *at += (int64_t)count;
}

static void large_write(int file)
{
    uint64_t length =
        sizeof(node) + WEIGHTS * (sizeof(weight_head) + (uint64_t)WEIGHT_BYTES);
    unsigned char head[16] = { 0x08, 8, 0x3a };
    size_t count = 3;
    int64_t at = 0;

    for (; length > 127; length >>= 7)
        head[count++] = (unsigned char)(length | 128);
    head[count++] = (unsigned char)length;
    put(file, &at, head, count);
    put(file, &at, node, sizeof(node));
    for (int i = 0; i < WEIGHTS; i++, at += WEIGHT_BYTES)
        put(file, &at, weight_head, sizeof(weight_head));
    if (ftruncate(file, at) != 0)
        exit(1);
}

/* ---- rows -------------------------------------------------------------------------- */

static double floor_s(const char *path)
{
    struct stat there;
    double begin_s = bench_now_s(CLOCK_MONOTONIC);
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, &there) != 0)
        exit(1);
    close(file);
    return bench_now_s(CLOCK_MONOTONIC) - begin_s;
}

static void forget(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return;
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
}

static double open_s(const char *path, clockid_t clock, double *heap_bytes)
{
    erg_onnx_file file;
    erg_error err = { 0 };
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    double begin_s = bench_now_s(clock);

    if (!erg_onnx_open(path, &file, &err)) {
        fprintf(stderr, "bench_onnx: %s\n", err.text);
        exit(1);
    }
    double taken_s = bench_now_s(clock) - begin_s;
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    /* At its peak the skeleton lay beside what was made of it. */
    *heap_bytes = (double)(after - before) + 2 * (double)file.skeleton_bytes;
    erg_onnx_close(&file);
    return taken_s;
}

static void rows(const char *path, const char *what, bool is_large)
{
    double warm_s[ROUNDS], cold_s[ROUNDS], least_s[ROUNDS], heap_bytes = NAN;
    char name[80];

    for (int i = 0; i < ROUNDS; i++) {
        forget(path);
        cold_s[i] = open_s(path, CLOCK_MONOTONIC, &heap_bytes);
        warm_s[i] = open_s(path, CLOCK_PROCESS_CPUTIME_ID, &heap_bytes);
        least_s[i] = floor_s(path);
    }
    double least_ms = 1e3 * bench_median(least_s, ROUNDS);
    snprintf(name, sizeof(name), "%s, cold", what);
    bench_print(&(bench_row){ name, "ms", 1e3 * bench_median(cold_s, ROUNDS), least_ms,
                              is_large ? 10 : NAN, ROUNDS });
    snprintf(name, sizeof(name), "%s, warm, CPU", what);
    bench_print(&(bench_row){ name, "ms", 1e3 * bench_median(warm_s, ROUNDS), least_ms,
                              is_large ? 10 : NAN, ROUNDS });
    snprintf(name, sizeof(name), "%s, heap", what);
    bench_print(&(bench_row){ name, "MB", 1e-6 * heap_bytes, NAN, is_large ? 4 : NAN, 1 });
}

int main(int argc, char *argv[])
{
    char path[] = "/tmp/erg-bench-onnx-XXXXXX";
    int file = mkstemp(path);

    if (file < 0)
        return 1;
    large_write(file);
    close(file);
    rows(path, "open 520 MB", true);
    unlink(path);
    for (int i = 1; i < argc; i++) {
        const char *slash = strrchr(argv[i], '/');
        rows(argv[i], slash ? slash + 1 : argv[i], false);
    }
    return 0;
}
