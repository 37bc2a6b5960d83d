/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of products in 8 bits: weight-only quantisation. */
#include <string.h>
#include "estimate/rewrite.h"

enum { NARROW_BITS = 8, SCALE_BYTES = 2 };

static bool is_wide(const erg_tensor *x)
{
    return x->role == ERG_WEIGHT && x->rank >= 2 && x->bits > NARROW_BITS;
}

static bool is_product(const erg_operator *op)
{
    return erg_op_kinds[op->kind].kind_class == ERG_MATRIX;
}

static void narrow(erg_tensor *x)
{
    x->bits = NARROW_BITS;
    x->bytes = x->elements + SCALE_BYTES * x->dims[0];
}

/* What the operator read of its weights, less what it reads now. */
static void read_less(const erg_graph *from, const erg_tensor *tensors, erg_operator *op)
{
    for (int32_t i = 0; i < op->input_count; i++) {
        int64_t saved = from->tensors[op->inputs[i]].bytes - tensors[op->inputs[i]].bytes;
        if (saved > 0 && saved < op->weight_bytes)
            op->weight_bytes -= saved;
    }
}

/* Those of products, wherever else they are read. */
static int32_t narrow_weights(const erg_graph *from, erg_tensor *tensors)
{
    int32_t count = 0;

    for (int32_t i = 0; i < from->operator_count; i++) {
        const erg_operator *op = &from->operators[i];
        for (int32_t j = 0; j < op->input_count && is_product(op); j++) {
            erg_tensor *x = &tensors[tensors[op->inputs[j]].storage];
            count += is_wide(x);
            if (is_wide(x))
                narrow(x);
        }
    }
    for (int32_t t = 0; t < from->tensor_count && count; t++)
        if (is_wide(&tensors[t]) && tensors[tensors[t].storage].bits == NARROW_BITS)
            narrow(&tensors[t]);
    return count;
}

erg_graph *erg_rewrite_narrow(erg_arena *arena, const erg_graph *graph, erg_error *err)
{
    size_t tensor_bytes = (size_t)graph->tensor_count * sizeof(*graph->tensors);
    size_t operator_bytes = (size_t)graph->operator_count * sizeof(*graph->operators);
    erg_graph *made = erg_arena_take(arena, sizeof(*made), err);
    erg_tensor *tensors = erg_arena_take(arena, tensor_bytes + 1, err);
    erg_operator *operators = erg_arena_take(arena, operator_bytes + 1, err);

    if (!made || !tensors || !operators)
        return NULL;
    memcpy(tensors, graph->tensors, tensor_bytes);
    memcpy(operators, graph->operators, operator_bytes);
    if (!narrow_weights(graph, tensors))
        return NULL;
    for (int32_t i = 0; i < graph->operator_count; i++)
        if (is_product(&operators[i]))
            read_less(graph, tensors, &operators[i]);
    *made = *graph;
    made->tensors = tensors;
    made->operators = operators;
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (tensors[t].storage == t)
            made->weights_bytes -= graph->tensors[t].bytes - tensors[t].bytes;
    return made;
}
