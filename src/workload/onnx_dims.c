/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is every dimension that was given one that the graph has? A misspelt name would leave
 * the graph at a size that nobody asked for.
 */
#include <string.h>
#include "workload/onnx_graph.h"

typedef Onnx__TensorShapeProto__Dimension dimension;

const Onnx__TypeProto__Tensor *erg_onnx_tensor_type(const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    return type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
               ? type->tensor_type
               : NULL;
}

/* What a person types to set it; NULL: its size stands in the file. */
static const char *name_of(const Onnx__ValueInfoProto *info, size_t axis, char buffer[96])
{
    const dimension *dim = erg_onnx_tensor_type(info)->shape->dim[axis];

    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
        && dim->dim_value >= 0)
        return NULL;
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
        && dim->dim_param[0])
        return dim->dim_param;
    snprintf(buffer, 96, "%.60s.%zu", info->name ? info->name : "", axis);
    return buffer;
}

static bool has_shape(const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto__Tensor *type = erg_onnx_tensor_type(info);

    return type && type->shape;
}

static bool is_in(Onnx__ValueInfoProto *const infos[], size_t count, const char *name)
{
    char buffer[96];

    for (size_t i = 0; i < count; i++)
        for (size_t axis = 0; has_shape(infos[i])
             && axis < erg_onnx_tensor_type(infos[i])->shape->n_dim; axis++) {
            const char *one = name_of(infos[i], axis, buffer);
            if (one && (strcmp(one, name) == 0 || erg_onnx_dim_has(one, name)))
                return true;
        }
    return false;
}

/* Of its inputs, each once, as far as there is room. */
static void list_names(const Onnx__GraphProto *graph, char names[200])
{
    char buffer[96];

    names[0] = '\0';
    for (size_t i = 0; i < graph->n_input; i++)
        for (size_t axis = 0; has_shape(graph->input[i])
             && axis < erg_onnx_tensor_type(graph->input[i])->shape->n_dim; axis++) {
            const char *one = name_of(graph->input[i], axis, buffer);
            size_t used = strlen(names);
            if (one && !is_in(graph->input, i, one))
                snprintf(names + used, 200 - used, "%s%s", used ? ", " : "", one);
        }
}

/* trip: the steps of a Loop, wherever it lies. */
static bool is_known(const Onnx__GraphProto *graph, const char *name)
{
    return strcmp(name, "trip") == 0 || is_in(graph->input, graph->n_input, name)
        || is_in(graph->value_info, graph->n_value_info, name)
        || is_in(graph->output, graph->n_output, name);
}

bool erg_onnx_dims_known(const erg_onnx_model *model)
{
    const erg_graph_options *options = model->options;
    char names[200];

    for (size_t i = 0; i < options->dim_count; i++) {
        if (is_known(model->proto->graph, options->dims[i].name))
            continue;
        list_names(model->proto->graph, names);
        return erg_fail(model->err, ERG_BAD_INPUT,
                        "%s has no dimension %.60s to set: %s%s", model->path,
                        options->dims[i].name,
                        names[0] ? "its inputs have " : "its inputs name none", names);
    }
    return true;
}
