/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model made flat: calls of its functions replaced by what they do. Values get
 * names no other body has, nodes the name of the call in front of their own.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/onnx_flat.h"

enum { FUNCTIONS_MOST = 4096 };

static const char *domain_of(const char *domain)
{
    return domain && strcmp(domain, "ai.onnx") != 0 ? domain : "";
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static const Onnx__FunctionProto *function_find(const erg_onnx_flat *flat,
                                                const Onnx__NodeProto *node)
{
    const Onnx__ModelProto *model = flat->file->model;

    for (size_t i = 0; i < model->n_functions; i++) {
        const Onnx__FunctionProto *function = model->functions[i];
        if (is_same(function->name, node->op_type)
            && is_same(domain_of(function->domain), domain_of(node->domain))
            && is_same(function->overload, node->overload))
            return function;
    }
    return NULL;
}

static int64_t opset_of(Onnx__OperatorSetIdProto *const *sets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!domain_of(sets[i]->domain)[0])
            return sets[i]->version;
    return 0;
}

/* ---- one node ---------------------------------------------------------- */

/* What a function's node means by "as the caller gave it"; NULL: as if absent. */
static const Onnx__AttributeProto *attribute_given(const erg_onnx_body *body,
                                                   const char *wanted)
{
    const Onnx__AttributeProto *given = erg_onnx_attribute(body->call, wanted);

    for (size_t i = 0; !given && i < body->function->n_attribute_proto; i++)
        if (is_same(body->function->attribute_proto[i]->name, wanted))
            given = body->function->attribute_proto[i];
    return given;
}

static bool attributes_resolve(erg_onnx_flat *flat, const erg_onnx_body *body,
                               const Onnx__NodeProto *node, Onnx__NodeProto *copy)
{
    copy->attribute =
        erg_onnx_flat_take(flat, node->n_attribute * sizeof(Onnx__AttributeProto *));
    copy->n_attribute = 0;
    for (size_t i = 0; copy->attribute && i < node->n_attribute; i++) {
        Onnx__AttributeProto *one = node->attribute[i];
        const char *wanted = one->ref_attr_name ? one->ref_attr_name : "";
        const Onnx__AttributeProto *given = wanted[0] ? attribute_given(body, wanted) : one;
        if (!given)
            continue;
        if (wanted[0]) {
            char *name = one->name;
            one = erg_onnx_flat_take(flat, sizeof(*one));
            if (!one)
                return false;
            *one = *given;
            one->name = name;
        }
        copy->attribute[copy->n_attribute++] = one;
    }
    return copy->attribute != NULL;
}

static char **names_resolve(erg_onnx_flat *flat, const erg_onnx_body *body,
                            char *const *names, size_t count)
{
    char **finals = erg_onnx_flat_take(flat, count * sizeof(*finals));

    for (size_t i = 0; finals && i < count; i++) {
        /* Names are never written to: the struct of protobuf-c just does not say so. */
        finals[i] = (char *)(uintptr_t)erg_onnx_body_final(body, names[i]);
    }
    return finals;
}

/* The node as it stands in the flat graph. The graph itself keeps its own nodes. */
static Onnx__NodeProto *node_resolve(erg_onnx_flat *flat, const erg_onnx_body *body,
                                     Onnx__NodeProto *node)
{
    if (!body->number)
        return node;
    Onnx__NodeProto *copy = erg_onnx_flat_take(flat, sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *node;
    copy->input = names_resolve(flat, body, node->input, node->n_input);
    copy->output = names_resolve(flat, body, node->output, node->n_output);
    copy->name = erg_onnx_flat_text(flat, "%s%s", body->prefix, erg_onnx_label(node));
    if (!copy->input || !copy->output || !copy->name
        || (body->function && !attributes_resolve(flat, body, node, copy)))
        return NULL;
    return copy;
}

static bool node_keep(erg_onnx_flat *flat, const erg_onnx_body *body, Onnx__NodeProto *node)
{
    Onnx__NodeProto *kept = node_resolve(flat, body, node);

    if (!kept || !erg_grow((void **)&flat->nodes, &flat->node_capacity, flat->node_count,
                           sizeof(Onnx__NodeProto *), flat->err))
        return false;
    flat->nodes[flat->node_count++] = kept;
    return true;
}

/* ---- functions ---------------------------------------------------------- */

static bool call_check(erg_onnx_flat *flat, const erg_onnx_body *caller,
                       const Onnx__NodeProto *node, const Onnx__FunctionProto *function)
{
    if (caller->functions >= ERG_ONNX_INLINE_DEPTH)
        return erg_onnx_flat_refuse(flat, node, "functions within functions deeper than %d",
                                    ERG_ONNX_INLINE_DEPTH);
    for (const erg_onnx_body *body = caller; body; body = body->caller)
        if (body->function == function)
            return erg_onnx_flat_refuse(flat, node, "the function calls itself");
    if (node->n_input > function->n_input || node->n_output > function->n_output)
        return erg_onnx_flat_refuse(flat, node,
                                    "%zu inputs and %zu outputs where the function "
                                    "has %zu and %zu",
                                    node->n_input, node->n_output, function->n_input,
                                    function->n_output);
    int64_t opset = opset_of(function->opset_import, function->n_opset_import);
    if (opset && opset != flat->opset)
        erg_onnx_note(flat->file, "function %.60s is of opset %lld, read as opset %lld",
                      function->name, (long long)opset, (long long)flat->opset);
    return true;
}

static bool call_expand(erg_onnx_flat *flat, const erg_onnx_body *caller,
                        Onnx__NodeProto *node, const Onnx__FunctionProto *function)
{
    erg_onnx_body body;
    Onnx__NodeProto *call;

    if (!call_check(flat, caller, node, function)
        || !erg_onnx_body_begin(flat, &body, caller, erg_onnx_label(node), -1))
        return false;
    call = node_resolve(flat, caller, node);
    if (!call)
        return false;
    body.around = NULL;
    body.function = function;
    body.call = call;
    body.functions++;
    for (size_t i = 0; i < function->n_input; i++) {
        bool is_given = i < node->n_input;
        const erg_onnx_name *known =
            is_given ? erg_onnx_body_find(caller, node->input[i]) : NULL;
        bool is_constant = known && (known->index == ERG_ONNX_TENSOR || (known->what
            && is_same(((const Onnx__NodeProto *)known->what)->op_type, "Constant")));
        if (!erg_onnx_body_bind(flat, &body, function->input[i],
                                is_given ? call->input[i] : "", is_constant ? known : NULL))
            return false;
    }
    return erg_onnx_body_expand(
        flat, &body, function->node, function->n_node,
        (erg_onnx_ends){ function->output, call->output, call->n_output });
}

/* ---- bodies ---------------------------------------------------------- */

static bool node_expand(erg_onnx_flat *flat, const erg_onnx_body *body,
                        Onnx__NodeProto *node)
{
    const Onnx__FunctionProto *function = function_find(flat, node);

    if (!erg_onnx_flat_step(flat, node))
        return false;
    if (function)
        return call_expand(flat, body, node, function);
    return erg_onnx_is_control(flat, node) ? erg_onnx_control_expand(flat, body, node)
                                           : node_keep(flat, body, node);
}

/* All that the nodes of a body make gets its final name before the first is read:
 * nodes may stand in any order. */
static bool outputs_bind(erg_onnx_flat *flat, erg_onnx_body *body,
                         const Onnx__NodeProto *node)
{
    for (size_t i = 0; i < node->n_output; i++) {
        const char *name = node->output[i], *final = name;
        const erg_onnx_name known = { .what = node, .index = ERG_ONNX_MADE };
        if (!name[0])
            continue;
        if (erg_onnx_name_find(&body->names, name))
            return erg_onnx_flat_refuse(flat, node,
                                        "it makes '%.40s', which is there already", name);
        if (body->number)
            final = erg_onnx_flat_text(flat, "%s#%lld", name, (long long)body->number);
        if (!final || !erg_onnx_body_bind(flat, body, name, final, &known))
            return false;
    }
    return true;
}

/* What a node makes leaves under the name that the world outside has for it. */
static void ends_bind(erg_onnx_body *body, erg_onnx_ends ends)
{
    for (size_t i = 0; i < ends.count; i++) {
        erg_onnx_name *entry = erg_onnx_name_find(&body->names, ends.within[i]);
        if (ends.without[i][0] && entry && entry->index == ERG_ONNX_MADE) {
            entry->final = ends.without[i];
            entry->index = ERG_ONNX_LEAVES;
        }
    }
}

/* What no node makes (an input handed through) or leaves twice is handed on. */
static bool ends_hand_on(erg_onnx_flat *flat, const erg_onnx_body *body, erg_onnx_ends ends)
{
    for (size_t i = 0; i < ends.count; i++) {
        const char *final = erg_onnx_body_final(body, ends.within[i]);
        if (!ends.without[i][0] || final == ends.without[i])
            continue;
        Onnx__NodeProto *node = erg_onnx_flat_add(flat, "Identity", 1, 1);
        if (!node)
            return false;
        node->input[0] = (char *)(uintptr_t)final;
        node->output[0] = ends.without[i];
    }
    return true;
}

/* Every node has a word for what it does; later readers may rely on it. */
static bool nodes_check(const erg_onnx_flat *flat, Onnx__NodeProto *const *nodes,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!nodes[i]->op_type || !nodes[i]->op_type[0])
            return erg_fail(flat->err, ERG_BAD_INPUT,
                            "%.100s: node %zu ('%.40s') has no op_type", flat->file->path,
                            i, nodes[i]->name ? nodes[i]->name : "");
    return true;
}

bool erg_onnx_body_expand(erg_onnx_flat *flat, erg_onnx_body *body,
                          Onnx__NodeProto *const *nodes, size_t count, erg_onnx_ends ends)
{
    if (!nodes_check(flat, nodes, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!outputs_bind(flat, body, nodes[i]))
            return false;
    ends_bind(body, ends);
    for (size_t i = 0; i < count; i++)
        if (!node_expand(flat, body, nodes[i]))
            return false;
    return ends_hand_on(flat, body, ends);
}

/* ---- the graph ---------------------------------------------------------- */

/* A graph input that is also an initializer is a weight (IR < 4), or a default. */
static void inputs_prune(const erg_onnx_flat *flat, const erg_onnx_body *body)
{
    Onnx__GraphProto *graph = flat->file->model->graph;
    size_t count = 0;

    for (size_t i = 0; i < graph->n_input; i++) {
        const char *name = graph->input[i]->name ? graph->input[i]->name : "";
        const erg_onnx_name *entry = erg_onnx_name_find(&body->names, name);
        if (!entry || entry->index != ERG_ONNX_TENSOR)
            graph->input[count++] = graph->input[i];
    }
    graph->n_input = count;
}

static bool graph_expand(erg_onnx_flat *flat)
{
    Onnx__GraphProto *graph = flat->file->model->graph;
    erg_onnx_body body = { .names = { .arena = flat->file->arena }, .prefix = "" };

    if (!erg_onnx_body_weights(flat, &body, graph))
        return false;
    inputs_prune(flat, &body);
    return erg_onnx_body_expand(flat, &body, graph->node, graph->n_node,
                                (erg_onnx_ends){ 0 });
}

/* Hands the lists of the flat graph to the model. */
static bool graph_replace(erg_onnx_flat *flat)
{
    Onnx__GraphProto *graph = flat->file->model->graph;
    size_t weights = graph->n_initializer + flat->initializer_count;
    Onnx__NodeProto **nodes =
        erg_onnx_flat_take(flat, flat->node_count * sizeof(Onnx__NodeProto *));
    Onnx__TensorProto **tensors =
        erg_onnx_flat_take(flat, weights * sizeof(Onnx__TensorProto *));

    if (!nodes || !tensors)
        return false;
    for (size_t i = 0; i < flat->node_count; i++)
        nodes[i] = flat->nodes[i];
    for (size_t i = 0; i < weights; i++)
        tensors[i] = i < graph->n_initializer
                         ? graph->initializer[i]
                         : flat->initializers[i - graph->n_initializer];
    graph->node = nodes;
    graph->n_node = flat->node_count;
    graph->initializer = tensors;
    graph->n_initializer = weights;
    flat->file->model->n_functions = 0;
    return true;
}

bool erg_onnx_flatten(erg_onnx_file *file, const erg_graph_options *options, erg_error *err)
{
    erg_onnx_flat flat = { .file = file, .options = options, .err = err };

    flat.opset = opset_of(file->model->opset_import, file->model->n_opset_import);
    bool good = file->model->n_functions <= FUNCTIONS_MOST
                || erg_fail(err, ERG_BAD_INPUT, "%s: more than %d functions", file->path,
                            FUNCTIONS_MOST);
    good = good && graph_expand(&flat) && graph_replace(&flat) && erg_onnx_order(file, err);
    free(flat.nodes);
    free(flat.initializers);
    return good;
}
