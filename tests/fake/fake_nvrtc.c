/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libnvrtc that compiles CUDA C++ for this processor with its own compiler: what CUDA has
 * beside C++ is a few lines before and behind. Its code is the path of a library, which the
 * fake driver opens; kernels take one struct, whose size the library tells.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fake_cuda.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { DONE = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, COMPILATION = 6, PATH_MOST = 96 };

static const char before[] =
    "#include <math.h>\n#include <pthread.h>\n"
    "struct size { unsigned x, y, z; };\n"
    "static thread_local size threadIdx, blockIdx; static size blockDim, gridDim;\n"
    "static pthread_barrier_t barrier;\n"
    "static void __syncthreads() { if (blockDim.x > 1) pthread_barrier_wait(&barrier); }\n"
    "static float rsqrtf(float x) { return 1 / sqrtf(x); }\n"
    "#define asm(...) (void)x\n#define __device__\n#define __global__\n"
    "#define __shared__ static\n";

static const char behind[] =
    "extern \"C\" { unsigned long fake_bytes = sizeof(arguments);\n"
    "struct turn { void (*kernel)(arguments); const arguments *of; unsigned t; };\n"
    "static void *work(void *is)\n"
    "{\n"
    "    const turn *my = (const turn *)is;\n"
    "    for (unsigned b = 0; b < gridDim.x; b++) {\n"
    "        threadIdx = size{my->t, 0, 0}; blockIdx = size{b, 0, 0};\n"
    "        my->kernel(*my->of); __syncthreads();\n"
    "    }\n"
    "    return 0;\n"
    "}\n"
    "void fake_run(void (*kernel)(arguments), const arguments *of, unsigned grid, "
    "unsigned block)\n"
    "{\n"
    "    turn turns[32]; pthread_t threads[32];\n"
    "    gridDim = size{grid, 1, 1}; blockDim = size{block, 1, 1};\n"
    "    pthread_barrier_init(&barrier, 0, block);\n"
    "    for (unsigned t = 0; t < block; t++) {\n"
    "        turns[t] = turn{kernel, of, t};\n"
    "        if (t > 0) pthread_create(&threads[t], 0, work, &turns[t]);\n"
    "    }\n"
    "    work(&turns[0]);\n"
    "    for (unsigned t = 1; t < block; t++) pthread_join(threads[t], 0);\n"
    "    pthread_barrier_destroy(&barrier);\n"
    "} }\n";

typedef struct program { char path[PATH_MOST]; char *text; } program;

/* Of one process: a compiler takes half a second, and tests ask for the same again. */
static struct { char options[512], path[PATH_MOST]; } built[8];

__attribute__((destructor)) static void forget(void)
{
    for (size_t i = 0; i < sizeof(built) / sizeof(*built); i++)
        if (built[i].path[0])
            unlink(built[i].path);
}

int nvrtcVersion(int *major, int *minor)
{
    *major = 12;
    *minor = 4;
    return DONE;
}

int nvrtcCreateProgram(program **out, const char *text, const char *name, int headers,
                       const char *const *texts, const char *const *names)
{
    int code = driver()->fault(__func__);
    (void)texts;
    (void)names;
    if (code || headers != 0 || !name || !(*out = calloc(1, sizeof(**out))))
        return code ? code : INVALID_INPUT;
    (*out)->text = strdup(text);
    driver()->alive(1);
    return (*out)->text ? DONE : INVALID_INPUT;
}

static int build(const program *of, const char *options)
{
    char command[1024], source[PATH_MOST + 8];
    snprintf(source, sizeof(source), "%s.cpp", of->path);
    FILE *to = fopen(source, "w");
    if (!to)
        return COMPILATION;
    fprintf(to, "%s%s\n%s", before, of->text, behind);
    fclose(to);
    snprintf(command, sizeof(command),
             "c++ -O0 -w -x c++ -shared -fPIC -pthread %s %s -o %s >/dev/null 2>&1",
             options, source, of->path);
    int code = system(command);
    unlink(source);
    return code == 0 ? DONE : COMPILATION;
}

static int build_once(program *of, const char *options)
{
    size_t i = 0;
    while (i < sizeof(built) / sizeof(*built) - 1 && built[i].path[0]
           && strcmp(built[i].options, options) != 0)
        i++;
    if (!built[i].path[0]) {
        snprintf(built[i].path, PATH_MOST, "/tmp/fake-nvrtc-XXXXXX");
        int file = mkstemp(built[i].path);
        memcpy(of->path, built[i].path, PATH_MOST);
        if (file < 0 || close(file) != 0 || build(of, options) != DONE)
            return COMPILATION;
        snprintf(built[i].options, sizeof(built[i].options), "%s", options);
    }
    memcpy(of->path, built[i].path, PATH_MOST);
    return DONE;
}

int nvrtcCompileProgram(program *of, int count, const char *const *options)
{
    int code = driver()->fault(__func__);
    char defines[512] = "";
    bool has_arch = false;
    if (code || !of)
        return code ? code : INVALID_PROGRAM;
    for (int i = 0; i < count; i++) {
        has_arch |= strcmp(options[i], "-arch=sm_90") == 0;
        if (strncmp(options[i], "-D", 2) == 0)
            snprintf(defines + strlen(defines), sizeof(defines) - strlen(defines), " %s",
                     options[i]);
    }
    return has_arch ? build_once(of, defines) : INVALID_INPUT;
}

int nvrtcGetProgramLogSize(const program *of, size_t *bytes)
{
    *bytes = 1;
    return of ? driver()->fault(__func__) : INVALID_PROGRAM;
}

int nvrtcGetProgramLog(const program *of, char *text)
{
    text[0] = '\0';
    return of ? driver()->fault(__func__) : INVALID_PROGRAM;
}

int nvrtcGetCUBINSize(const program *of, size_t *bytes)
{
    *bytes = PATH_MOST;
    return of ? driver()->fault(__func__) : INVALID_PROGRAM;
}

int nvrtcGetCUBIN(const program *of, char *code)
{
    int fault = driver()->fault(__func__);
    if (fault || !of)
        return fault ? fault : INVALID_PROGRAM;
    memcpy(code, of->path, PATH_MOST);
    return DONE;
}

int nvrtcDestroyProgram(program **of)
{
    int code = driver()->fault(__func__);
    if (!*of)
        return INVALID_PROGRAM;
    free((*of)->text);
    free(*of);
    *of = NULL;
    driver()->alive(-1);
    return code;
}
#pragma GCC visibility pop
