/* SPDX-License-Identifier: Apache-2.0 */
/* What was built becomes a graph: the way back behind it, its totals, and its end. */
#include <stdlib.h>
#include "workload/build_inside.h"
#include "workload/count.h"

static bool total(erg_builder *builder)
{
    erg_graph *graph = builder->graph;
    int64_t ruled = 0, moving = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &builder->operators[i];
        if (!erg_count_plus(&graph->flop, op->flop)
            || !erg_count_plus(&graph->macs, op->macs))
            return false;
        /* What nobody knows moves something, though its shapes may not tell what. */
        bool is_unknown = op->kind == ERG_OP_UNKNOWN;
        moving += is_unknown || op->in_bytes + op->out_bytes > 0;
        ruled += !is_unknown && op->in_bytes + op->out_bytes > 0;
    }
    for (int32_t i = 0; i < graph->tensor_count; i++) {
        const erg_tensor *x = &builder->tensors[i];
        bool is_own = x->storage == i;
        bool is_resident = is_own && (x->role == ERG_WEIGHT || x->role == ERG_BUFFER);
        int64_t elements = is_own && x->role == ERG_WEIGHT ? x->elements : 0;
        if (!erg_count_plus(&graph->parameters, elements)
            || !erg_count_plus(&graph->weights_bytes, is_resident ? x->bytes : 0)
            || !erg_count_plus(&graph->kv_cache_bytes,
                               is_own && x->role == ERG_CACHE ? x->bytes : 0))
            return false;
    }
    graph->coverage = moving ? (double)ruled / (double)moving : 1.0;
    return true;
}

erg_graph *erg_build_end(erg_builder *builder, erg_error *err)
{
    erg_graph *graph = builder->graph;

    graph->forward_count = graph->operator_count;
    if (!erg_build_failed(builder) && graph->phase == ERG_TRAIN)
        erg_build_backward(builder);
    if (!erg_build_failed(builder) && graph->operator_count == 0)
        erg_build_refuse(builder, "%s: the graph has no operators: all it holds are "
                         "constants, shapes and views, which cost nothing", graph->name);
    if (!erg_build_failed(builder) && !total(builder))
        erg_build_refuse(builder, "%s: a total is larger than a count can hold",
                         graph->name);
    if (erg_build_failed(builder)) {
        erg_fail(err, builder->error.code, "%s", builder->error.text);
        erg_builder_free(builder);
        return NULL;
    }
    graph->tensors = builder->tensors;
    graph->operators = builder->operators;
    graph->notes = builder->notes;
    graph->inside = builder->arena;
    free(builder);
    return graph;
}

void erg_graph_free(erg_graph *graph)
{
    if (!graph)
        return;
    erg_arena_free(graph->inside);
    free(graph);
}
