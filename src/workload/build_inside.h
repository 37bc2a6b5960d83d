/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the builder share, and nobody else. */
#ifndef ERG_WORKLOAD_BUILD_INSIDE_H
#define ERG_WORKLOAD_BUILD_INSIDE_H

#include "workload/build.h"

struct erg_builder {
    erg_graph *graph;
    erg_arena *arena;
    erg_graph_options options;
    bool seq_is_default;
    char scope[48];
    erg_error error;
    erg_tensor *tensors;
    erg_operator *operators;
    const char **notes;
    size_t tensor_capacity, operator_capacity, note_capacity;
};

void erg_builder_free(erg_builder *builder);
/* Copies bytes (or zeroes, from NULL) into the graph's arena; NULL once it has failed. */
void *erg_builder_take(erg_builder *builder, const void *from, size_t bytes);
/* Makes the builder fail unless there is such a tensor. */
bool erg_builder_knows(erg_builder *builder, int32_t tensor);

#endif
