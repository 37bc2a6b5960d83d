/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FLOP, bytes and threads of one module as of 2025-10-28 (branes-ai/graphs).
 * Bytes are fp32 at every precision. Threads of a convolution apply its stride
 * to the *output*: a fault of the old code that its figures depend on.
 */
#include <string.h>
#include "estimate/compat.h"
#include "workload/count.h"

static int64_t activation_bytes(const erg_graph *graph, const erg_operator *op)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < op->input_count; i++) {
        const erg_tensor *x = &graph->tensors[op->inputs[i]];
        if (x->role != ERG_WEIGHT && x->role != ERG_BUFFER)
            bytes += 4 * x->elements;
    }
    return bytes;
}

static int64_t elements_of(const erg_graph *graph, const erg_operator *op, erg_role role)
{
    int64_t elements = 0;

    for (int32_t i = 0; i < op->input_count; i++)
        if (graph->tensors[op->inputs[i]].role == role)
            elements += graph->tensors[op->inputs[i]].elements;
    return elements;
}

/* The old formula: one padding for both axes, no dilation. */
static int64_t positions(const erg_window *w, const int64_t from[3])
{
    int64_t all = 1;

    for (int32_t i = 0; i < w->axes; i++) {
        int64_t reach = from[i] + 2 * w->pad_begin[0] - w->kernel[i];
        int64_t at = reach < 0 ? 1 : reach / w->stride[i] + 1;
        if (!erg_count_times(&all, at))
            return -1;
    }
    return all;
}

static bool is_depthwise(const erg_window *w)
{
    return w->groups > 1 && w->groups == w->channels_in && w->groups == w->channels_out;
}

static const char *conv_type(const erg_window *w)
{
    if (is_depthwise(w))
        return "conv2d_depthwise";
    for (int32_t i = 0; i < w->axes; i++)
        if (w->kernel[i] != 1)
            return "conv2d";
    return "conv2d_pointwise";
}

static bool conv_count(erg_compat_node *node, const erg_window *w)
{
    int64_t macs = node->batch;
    bool ok = erg_count_times(&macs, w->channels_out)
        && erg_count_times(&macs, positions(w, w->in))
        && erg_count_times(&macs, w->channels_in / w->groups);

    for (int32_t i = 0; ok && i < w->axes; i++)
        ok = erg_count_times(&macs, w->kernel[i]);
    node->macs = node->flop = macs;
    node->type = conv_type(w);
    node->spatial = positions(w, w->out);
    node->threads = node->batch;
    return ok && erg_count_times(&node->flop, 2)
        && erg_count_times(&node->threads, w->channels_out)
        && erg_count_times(&node->threads, node->spatial);
}

static bool linear_count(erg_compat_node *node)
{
    node->macs = node->flop = node->op->macs;
    node->threads = node->op->threads;
    node->spatial = 1;
    return erg_count_times(&node->flop, 2);
}

static void weights_count(const erg_graph *graph, erg_compat_node *node)
{
    bool has_weights = node->rule->kind == ERG_OP_CONV || node->rule->kind == ERG_OP_LINEAR
        || node->rule->kind == ERG_OP_BATCH_NORM;

    node->parameter_bytes = 4 * elements_of(graph, node->op, ERG_WEIGHT);
    if (has_weights)
        node->weight_bytes = node->parameter_bytes
            + 4 * elements_of(graph, node->op, ERG_BUFFER);
}

bool erg_compat_count(const erg_graph *graph, erg_compat_node *node)
{
    const erg_operator *op = node->op;
    const erg_tensor *out = &graph->tensors[op->outputs[0]];

    node->in_bytes = activation_bytes(graph, op);
    node->out_bytes = 4 * out->elements;
    node->batch = out->rank > 0 ? out->dims[0] : 1;
    if (node->is_module)
        weights_count(graph, node);
    if (node->is_module && op->kind == ERG_OP_CONV && op->window)
        return conv_count(node, op->window);
    if (node->is_module && op->kind == ERG_OP_LINEAR)
        return linear_count(node);
    node->threads = out->elements;
    node->flop = out->elements;
    return erg_count_times(&node->flop, node->rule->flop_per_output);
}
