/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcupti whose kernels a test puts in by fake_cupti_kernel and its like. Its clock is
 * CLOCK_MONOTONIC, 1000 s ahead and faster by FAKE_CUPTI_PPM parts in a million.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cupti.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { FAULT = 1, EMPTY = 12 };

static struct {
    CUpti_BuffersCallbackRequestFunc request;
    CUpti_BuffersCallbackCompleteFunc complete;
    int enabled[64];
    uint8_t *buffer;
    size_t size, filled, dropped;
    uint64_t first_ns;
} the;

static uint64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1000000000ULL * (uint64_t)now.tv_sec + (uint64_t)now.tv_nsec;
}

CUptiResult cuptiGetVersion(uint32_t *version)
{
    const char *old = getenv("FAKE_CUPTI_VERSION");
    *version = old ? (uint32_t)atoi(old) : 28;
    return CUPTI_SUCCESS;
}

/* For tests too: what the GPU's clock shows at this moment of CLOCK_MONOTONIC. */
uint64_t fake_cupti_at(uint64_t at_ns)
{
    const char *ppm = getenv("FAKE_CUPTI_PPM");
    if (the.first_ns == 0)
        the.first_ns = mono_ns();
    double since_ns = (double)(int64_t)(at_ns - the.first_ns);
    return at_ns + 1000000000000ULL
        + (uint64_t)(int64_t)(since_ns * 1e-6 * (ppm ? atof(ppm) : 0));
}

CUptiResult cuptiGetTimestamp(uint64_t *stamp)
{
    *stamp = fake_cupti_at(mono_ns());
    return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityEnable(CUpti_ActivityKind kind)
{
    the.enabled[kind] = 1;
    return getenv("FAKE_CUPTI_BUSY") ? FAULT : CUPTI_SUCCESS;
}

CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc request,
                                           CUpti_BuffersCallbackCompleteFunc complete)
{
    the.request = request;
    the.complete = complete;
    return CUPTI_SUCCESS;
}

static size_t length(const void *record)
{
    CUpti_ActivityKind kind;
    memcpy(&kind, record, sizeof(kind));
    return kind == CUPTI_ACTIVITY_KIND_MEMCPY ? sizeof(CUpti_ActivityMemcpy5)
         : kind == CUPTI_ACTIVITY_KIND_MEMSET ? sizeof(CUpti_ActivityMemset3)
                                              : sizeof(CUpti_ActivityKernel9);
}

CUptiResult cuptiActivityGetNextRecord(uint8_t *buffer, size_t valid,
                                       CUpti_Activity **record)
{
    uint8_t *next = *record ? (uint8_t *)*record + length(*record) : buffer;
    *record = (CUpti_Activity *)(void *)next;
    return next < buffer + valid ? CUPTI_SUCCESS : EMPTY;
}

CUptiResult cuptiActivityGetNumDroppedRecords(CUcontext context, uint32_t stream,
                                              size_t *dropped)
{
    (void)context;
    (void)stream;
    *dropped = the.dropped;
    the.dropped = 0;
    return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityFlushAll(uint32_t flag)
{
    uint8_t *full = the.buffer;
    (void)flag;
    the.buffer = NULL;
    if (full)
        the.complete(NULL, 0, full, the.size, the.filled);
    else if (the.complete && the.dropped > 0)
        the.complete(NULL, 0, NULL, 0, 0);
    the.filled = 0;
    return CUPTI_SUCCESS;
}

/* ---- for tests ---------------------------------------------------------------------- */

/* With hold, full buffers are not given back, as if the program kept CUPTI's thread. */
void fake_cupti_add(const void *record, int hold)
{
    size_t bytes = length(record), most;
    CUpti_ActivityKind kind;

    memcpy(&kind, record, sizeof(kind));
    if (!the.enabled[kind])
        return;
    if (the.buffer && the.filled + bytes > the.size) {
        if (!hold)
            cuptiActivityFlushAll(0);
        the.buffer = NULL;
    }
    if (!the.buffer) {
        the.request(&the.buffer, &the.size, &most);
        the.filled = 0;
    }
    if (!the.buffer) {
        the.dropped++;
        return;
    }
    memcpy(the.buffer + the.filled, record, bytes);
    the.filled += bytes;
}
#pragma GCC visibility pop
