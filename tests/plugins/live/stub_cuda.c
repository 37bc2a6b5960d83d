/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CUDA without a GPU: one stream that works through launches of 1 ms one after the other.
 * STUB=forever: nothing ever ends. STUB=capture: the stream is being captured.
 * STUB=broken: events cannot be made. STUB_METER: a file for launch_meter, which makes
 * joules of what has been worked through.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STUB_PUBLIC __attribute__((visibility("default")))
#ifdef STUB_RUNTIME
#define cuEventCreate cudaEventCreateWithFlags
#define cuEventRecord cudaEventRecord
#define cuEventQuery cudaEventQuery
#define cuStreamIsCapturing cudaStreamIsCapturing
#define cuEventElapsedTime cudaEventElapsedTime
#define stub_most stub_runtime_most
#endif

enum { LAUNCHES = 10000 };

static double ends_s[LAUNCHES], last_s;
static int count, most, events;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int is(const char *word)
{
    const char *stub = getenv("STUB");
    return stub && strcmp(stub, word) == 0;
}

/* Seconds of work so far, and when the last of it ends. */
static void meter(void)
{
    static double *told;
    const char *path = getenv("STUB_METER");

    if (!path)
        return;
    if (!told) {
        int file = open(path, O_RDWR | O_CREAT, 0600);
        void *bytes = file >= 0 && ftruncate(file, 2 * sizeof(double)) == 0
            ? mmap(NULL, 2 * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
            : MAP_FAILED;
        if (bytes == MAP_FAILED)
            abort();
        told = bytes;
    }
    told[0] += 1e-3;
    told[1] = last_s;
}

static int launch(void)
{
    double now = now_s();
    int under_way = 1;

    last_s = (last_s > now ? last_s : now) + (is("forever") ? 1e9 : 1e-3);
    for (int i = 0; i < count; i++)
        under_way += ends_s[i] > now;
    if (count < LAUNCHES)
        ends_s[count++] = last_s;
    meter();
    if (under_way > most)
        most = under_way;
    return 0;
}

/* The most that were ever under way at once, and how many events were recorded. */
STUB_PUBLIC int stub_most(int *recorded);
int stub_most(int *recorded)
{
    *recorded = events;
    return most;
}

STUB_PUBLIC int cuEventCreate(double **event, unsigned flags);
int cuEventCreate(double **event, unsigned flags)
{
    (void)flags;
    if (is("broken"))
        return 2;
    *event = calloc(1, sizeof(double));
    return *event ? 0 : 2;
}

STUB_PUBLIC int cuEventRecord(double *event, void *stream);
int cuEventRecord(double *event, void *stream)
{
    (void)stream;
    double now = now_s();
    *event = last_s > now ? last_s : now;
    events++;
    return 0;
}

STUB_PUBLIC int cuEventQuery(const double *event);
int cuEventQuery(const double *event) { return now_s() >= *event ? 0 : 600; }

STUB_PUBLIC int cuEventElapsedTime(float *ms, const double *begin, const double *end);
int cuEventElapsedTime(float *ms, const double *begin, const double *end)
{
    *ms = (float)(1e3 * (*end - *begin));
    return 0;
}

STUB_PUBLIC int cuStreamIsCapturing(void *stream, int *state);
int cuStreamIsCapturing(void *stream, int *state)
{
    (void)stream;
    *state = is("capture");
    return 0;
}

#ifdef STUB_RUNTIME
typedef struct size { unsigned x, y, z; } size;
STUB_PUBLIC int cudaLaunchKernel(const void *kernel, size grid, size block, void **args,
                                 size_t shared, void *stream);
int cudaLaunchKernel(const void *kernel, size grid, size block, void **args, size_t shared,
                     void *stream)
{
    (void)kernel, (void)args;
    return grid.x == 1 && grid.z == 3 && block.y == 5 && shared == 7
                && !stream
            ? launch() : 1;
}
#else
STUB_PUBLIC int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz,
                               unsigned bx, unsigned by, unsigned bz, unsigned shared,
                               void *stream, void **args, void **extra);
int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                   unsigned by, unsigned bz, unsigned shared, void *stream, void **args,
                   void **extra)
{
    (void)kernel, (void)args, (void)extra;
    return gx == 1 && gy == 2 && gz == 3 && bx == 4 && by == 5 && bz == 6 && shared == 7
                && !stream
            ? launch() : 1;
}

STUB_PUBLIC int cuLaunchKernelEx(const void *launch_config, void *kernel, void **args,
                                 void **extra);
int cuLaunchKernelEx(const void *launch_config, void *kernel, void **args, void **extra)
{
    (void)launch_config, (void)kernel, (void)args, (void)extra;
    return launch();
}
#endif
