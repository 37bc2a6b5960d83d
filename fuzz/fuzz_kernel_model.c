/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel model's file: loaded or refused in one sentence; what loads can be asked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bytes.h"
#include "base/base.h"
#include "erg/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kernels[] = { "gemm:bf16:9,512,700", "gemm:fp8:1,1,1",
        "prefill:bf16:2,300,8,2,64", "decode:fp8:16,16777216,64,64,512,128" };
    static char path[64];
    erg_error err = { 0 };

    if (!path[0])
        snprintf(path, sizeof(path), "/tmp/erg-fuzz-kernels-%d.json", (int)getpid());
    bytes_put(path, data, size);
    erg_kernels *model = erg_kernels_load(NULL, "fuzzed", path, &err);
    if (!model && (!err.text[0] || strchr(err.text, '\n')))
        abort();
    for (size_t i = 0; model && i < ERG_COUNT(kernels); i++) {
        erg_kernel_shape shape;
        erg_kernel_cost cost;
        if (!erg_kernel_shape_parse(kernels[i], &shape, &err))
            abort();
        erg_kernels_cost(model, &shape, &cost, &err);
    }
    if (model && !erg_kernels_save(model, path, &err))
        abort();
    erg_kernels_free(model);
    unlink(path);
    return 0;
}
