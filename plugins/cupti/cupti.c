/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kernel, copy and memset of a CUDA program with its exact time: a program with
 * CUDA_INJECTION64_PATH set to this library loads it when it first calls CUDA. The file is
 * a Chrome trace, ERG_CUPTI names it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cupti/records.h"

/* CUPTI fills one while we write another; when all are full it drops, and counts. */
enum { BUFFERS = 8, BUFFER_BYTES = 2 << 20, ALIGNMENT = 8, LOOKS = 16 };
enum { OLDEST = 19 };          /* of CUDA 12.0 */

static struct {
    pthread_mutex_t lock;
    records out;
    int buffers;                /* handed out and not given back */
    __typeof__(cuptiGetVersion) *version;
    __typeof__(cuptiGetTimestamp) *stamp;
    __typeof__(cuptiActivityEnable) *enable;
    __typeof__(cuptiActivityRegisterCallbacks) *hand_over;
    __typeof__(cuptiActivityGetNextRecord) *next;
    __typeof__(cuptiActivityGetNumDroppedRecords) *dropped;
    __typeof__(cuptiActivityFlushAll) *flush;
} the = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct { const char *name; void *slot; } symbols[] = {
    { "cuptiGetVersion", &the.version },
    { "cuptiGetTimestamp", &the.stamp },
    { "cuptiActivityEnable", &the.enable },
    { "cuptiActivityRegisterCallbacks", &the.hand_over },
    { "cuptiActivityGetNextRecord", &the.next },
    { "cuptiActivityGetNumDroppedRecords", &the.dropped },
    { "cuptiActivityFlushAll", &the.flush },
};

/* ---- both clocks at once ------------------------------------------------------------ */

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1000000000LL * now.tv_sec + now.tv_nsec;
}

/* The tightest of a few looks: a thread may be put aside between two stamps. */
static clock_pair pair_now(void)
{
    clock_pair best = { 0 };

    for (int i = 0; i < LOOKS; i++) {
        uint64_t gpu_ns = 0;
        int64_t before_ns = mono_ns();
        bool good = the.stamp(&gpu_ns) == CUPTI_SUCCESS;
        int64_t half_ns = (mono_ns() - before_ns) / 2;
        if (good && (best.gpu_ns == 0 || half_ns < best.half_width_ns))
            best = (clock_pair){ (int64_t)gpu_ns, before_ns + half_ns, half_ns };
    }
    return best;
}

/* ---- buffers ------------------------------------------------------------------------ */

static void CUPTIAPI want_buffer(uint8_t **buffer, size_t *bytes, size_t *most)
{
    pthread_mutex_lock(&the.lock);
    bool is_free = the.buffers < BUFFERS;
    *buffer = is_free ? aligned_alloc(ALIGNMENT, BUFFER_BYTES) : NULL;
    the.buffers += *buffer != NULL;
    pthread_mutex_unlock(&the.lock);
    *bytes = *buffer ? BUFFER_BYTES : 0;
    *most = 0;      /* as many as fit */
}

static void CUPTIAPI take_buffer(CUcontext context, uint32_t stream, uint8_t *buffer,
                                 size_t bytes, size_t filled)
{
    CUpti_Activity *activity = NULL;
    clock_pair now = pair_now();
    size_t dropped = 0;

    (void)bytes;
    pthread_mutex_lock(&the.lock);
    if (the.out.file) {
        while (filled > 0 && the.next(buffer, filled, &activity) == CUPTI_SUCCESS)
            records_add(&the.out, activity, now);
        if (the.dropped(context, stream, &dropped) == CUPTI_SUCCESS)
            the.out.dropped += dropped;
        records_settle(&the.out, now);
    }
    the.buffers -= buffer != NULL;
    pthread_mutex_unlock(&the.lock);
    free(buffer);
}

/* ---- begin and end ------------------------------------------------------------------- */

static void finish(void)
{
    the.flush(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    pthread_mutex_lock(&the.lock);
    if (the.out.dropped > 0)
        fprintf(stderr, "erg: %llu GPU records were dropped, %llu are in the file\n",
                (unsigned long long)the.out.dropped, (unsigned long long)the.out.written);
    records_close(&the.out);
    pthread_mutex_unlock(&the.lock);
}

static bool load(void)
{
    static const char *const files[] = { "libcupti.so.13",
                                         "libcupti.so.12", "libcupti.so" };
    void *library = NULL;

    for (size_t i = 0; !library && i < sizeof(files) / sizeof(*files); i++)
        library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *found = dlsym(library, symbols[i].name);
        if (!found)
            return false;
        memcpy(symbols[i].slot, &found, sizeof(found));
    }
    return library != NULL;
}

/* ERG_CUPTI with %p for the process's number. */
static void name_file(char *to, size_t size)
{
    const char *asked = getenv("ERG_CUPTI"), *place;

    if (!asked || !*asked)
        asked = "erg-cupti-%p.json";
    place = strstr(asked, "%p");
    if (place)
        snprintf(to, size, "%.*s%ld%s", (int)(place - asked), asked, (long)getpid(),
                 place + 2);
    else
        snprintf(to, size, "%s", asked);
}

static const char *start(char *path, size_t size)
{
    static const CUpti_ActivityKind asked[] = { CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
                                                CUPTI_ACTIVITY_KIND_MEMCPY,
                                                CUPTI_ACTIVITY_KIND_MEMSET };
    uint32_t version = 0;

    if (!load())
        return "libcupti is missing or too old: add its folder to LD_LIBRARY_PATH";
    /* Records only grow behind: those of a newer library begin as ours do. */
    if (the.version(&version) != CUPTI_SUCCESS || version < OLDEST)
        return "libcupti is older than CUDA 12.0: its records lie otherwise";
    name_file(path, size);
    if (the.hand_over(want_buffer, take_buffer) != CUPTI_SUCCESS)
        return "another profiler has CUPTI in hand";
    if (!records_open(&the.out, path, pair_now()))
        return "the file cannot be written";
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
        if (the.enable(asked[i]) != CUPTI_SUCCESS)
            return "CUPTI does not record: another profiler runs, or it is not allowed";
    return atexit(finish) == 0 ? NULL : "the file could not be ended";
}

__attribute__((visibility("default"))) int InitializeInjection(void);

int InitializeInjection(void)
{
    char path[512] = "";
    const char *why = start(path, sizeof(path));

    if (why)
        fprintf(stderr, "erg: GPU kernels are not recorded%s%s: %s\n", *path ? " in " : "",
                path, why);
    return why == NULL;
}
