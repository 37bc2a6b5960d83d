/* SPDX-License-Identifier: Apache-2.0 */
/* Modules of the fake driver: libraries that the fake NVRTC has made,
 * opened by their path. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "fake_cuda_inside.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { FUNCTIONS = 32, ROW_THREADS = 4 };

typedef void kernel_call(void);
typedef void run_call(kernel_call *kernel, const void *arguments, unsigned grid,
                      unsigned block);

typedef struct module module;
typedef struct function { const module *of; kernel_call *call; bool joins; } function;
struct module {
    kind kind;
    void *library;
    run_call *run;
    size_t bytes;
    function functions[FUNCTIONS];
    size_t count;
};

typedef struct launch {
    run_call *run;
    kernel_call *call;
    unsigned grid, block;
    _Alignas(8) unsigned char arguments[FAKE_ARGUMENT_MOST - 32];
} launch;

int cuModuleLoadData(module **out, const void *image)
{
    int code = fake_in_context(__func__);
    if (code || !image || !(*out = calloc(1, sizeof(**out))))
        return code ? code : INVALID_VALUE;
    module *made = *out;
    made->kind = MODULE;
    made->library = dlopen(image, RTLD_NOW | RTLD_LOCAL);
    void *run = made->library ? dlsym(made->library, "fake_run") : NULL;
    void *bytes = made->library ? dlsym(made->library, "fake_bytes") : NULL;
    if (!run || !bytes) {
        free(made);
        *out = NULL;
        return INVALID_VALUE;
    }
    memcpy(&made->run, &run, sizeof(run));
    made->bytes = *(unsigned long *)bytes;
    fake_alive(1);
    return DONE;
}

int cuModuleUnload(module *of)
{
    int code = fake_in_context(__func__);
    if (!of || of->kind != MODULE)
        return INVALID_HANDLE;
    dlclose(of->library);
    free(of);
    fake_alive(-1);
    return code;
}

int cuModuleGetFunction(function **out, module *of, const char *name)
{
    int code = fake_in_context(__func__);
    *out = NULL;
    if (code || !of || of->kind != MODULE || of->count == FUNCTIONS)
        return code ? code : INVALID_HANDLE;
    void *found = dlsym(of->library, name);
    if (!found)
        return 500;
    function *made = &of->functions[of->count++];
    made->of = of;
    made->joins = strstr(name, "row") != NULL;
    memcpy(&made->call, &found, sizeof(found));
    *out = made;
    return DONE;
}

/* Fewer threads than asked for: kernels have to be right for any power of two. */
static void run(const void *argument)
{
    launch of;
    memcpy(&of, argument, sizeof(of));
    of.run(of.call, of.arguments, of.grid, of.block);
}

int cuLaunchKernel(const function *of, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                   unsigned by, unsigned bz, unsigned shared, stream *on, void **arguments,
                   void **extra)
{
    int code = fake_stream_call(on, __func__);
    launch made = { 0 };
    fake_work work = { .run = run, .cost_s = 2e-6 + 4e-12 * gx * bx };

    if (code || !of || !arguments || extra || gx * gy * gz * bx * by * bz == 0
        || shared != 0 || of->of->bytes > sizeof(made.arguments))
        return code ? code : INVALID_VALUE;
    made.run = of->of->run;
    made.call = of->call;
    made.grid = gx;
    made.block = of->joins ? ROW_THREADS : 1;
    memcpy(made.arguments, arguments[0], of->of->bytes);
    memcpy(work.argument, &made, sizeof(made));
    return fake_enqueue(on, &work);
}
_Static_assert(sizeof(launch) <= FAKE_ARGUMENT_MOST, "a launch fits into a piece of work");
#pragma GCC visibility pop
