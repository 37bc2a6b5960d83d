/* SPDX-License-Identifier: Apache-2.0 */
/* What an ONNX graph starts from: inputs with dimensions that may be names, weights. */
#include <string.h>
#include "workload/onnx_graph.h"

/* ---- dimensions ------------------------------------------------------------ */

/* Among names with ", " between them. */
static bool is_listed(const char *list, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = strstr(list, name); at && *at; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && (at[size] == ',' || !at[size]))
            return true;
    return false;
}

static void unbound_add(erg_onnx_model *model, const char *name)
{
    size_t used = strlen(model->unbound);

    if (!is_listed(model->unbound, name))
        snprintf(model->unbound + used, sizeof(model->unbound) - used, "%s%s",
                 used ? ", " : "", name);
}

/* One dimension of an input; a nameless one is the batch if it comes first. */
static int64_t dimension(erg_onnx_model *model, const Onnx__ValueInfoProto *info,
                         size_t axis)
{
    const Onnx__TensorShapeProto__Dimension *dim =
        erg_onnx_tensor_type(info)->shape->dim[axis];
    char what[96];

    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
        && dim->dim_value >= 0)
        return dim->dim_value;
    bool is_named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                    && dim->dim_param[0];
    int64_t value = is_named ? erg_onnx_bound(model, dim->dim_param) : -1;
    if (!is_named) { /* may be given as --dim INPUT.AXIS=VALUE */
        snprintf(what, sizeof(what), "%.60s.%zu", info->name, axis);
        value = erg_onnx_bound(model, what);
        model->asks_batch |= value < 0 && axis == 0;
        value = value < 0 && axis == 0 ? model->options->batch : value;
    }
    if (value < 0)
        unbound_add(model, is_named ? dim->dim_param : what);
    return value < 0 ? 1 : value;
}

static bool value_shape(erg_onnx_model *model, erg_onnx_value *value, int32_t rank,
                        int64_t *dims)
{
    if (rank > ERG_ONNX_RANK)
        return erg_fail(model->err, ERG_BAD_INPUT, "%s: %.80s has more than %d axes",
                        model->path, value->name, ERG_ONNX_RANK);
    value->rank = rank;
    value->dims = dims;
    value->elements = erg_onnx_size(dims, rank);
    if (value->elements < 0)
        return erg_fail(model->err, ERG_BAD_INPUT,
                        "%s: %.80s has a negative dimension or more "
                        "elements than a count can hold",
                        model->path, value->name);
    return true;
}

/* ---- inputs and initializers ------------------------------------------------ */

static bool input_add(erg_onnx_model *model, const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto__Tensor *type = erg_onnx_tensor_type(info);

    if (!info->name || !info->name[0] || erg_onnx_value_find(model, info->name))
        return true; /* an initializer: a weight that may be replaced */
    erg_onnx_value *value = erg_onnx_value_make(model, info->name);
    if (!value)
        return false;
    value->role = ERG_INPUT;
    value->type = type ? type->elem_type : 0;
    if (!model->first_input)
        model->first_input = value;
    if (!type || !type->shape)
        return true;
    int32_t rank = (int32_t)type->shape->n_dim;
    int64_t *dims = erg_onnx_take(model, type->shape->n_dim * sizeof(*dims));
    bool asked = model->asks_batch;
    model->asks_batch = false;
    for (size_t i = 0; dims && i < type->shape->n_dim; i++)
        dims[i] = dimension(model, info, i);
    model->names_batch |= value == model->first_input && model->asks_batch;
    model->asks_batch |= asked;
    if (dims && model->batch > 1 && rank >= 2 && dims[0] == 1) {
        dims[0] = model->batch;
        value->is_batched = true;
    }
    return dims && value_shape(model, value, rank, dims);
}

/* What is trained: reals, and matrices of bytes or less (quantised weights). */
static erg_role role_of(int32_t type, int64_t rank)
{
    int bits = erg_onnx_type_bits(type);
    bool is_flag = type == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    return erg_onnx_is_real(type) || (rank >= 2 && bits > 0 && bits <= 8 && !is_flag)
               ? ERG_WEIGHT
               : ERG_BUFFER;
}

bool erg_onnx_constant(erg_onnx_model *model, erg_onnx_value *value,
                       const Onnx__TensorProto *tensor)
{
    erg_onnx_numbers to;
    int64_t *dims = erg_onnx_take(model, tensor->n_dims * sizeof(*dims));

    if (!dims)
        return false;
    for (size_t i = 0; i < tensor->n_dims; i++)
        dims[i] = tensor->dims[i];
    value->is_constant = true;
    value->type = tensor->data_type;
    value->role = role_of(tensor->data_type, (int64_t)tensor->n_dims);
    if (!value_shape(model, value, (int32_t)tensor->n_dims, dims))
        return false;
    if (!erg_onnx_fold_room(model, value, &to))
        return true;
    if (to.ints && erg_onnx_ints(tensor, to.ints, ERG_ONNX_FOLD) == value->elements)
        value->ints = to.ints;
    if (to.reals && erg_onnx_reals(tensor, to.reals, ERG_ONNX_FOLD) == value->elements)
        value->reals = to.reals;
    return true;
}

static bool initializers_add(erg_onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    for (size_t i = 0; i < graph->n_initializer; i++) {
        const Onnx__TensorProto *tensor = graph->initializer[i];
        erg_onnx_value *value =
            tensor->name ? erg_onnx_value_make(model, tensor->name) : NULL;
        if (!tensor->name)
            continue;
        if (!value || !erg_onnx_constant(model, value, tensor))
            return false;
    }
    for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
        const Onnx__SparseTensorProto *sparse = graph->sparse_initializer[i];
        if (!sparse->values || !sparse->values->name)
            continue;
        erg_onnx_value *value = erg_onnx_value_make(model, sparse->values->name);
        if (!value || !erg_onnx_constant(model, value, sparse->values)
            || !value_shape(model, value, (int32_t)sparse->n_dims, sparse->dims))
            return false;
    }
    return true;
}

/* Initializers first: a graph input of their name is a weight, not an input. */
bool erg_onnx_inputs(erg_onnx_model *model)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    if (!erg_onnx_dims_known(model) || !initializers_add(model))
        return false;
    for (size_t i = 0; i < graph->n_input; i++)
        if (!input_add(model, graph->input[i]))
            return false;
    return !model->unbound[0]
           || erg_fail(model->err, ERG_BAD_INPUT,
                       "%s: these dimensions have no value: %s; give "
                       "each as --dim NAME=VALUE",
                       model->path, model->unbound);
}
