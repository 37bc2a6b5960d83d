/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph as torch.fx would trace it: modules and functions in the order they
 * run, each flatten a function of its own, names with underscores for dots.
 */
#include <string.h>
#include "estimate/compat.h"

static const erg_compat_rule modules[] = {
    { ERG_OP_CONV,         "Conv2d",             "conv2d",          0 },
    { ERG_OP_LINEAR,       "Linear",             "linear",          0 },
    { ERG_OP_BATCH_NORM,   "BatchNorm2d",        "batchnorm",       5 },
    { ERG_OP_LAYER_NORM,   "LayerNorm",          "layernorm",       0 },
    { ERG_OP_ATTENTION,    "MultiheadAttention", "unknown",         0 },
    { ERG_OP_RELU,         "ReLU",               "relu",            1 },
    { ERG_OP_CLIP,         "ReLU6",              "relu6",           1 },
    { ERG_OP_GELU,         "GELU",               "gelu",            1 },
    { ERG_OP_HARD_SWISH,   "Hardswish",          "hardswish",       1 },
    { ERG_OP_SILU,         "SiLU",               "unknown",         0 },
    { ERG_OP_SIGMOID,      "Sigmoid",            "unknown",         0 },
    { ERG_OP_DROPOUT,      "Dropout",            "unknown",         0 },
    { ERG_OP_MAX_POOL,     "MaxPool2d",          "maxpool",         0 },
    { ERG_OP_AVERAGE_POOL, "AvgPool2d",          "avgpool",         0 },
    { ERG_OP_GLOBAL_POOL,  "AdaptiveAvgPool2d",  "adaptiveavgpool", 0 },
};
static const erg_compat_rule module_else = { ERG_OP_UNKNOWN, "Module", "unknown", 0 };

/* Functions without a type are traced, and dropped from the partition. */
static const erg_compat_rule functions[] = {
    { ERG_OP_ADD,         "add",                 "elementwise", 1 },
    { ERG_OP_SUB,         "sub",                 "elementwise", 1 },
    { ERG_OP_MUL,         "mul",                 "elementwise", 1 },
    { ERG_OP_DIV,         "div",                 "elementwise", 1 },
    { ERG_OP_DROPOUT,     "stochastic_depth",    NULL,          0 },
    { ERG_OP_GLOBAL_POOL, "adaptive_avg_pool2d", NULL,          0 },
};
static const erg_compat_rule function_else = { ERG_OP_UNKNOWN, "function", NULL, 0 };
static const erg_compat_rule flatten = { ERG_OP_UNKNOWN, "flatten", NULL, 0 };

/* Arithmetic is called as a function whoever wrote the graph down (ONNX). */
static bool is_function(const erg_operator *op)
{
    return op->is_function || op->kind == ERG_OP_ADD || op->kind == ERG_OP_SUB
        || op->kind == ERG_OP_MUL || op->kind == ERG_OP_DIV;
}

static const erg_compat_rule *rule_of(const erg_operator *op)
{
    bool called = is_function(op);
    const erg_compat_rule *table = called ? functions : modules;
    size_t count = called ? ERG_COUNT(functions) : ERG_COUNT(modules);

    for (size_t i = 0; i < count; i++)
        if (table[i].kind == op->kind)
            return &table[i];
    return called ? &function_else : &module_else;
}

/* What is known while the nodes are written down. */
typedef struct tracing {
    erg_compat *compat;
    erg_error *err;
    int32_t *node_of;       /* of each tensor; -1: an input or a weight */
    bool failed;
} tracing;

static void *take(tracing *t, size_t bytes)
{
    void *room = t->failed ? NULL : erg_arena_take(t->compat->arena, bytes, t->err);
    t->failed = t->failed || !room;
    return room;
}

/* torch.fx: the second function of a name gets _1. Modules carry theirs already. */
static const char *name_of(tracing *t, const erg_compat_node *node)
{
    char text[256];
    int before = 0;

    for (const erg_compat_node *n = t->compat->nodes; n < node; n++)
        before += !n->is_module && strcmp(n->module, node->module) == 0;
    if (node->is_module)
        snprintf(text, sizeof(text), "%s", node->op->name);
    else if (before)
        snprintf(text, sizeof(text), "%s_%d", node->module, before);
    else
        snprintf(text, sizeof(text), "%s", node->module);
    for (char *c = text; *c; c++)
        if (*c == '.')
            *c = '_';
    const char *copy = t->failed ? NULL : erg_arena_text(t->compat->arena, text, t->err);
    t->failed = t->failed || !copy;
    return copy;
}

static erg_compat_node *node_add(tracing *t, const erg_compat_rule *rule)
{
    erg_compat_node *node = &t->compat->nodes[t->compat->node_count++];

    *node = (erg_compat_node){ .rule = rule, .module = rule->module, .type = rule->type,
                               .consumer = -1 };
    return node;
}

static void inputs_room(tracing *t, erg_compat_node *node, int32_t count)
{
    node->inputs = take(t, (size_t)(count + 1) * sizeof(int32_t));
    node->input_bytes = take(t, (size_t)(count + 1) * sizeof(int64_t));
}

static void input_add(erg_compat_node *node, int32_t producer, int64_t bytes)
{
    int32_t *inputs = (int32_t *)node->inputs;
    int64_t *input_bytes = (int64_t *)node->input_bytes;

    for (int32_t i = 0; i < node->input_count; i++)
        if (inputs[i] == producer && producer >= 0)
            return;
    inputs[node->input_count] = producer;
    input_bytes[node->input_count++] = bytes;
}

/* A view that no operator made is what fx calls flatten. */
static int32_t flatten_of(tracing *t, int32_t tensor)
{
    const erg_graph *graph = t->compat->graph;
    const erg_tensor *view = &graph->tensors[tensor];
    int32_t made = graph->operators[view->producer].outputs[0];
    erg_compat_node *node = node_add(t, &flatten);

    inputs_room(t, node, 1);
    if (t->failed)
        return -1;
    input_add(node, t->node_of[made], 4 * view->elements);
    node->out_bytes = 4 * view->elements;
    node->name = name_of(t, node);
    return t->node_of[tensor] = (int32_t)(node - t->compat->nodes);
}

static int32_t producer_of(tracing *t, int32_t tensor)
{
    const erg_tensor *x = &t->compat->graph->tensors[tensor];

    if (t->node_of[tensor] >= 0 || x->producer < 0)
        return t->node_of[tensor];
    return flatten_of(t, tensor);
}

static bool is_weight(const erg_tensor *x)
{
    return x->role == ERG_WEIGHT || x->role == ERG_BUFFER;
}

static void operator_trace(tracing *t, const erg_operator *op)
{
    const erg_graph *graph = t->compat->graph;
    int32_t *producers = take(t, (size_t)(op->input_count + 1) * sizeof(int32_t));

    /* A flatten comes before its reader. */
    for (int32_t i = 0; !t->failed && i < op->input_count; i++)
        producers[i] = producer_of(t, op->inputs[i]);
    erg_compat_node *node = node_add(t, rule_of(op));
    inputs_room(t, node, op->input_count);
    if (t->failed)
        return;
    node->op = op;
    node->is_module = !is_function(op);
    for (int32_t i = 0; i < op->input_count; i++) {
        const erg_tensor *x = &graph->tensors[op->inputs[i]];
        if (!is_weight(x))
            input_add(node, producers[i], 4 * x->elements);
    }
    for (int32_t i = 0; i < op->output_count; i++)
        t->node_of[op->outputs[i]] = (int32_t)(node - t->compat->nodes);
    node->name = name_of(t, node);
    if (!erg_compat_count(graph, node))
        t->failed = !erg_fail(t->err, ERG_BAD_INPUT,
                              "%s: the cost of %s is larger than a count can hold",
                              graph->name, op->name);
}

/* Readers of each node; the output of the graph is one, too. */
static void consumers_count(tracing *t)
{
    const erg_graph *graph = t->compat->graph;
    erg_compat_node *nodes = t->compat->nodes;

    for (int32_t i = 0; i < t->compat->node_count; i++)
        for (int32_t j = 0; j < nodes[i].input_count; j++)
            if (nodes[i].inputs[j] >= 0) {
                nodes[nodes[i].inputs[j]].readers++;
                nodes[nodes[i].inputs[j]].consumers++;
                nodes[nodes[i].inputs[j]].consumer = i;
            }
    for (int32_t i = 0; i < graph->tensor_count; i++)
        if (graph->tensors[i].is_output && t->node_of[i] >= 0)
            nodes[t->node_of[i]].consumers++;
}

/* Sums of bytes then stay far inside int64. */
static bool sizes_are_sane(const erg_graph *graph, erg_error *err)
{
    for (int32_t i = 0; i < graph->tensor_count; i++)
        if (graph->tensors[i].elements > INT64_C(1) << 40)
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s has a tensor of more than 2^40 elements: too many for "
                            "compat mode", graph->name);
    return true;
}

bool erg_compat_nodes(erg_compat *compat, erg_error *err)
{
    const erg_graph *graph = compat->graph;
    tracing t = { .compat = compat, .err = err };
    size_t most = (size_t)graph->operator_count;

    if (!sizes_are_sane(graph, err))
        return false;
    for (int32_t i = 0; i < graph->operator_count; i++)
        most += (size_t)graph->operators[i].input_count;
    compat->nodes = take(&t, most * sizeof(*compat->nodes));
    t.node_of = take(&t, (size_t)graph->tensor_count * sizeof(*t.node_of));
    for (int32_t i = 0; !t.failed && i < graph->tensor_count; i++)
        t.node_of[i] = -1;
    for (int32_t i = 0; !t.failed && i < graph->operator_count; i++)
        operator_trace(&t, &graph->operators[i]);
    if (!t.failed)
        consumers_count(&t);
    return !t.failed;
}
