/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ONNX file, read into a graph: counts are sane, or one sentence. */
#include <stdlib.h>
#include <unistd.h>
#include "workload/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *file_of(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;

    if (file < 0) {
        snprintf(path, sizeof(path), "%s/erg-fuzz-graph-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        file = mkstemp(path);
    }
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

static void check(const erg_graph *graph)
{
    if (!(graph->coverage >= 0 && graph->coverage <= 1) || graph->parameters < 0)
        __builtin_trap();
    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        if (op->flop < 0 || op->macs < 0 || op->in_bytes < 0 || op->out_bytes < 0
            || op->weight_bytes < 0 || op->special_op < 0)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const erg_dim dims[] = { { "trip", 3 }, { "C", 10 } };
    /* A name that the graph has not is refused, so it is given to every other size. */
    erg_graph_options options = { .dims = dims, .dim_count = 1 + size % 2 };
    const char *path = file_of(data, size);
    void *kept = erg_reader_onnx.keep(path, &options);

    for (int i = 0; i < 3; i++) {
        erg_error err = { 0 };
        erg_graph *graph = kept ? erg_reader_onnx.read_kept(kept, &options, &err)
                                : erg_reader_onnx.read(path, &options, &err);
        if (graph)
            check(graph);
        else if (!err.text[0])
            __builtin_trap();
        erg_graph_free(graph);
        options.batch = i ? 1 : 3;      /* 1, 3, and 1 again */
        options.fold_batch_norm = i == 0;
        options.runtime = ERG_GRAPH;
    }
    if (kept)
        erg_reader_onnx.drop(kept);
    return 0;
}
