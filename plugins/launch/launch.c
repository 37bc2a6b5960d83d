/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launches of the CUDA driver and runtime pass the gate. Loaded by LD_PRELOAD; off unless
 * ERG_LAUNCH says how many may be under way.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "launch/gate.h"
#include "recording.h"

/* Wrapped calls are declared in no header of ours. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define LAUNCH_PUBLIC __attribute__((visibility("default")))

typedef void (*function)(void);

/* One gate a family, made at the first launch through it: the other may not be loaded. */
typedef struct side {
    gate_family family;
    bool is_made;
    gate *gate;                 /* NULL: none */
} side;

static struct {
    pthread_mutex_t lock;
    side driver, runtime;
} the = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .driver.family = { "libcuda.so", { "cuEventCreate", "cuEventRecord", "cuEventQuery",
                                       "cuStreamIsCapturing" } },
    .runtime.family = { "libcudart", { "cudaEventCreateWithFlags", "cudaEventRecord",
                                       "cudaEventQuery", "cudaStreamIsCapturing" } },
};

/* The runtime may launch through the driver's calls: only the outer one counts. */
static _Thread_local int depth;

/* ---- the real calls ---------------------------------------------------------------- */

typedef struct search { const char *library, *name; function found; } search;

static function as_function(void *address)
{
    function as = NULL;
    memcpy(&as, &address, sizeof(as));
    return as;
}

static int look_in(struct dl_phdr_info *info, size_t size, void *of)
{
    search *wanted = of;

    (void)size;
    if (!info->dlpi_name || !strstr(info->dlpi_name, wanted->library))
        return 0;
    void *library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    wanted->found = library ? as_function(dlsym(library, wanted->name)) : NULL;
    return wanted->found != NULL;
}

/* CUDA often comes with a library that was opened for itself alone: its calls reach us, but
 * "the next after us" is not there. */
static function find(const gate_family *family, const char *name)
{
    search wanted = { family->library, name, as_function(dlsym(RTLD_NEXT, name)) };

    if (!wanted.found)
        dl_iterate_phdr(look_in, &wanted);
    return wanted.found;
}

/* ---- each launch -------------------------------------------------------------------- */

static gate *make(const gate_family *family)
{
    gate_config config;
    erg_error err = { 0 };

    if (!gate_config_parse(getenv("ERG_LAUNCH"), &config, &err))
        fprintf(stderr, "erg: %s; the launch gate stays off\n", err.text);
    if (config.in_flight >= 1)
        recording_join();
    return gate_new(&config, family, find);
}

static gate *gate_of(side *of)
{
    pthread_mutex_lock(&the.lock);
    if (!of->is_made)
        of->gate = make(&of->family);
    of->is_made = true;
    gate *found = of->gate;
    pthread_mutex_unlock(&the.lock);
    return found;
}

static gate *enter(side *of)
{
    gate *found = depth++ ? NULL : gate_of(of);
    gate_enter(found);
    return found;
}

static int leave(gate *of, cuda_stream stream, int rc)
{
    if (rc == CUDA_OK)
        gate_launched(of, stream);
    depth--;
    return rc;
}

/* Found once; two threads that look at once find the same. */
static function real(function _Atomic *slot, const side *of, const char *name)
{
    function found = atomic_load(slot);

    if (!found)
        atomic_store(slot, found = find(&of->family, name));
    return found;
}

/* ---- what the program calls ---------------------------------------------------------- */

typedef int launch_driver(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                          unsigned by, unsigned bz, unsigned shared, cuda_stream stream,
                          void **args, void **extra);

LAUNCH_PUBLIC int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz,
                                 unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                 cuda_stream stream, void **args, void **extra)
{
    static function _Atomic slot;
    launch_driver *call = (launch_driver *)real(&slot, &the.driver, "cuLaunchKernel");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.driver);
    return leave(of, stream,
                 call(kernel, gx, gy, gz, bx, by, bz, shared, stream, args, extra));
}

typedef int launch_driver_ex(const cuda_launch *launch, void *kernel, void **args,
                             void **extra);

LAUNCH_PUBLIC int cuLaunchKernelEx(const cuda_launch *launch, void *kernel, void **args,
                                   void **extra)
{
    static function _Atomic slot;
    launch_driver_ex *call =
        (launch_driver_ex *)real(&slot, &the.driver, "cuLaunchKernelEx");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.driver);
    return leave(of, launch ? launch->stream : NULL, call(launch, kernel, args, extra));
}

typedef int launch_runtime(const void *kernel, cuda_size grid, cuda_size block, void **args,
                           size_t shared, cuda_stream stream);

LAUNCH_PUBLIC int cudaLaunchKernel(const void *kernel, cuda_size grid, cuda_size block,
                                   void **args, size_t shared, cuda_stream stream)
{
    static function _Atomic slot;
    launch_runtime *call = (launch_runtime *)real(&slot, &the.runtime, "cudaLaunchKernel");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.runtime);
    return leave(of, stream, call(kernel, grid, block, args, shared, stream));
}

typedef int launch_runtime_ex(const cuda_launch *launch, const void *kernel, void **args);

LAUNCH_PUBLIC int cudaLaunchKernelExC(const cuda_launch *launch, const void *kernel,
                                      void **args)
{
    static function _Atomic slot;
    launch_runtime_ex *call =
        (launch_runtime_ex *)real(&slot, &the.runtime, "cudaLaunchKernelExC");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.runtime);
    return leave(of, launch ? launch->stream : NULL, call(launch, kernel, args));
}

typedef int launch_graph(void *graph, cuda_stream stream);

LAUNCH_PUBLIC int cudaGraphLaunch(void *graph, cuda_stream stream)
{
    static function _Atomic slot;
    launch_graph *call = (launch_graph *)real(&slot, &the.runtime, "cudaGraphLaunch");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.runtime);
    return leave(of, stream, call(graph, stream));
}

LAUNCH_PUBLIC int cuGraphLaunch(void *graph, cuda_stream stream)
{
    static function _Atomic slot;
    launch_graph *call = (launch_graph *)real(&slot, &the.driver, "cuGraphLaunch");
    if (!call)
        return CUDA_NOT_FOUND;
    gate *of = enter(&the.driver);
    return leave(of, stream, call(graph, stream));
}
