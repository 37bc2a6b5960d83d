/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ONNX file: opened and made flat, or refused in one sentence. */
#include <stdlib.h>
#include <unistd.h>
#include "workload/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file for all runs: external weights are looked for beside it. */
static const char *file_of(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;

    if (file < 0) {
        snprintf(path, sizeof(path), "%s/erg-fuzz-onnx-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        file = mkstemp(path);
    }
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

/* What later readers rely on. */
static void check_flat(const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_node; i++)
        if (!graph->node[i]->op_type || !graph->node[i]->op_type[0])
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const erg_dim dims[] = { { "trip", 3 } };
    const erg_graph_options options = { .dims = dims, .dim_count = 1 };
    erg_onnx_file file;
    erg_error err = { 0 };

    bool good = erg_onnx_open(file_of(data, size), &file, &err) != NULL
        && erg_onnx_flatten(&file, &options, &err);
    if (good)
        check_flat(file.model->graph);
    else if (!err.text[0])
        __builtin_trap();
    erg_onnx_close(&file);
    return 0;
}
