/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <sys/wait.h>
#include "test.h"
#include "engine/cuda_world.h"

static void *load(const char *name)
{
    char path[600];
    const char *build = getenv("ERG_BUILD");

    snprintf(path, sizeof(path), "%s/tests/fake/%s", build ? build : ".", name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        SKIP("ERG_BUILD holds no fake of CUDA");
    return library;
}

const fake_cuda *cuda_world_driver(void)
{
    void *found = dlsym(load("libcuda.so.1"), "fake_cuda_get");
    fake_cuda_getter *get;

    memcpy(&get, &found, sizeof(get));
    get()->spoil(NULL, 0, 0);
    return get();
}

const fake_cuda *cuda_world(void)
{
    load("libcublasLt.so.13");
    load("libnvrtc.so.13");
    load("libcudnn.so.9");
    return cuda_world_driver();
}

bool cuda_world_has(const char *library)
{
    int status = 1;
    pid_t child = fork();

    if (child == 0)
        _exit(dlopen(library, RTLD_LAZY | RTLD_LOCAL) ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

erg_engine_session *cuda_world_open(void)
{
    erg_error err = { 0 };
    erg_engine_session *session = erg_engine_cuda.open(&(erg_engine_options){ 0 }, &err);

    CHECK_OK(session != NULL, err);
    return session;
}

erg_signature cuda_world_product(int64_t m, int64_t n, int64_t k)
{
    return (erg_signature){
        .op = ERG_OP_MATMUL, .shape_known = true, .input_count = 2, .output_count = 1,
        .tensors = { { 2, { m, k } }, { 2, { k, n } }, { 2, { m, n } } },
        .m = m, .n = n, .k = k, .alpha = 1 };
}
