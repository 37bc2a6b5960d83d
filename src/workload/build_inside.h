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
/* Room in *items for so many more of `size` bytes; false: the builder has failed. */
bool erg_builder_room(erg_builder *builder, void **items, size_t *capacity, size_t count,
                      size_t more, size_t size);
/* Room for so many more of each, and bytes of their lists and names, in one piece. */
bool erg_builder_reserve(erg_builder *builder, size_t operators, size_t tensors,
                         size_t bytes);
/* Lists the operators that made what op reads; gives how many, as many as its inputs at
 * most. */
int32_t erg_builder_needs(const erg_builder *builder, const erg_operator *op,
                          int32_t *needs);
/* Makes the builder fail unless there is such a tensor. */
bool erg_builder_knows(erg_builder *builder, int32_t tensor);

#endif
