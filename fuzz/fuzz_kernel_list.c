/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kernel list, as it is and completed. */
#include <stdlib.h>
#include "workload/build.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    for (int completes = 0; completes < 2; completes++) {
        erg_graph_options options = { .precision = size % 2 ? ERG_BF16 : ERG_FP64,
                                      .complete_list = completes };
        erg_error err = { 0 };
        erg_graph *graph = erg_kernel_list_parse("net_pbf16_b8_s128", (const char *)bytes,
                                                 size, &options, &err);
        if (!graph && (err.code == ERG_OK || !err.text[0]))
            abort();
        for (int32_t i = 0; graph && i < graph->operator_count; i++)
            if (graph->operators[i].in_bytes < 0 || graph->operators[i].flop < 0)
                abort();
        erg_graph_free(graph);
    }
    return 0;
}
