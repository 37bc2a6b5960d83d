/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory holds beside activations: workspaces of single steps, and what
 * stays from the first step to the last.
 */
#include "estimate/memory_inside.h"

enum { TILE = 128, SPLIT_K_LEAST = 2048, SPLIT_K_PART = 1024, PARTIAL_SUM_BYTES = 4 };
/* AdamW keeps two moments in fp32; below fp32 also a copy of the weights. */

static int64_t over(int64_t a, int64_t b) { return b > 0 ? (a + b - 1) / b : 0; }

static int64_t element_bytes(const erg_operator *op)
{
    return over(erg_precision_bits(op->precision), 8);
}

/* B C_in prod(k) prod(o) elements: the input unrolled into a matrix. */
static int64_t unrolled_bytes(const erg_operator *op)
{
    const erg_window *w = op->window;

    if (!w)
        return 0;
    bool is_plain = true;
    for (int32_t i = 0; i < w->axes; i++)
        is_plain = is_plain && w->kernel[i] == 1 && w->stride[i] == 1;
    if (is_plain)
        return 0;
    int64_t per_output = w->channels_in;
    for (int32_t i = 0; i < w->axes; i++)
        per_output *= w->kernel[i];
    /* threads = B C_out prod(o). */
    int64_t cells = w->channels_out > 0 ? op->threads / w->channels_out : 0;
    return cells * per_output * element_bytes(op);
}

/* Partial sums where few tiles and a long K leave units free. */
static int64_t split_bytes(const erg_operator *op, int units)
{
    int64_t tiles = over(op->m, TILE) * over(op->n, TILE) * (op->batch > 0 ? op->batch : 1);

    if (units <= 0 || tiles <= 0 || op->k < SPLIT_K_LEAST || tiles * 2 > units)
        return 0;
    int64_t parts = units / tiles, most = op->k / SPLIT_K_PART;
    parts = parts < most ? parts : most;
    return parts > 1 ? parts * op->batch * op->m * op->n * PARTIAL_SUM_BYTES : 0;
}

static int64_t workspace_of(const erg_planner *planner, const erg_operator *op)
{
    switch (erg_op_kinds[op->kind].kind_class) {
    case ERG_MATRIX:
        break;
    case ERG_VECTOR:
    case ERG_TRANSCENDENTAL:
    case ERG_MOVEMENT:
    case ERG_OP_CLASSES:
        return 0;
    }
    if (op->kind == ERG_OP_CONV)
        return planner->options.explicit_conv ? unrolled_bytes(op) : 0;
    if (op->kind == ERG_OP_ATTENTION)
        return planner->options.plain_attention
            ? op->batch * op->m * op->n * element_bytes(op) : 0;
    return op->kind == ERG_OP_LINEAR || op->kind == ERG_OP_MATMUL
        ? split_bytes(op, planner->options.units) : 0;
}

int64_t erg_memory_workspace(const erg_planner *planner, int32_t s)
{
    const erg_subgraph *one = &planner->partition->subgraphs[s];
    int64_t most = 0;

    for (int32_t i = 0; i < one->operator_count; i++) {
        const erg_operator *op = &planner->partition->graph->operators[one->operators[i]];
        int64_t bytes = workspace_of(planner, op);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static int64_t bytes_of_role(const erg_graph *graph, erg_role role)
{
    int64_t sum = 0;

    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].role == role && graph->tensors[t].storage == t)
            sum += graph->tensors[t].bytes;
    return sum;
}

void erg_memory_residents(const erg_planner *planner, erg_memory *memory)
{
    const erg_graph *graph = planner->partition->graph;

    memory->weights_bytes = graph->weights_bytes;
    memory->cache_bytes = bytes_of_role(graph, ERG_CACHE);
    memory->gradient_bytes = bytes_of_role(graph, ERG_GRADIENT);
    memory->optimizer_bytes = bytes_of_role(graph, ERG_STATE);
    memory->resident_bytes = memory->weights_bytes + memory->cache_bytes
        + memory->gradient_bytes + memory->optimizer_bytes;
}
