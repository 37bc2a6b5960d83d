/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a config.json, in every phase: a graph that adds up, or a sentence. */
#include <stdlib.h>
#include "workload/build.h"

/* Large networks are right, and slow: a fuzzer learns no more from them. */
static bool is_small(const char *text, size_t count)
{
    size_t digits = 0, longest = 0;

    for (size_t i = 0; i < count; i++) {
        digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
        longest = digits > longest ? digits : longest;
    }
    return longest <= 3 || longest > 6;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const char *text = (const char *)bytes;

    if (!is_small(text, size))
        return 0;
    for (int phase = ERG_PREFILL; phase <= ERG_TRAIN; phase++) {
        erg_graph_options options = { .phase = (erg_phase)phase, .seq = 7, .batch = 2,
                                      .attention = size % 2 ? ERG_ATTENTION_FLASH
                                                            : ERG_ATTENTION_PLAIN };
        erg_error err = { 0 };
        erg_graph *graph = erg_hf_config_parse("fuzz", text, size, &options, &err);
        if (!graph && (err.code == ERG_OK || !err.text[0]))
            abort();
        for (int32_t i = 0; graph && i < graph->operator_count; i++)
            for (int32_t j = 0; j < graph->operators[i].need_count; j++)
                if (graph->operators[i].needs[j] >= i)
                    abort();
        erg_graph_free(graph);
    }
    return 0;
}
