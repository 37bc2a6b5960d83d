/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small ONNX models for tests, as structs of protobuf-c on one arena. Names in lists are
 * divided by blanks, "-" is an input that is left out.
 */
#ifndef ERG_TEST_NET_H
#define ERG_TEST_NET_H

#include "erg/workload.h"
#include "test.h"
#include "workload/onnx_graph.h"

enum { NET_MOST = 64, NET_FLOAT = 1, NET_UINT8 = 2, NET_INT64 = 7, NET_BOOL = 9 };

typedef struct net {
    erg_arena *arena;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto sets[2], *set_list[2];
    Onnx__NodeProto *nodes[NET_MOST];
    Onnx__TensorProto *weights[NET_MOST];
    Onnx__ValueInfoProto *inputs[NET_MOST], *outputs[NET_MOST];
} net;

#define NET_TAKE(n, type) ((type *)erg_arena_take((n)->arena, sizeof(type), NULL))

static inline net *net_new(int64_t opset)
{
    erg_arena *arena = erg_arena_new(NULL);
    net *n = erg_arena_take(arena, sizeof(*n), NULL);

    n->arena = arena;
    onnx__model_proto__init(&n->model);
    onnx__graph_proto__init(&n->graph);
    for (int i = 0; i < 2; i++) {
        onnx__operator_set_id_proto__init(&n->sets[i]);
        n->sets[i].has_version = 1;
        n->sets[i].version = i ? 1 : opset;
        n->sets[i].domain = i ? "com.microsoft" : "";
        n->set_list[i] = &n->sets[i];
    }
    n->model.has_ir_version = 1;
    n->model.ir_version = 8;
    n->model.n_opset_import = 2;
    n->model.opset_import = n->set_list;
    n->model.graph = &n->graph;
    n->graph.name = "net";
    n->graph.node = n->nodes;
    n->graph.initializer = n->weights;
    n->graph.input = n->inputs;
    n->graph.output = n->outputs;
    return n;
}

static inline void net_free(net *n) { erg_arena_free(n->arena); }

/* A dimension below 0 has the name 'A' - dim: -1 is "B", -2 "C".. ("N": -13). */
static inline Onnx__ValueInfoProto *net_value(net *n, const char *name, int32_t type,
                                              int32_t rank, const int64_t *dims)
{
    Onnx__ValueInfoProto *info = NET_TAKE(n, Onnx__ValueInfoProto);
    Onnx__TensorShapeProto *shape = NET_TAKE(n, Onnx__TensorShapeProto);

    onnx__value_info_proto__init(info);
    onnx__tensor_shape_proto__init(shape);
    info->name = erg_arena_text(n->arena, name, NULL);
    info->type = NET_TAKE(n, Onnx__TypeProto);
    onnx__type_proto__init(info->type);
    info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    info->type->tensor_type = NET_TAKE(n, Onnx__TypeProto__Tensor);
    onnx__type_proto__tensor__init(info->type->tensor_type);
    info->type->tensor_type->has_elem_type = 1;
    info->type->tensor_type->elem_type = type;
    info->type->tensor_type->shape = shape;
    shape->n_dim = (size_t)rank;
    shape->dim = erg_arena_take(n->arena, ((size_t)rank + 1) * sizeof(void *), NULL);
    for (int32_t i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim =
            NET_TAKE(n, Onnx__TensorShapeProto__Dimension);
        onnx__tensor_shape_proto__dimension__init(dim);
        dim->value_case = dims[i] < 0
                              ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                              : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (dims[i] < 0)
            dim->dim_param =
                erg_arena_text(n->arena, (char[]){ (char)('A' - dims[i]), 0 }, NULL);
        else
            dim->dim_value = dims[i];
        shape->dim[i] = dim;
    }
    return info;
}

static inline void net_input(net *n, const char *name, int32_t rank, const int64_t *dims)
{
    n->inputs[n->graph.n_input++] = net_value(n, name, NET_FLOAT, rank, dims);
}

/* Of a shape that nobody declares. */
static inline void net_output(net *n, const char *name)
{
    Onnx__ValueInfoProto *info = net_value(n, name, NET_FLOAT, 0, NULL);

    info->type->tensor_type->shape = NULL;
    n->outputs[n->graph.n_output++] = info;
}

/* An initializer of this type; numbers may be NULL (then it has no data). */
static inline Onnx__TensorProto *net_weight(net *n, const char *name, int32_t type,
                                            int32_t rank, const int64_t *dims)
{
    Onnx__TensorProto *tensor = NET_TAKE(n, Onnx__TensorProto);

    onnx__tensor_proto__init(tensor);
    tensor->name = erg_arena_text(n->arena, name, NULL);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->n_dims = (size_t)rank;
    tensor->dims = erg_arena_take(n->arena, ((size_t)rank + 1) * sizeof(*dims), NULL);
    for (int32_t i = 0; i < rank; i++)
        tensor->dims[i] = dims[i];
    return n->weights[n->graph.n_initializer++] = tensor;
}

static inline void net_list(net *n, const char *name, int64_t count, const int64_t *values)
{
    Onnx__TensorProto *tensor = net_weight(n, name, NET_INT64, 1, &count);

    tensor->n_int64_data = (size_t)count;
    tensor->int64_data = erg_arena_take(n->arena, ((size_t)count + 1) * 8, NULL);
    for (int64_t i = 0; i < count; i++)
        tensor->int64_data[i] = values[i];
}

static inline void net_real(net *n, const char *name, float value)
{
    Onnx__TensorProto *tensor = net_weight(n, name, NET_FLOAT, 0, NULL);

    tensor->n_float_data = 1;
    tensor->float_data = erg_arena_take(n->arena, sizeof(float), NULL);
    tensor->float_data[0] = value;
}

static inline char **net_names(net *n, const char *names, size_t *count)
{
    char copy[300], *rest = copy;
    char **list = erg_arena_take(n->arena, 16 * sizeof(char *), NULL);

    erg_text_put(copy, sizeof(copy), names);
    *count = 0;
    for (char *one; (one = strsep(&rest, " "));)
        if (*one)
            list[(*count)++] = erg_arena_text(n->arena, strcmp(one, "-") ? one : "", NULL);
    return list;
}

/* "com.microsoft:Gelu" names the domain. */
static inline Onnx__NodeProto *net_node(net *n, const char *op, const char *inputs,
                                        const char *outputs)
{
    Onnx__NodeProto *node = NET_TAKE(n, Onnx__NodeProto);
    const char *colon = strchr(op, ':');

    onnx__node_proto__init(node);
    node->op_type = erg_arena_text(n->arena, colon ? colon + 1 : op, NULL);
    node->domain = colon ? "com.microsoft" : "";
    node->input = net_names(n, inputs, &node->n_input);
    node->output = net_names(n, outputs, &node->n_output);
    node->attribute = erg_arena_take(n->arena, 12 * sizeof(void *), NULL);
    return n->nodes[n->graph.n_node++] = node;
}

static inline Onnx__AttributeProto *net_attribute(net *n, Onnx__NodeProto *node,
                                                  const char *name)
{
    Onnx__AttributeProto *a = NET_TAKE(n, Onnx__AttributeProto);

    onnx__attribute_proto__init(a);
    a->name = erg_arena_text(n->arena, name, NULL);
    return node->attribute[node->n_attribute++] = a;
}

static inline void net_int(net *n, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = net_attribute(n, node, name);

    a->has_i = 1;
    a->i = value;
}

static inline void net_ints(net *n, Onnx__NodeProto *node, const char *name, int64_t count,
                            const int64_t *values)
{
    Onnx__AttributeProto *a = net_attribute(n, node, name);

    a->n_ints = (size_t)count;
    a->ints = erg_arena_take(n->arena, ((size_t)count + 1) * 8, NULL);
    for (int64_t i = 0; i < count; i++)
        a->ints[i] = values[i];
}

static inline void net_word(net *n, Onnx__NodeProto *node, const char *name,
                            const char *word)
{
    Onnx__AttributeProto *a = net_attribute(n, node, name);

    a->has_s = 1;
    a->s.len = strlen(word);
    a->s.data = (uint8_t *)erg_arena_text(n->arena, word, NULL);
}

/* Shapes only; the model lies on the net's arena. NULL and *err when refused. */
static inline erg_onnx_model *net_infer(net *n, const erg_graph_options *options,
                                        erg_error *err)
{
    static const erg_graph_options plain = { .batch = 1, .seq = 512 };
    erg_onnx_model *model = NET_TAKE(n, erg_onnx_model);

    *model = (erg_onnx_model){ .path = "net",
                               .proto = &n->model,
                               .batch = 1,
                               .arena = n->arena,
                               .options = options ? options : &plain,
                               .err = err };
    return erg_onnx_infer(model) ? model : NULL;
}

static inline void net_save(net *n, char path[ERG_PATH_MOST])
{
    size_t size = onnx__model_proto__get_packed_size(&n->model);
    uint8_t *bytes = malloc(size);

    snprintf(path, ERG_PATH_MOST, "%s/net.onnx", test_folder());
    onnx__model_proto__pack(&n->model, bytes);
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
    free(bytes);
}

/* The whole way: packed into a file, read, counted. */
static inline erg_graph *net_load(net *n, const erg_graph_options *options, erg_error *err)
{
    char path[ERG_PATH_MOST];

    net_save(n, path);
    return erg_graph_load(path, options, err);
}

/* "[1,64,56,56]" of a value; "unknown". Good until the next call. */
static inline const char *net_shape(const erg_onnx_model *model, const char *name)
{
    static char text[120];
    const erg_onnx_value *value = model ? erg_onnx_value_find(model, name) : NULL;
    size_t used = 1;

    if (!value || value->rank == ERG_ONNX_UNKNOWN)
        return "unknown";
    snprintf(text, sizeof(text), "[");
    for (int32_t i = 0; i < value->rank; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lld", i ? "," : "",
                                 (long long)value->dims[i]);
    snprintf(text + used, sizeof(text) - used, "]");
    return text;
}

#define NET_LIST(...)                                                                      \
    (int64_t)(sizeof((int64_t[]){ __VA_ARGS__ }) / 8), (int64_t[]) { __VA_ARGS__ }
#define NET_DIMS(...)                                                                      \
    (int32_t)(sizeof((int64_t[]){ __VA_ARGS__ }) / 8), (int64_t[]) { __VA_ARGS__ }

#endif
