/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of all values of an ONNX graph, node by node in an order of data.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/onnx_count.h"
#include "workload/onnx_graph.h"
#include "workload/onnx_names.h"

/* ---- nodes ------------------------------------------------------------------ */

static int64_t opset_of(const erg_onnx_model *model, const char *domain)
{
    for (size_t i = 0; i < model->proto->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->proto->opset_import[i];
        const char *named = set->domain ? set->domain : "";
        named = strcmp(named, "ai.onnx") == 0 ? "" : named;
        if (strcmp(named, domain) == 0)
            return set->version;
    }
    return 1;
}

static bool node_inputs(erg_onnx_model *model, erg_onnx_node *node)
{
    const Onnx__NodeProto *proto = node->proto;

    node->in_count = (int32_t)proto->n_input;
    node->in = erg_onnx_take(model, proto->n_input * sizeof(erg_onnx_value *));
    for (size_t i = 0; node->in && i < proto->n_input; i++) {
        if (!proto->input[i][0])
            continue;
        erg_onnx_value *value = erg_onnx_value_find(model, proto->input[i]);
        if (!value)
            return erg_onnx_refuse(model, node,
                                   "it reads %.80s, which nothing before it makes",
                                   proto->input[i]);
        value->uses++;
        value->reader = node;
        value->needs_copy |= i == 0 && node->rule && node->rule->wants_contiguous;
        node->in[i] = value;
    }
    return node->in != NULL;
}

static bool node_outputs(erg_onnx_model *model, erg_onnx_node *node)
{
    const Onnx__NodeProto *proto = node->proto;
    bool is_constant = true, is_batched = false;

    for (int32_t i = 0; i < node->in_count; i++) {
        is_constant &= !node->in[i] || node->in[i]->is_constant;
        is_batched |= node->in[i] && node->in[i]->is_batched;
    }
    node->out_count = (int32_t)proto->n_output;
    node->out = erg_onnx_take(model, proto->n_output * sizeof(erg_onnx_value *));
    for (size_t i = 0; node->out && i < proto->n_output; i++) {
        bool has_name = proto->output[i][0] != '\0';
        if (!has_name && i > 0)
            continue;
        /* A first output that is left out still has a shape: rules rely on it. */
        erg_onnx_value **slot =
            has_name ? erg_onnx_value_slot(model, proto->output[i]) : NULL;
        if (slot && *slot)
            return erg_onnx_refuse(model, node, "it makes %.80s, which is there already",
                                   proto->output[i]);
        erg_onnx_value *value =
            erg_onnx_value_new(model, has_name ? proto->output[i] : "");
        if (!value)
            return false;
        if (slot)
            *slot = value;
        value->maker = node;
        value->is_constant = is_constant;
        value->is_batched = is_batched;
        node->out[i] = value;
    }
    return node->out != NULL;
}

static const Onnx__ValueInfoProto *info_find(Onnx__ValueInfoProto *const *infos,
                                             size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (infos[i]->name && strcmp(infos[i]->name, name) == 0)
            return infos[i];
    return NULL;
}

/* A declared shape helps only where no rule speaks; all others are inferred. */
static bool declared(erg_onnx_model *model, erg_onnx_node *node, int32_t i)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    const char *name = node->out[i]->name;
    int64_t dims[ERG_ONNX_RANK];
    const Onnx__ValueInfoProto *info =
        info_find(graph->value_info, graph->n_value_info, name);

    if (!info)
        info = info_find(graph->output, graph->n_output, name);
    const Onnx__TypeProto__Tensor *type = info ? erg_onnx_tensor_type(info) : NULL;
    if (!type || !type->shape || type->shape->n_dim > ERG_ONNX_RANK
        || node->out[i]->is_batched)
        return true;
    for (size_t k = 0; k < type->shape->n_dim; k++) {
        const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[k];
        bool is_number =
            dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        bool is_name =
            dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        dims[k] = is_number ? dim->dim_value
                  : is_name ? erg_onnx_bound(model, dim->dim_param)
                            : -1;
        if (dims[k] < 0)
            return true;
    }
    return erg_onnx_give(model, node, i, type->elem_type, (int32_t)type->shape->n_dim,
                         dims);
}

/* What hangs on data alone has the shapes that the file declares, if it declares all.
 * A rule that counts by more than its result's shape cannot: it is dropped. */
static bool stands_declared(erg_onnx_model *model, erg_onnx_node *node)
{
    bool is_known = model->is_late;

    for (int32_t i = 0; is_known && i < node->out_count; i++)
        is_known = !node->out[i]
                   || (declared(model, node, i) && node->out[i]->rank != ERG_ONNX_UNKNOWN);
    if (!is_known)
        return false;
    bool can_count = !node->rule->count || node->rule->count == erg_onnx_count_resize;
    for (int32_t i = 0; can_count && i < node->in_count; i++)
        can_count = !node->in[i] || node->in[i]->rank != ERG_ONNX_UNKNOWN;
    if (!can_count)
        node->rule = NULL;
    const erg_onnx_value *x = erg_onnx_in(node, 0), *y = node->out[0];
    if (node->rule && node->rule->way == ERG_ONNX_VIEW
        && (!x || !y || x->elements != y->elements))
        return false;
    *model->err = (erg_error){ 0 };
    return true;
}

static bool rule_infer(erg_onnx_model *model, erg_onnx_node *node)
{
    if (node->out_count == 0)
        return erg_onnx_refuse(model, node, "it makes nothing");
    if (!erg_onnx_attributes_check(model, node))
        return false;
    model->is_late = false;
    if (!node->rule->shape(model, node))
        return stands_declared(model, node);
    return !node->rule || !node->rule->fold || node->rule->fold(model, node);
}

static bool node_infer(erg_onnx_model *model, erg_onnx_node *node)
{
    if (node->rule && !rule_infer(model, node))
        return false;
    for (int32_t i = 0; i < node->out_count; i++) {
        erg_onnx_value *value = node->out[i];
        if (!value)
            continue;
        if (value->rank == ERG_ONNX_UNKNOWN && !declared(model, node, i))
            return false;
        if (erg_onnx_is_folded(value)) { /* a shape, whatever it was read from */
            value->is_constant = true;
            value->is_batched = false;
            value->role = ERG_BUFFER;
        }
    }
    return true;
}

static bool nodes_infer(erg_onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    model->node_count = (int32_t)graph->n_node;
    model->nodes = erg_onnx_take(model, graph->n_node * sizeof(*model->nodes));
    for (int32_t i = 0; model->nodes && i < model->node_count; i++) {
        erg_onnx_node *node = &model->nodes[i];
        const char *domain = graph->node[i]->domain ? graph->node[i]->domain : "";
        domain = strcmp(domain, "ai.onnx") == 0 ? "" : domain;
        node->proto = graph->node[i];
        node->index = i;
        node->rule = erg_onnx_rule_find(domain, node->proto->op_type);
        node->opset = opset_of(model, domain);
        if (!node_inputs(model, node) || !node_outputs(model, node)
            || !node_infer(model, node))
            return false;
    }
    return model->nodes != NULL;
}

bool erg_onnx_infer(erg_onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    if (!erg_onnx_values_make(model) || !erg_onnx_inputs(model) || !nodes_infer(model))
        return false;
    for (size_t i = 0; i < graph->n_output; i++) {
        const char *name = graph->output[i]->name;
        erg_onnx_value *value = name ? erg_onnx_value_find(model, name) : NULL;
        if (!value)
            return erg_fail(model->err, ERG_BAD_INPUT, "%s: nothing makes its output %.80s",
                            model->path, name ? name : "without a name");
        value->is_output = true;
        for (int32_t k = 0; k < value->part_count; k++)
            value->parts[k]->is_output = true;
    }
    return true;
}
