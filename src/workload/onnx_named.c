/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a graph by their names. */
#include <string.h>
#include "workload/onnx_graph.h"
#include "workload/onnx_names.h"

erg_onnx_value **erg_onnx_value_slot(const erg_onnx_model *model, const char *name)
{
    size_t at = (size_t)erg_onnx_name_hash(name) & (model->slot_count - 1);

    while (model->slots[at] && strcmp(model->slots[at]->name, name) != 0)
        at = (at + 1) & (model->slot_count - 1);
    return &model->slots[at];
}

erg_onnx_value *erg_onnx_value_find(const erg_onnx_model *model, const char *name)
{
    return *erg_onnx_value_slot(model, name);
}

erg_onnx_value *erg_onnx_value_new(erg_onnx_model *model, const char *name)
{
    erg_onnx_value *value = erg_onnx_take(model, sizeof(*value));

    if (value)
        *value = (erg_onnx_value){ .name = name, .rank = ERG_ONNX_UNKNOWN,
                                   .older = model->newest };
    model->value_count += value != NULL;
    return value ? model->newest = value : NULL;
}

erg_onnx_value *erg_onnx_value_make(erg_onnx_model *model, const char *name)
{
    erg_onnx_value **slot = erg_onnx_value_slot(model, name);

    return *slot ? *slot : (*slot = erg_onnx_value_new(model, name));
}

bool erg_onnx_values_make(erg_onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    size_t names = graph->n_input + graph->n_initializer + graph->n_sparse_initializer + 1;

    for (size_t i = 0; i < graph->n_node; i++)
        names += graph->node[i]->n_output;
    model->slot_count = 16;
    while (model->slot_count < 2 * names)
        model->slot_count *= 2;
    model->slots = erg_onnx_take(model, model->slot_count * sizeof(erg_onnx_value *));
    return model->slots != NULL;
}
