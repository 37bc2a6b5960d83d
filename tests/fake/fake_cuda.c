/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcuda.so.1 whose device is this process: memory is malloc's, a stream does its work
 * when it is waited for, and time is what the work says it costs. Wrong order, foreign
 * handles and what is used after it was freed get the codes that CUDA gives.
 * FAKE_CUDA: "gpus=N,sleep=1"; sleep: waiting takes as long as the work says, and
 * nothing is computed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "fake_cuda_inside.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { MEMORY_MOST = 1 << 30, MEMORIES = 4096, NAMES = 64 };

static struct {
    bool is_ready, has_context;
    int alive, retained, gpus;
    bool sleeps;
    char *memory[MEMORIES];
    size_t bytes[MEMORIES], asked;
    struct { char name[48]; long calls; } counts[NAMES];
    char fault[48];
    int fault_in, fault_code;
} the = { .gpus = 1 };

/* ---- what tests turn ---------------------------------------------------------------- */

static int fault(const char *call)
{
    size_t i = 0;
    while (i < NAMES - 1 && the.counts[i].name[0] && strcmp(the.counts[i].name, call) != 0)
        i++;
    snprintf(the.counts[i].name, sizeof(the.counts[i].name), "%s", call);
    the.counts[i].calls++;
    if (the.fault_in > 0 && strcmp(the.fault, call) == 0 && --the.fault_in == 0)
        return the.fault_code;
    return DONE;
}

static void spoil(const char *call, int nth, int code)
{
    snprintf(the.fault, sizeof(the.fault), "%s", call ? call : "");
    the.fault_in = call ? nth : 0;
    the.fault_code = code;
    memset(the.counts, 0, sizeof(the.counts));
}

static long calls(const char *call)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strcmp(the.counts[i].name, call) == 0)
            return the.counts[i].calls;
    return 0;
}

static size_t asked(void) { return the.asked; }
int fake_alive(int step) { return (the.alive += step) + the.retained; }

bool fake_sleeps(void) { return the.sleeps; }

void fake_sleep(double s)
{
    struct timespec span = { (time_t)s, (long)(1e9 * (s - (double)(time_t)s)) };
    if (the.sleeps && s > 0)
        nanosleep(&span, NULL);
}

const fake_cuda *fake_cuda_get(void)
{
    static const fake_cuda hooks = { fault, fake_enqueue, fake_alive, spoil, calls, asked };
    return &hooks;
}

/* ---- devices ------------------------------------------------------------------------- */

int fake_ready(const char *call)
{
    int code = fault(call);
    return code ? code : the.is_ready ? DONE : NOT_INITIALIZED;
}

int fake_in_context(const char *call)
{
    int code = fake_ready(call);
    return code ? code : the.has_context ? DONE : INVALID_CONTEXT;
}

int cuInit(unsigned flags)
{
    int code = fault(__func__);
    const char *text = getenv("FAKE_CUDA");
    if (code)
        return code;
    the.is_ready = flags == 0;
    if (text && strstr(text, "gpus="))
        the.gpus = atoi(strstr(text, "gpus=") + 5);
    the.sleeps = text && strstr(text, "sleep=1");
    return flags == 0 ? DONE : INVALID_VALUE;
}

int cuDriverGetVersion(int *version)
{
    *version = 12040;
    return fault(__func__);
}

int cuDeviceGetCount(int *count)
{
    *count = the.gpus;
    return fake_ready(__func__);
}

int cuDeviceGet(int *device, int ordinal)
{
    int code = fake_ready(__func__);
    *device = ordinal + 70;     /* a handle is no number of ours */
    return code ? code : ordinal >= 0 && ordinal < the.gpus ? DONE : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int size, int device)
{
    snprintf(name, (size_t)size, "Fake GPU %d", device - 70);
    return fake_ready(__func__);
}

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    int code = fake_ready(__func__);
    *value = attribute == 75 ? 9 : 0;
    return code ? code : device < 70 ? INVALID_DEVICE : DONE;
}

int cuDevicePrimaryCtxRetain(void **context, int device)
{
    int code = fake_ready(__func__);
    *context = code ? NULL : &the;
    the.retained += !code;
    return code ? code : device < 70 ? INVALID_DEVICE : DONE;
}

int cuDevicePrimaryCtxRelease_v2(int device)
{
    int code = fake_ready(__func__);
    the.retained--;
    the.has_context = the.retained > 0;
    return code ? code : device < 70 ? INVALID_DEVICE : DONE;
}

int cuCtxSetCurrent(void *context)
{
    int code = fake_ready(__func__);
    the.has_context = !code && context == &the && the.retained > 0;
    return code ? code : the.has_context ? DONE : INVALID_CONTEXT;
}

/* ---- memory -------------------------------------------------------------------------- */

int cuMemAlloc_v2(uint64_t *address, size_t bytes)
{
    int code = fake_in_context(__func__);
    size_t i = 0;
    the.asked = bytes;
    if (code || bytes == 0)
        return code ? code : INVALID_VALUE;
    while (i < MEMORIES && the.memory[i])
        i++;
    if (i == MEMORIES || bytes > MEMORY_MOST || !(the.memory[i] = malloc(bytes)))
        return NO_MEMORY;
    the.bytes[i] = bytes;
    *address = (uint64_t)(uintptr_t)the.memory[i];
    the.alive++;
    return DONE;
}

int cuMemFree_v2(uint64_t address)
{
    int code = fake_in_context(__func__);
    for (size_t i = 0; address && i < MEMORIES; i++)
        if (the.memory[i] == (char *)(uintptr_t)address) {
            free(the.memory[i]);
            the.memory[i] = NULL;
            the.alive--;
            return code;
        }
    return INVALID_VALUE;
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes)
{
    int code = fake_in_context(__func__);
    char *at = (char *)(uintptr_t)to;
    if (code)
        return code;
    for (size_t i = 0; i < MEMORIES; i++)
        if (the.memory[i] && at >= the.memory[i]
            && at + bytes <= the.memory[i] + the.bytes[i]) {
            memcpy(at, from, bytes);
            return DONE;
        }
    return INVALID_VALUE;
}

/* Only the load of bench/gpu writes so; all its work is done at once. */
int cuMemsetD32_v2(uint64_t to, unsigned value, size_t count)
{
    int code = fake_in_context(__func__);
    (void)value;
    fake_sleep(4e-12 * (double)count);
    return code ? code : to ? DONE : INVALID_VALUE;
}

int cuCtxSynchronize(void) { return fake_in_context(__func__); }

int cuGetErrorName(int code, const char **name)
{
    static const struct { int code; const char *name; } names[] = {
        { INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE" },
        { NO_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY" },
    };
    *name = "CUDA_ERROR";
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (names[i].code == code)
            *name = names[i].name;
    return DONE;
}
#pragma GCC visibility pop
