/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order by data, not by file: a node comes after all that it reads, and where data
 * leaves a choice the order of the file stands.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/onnx_flat.h"

/* A depth-first walk over producers with its own stack: chains are thousands long. */
typedef enum state { UNSEEN, OPEN, DONE } state;

typedef struct sorter {
    Onnx__GraphProto *graph;
    erg_onnx_names makers;          /* output name -> index of node */
    uint8_t *states;
    size_t *stack, *inputs;         /* node, and the input that is next */
    Onnx__NodeProto **sorted;
    size_t count;
} sorter;

static bool makers_add(sorter *order, erg_error *err)
{
    for (size_t i = 0; i < order->graph->n_node; i++) {
        const Onnx__NodeProto *node = order->graph->node[i];
        for (size_t k = 0; k < node->n_output; k++) {
            if (!node->output[k][0])
                continue;
            erg_onnx_name *entry = erg_onnx_name_add(&order->makers, node->output[k], err);
            if (!entry)
                return false;
            entry->index = (int64_t)i;
        }
    }
    return true;
}

/* Steps once: into the next producer, or closes the node on top. False: a circle. */
static bool step(sorter *order, size_t *depth, erg_onnx_file *file, erg_error *err)
{
    size_t at = order->stack[*depth - 1];
    Onnx__NodeProto *node = order->graph->node[at];

    while (order->inputs[*depth - 1] < node->n_input) {
        const char *input = node->input[order->inputs[*depth - 1]++];
        const erg_onnx_name *entry = erg_onnx_name_find(&order->makers, input);
        size_t maker = entry ? (size_t)entry->index : 0;
        if (!entry || order->states[maker] == DONE)
            continue;
        if (order->states[maker] == OPEN)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%.60s: node '%.40s' reads '%.30s', which needs "
                            "that node first: a circle",
                            file->path, erg_onnx_label(node), input);
        order->states[maker] = OPEN;
        order->stack[*depth] = maker;
        order->inputs[(*depth)++] = 0;
        return true;
    }
    order->states[at] = DONE;
    order->sorted[order->count++] = node;
    (*depth)--;
    return true;
}

static bool sort(sorter *order, erg_onnx_file *file, erg_error *err)
{
    for (size_t i = 0; i < order->graph->n_node; i++) {
        size_t depth = order->states[i] == UNSEEN;
        if (depth) {
            order->states[i] = OPEN;
            order->stack[0] = i;
            order->inputs[0] = 0;
        }
        while (depth)
            if (!step(order, &depth, file, err))
                return false;
    }
    return true;
}

bool erg_onnx_order(erg_onnx_file *file, erg_error *err)
{
    Onnx__GraphProto *graph = file->model->graph;
    size_t count = graph->n_node;
    sorter order = { .graph = graph, .makers = { .arena = file->arena } };
    bool good;

    order.sorted = erg_arena_take(file->arena, count * sizeof(Onnx__NodeProto *), err);
    order.states = calloc(count + 1, 1);
    order.stack = calloc(count + 1, sizeof(*order.stack));
    order.inputs = calloc(count + 1, sizeof(*order.inputs));
    if (!order.sorted || !order.states || !order.stack || !order.inputs)
        good = erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else
        good = makers_add(&order, err) && sort(&order, file, err);
    if (good)
        graph->node = order.sorted;
    free(order.states);
    free(order.stack);
    free(order.inputs);
    return good;
}
