/* SPDX-License-Identifier: Apache-2.0 */
/* The partition of an eager run: every operator that does anything is one launch. */
#include "base/base.h"
#include "estimate/launches.h"

typedef struct launches { erg_partition partition; erg_arena *arena; } launches;

static bool is_launched(const erg_operator *op)
{
    return op->in_bytes || op->out_bytes || op->weight_bytes || op->flop;
}

static bool fill(launches *to, erg_error *err)
{
    const erg_graph *graph = to->partition.graph;
    size_t count = (size_t)graph->operator_count;
    int32_t *of = erg_arena_take(to->arena, count * sizeof(*of), err);
    erg_subgraph *list = erg_arena_take(to->arena, count * sizeof(*list), err);

    if (!of || !list)
        return false;
    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        if (!is_launched(op))
            continue;
        of[i] = i;
        list[to->partition.subgraph_count++] = (erg_subgraph){
            .operators = &of[i], .operator_count = 1, .name = op->name,
            .pattern = erg_op_kinds[op->kind].name, .why = "operation_boundary",
            .flop = op->flop, .macs = op->macs, .special_op = op->special_op,
            .in_bytes = op->in_bytes, .out_bytes = op->out_bytes,
            .weight_bytes = op->weight_bytes,
        };
        to->partition.external_bytes += op->in_bytes + op->out_bytes + op->weight_bytes;
    }
    to->partition.subgraphs = list;
    return true;
}

erg_partition *erg_launches_of(const erg_graph *graph, erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    launches *made = arena ? erg_arena_take(arena, sizeof(*made), err) : NULL;

    if (made) {
        *made = (launches){ .partition = { .graph = graph, .inside = arena }, .arena = arena };
        if (fill(made, err))
            return &made->partition;
    }
    erg_arena_free(arena);
    return NULL;
}
