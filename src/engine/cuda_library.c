/* SPDX-License-Identifier: Apache-2.0 */
/* Finding CUDA's libraries at run time: a table of symbols each; what a call says. */
#include <string.h>
#include "engine/cuda.h"

#define SLOT(member) offsetof(cuda_driver, member)
static const erg_symbol driver_symbols[] = {
    { "cuInit", SLOT(init), true },
    { "cuDriverGetVersion", SLOT(version), true },
    { "cuDeviceGetCount", SLOT(count), true },
    { "cuDeviceGet", SLOT(get), true },
    { "cuDeviceGetName", SLOT(name), true },
    { "cuDeviceGetAttribute", SLOT(attribute), true },
    { "cuDevicePrimaryCtxRetain", SLOT(retain), true },
    { "cuDevicePrimaryCtxRelease_v2", SLOT(release), true },
    { "cuCtxSetCurrent", SLOT(use), true },
    { "cuMemAlloc_v2", SLOT(take), true },
    { "cuMemFree_v2", SLOT(give), true },
    { "cuMemcpyHtoD_v2", SLOT(upload), true },
    { "cuStreamCreate", SLOT(stream_new), true },
    { "cuStreamDestroy_v2", SLOT(stream_free), true },
    { "cuStreamSynchronize", SLOT(wait), true },
    { "cuStreamBeginCapture_v2", SLOT(capture), true },
    { "cuStreamEndCapture", SLOT(captured), true },
    { "cuGraphInstantiateWithFlags", SLOT(graph_ready), true },
    { "cuGraphLaunch", SLOT(graph_start), true },
    { "cuGraphDestroy", SLOT(graph_free), true },
    { "cuGraphExecDestroy", SLOT(ready_free), true },
    { "cuEventCreate", SLOT(event_new), true },
    { "cuEventDestroy_v2", SLOT(event_free), true },
    { "cuEventRecord", SLOT(event_record), true },
    { "cuEventSynchronize", SLOT(event_wait), true },
    { "cuEventElapsedTime", SLOT(event_between), true },
    { "cuModuleLoadData", SLOT(module_load), true },
    { "cuModuleUnload", SLOT(module_free), true },
    { "cuModuleGetFunction", SLOT(function), true },
    { "cuLaunchKernel", SLOT(start), true },
    { "cuGetErrorName", SLOT(error_name), false },
};
#undef SLOT

#define SLOT(member) offsetof(cuda_blas, member)
static const erg_symbol blas_symbols[] = {
    { "cublasLtCreate", SLOT(open), true },
    { "cublasLtDestroy", SLOT(close), true },
    { "cublasLtGetVersion", SLOT(version), true },
    { "cublasLtMatmulDescCreate", SLOT(desc_new), true },
    { "cublasLtMatmulDescDestroy", SLOT(desc_free), true },
    { "cublasLtMatmulDescSetAttribute", SLOT(desc_set), true },
    { "cublasLtMatrixLayoutCreate", SLOT(layout_new), true },
    { "cublasLtMatrixLayoutDestroy", SLOT(layout_free), true },
    { "cublasLtMatrixLayoutSetAttribute", SLOT(layout_set), true },
    { "cublasLtMatmulPreferenceCreate", SLOT(wish_new), true },
    { "cublasLtMatmulPreferenceDestroy", SLOT(wish_free), true },
    { "cublasLtMatmulPreferenceSetAttribute", SLOT(wish_set), true },
    { "cublasLtMatmulAlgoGetHeuristic", SLOT(choose), true },
    { "cublasLtMatmulAlgoInit", SLOT(algo_make), true },
    { "cublasLtMatmulAlgoCheck", SLOT(algo_check), true },
    { "cublasLtMatmulAlgoConfigGetAttribute", SLOT(algo_get), true },
    { "cublasLtMatmul", SLOT(multiply), true },
};
#undef SLOT

#define SLOT(member) offsetof(cuda_compiler, member)
static const erg_symbol compiler_symbols[] = {
    { "nvrtcVersion", SLOT(version), true },
    { "nvrtcCreateProgram", SLOT(begin), true },
    { "nvrtcCompileProgram", SLOT(compile), true },
    { "nvrtcGetProgramLogSize", SLOT(log_size), true },
    { "nvrtcGetProgramLog", SLOT(log), true },
    { "nvrtcGetCUBINSize", SLOT(code_size), true },
    { "nvrtcGetCUBIN", SLOT(code), true },
    { "nvrtcDestroyProgram", SLOT(end), true },
};
#undef SLOT

#define SLOT(member) offsetof(cuda_dnn, member)
static const erg_symbol dnn_symbols[] = {
    { "cudnnCreate", SLOT(open), true },
    { "cudnnDestroy", SLOT(close), true },
    { "cudnnSetStream", SLOT(use), true },
    { "cudnnGetVersion", SLOT(version), true },
    { "cudnnBackendCreateDescriptor", SLOT(make), true },
    { "cudnnBackendDestroyDescriptor", SLOT(drop), true },
    { "cudnnBackendSetAttribute", SLOT(set), true },
    { "cudnnBackendGetAttribute", SLOT(get), true },
    { "cudnnBackendFinalize", SLOT(finish), true },
    { "cudnnBackendExecute", SLOT(execute), true },
};
#undef SLOT

const cuda_library cuda_library_dnn = {
    { "libcudnn.so.9" }, "cuDNN",
    "install cuDNN 9 and add its folder to LD_LIBRARY_PATH",
    dnn_symbols, ERG_COUNT(dnn_symbols),
};

const cuda_library cuda_library_driver = {
    { "libcuda.so.1" }, "the CUDA driver",
    "install the NVIDIA driver, or start the container with its GPUs",
    driver_symbols, ERG_COUNT(driver_symbols),
};

const cuda_library cuda_library_blas = {
    { "libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11" }, "cuBLASLt",
    "install cuBLAS of CUDA 11 or later and add its folder to LD_LIBRARY_PATH",
    blas_symbols, ERG_COUNT(blas_symbols),
};

const cuda_library cuda_library_compiler = {
    { "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2" }, "NVRTC",
    "install NVRTC of CUDA 11.2 or later and add its folder to LD_LIBRARY_PATH",
    compiler_symbols, ERG_COUNT(compiler_symbols),
};

bool cuda_library_open(const cuda_library *of, void *api, size_t api_bytes, erg_error *err)
{
    size_t files = 0;

    memset(api, 0, api_bytes);
    while (of->files[files])
        files++;
    void *library = erg_library_open(of->files, files);
    if (!library)
        return erg_fail(err, ERG_UNSUPPORTED, "%s is missing (%s): %s", of->what,
                        of->files[0], of->cure);
    memcpy(api, &library, sizeof(library));
    const char *missing = erg_library_find(library, of->symbols, of->symbol_count, api);
    if (!missing)
        return true;
    cuda_library_close(api, api_bytes);
    return erg_fail(err, ERG_UNSUPPORTED, "%s has no %s: %s", of->what, missing, of->cure);
}

void cuda_library_close(void *api, size_t api_bytes)
{
    void *library;

    memcpy(&library, api, sizeof(library));
    erg_library_close(library);
    memset(api, 0, api_bytes);
}

/* ---- calls -------------------------------------------------------------------------- */

bool cuda_worked(const erg_engine_session *session, int code, const char *call,
                 erg_error *err)
{
    const char *name = NULL;

    if (code == CUDA_DONE)
        return true;
    if (!session->driver.error_name || session->driver.error_name(code, &name) != CUDA_DONE)
        name = NULL;
    return erg_fail(err, code == CUDA_NO_MEMORY ? ERG_NO_MEMORY : ERG_IO,
                    "%s failed with code %d%s%s", call, code, name ? ", " : "",
                    name ? name : "");
}

bool cuda_library_worked(int code, const char *call, erg_error *err)
{
    return code == 0 || erg_fail(err, ERG_IO, "%s failed with code %d", call, code);
}

bool cuda_workspace(erg_engine_session *session, erg_error *err)
{
    return session->workspace
           || cuda_worked(session,
                          session->driver.take(&session->workspace, CUDA_WORKSPACE_BYTES),
                          "cuMemAlloc (workspace)", err);
}
