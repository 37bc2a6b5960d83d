/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX Runtime opened at run time. The names are those of the public header. */
#include <dlfcn.h>
#include <string.h>
#include "quality/onnxruntime_inside.h"

#define SLOT(member) offsetof(ort_api, member)

const ort_place ort_places[] = {
    { "GetErrorMessage", 2, SLOT(error_text) },
    { "CreateEnv", 3, SLOT(env_new) },
    { "DisableTelemetryEvents", 6, SLOT(telemetry_off) },
    { "CreateSessionFromArray", 8, SLOT(session_new) },
    { "Run", 9, SLOT(run) },
    { "CreateSessionOptions", 10, SLOT(options_new) },
    { "SetSessionExecutionMode", 13, SLOT(set_order) },
    { "SetSessionLogSeverityLevel", 22, SLOT(set_log_level) },
    { "SetSessionGraphOptimizationLevel", 23, SLOT(set_optimization) },
    { "SetIntraOpNumThreads", 24, SLOT(set_threads_within) },
    { "SetInterOpNumThreads", 25, SLOT(set_threads_between) },
    { "SessionGetInputCount", 30, SLOT(input_count) },
    { "SessionGetOutputCount", 31, SLOT(output_count) },
    { "SessionGetInputTypeInfo", 33, SLOT(input_type) },
    { "SessionGetInputName", 36, SLOT(input_name) },
    { "SessionGetOutputName", 37, SLOT(output_name) },
    { "CreateTensorWithDataAsOrtValue", 49, SLOT(tensor_over) },
    { "IsTensor", 50, SLOT(is_tensor) },
    { "GetTensorMutableData", 51, SLOT(tensor_data) },
    { "CastTypeInfoToTensorInfo", 55, SLOT(type_shape) },
    { "GetTensorElementType", 60, SLOT(shape_element) },
    { "GetDimensionsCount", 61, SLOT(shape_rank) },
    { "GetDimensions", 62, SLOT(shape_dims) },
    { "GetTensorTypeAndShape", 65, SLOT(tensor_shape) },
    { "CreateCpuMemoryInfo", 69, SLOT(memory_new) },
    { "AllocatorFree", 76, SLOT(allocator_free) },
    { "GetAllocatorWithDefaultOptions", 78, SLOT(allocator) },
    { "ReleaseEnv", 92, SLOT(env_free) },
    { "ReleaseStatus", 93, SLOT(result_free) },
    { "ReleaseMemoryInfo", 94, SLOT(memory_free) },
    { "ReleaseSession", 95, SLOT(session_free) },
    { "ReleaseValue", 96, SLOT(value_free) },
    { "ReleaseTypeInfo", 98, SLOT(type_free) },
    { "ReleaseTensorTypeAndShapeInfo", 99, SLOT(shape_free) },
    { "ReleaseSessionOptions", 100, SLOT(options_free) },
};
const size_t ort_place_count = ERG_COUNT(ort_places);

bool erg_ort_open(const char *path, ort_api *out, erg_error *err)
{
    const char *file = path ? path : "libonnxruntime.so.1";
    /* It keeps threads and statics of its own: it stays until the process ends. */
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const ort_base *(*base)(void) = NULL;

    if (!library)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s; encoders need ONNX Runtime 1.%d or later (npm: "
                        "onnxruntime-node has it): name it with --onnxruntime FILE, or "
                        "give --features instead", dlerror(), ORT_VERSION);
    void *symbol = dlsym(library, "OrtGetApiBase");
    memcpy(&base, &symbol, sizeof(base));
    if (!base || !base())
        return erg_fail(err, ERG_UNSUPPORTED, "%s is not ONNX Runtime: it has no "
                        "OrtGetApiBase", file);
    const void *const *table = base()->get(ORT_VERSION);
    out->version = base()->version();
    if (!table)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s is ONNX Runtime %s; 1.%d or later is needed", file,
                        out->version, ORT_VERSION);
    for (size_t i = 0; i < ort_place_count; i++)
        memcpy((char *)out + ort_places[i].slot, &table[ort_places[i].place],
               sizeof(void *));
    return true;
}
