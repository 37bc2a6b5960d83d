/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launches of the CUDA driver and runtime pass the gate. Loaded by LD_PRELOAD; off unless
 * ERG_LAUNCH says how many may be under way, or what they may draw (and nccl.c, unless it
 * says `stagger`).
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <erg/govern.h>
#include "launch/launch.h"
#include "recording.h"

/* Wrapped calls are declared in no header of ours. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

typedef launch_function function;

enum { SETTINGS_MOST = 400, UUID_MOST = 48 };

/* One gate a family, made at the first launch through it: the other may not be loaded. */
typedef struct side {
    gate_family family;
    bool is_made;
    gate *gate;                 /* NULL: none */
} side;

static struct {
    pthread_mutex_t lock;
    pthread_once_t read;
    gate_config config;
    budget *budget;             /* NULL: none */
    side driver, runtime;
} the = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .read = PTHREAD_ONCE_INIT,
    .driver.family = { "libcuda.so", { "cuEventCreate", "cuEventRecord", "cuEventQuery",
                                       "cuStreamIsCapturing", "cuEventElapsedTime" } },
    .runtime.family = { "libcudart", { "cudaEventCreateWithFlags", "cudaEventRecord",
                                       "cudaEventQuery", "cudaStreamIsCapturing",
                                       "cudaEventElapsedTime" } },
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

/* ERG_LAUNCH=ergd or ergd:SOCKET: as the daemon of this node has it. */
static bool ask(const char *text, char *to, size_t size, erg_error *err)
{
    const char *socket = text[4] ? text + 5 : "";

    return erg_govern_settings(*socket ? socket : NULL, "launch", to, size, err);
}

static void follow(const char *text, budget_config *to)
{
    const char *socket = text[4] ? text + 5 : "";

    to->follows = strlen(socket) < sizeof(to->socket);
    if (to->follows)
        memcpy(to->socket, socket, strlen(socket) + 1);
}

static void read_settings(void)
{
    const char *text = getenv("ERG_LAUNCH");
    char asked[SETTINGS_MOST] = "";
    erg_error err = { 0 };
    bool asks = text && strncmp(text, "ergd", 4) == 0 && (!text[4] || text[4] == ':');

    if ((asks && !ask(text, asked, sizeof(asked), &err))
        || !gate_config_parse(asks ? asked : text, &the.config, &err))
        fprintf(stderr, "erg: %s; the launch gate stays off\n", err.text);
    else if (asks)
        follow(text, &the.config.budget);
    if (the.config.in_flight >= 1 || offset_most_s(&the.config.offset) > 0)
        recording_join();
}

/* As NVML spells the GPU of this thread's context; "": it is not known. */
static void find_uuid(char to[UUID_MOST])
{
    cuda_device_now *now = (cuda_device_now *)find(&the.driver.family, "cuCtxGetDevice");
    cuda_device_uuid *get =
        (cuda_device_uuid *)find(&the.driver.family, "cuDeviceGetUuid");
    unsigned char bytes[16];
    int device, count = snprintf(to, UUID_MOST, "GPU-");

    if (!now || !get || now(&device) != CUDA_OK || get(bytes, device) != CUDA_OK) {
        to[0] = '\0';
        return;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        count += snprintf(to + count, UUID_MOST - (size_t)count, "%s%02x",
                          i >= 4 && i <= 10 && i % 2 == 0 ? "-" : "", bytes[i]);
}

const gate_config *launch_settings(void)
{
    pthread_once(&the.read, read_settings);
    return &the.config;
}

/* The budget waits for the first launch: before it there is no context to ask. */
static gate *make(const gate_family *family)
{
    const gate_config *config = launch_settings();
    char uuid[UUID_MOST];

    if (!the.budget && config->in_flight >= 1) {
        find_uuid(uuid);
        the.budget = budget_new(&config->budget, uuid);
    }
    return gate_new(config, the.budget, family, find);
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

static gate *enter(side *of, gate_pass *pass)
{
    gate *found = depth++ ? NULL : gate_of(of);
    gate_enter(found, pass);
    return found;
}

static int leave(gate *of, const gate_pass *pass, int rc)
{
    gate_leave(of, pass, rc == CUDA_OK);
    depth--;
    return rc;
}

function launch_real(launch_slot *slot, const gate_family *family, const char *name)
{
    function found = atomic_load(&slot->call);

    if (!found)
        atomic_store(&slot->call, found = find(family, name));
    return found;
}

static function real(launch_slot *slot, const side *of, const char *name)
{
    return launch_real(slot, &of->family, name);
}

/* ---- what the program calls ---------------------------------------------------------- */

/* A graph is launched as it was made. */
static const cuda_size none;

/* Without settings it is the call's to refuse it. */
static gate_pass pass_of(const cuda_launch *launch, const void *kernel)
{
    static const cuda_launch nothing;
    const unsigned *of = launch ? launch->sizes : nothing.sizes;

    return (gate_pass){ launch ? launch->stream : NULL,
                        gate_kind(kernel, (cuda_size){ of[0], of[1], of[2] },
                                  (cuda_size){ of[3], of[4], of[5] }), -1 };
}

typedef int launch_driver(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                          unsigned by, unsigned bz, unsigned shared, cuda_stream stream,
                          void **args, void **extra);

/* CUDA's own signature. NOLINTNEXTLINE(readability-function-size) */
LAUNCH_PUBLIC int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz,
                                 unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                 cuda_stream stream, void **args, void **extra)
{
    static launch_slot slot;
    launch_driver *call = (launch_driver *)real(&slot, &the.driver, "cuLaunchKernel");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = { stream, gate_kind(kernel, (cuda_size){ gx, gy, gz },
                                         (cuda_size){ bx, by, bz }), -1 };
    gate *of = enter(&the.driver, &pass);
    return leave(of, &pass,
                 call(kernel, gx, gy, gz, bx, by, bz, shared, stream, args, extra));
}

typedef int launch_driver_ex(const cuda_launch *launch, void *kernel, void **args,
                             void **extra);

LAUNCH_PUBLIC int cuLaunchKernelEx(const cuda_launch *launch, void *kernel, void **args,
                                   void **extra)
{
    static launch_slot slot;
    launch_driver_ex *call =
        (launch_driver_ex *)real(&slot, &the.driver, "cuLaunchKernelEx");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = pass_of(launch, kernel);
    gate *of = enter(&the.driver, &pass);
    return leave(of, &pass, call(launch, kernel, args, extra));
}

typedef int launch_runtime(const void *kernel, cuda_size grid, cuda_size block, void **args,
                           size_t shared, cuda_stream stream);

LAUNCH_PUBLIC int cudaLaunchKernel(const void *kernel, cuda_size grid, cuda_size block,
                                   void **args, size_t shared, cuda_stream stream)
{
    static launch_slot slot;
    launch_runtime *call = (launch_runtime *)real(&slot, &the.runtime, "cudaLaunchKernel");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = { stream, gate_kind(kernel, grid, block), -1 };
    gate *of = enter(&the.runtime, &pass);
    return leave(of, &pass, call(kernel, grid, block, args, shared, stream));
}

typedef int launch_runtime_ex(const cuda_launch *launch, const void *kernel, void **args);

LAUNCH_PUBLIC int cudaLaunchKernelExC(const cuda_launch *launch, const void *kernel,
                                      void **args)
{
    static launch_slot slot;
    launch_runtime_ex *call =
        (launch_runtime_ex *)real(&slot, &the.runtime, "cudaLaunchKernelExC");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = pass_of(launch, kernel);
    gate *of = enter(&the.runtime, &pass);
    return leave(of, &pass, call(launch, kernel, args));
}

typedef int launch_graph(void *graph, cuda_stream stream);

LAUNCH_PUBLIC int cudaGraphLaunch(void *graph, cuda_stream stream)
{
    static launch_slot slot;
    launch_graph *call = (launch_graph *)real(&slot, &the.runtime, "cudaGraphLaunch");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = { stream, gate_kind(graph, none, none), -1 };
    gate *of = enter(&the.runtime, &pass);
    return leave(of, &pass, call(graph, stream));
}

LAUNCH_PUBLIC int cuGraphLaunch(void *graph, cuda_stream stream)
{
    static launch_slot slot;
    launch_graph *call = (launch_graph *)real(&slot, &the.driver, "cuGraphLaunch");
    if (!call)
        return CUDA_NOT_FOUND;
    gate_pass pass = { stream, gate_kind(graph, none, none), -1 };
    gate *of = enter(&the.driver, &pass);
    return leave(of, &pass, call(graph, stream));
}
